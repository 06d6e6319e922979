"""full, window and append: what stands after any sequence of runs is what one run over all the data gives."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from analysis_runs import Runs, failure
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put

from quarterhour.lake.ledger import Input, InputLedger
from quarterhour.lake.maintenance import maintain
from quarterhour.lake.tables import open_table
from quarterhour.stages.merger.retraction import retract
from quarterhour.stages.translator.service import TranslatorService

pytestmark = pytest.mark.slow

BARS = "SELECT i AS k, i * 1.0::DOUBLE AS v, 's' || i % 3 AS s, TIMESTAMP '2024-01-01' + to_minutes(i::INTEGER) AS ts "
KEYED = [{"name": "bars", "files": "bars/*", "keys": ["k"]}]
HOURLY = "SELECT s, date_trunc('hour', ts) AS hour, sum(v) AS total, count(*) AS n FROM bars GROUP BY ALL"
WINDOW = {"every": "1h", "into": "hour", "time": "ts"}
BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001  columns of CSV files have no zone


def bars(start: int, end: int) -> str:
    return f"{BARS} FROM range({start}, {end}) t(i)"


def sql(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "sql": text, **more}


def test_an_analysis_runs_again_when_what_it_reads_or_its_definition_has_changed(tmp_path: Path) -> None:
    analyses = [sql("one", "SELECT count(*) AS n FROM bars"), sql("two", "SELECT sum(n)::BIGINT AS n FROM one, other")]
    runs = Runs(tmp_path, {"analyses": analyses})
    found = runs.run(("bars", bars(0, 5), "a"))
    assert (found["one"]["outcome"], found["two"]["outcome"]) == ("computed", "waiting")
    assert "two waits: there are no rows of other yet" in runs.context.lines[-1][1]
    found = runs.run(("other", "SELECT 1 AS x", "b"))
    assert (found["one"]["outcome"], found["two"]["outcome"]) == ("unchanged", "computed")
    assert {one["outcome"] for one in runs.run().values()} == {"unchanged"}
    found = runs.run(("bars", bars(5, 7), "c"))
    assert {one["outcome"] for one in found.values()} == {"computed"}
    assert runs.rows("two") == [(7,)]
    runs.settings = {"analyses": [sql("one", "SELECT count(*) + 1 AS n FROM bars"), analyses[1]]}
    assert {one["outcome"] for one in runs.run().values()} == {"computed"}
    assert runs.rows("two") == [(8,)]


def test_names_of_the_new_rows_and_of_the_dataset_before(tmp_path: Path) -> None:
    text = (
        "SELECT (SELECT count(*) FROM bars) AS n, (SELECT count(*) FROM bars_new) AS new, "
        "(SELECT sum(v)::BIGINT FROM bars_before) AS before"
    )
    runs = Runs(tmp_path, {"datasets": KEYED, "analyses": [sql("views", text)]})
    runs.run(("bars", bars(0, 4), "a"))
    assert runs.rows("views") == [(4, 4, None)]
    # One row is as it was, one has another value, one is new.
    runs.run(("bars", f"{bars(2, 3)} UNION ALL SELECT * REPLACE (100.0 AS v) FROM ({bars(3, 5)})", "b"))
    assert runs.rows("views") == [(5, 2, 0 + 1 + 2 + 3)]
    runs.run(("bars", bars(9, 10), "c"))
    assert runs.rows("views") == [(6, 1, 0 + 1 + 2 + 100 + 100)]


def test_only_touched_windows_are_computed(tmp_path: Path) -> None:
    runs = Runs(tmp_path, {"analyses": [sql("hourly", HOURLY, mode="window", window=WINDOW)]})
    assert runs.run(("bars", bars(0, 240), "a"))["hourly"]["how"] == "all of it"
    found = runs.run(("bars", bars(70, 75), "b"))["hourly"]
    assert (found["rows"], found["how"]) == (3, "1 windows")
    assert sum(n for *_, n in runs.rows("hourly")) == 245
    assert len(runs.rows("hourly")) == 12


def _minutes(rows: list[tuple[int, int | None, float]]) -> str:
    values = ", ".join(
        f"({k}, {'NULL' if at is None else repr(str(BEGIN + timedelta(minutes=at)))}::TIMESTAMP, {v}::DOUBLE)"
        for k, at, v in rows
    )
    return f"SELECT * FROM (VALUES {values}) t(k, ts, v)"


# Every few minutes of three hours, so that windows are shared, touched again and left alone.
ROW = st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 179)), st.integers(-5, 5).map(float))
FILES = st.lists(st.lists(ROW, min_size=1, max_size=4), min_size=1, max_size=3)


@settings(max_examples=5)
@given(FILES, st.sampled_from([{"keys": ["k"]}, {"keys": ["k"], "conflict": "first"}, {}, {"duplicates": "drop"}]))
def test_windows_over_any_arrivals_are_those_of_one_run(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int | None, float]]], rules: dict[str, Any]
) -> None:
    grouped = (
        "SELECT time_bucket(INTERVAL '20 minutes', ts) AS slot, sum(v) AS total, count(*) AS n FROM bars GROUP BY 1"
    )
    analyses = [
        sql("slots", grouped, mode="window", window={"every": "20m", "into": "slot"}),
        {"name": "rolling", "rolling": {"dataset": "bars", "span": "40m", "by": ["k"], "sum": ["v"]}},
    ]
    home = {"datasets": [{"name": "bars", "files": "bars/*", **rules}], "analyses": analyses}
    runs, once = (Runs(tmp_path_factory.mktemp("home"), home) for _ in range(2))
    for number, rows in enumerate(files):
        found = runs.run(("bars", _minutes(rows), f"file {number}"))
        assert not number or found["slots"]["how"].endswith("windows")
    once.run(*(("bars", _minutes(rows), f"file {number}") for number, rows in enumerate(files)))
    for name in ("slots", "rolling"):
        assert runs.rows(name) == once.rows(name), name


@settings(max_examples=3)
@given(FILES, st.randoms(use_true_random=False))
def test_appended_rows_do_not_depend_on_the_order_or_the_batches(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int | None, float]]], random: Any
) -> None:
    analyses = [
        sql("high", "SELECT k, v FROM bars WHERE v >= 0", mode="append"),
        sql("named", "SELECT k, n FROM bars_new JOIN names USING (k)", mode="append"),
    ]
    runs, once = (Runs(tmp_path_factory.mktemp("home"), {"analyses": analyses}) for _ in range(2))
    names = ("names", "SELECT k, 'n' || k AS n FROM range(6) t(k)", "names")
    arrivals = [("bars", _minutes(rows), f"file {number}") for number, rows in enumerate(files)]
    once.run(names, *arrivals)
    random.shuffle(arrivals)
    runs.run(names, *arrivals[:1])
    for start in range(1, len(arrivals), 2):
        runs.run(*arrivals[start : start + 2])
    for name in ("high", "named"):
        assert runs.rows(name) == once.rows(name), name


def test_what_changes_beside_the_new_rows_has_all_windows_computed(tmp_path: Path) -> None:
    text = "SELECT date_trunc('hour', ts) AS hour, sum(v * f) AS total FROM bars, factor GROUP BY 1"
    analyses = [sql("hourly", text, mode="window", window=WINDOW, over="bars")]
    runs = Runs(tmp_path, {"datasets": [{"name": "factor", "files": "f/*", "keys": ["k"]}], "analyses": analyses})
    runs.run(("bars", bars(0, 120), "a"), ("factor", "SELECT 1 AS k, 1 AS f", "f"))
    assert runs.run(("bars", bars(3, 4), "b"))["hourly"]["how"] == "1 windows"
    assert runs.run(("factor", "SELECT 1 AS k, 2 AS f", "g"))["hourly"]["how"] == "all of it"
    assert sum(total for _, total in runs.rows("hourly")) == 2 * (sum(range(120)) + 3)


def test_a_window_without_its_own_rows_is_refused(tmp_path: Path) -> None:
    text = "SELECT ts + INTERVAL 2 HOUR AS hour, v FROM bars"
    runs = Runs(tmp_path, {"analyses": [sql("moved", text, mode="window", window=WINDOW)]})
    runs.run(("bars", bars(0, 10), "a"))
    runs.next()
    put(runs.context, "bars", bars(10, 11), "b")
    assert "is of no window whose rows were read" in failure(runs, "moved")
    # What stood before stands still.
    runs.merge()
    assert len(runs.rows("moved")) == 10


def test_which_rows_are_new_must_be_clear(tmp_path: Path) -> None:
    analyses = [
        sql("both", "SELECT * FROM bars JOIN other USING (k)", mode="append"),
        sql("nested", "SELECT * FROM fine", mode="append"),
        sql("fine", "SELECT k FROM bars JOIN other USING (k)", mode="append", over="bars"),
        sql("untimed", "SELECT k AS hour FROM bars", mode="window", window=WINDOW),
        sql("lost", "SELECT k FROM bars", mode="window", window=WINDOW),
    ]
    runs = Runs(tmp_path, {"analyses": analyses})
    runs.next()
    put(runs.context, "bars", bars(0, 3), "a")
    put(runs.context, "other", "SELECT 1 AS k", "b")
    found = runs.analyse()
    assert "which dataset's new rows count? it reads bars, other: give over" in found["both"]["message"]
    assert "fine is an analysis" in found["nested"]["message"]
    assert "hour is BIGINT, not a time" in found["untimed"]["message"]
    assert "the result has no column 'hour'; it has k" in found["lost"]["message"]
    assert found["fine"]["rows"] == 1


def test_an_appended_column_may_widen_and_come_anew_but_not_change(tmp_path: Path) -> None:
    runs = Runs(tmp_path, {"analyses": [sql("kept", "SELECT * FROM bars", mode="append")]})
    runs.run(("bars", "SELECT 1 AS k", "a"))
    assert "with other columns" in runs.run(("bars", "SELECT 5000000000 AS k, 'x' AS t", "b"))["kept"]["how"]
    assert runs.rows("kept") == [(1, None), (5_000_000_000, "x")]
    changed = sql("kept", "SELECT k::VARCHAR AS k, t FROM bars", mode="append")
    runs.settings = {"analyses": [changed]}
    # Another definition begins anew.
    assert runs.run()["kept"]["how"] == "all of it"
    assert runs.rows("kept") == [("1", None), ("5000000000", "x")]


def test_results_keep_the_types_of_merged_tables_and_refuse_names_of_ours(tmp_path: Path) -> None:
    analyses = [
        sql("types", "SELECT sum(k) AS big, TIME '10:00' AS t, [1, 2] AS l, 'ä' AS \"two words\" FROM bars"),
        sql("ours", "SELECT k AS _file FROM bars"),
        sql("empty", "SELECT * FROM bars WHERE false"),
    ]
    runs = Runs(tmp_path, {"analyses": analyses})
    found = runs.run(("bars", bars(0, 3), "a"))
    assert [(str(v), type(v).__name__) for v in runs.rows("types")[0]] == [
        ("3", "Decimal"),
        ("10:00:00", "str"),
        ("[1, 2]", "str"),
        ("ä", "str"),
    ]
    assert "names that begin with _ are quarterhour's" in found["ours"]["message"]
    assert found["empty"]["rows"] == 0
    assert runs.table("empty").columns == ["k", "v", "s", "ts"]


def test_rows_taken_out_go_from_windows_too(tmp_path: Path) -> None:
    analyses = [
        sql("hourly", HOURLY, mode="window", window=WINDOW),
        sql("all_rows", "SELECT k FROM bars", mode="append"),
    ]
    runs = Runs(tmp_path, {"analyses": analyses})
    runs.run(("bars", bars(0, 60), "a"))
    runs.run(("bars", bars(60, 120), "b"))
    workspace, of = runs.context.workspace, runs.context.settings
    retract(workspace, of, _find(workspace.ledger_file, "b").fingerprint, "retracted")
    found = runs.run()
    assert (found["hourly"]["how"], found["all_rows"]["outcome"]) == ("all of it", "unchanged")
    assert sum(n for *_, n in runs.rows("hourly")) == 60
    retract(workspace, of, _find(workspace.ledger_file, "b").fingerprint, "merged")
    assert runs.run()["all_rows"]["outcome"] == "unchanged"
    assert sum(n for *_, n in runs.rows("hourly")) == 120
    assert len(runs.rows("all_rows")) == 120


def test_a_rewritten_file_s_old_rows_go_from_its_windows_in_the_same_run(tmp_path: Path) -> None:
    text = "SELECT time_bucket(INTERVAL '1 hour', ts) AS hour, sum(v)::BIGINT AS total FROM bars GROUP BY 1"
    runs = Runs(tmp_path, {"analyses": [sql("hourly", text, mode="window", window=WINDOW)]})
    raw = runs.context.workspace.raw / "bars" / "a.csv"
    raw.parent.mkdir()
    (raw.parent / "b.csv").write_text("ts,v\n2024-01-03 05:30:00,100\n")
    for day, rows in enumerate(("00:10:00,1", "00:10:00,5", "07:20:00,7")):
        raw.write_text(f"ts,v\n2024-01-01 {rows}\n2024-01-02 00:00:00,{day}\n")
        for path in raw.parent.iterdir():
            os.utime(path, (1e9 + day, 1e9 + day))
        TranslatorService().run(runs.next())
        assert runs.analyse()["hourly"]["how"] == ("3 windows" if day == 2 else "2 windows" if day else "all of it")
        assert runs.merge().keys() == {"hourly"}
    assert [total for _, total in runs.rows("hourly")] == [7, 2, 100]


def test_joined_data_files_are_no_change(tmp_path: Path) -> None:
    analyses = [
        sql("hourly", HOURLY, mode="window", window=WINDOW),
        {"name": "news", "change": {"dataset": "bars", "sum": ["v"]}},
    ]
    runs = Runs(tmp_path, {"analyses": analyses})
    for number in range(8):
        runs.run(("bars", bars(number, number + 1), f"file {number}"))
    files = len(open_files(runs))
    maintain(runs.context.workspace, runs.context.settings)
    assert len(open_files(runs)) < files
    assert {one["outcome"] for one in runs.run().values()} == {"unchanged"}
    assert runs.run(("bars", bars(8, 9), "last"))["hourly"]["how"] == "1 windows"
    assert runs.rows("news") == [(9, 8, 1, 1 / 8, 36.0, 28.0, 8.0, 8 / 28)]


def open_files(runs: Runs) -> list[Path]:
    table = open_table(runs.context.workspace.table("bars"))
    assert table is not None
    return [table.path / file.name for file in table.files]


def _find(ledger_file: Path, name: str) -> Input:
    with InputLedger(ledger_file) as ledger:
        return next(entry for _, entry in ledger.recent(10) if entry.name == name)
