"""A command that takes rows out, or restores, is killed at many instants: done whole or not at all, and the ledger agrees."""

import multiprocessing
import os
import shutil
import time
from multiprocessing.connection import Connection
from pathlib import Path

import polars
import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.ledger import InputState
from quarterhour.lake.reversals import ReversalLedger
from quarterhour.stages.merger import MergerService, restoring, retraction
from quarterhour.stages.merger.restoring import restore
from quarterhour.stages.merger.retraction import retract

pytestmark = pytest.mark.slow

KILLS = 6
SETTINGS = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}
BARS = "SELECT i AS k, i * {factor}::DOUBLE AS v, 'text ' || i AS s FROM range({start}, {end}) t(i)"

_forkserver = multiprocessing.get_context("forkserver")


def reverse(home: Path, ready: Connection, what: str, die_at: str | None = None) -> None:
    """The process that is to be killed, from outside or at a step of its own."""
    context = RecordingContext(home, SETTINGS)
    steps = {
        "before the data files": (retraction, "write_files"),
        "before the commit": (retraction, "commit") if what == "retract" else (restoring, "restore_files"),
        "before the ledger": (ReversalLedger, "settle"),
    }
    if die_at is not None:
        owner, name = steps[die_at]
        setattr(owner, name, lambda *_, **__: os._exit(137))
    ready.send(None)
    _do(context, what)


def _do(context: RecordingContext, what: str) -> None:
    if what == "retract":
        retract(context.workspace, context.settings, "two", to="retracted")
    else:
        restore(context.workspace, context.settings, "bars", 1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("homes") / "template"
    context = RecordingContext(home, SETTINGS)
    put(context, "bars", BARS.format(factor=1.5, start=0, end=6_000), "one")
    MergerService().run(context)
    put(context, "bars", BARS.format(factor=2.5, start=4_000, end=10_000), "two")
    MergerService().run(context)
    return home


def _copy(template: Path, name: str) -> Path:
    home = template.with_name(name)
    shutil.rmtree(home, ignore_errors=True)
    return Path(shutil.copytree(template, home))


def _start(home: Path, what: str, die_at: str | None = None) -> multiprocessing.process.BaseProcess:
    ours, theirs = _forkserver.Pipe()
    process = _forkserver.Process(target=reverse, args=(home, theirs, what, die_at))
    process.start()
    ours.recv()
    ours.close()
    theirs.close()
    return process


def _rows(home: Path) -> polars.DataFrame:
    path = str(RecordingContext(home, SETTINGS).workspace.table("bars"))
    return polars.read_delta(path).sort("k").select("k", "v", "s", "_file")


def _state(home: Path) -> InputState:
    with RecordingContext(home, SETTINGS).lake.ledger() as ledger:
        return ledger.named("two").state


def _check(home: Path, before: polars.DataFrame, after: polars.DataFrame) -> bool:
    """After the next run: all of it happened, or nothing. Returns which."""
    MergerService().run(RecordingContext(home, SETTINGS))
    is_done = _state(home) is InputState.RETRACTED
    assert _rows(home).equals(after if is_done else before)
    with ReversalLedger(RecordingContext(home, SETTINGS).workspace.ledger_file) as ledger:
        assert ledger.intents() == []
    return is_done


def test_killed_at_any_instant_it_is_done_whole_or_not_at_all(template: Path) -> None:
    what = "retract"
    whole = _copy(template, "whole")
    _start(_copy(template, "warm-up"), what).join()
    process = _start(whole, what)
    began = time.monotonic()
    process.join()
    duration_s = time.monotonic() - began
    before, after = _rows(template), _rows(whole)
    assert (before.height, after.height) == (10_000, 6_000)
    interrupted = 0
    for kill in range(KILLS):
        home = _copy(template, "killed")
        process = _start(home, what)
        time.sleep(duration_s * kill / KILLS)
        process.kill()
        process.join()
        if process.exitcode == 0:
            # The machine was busier when the whole was measured.
            duration_s *= 0.7
        else:
            interrupted += 1
        _check(home, before, after)
        _do(RecordingContext(home, SETTINGS), what)
        assert _rows(home).equals(after)
    assert interrupted


@pytest.mark.parametrize(
    ("what", "die_at", "is_done"),
    [
        ("retract", "before the data files", False),
        ("retract", "before the commit", False),
        ("retract", "before the ledger", True),
        ("restore", "before the commit", False),
        ("restore", "before the ledger", True),
    ],
)
def test_the_next_run_records_what_a_killed_command_had_committed(
    template: Path, what: str, die_at: str, *, is_done: bool
) -> None:
    home, whole = _copy(template, "killed"), _copy(template, "whole")
    _do(RecordingContext(whole, SETTINGS), what)
    process = _start(home, what, die_at)
    process.join()
    assert process.exitcode == 137
    assert _state(home) is InputState.MERGED
    assert _check(home, _rows(template), _rows(whole)) is is_done


def test_a_call_after_one_that_was_cut_off_does_not_undo_it(template: Path) -> None:
    home = _copy(template, "killed")
    _start(home, "retract", "before the ledger").join()
    context = RecordingContext(home, SETTINGS)
    told = retract(context.workspace, context.settings, "two")
    assert (told["operation"], "an earlier call that was cut off had done it" in told["message"]) == ("none", True)
    assert _state(home) is InputState.RETRACTED
    assert retract(context.workspace, context.settings, "two")["operation"] == "put_back"
