"""What a user's SQL may not do: run for ever, take all memory, give too much, leave its sandbox; and that it fails alone."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from analysis_runs import Here, Runs, failure
from pending_inputs import put

from quarterhour.errors import StageCancelled, StageError
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.analyses import run_analyses

ENDLESS = "SELECT count(*) AS n FROM range(10000000000) a, range(10000000000) b, bars"
# It cannot be interrupted, and takes a second and a gigabyte for each of its many hundred millions.
STUBBORN = "SELECT list_sum(range(2000000000)) AS n FROM bars"


def home(tmp_path: Path, *analyses: dict[str, Any]) -> Runs:
    runs = Runs(tmp_path, {"analyses": list(analyses)})
    runs.next()
    put(runs.context, "bars", "SELECT 1 AS k, 'x' AS s UNION ALL SELECT 2, 'y'", "a")
    return runs


@pytest.mark.slow
def test_an_endless_query_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    runs = home(
        tmp_path,
        {"name": "endless", "sql": ENDLESS, "timeout": 0.5},
        {"name": "greedy", "sql": STUBBORN},
        {"name": "broken", "sql": "SELECT k,\n  ß FROM bars"},
        {"name": "fine", "sql": "SELECT count(*) AS n FROM bars"},
    )
    result = AnalyzerService().run(runs.context)
    found = result.data["analyses"]
    assert "ended after 0.5 s" in found["endless"]["message"]
    assert "GB of memory" in found["greedy"]["message"]
    assert 'line 2, column 3: Referenced column "ß" not found' in found["broken"]["message"]
    assert result.msg == "Profiled 1 dataset; analyses: 1 computed, 3 failed"
    assert sorted(runs.context.errors()) == sorted(one["message"] for one in found.values() if "message" in one)
    assert runs.merge().keys() == {"fine"}
    assert runs.rows("fine") == [(2,)]
    assert not runs.context.workspace.table("endless").exists()


@pytest.mark.slow
@pytest.mark.parametrize("sql", [ENDLESS, STUBBORN])
def test_a_stop_is_obeyed_within_a_second(tmp_path: Path, sql: str) -> None:
    runs = home(tmp_path, {"name": "endless", "sql": sql})
    stopped_s: list[float] = []

    def stop() -> None:
        stopped_s.append(time.monotonic())
        runs.context.cancelled = True

    timer = threading.Timer(1.0, stop)
    timer.start()
    with pytest.raises(StageCancelled):
        run_analyses(runs.context)
    assert time.monotonic() - stopped_s[0] < 1
    assert not list(runs.context.workspace.merged.glob("endless"))


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    billion = "SELECT a.range AS a FROM range(1000000000) a"
    runs = home(
        tmp_path,
        {"name": "billion", "sql": billion, "max_rows": 1000},
        {"name": "two", "sql": "FROM bars", "max_rows": 2},
    )
    found = runs.analyse()
    assert "it gives more than 1000 rows: narrow the query, or raise max_rows" in found["billion"]["message"]
    assert found["two"]["rows"] == 2
    assert not runs.context.workspace.staged_analysis("billion").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM parquet_metadata('{other}')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM query('FROM read_text(''{secret}'')')",
        "SELECT getenv('HOME') AS h",
        "SELECT * FROM secret_frame",
    ],
)
def test_no_file_and_no_network_is_in_reach(tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    secret_frame = [1]  # noqa: F841  DuckDB would find it by its name
    texts = {"secret": secret, "folder": tmp_path, "other": tmp_path / "home" / "data" / "translated" / "other.parquet"}
    runs = Runs(tmp_path / "home", {"analyses": [{"name": "spy", "sql": sql.format(**texts)}]})
    runs.next()
    put(runs.context, "bars", "SELECT 1 AS k", "a")
    other = put(runs.context, "other", "SELECT 1 AS k", "b")
    os.link(runs.context.workspace.translated_file("other", other), texts["other"])
    found = runs.analyse()["spy"]
    assert found["outcome"] in ("failed", "waiting")
    assert not runs.context.workspace.staged_analysis("spy").exists()


def test_settings_and_files_cannot_be_changed_by_a_select(tmp_path: Path) -> None:
    for sql in ("SET memory_limit = '9GB'", "COPY (FROM bars) TO 'x'", "INSTALL httpfs", "CREATE TABLE x (a INT)"):
        assert "give one SELECT" in failure(home(tmp_path, {"name": "x", "sql": sql}), "x")


def test_a_failure_fails_the_run_where_it_is_asked_to(tmp_path: Path) -> None:
    runs = home(
        tmp_path,
        {"name": "late", "sql": "SELECT k,\n s::INT AS n FROM bars", "on_error": "fail"},
        {"name": "fine", "sql": "FROM bars"},
    )
    with pytest.raises(
        StageError, match=r"analysis 'late': line 2, column 3: Could not convert string '[xy]' to INT32"
    ):
        run_analyses(runs.context, Here)
    broken = home(tmp_path, {"name": "bad", "sql": "SELEC 1", "on_error": "fail"})
    with pytest.raises(StageError, match="analysis 'bad': line 1, column 1: syntax error"):
        run_analyses(broken.context, Here)


def test_files_and_analyses_do_not_share_a_table(tmp_path: Path) -> None:
    runs = Runs(tmp_path, {})
    runs.next()
    put(runs.context, "taken", "SELECT 1 AS k", "a")
    runs.context.settings = type(runs.context.settings)()
    from quarterhour.stages.merger import MergerService

    MergerService().run(runs.context)
    runs.settings = {"analyses": [{"name": "taken", "sql": "SELECT 1 AS n"}, {"name": "mine", "sql": "SELECT 2 AS n"}]}
    runs.next()
    assert "a dataset of this name was made of files: rename the analysis" in runs.analyse()["taken"]["message"]
    runs.merge()
    put(runs.next(), "mine", "SELECT 1 AS k", "b")
    data = MergerService().run(runs.context).data
    assert data["held_back"] == 1
    assert "'mine' is the name of an analysis" in runs.context.errors()[0]
    assert runs.rows("mine") == [(2,)]
