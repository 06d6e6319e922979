"""A merging process that was killed at a named step is accounted for by the next run; each of its writes: `make torture`."""

import multiprocessing
import shutil
from pathlib import Path

import polars
import pytest
from kill_child import SETTINGS, merge
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.merger import MergerService

pytestmark = pytest.mark.slow

BARS = "SELECT i AS k, i * 1.5::DOUBLE AS v, 'text ' || i AS s FROM range({start}, {end}) t(i)"

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["kill_child"])


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A home with 30 000 merged rows and four files that wait: two overlap what is there, two have no keys."""
    home = tmp_path / "template"
    context = RecordingContext(home, SETTINGS)
    put(context, "bars", BARS.format(start=0, end=30_000), "one")
    MergerService().run(context)
    put(context, "bars", BARS.format(start=20_000, end=50_000).replace("1.5", "2.5"), "two")
    put(context, "bars", BARS.format(start=40_000, end=60_000), "three")
    put(context, "plain", BARS.format(start=0, end=20_000), "four")
    put(context, "plain", BARS.format(start=0, end=20_000), "five")
    return home


def _same_tables(home: Path, expected: Path) -> bool:
    """Whether both homes hold the same rows, and nothing waits in the first."""
    context, other = RecordingContext(home, SETTINGS), RecordingContext(expected, SETTINGS)
    with context.lake.ledger() as ledger:
        assert ledger.pending() == []
    return all(_rows(context, dataset).equals(_rows(other, dataset)) for dataset in ("bars", "plain"))


def _rows(context: RecordingContext, dataset: str) -> polars.DataFrame:
    return polars.read_delta(str(context.workspace.table(dataset))).sort("_file", "_record")


def _copy(template: Path, name: str) -> Path:
    return Path(shutil.copytree(template, template.with_name(name)))


def _start(home: Path, die_at: str | None = None) -> multiprocessing.process.BaseProcess:
    ours, theirs = _forkserver.Pipe()
    process = _forkserver.Process(target=merge, args=(home, theirs, die_at))
    process.start()
    ours.recv()
    ours.close()
    theirs.close()
    return process


@pytest.mark.parametrize("die_at", ["before the data files", "before the commit", "before the ledger"])
def test_the_next_run_accounts_for_what_the_killed_one_committed(template: Path, die_at: str) -> None:
    whole, home = _copy(template, "whole"), _copy(template, "killed")
    expected = MergerService().run(RecordingContext(whole, SETTINGS)).data
    process = _start(home, die_at)
    process.join()
    assert process.exitcode == 137
    found = MergerService().run(RecordingContext(home, SETTINGS, run_id="20251205T123000Z-000001")).data
    # Another run's: the same rows, carried over to it.
    expected["carried_over"] = expected["rows"]
    assert {k: found[k] for k in found if k != "datasets"} == {k: expected[k] for k in expected if k != "datasets"}
    assert _same_tables(home, whole)
