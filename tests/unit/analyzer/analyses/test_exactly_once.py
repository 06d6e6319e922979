"""A result is published once, with the merge of what it was made of or not at all, whatever is killed or tried again."""

import multiprocessing
import os
import shutil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars
import pytest
from analysis_runs import Runs
from pending_inputs import put

from quarterhour.errors import StageCancelled
from quarterhour.lake import derived
from quarterhour.lake.derived import read_staged
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.tables import open_table
from quarterhour.stages.analyzer.analyses import compute
from quarterhour.stages.merger import MergerService, service

pytestmark = pytest.mark.slow

BARS = (
    "SELECT i AS k, i * 1.0::DOUBLE AS v, TIMESTAMP '2024-01-01' + to_minutes(i::INTEGER) AS ts FROM range({}, {}) t(i)"
)
SETTINGS: dict[str, Any] = {
    "datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}],
    "analyses": [
        {"name": "total", "sql": "SELECT sum(n)::BIGINT AS n, count(*) AS hours FROM hourly"},
        {
            "name": "hourly",
            "mode": "window",
            "window": {"every": "1h", "into": "hour"},
            "sql": "SELECT date_trunc('hour', ts) AS hour, count(*) AS n FROM bars GROUP BY 1",
        },
        {"name": "kept", "mode": "append", "sql": "SELECT k FROM bars"},
    ],
}
NAMES = ("total", "hourly", "kept")


def _prepared(home: Path) -> Runs:
    """A home with one run behind it and another one's files waiting."""
    runs = Runs(home, SETTINGS)
    runs.run(("bars", BARS.format(0, 100), "a"))
    runs.next()
    put(runs.context, "bars", BARS.format(50, 200), "b")
    return runs


def _tables(runs: Runs) -> dict[str, list[tuple[Any, ...]]]:
    return {name: runs.rows(name) for name in NAMES}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _prepared(tmp_path_factory.mktemp("template")).home


@pytest.fixture(scope="module")
def expected(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    runs = Runs(shutil.copytree(template, tmp_path_factory.mktemp("whole") / "home"), SETTINGS)
    runs.analyse()
    runs.merge()
    found = _tables(runs)
    assert (found["total"], len(found["kept"])) == ([(200, 4)], 200)
    return found


# Steps of both stages before which the process dies, and at which of their calls.
STEPS: dict[str, tuple[Any, str, int]] = {
    "the first manifest": (compute, "stage", 1),
    "the third manifest": (compute, "stage", 3),
    "the datasets' merge": (service, "commit", 1),
    "the first publication": (derived, "_commit", 1),
    "the second publication's commit": (derived, "commit", 2),
    "the first manifest's removal": (derived, "discard_staged", 1),
    "the last manifest's removal": (derived, "discard_staged", 3),
}


def die_at(home: Path, ready: "Connection[Any, Any]", step: str) -> None:
    owner, name, at = STEPS[step]
    real, calls = getattr(owner, name), 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            # The real end of a killed process: nothing is flushed, no `finally` runs.
            os._exit(137)
        return real(*arguments, **named)

    runs = Runs(home, SETTINGS, runs_before=1)
    runs.next()
    setattr(owner, name, counted)
    ready.send(None)
    runs.analyse()
    runs.merge()


_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["analysis_runs"])


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_any_step_the_next_attempt_or_run_makes_the_same_tables(
    template: Path, expected: dict[str, list[tuple[Any, ...]]], tmp_path: Path, step: str
) -> None:
    home = shutil.copytree(template, tmp_path / "home")
    ours, theirs = _forkserver.Pipe()
    process = _forkserver.Process(target=die_at, args=(home, theirs, step))
    process.start()
    ours.recv()
    process.join()
    assert process.exitcode == 137
    another_run = shutil.copytree(home, tmp_path / "another")
    again = Runs(home, SETTINGS, runs_before=1)
    # As the runner does it: the stage that was cut off is tried again, the one before it is not.
    again.next()
    again.next(attempt=2)
    if "manifest" in step and "removal" not in step:
        again.analyse()
    data = MergerService().run(again.context).data
    assert {name: data["derived"][name]["rows"] for name in NAMES} == {"total": 1, "hourly": 3, "kept": 100}
    if step in ("the third manifest", "the second publication's commit"):
        other = Runs(another_run, SETTINGS, runs_before=2)
        other.run()
        assert _tables(other) == expected
    assert _tables(again) == expected
    assert {one["outcome"] for one in again.run().values()} == {"unchanged"}
    assert not list(again.context.workspace.analyzed.glob("*/staged"))


def test_a_second_attempt_takes_what_the_first_staged_and_tells_what_it_published(tmp_path: Path) -> None:
    runs = _prepared(tmp_path)
    runs.analyse()
    before = {name: read_staged(runs.context.workspace.staged_analysis(name)) for name in NAMES}
    found = runs.analyse()
    assert {one["how"] for one in found.values()} == {"as an earlier attempt left it"}
    assert before == {name: read_staged(runs.context.workspace.staged_analysis(name)) for name in NAMES}
    first = runs.merge()
    runs.next(attempt=2)
    assert runs.merge() == first


def test_nothing_stands_of_a_merge_that_fails_or_takes_in_something_else(tmp_path: Path) -> None:
    runs = _prepared(tmp_path)
    old = _tables(runs)
    runs.analyse()
    runs.context.cancelled = True
    with pytest.raises(StageCancelled):
        MergerService().run(runs.context)
    assert _tables(runs) == old
    # The merger holds back what the analyses had counted with.
    runs.context.cancelled = False
    with HoldLedger(runs.context.workspace.ledger_file) as ledger:
        (pending,) = ledger.pending()
        ledger.hold([pending.fingerprint], {pending.fingerprint: "held by hand"}, runs.context.run_id)
    assert runs.merge() == {}
    assert _tables(runs) == old
    assert "hourly: its new result is dropped, the one before stands" in " ".join(m for _, m, _ in runs.context.lines)
    with HoldLedger(runs.context.workspace.ledger_file) as ledger:
        ledger.release(pending.fingerprint)
    assert {one["outcome"] for one in runs.run().values()} == {"computed"}
    assert runs.rows("total") == [(200, 4)]


def test_each_version_of_a_result_can_be_read_and_says_its_run(tmp_path: Path) -> None:
    runs = _prepared(tmp_path)
    runs.analyse()
    runs.merge()
    path = runs.context.workspace.table("hourly")
    table = open_table(path)
    assert table is not None
    info = table.commit_info(table.version)
    assert info is not None
    assert (info["kind"], info["run_id"], info["rows"]) == ("analysis", runs.context.run_id, "4")
    assert polars.read_delta(str(path), version=table.version - 1)["n"].sum() == 100
