"""One holder; a dead one holds nothing."""

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import orjson
import pytest

from quarterhour.errors import LockHeld
from quarterhour.lock import Holder, LockManager
from quarterhour.workspace import Workspace

_HOLD = """
import sys, time
from quarterhour.lock import LockManager
from quarterhour.workspace import Workspace
with LockManager(Workspace(sys.argv[1])).hold("run", "a test"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_living_process_keeps_the_lock_and_a_killed_one_does_not(tmp_path: Path) -> None:
    """L1: the system decides, in one step. L6: nothing that is left over holds up the next one."""
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match=rf"process {holder.pid} .*\(a test\)"), locks.hold("run", "mine"):
            pass
        fence = locks.holder("run")
        holder.kill()
        holder.wait()
    with locks.hold("run", "mine") as mine:
        assert fence is not None
        assert mine.fence == fence.fence + 1
        assert mine.taken_from is not None
        assert (mine.taken_from.pid, mine.taken_from.purpose) == (holder.pid, "a test")
    with locks.hold("run", "mine again") as again:
        assert again.taken_from is None


def test_an_unreadable_holder_file_is_not_a_free_lock(tmp_path: Path) -> None:
    """L2."""
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    with locks.hold("run", "first"):
        workspace.lock("run").with_suffix(".json").write_bytes(b"{ half")
        with pytest.raises(LockHeld), locks.hold("run", "second"):
            pass
    # What was damaged is kept to be looked at.
    assert (workspace.state / "run.json.damaged-1").read_bytes() == b"{ half"


@pytest.mark.parametrize("since", ["1999-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z", "not a time"])
def test_no_time_that_is_written_down_makes_a_lock_stale_or_lasting(tmp_path: Path, since: str) -> None:
    """L4: who holds it is the system's to know; a changed clock, or another host's, says nothing."""
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    with locks.hold("run", "first") as first:
        _write_holder(workspace, replace(first, since=since))
        with pytest.raises(LockHeld, match=since), locks.hold("run", "second"):
            pass
    _write_holder(workspace, replace(first, since=since))
    with locks.hold("run", "third") as third:
        assert third.fence == first.fence + 1


def _write_holder(workspace: Workspace, holder: Holder) -> None:
    workspace.lock("run").with_suffix(".json").write_bytes(orjson.dumps(asdict(holder)))


@pytest.mark.parametrize("damaged", [("run.json",), ("run.fence",)])
def test_the_number_never_falls_though_a_file_is_damaged(tmp_path: Path, damaged: tuple[str, ...]) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    (workspace.state / "run.fence").write_bytes(b"9000000000\n")  # above the seconds since 1970: not from the clock
    with locks.hold("run", "first") as first:
        pass
    for name in damaged:
        (workspace.state / name).write_bytes(b"{ half")
    with locks.hold("run", "second") as second:
        assert second.fence == first.fence + 1 == 9_000_000_002


def test_without_any_number_it_is_above_what_was_counted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    with locks.hold("run", "first") as first:
        pass
    for name in ("run.fence", "run.json"):
        (workspace.state / name).unlink()
    with locks.hold("run", "second") as second:
        assert second.fence >= first.fence


_RACE = """
import sys
from quarterhour.errors import LockHeld
from quarterhour.lock import LockManager
from quarterhour.workspace import Workspace
from quarterhour.settings.runner import LockSettings
locks = LockManager(Workspace(sys.argv[1]), LockSettings(kind=sys.argv[2]))
won = 0
while won < 50:
    try:
        with locks.hold("run", "a race") as holder:
            print(holder.fence, flush=True)
            won += 1
    except LockHeld:
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kernel", "lease"])
def test_two_processes_that_race_never_get_the_same_number(tmp_path: Path, kind: str) -> None:
    Workspace(tmp_path).create()
    command = [sys.executable, "-c", _RACE, str(tmp_path), kind]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    numbers = [[int(line) for line in racer.communicate(timeout=120)[0].split()] for racer in racers]
    assert sorted(numbers[0] + numbers[1]) == list(range(min(map(min, numbers)), max(map(max, numbers)) + 1))
    assert all(each == sorted(each) and len(each) == 50 for each in numbers)
