"""Leases: a living holder keeps its lock, a dead one loses it at once, one elsewhere by standing still (L1 to L4, L6)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from quarterhour.errors import LockHeld, LockLost
from quarterhour.lock import LockManager, is_shared
from quarterhour.settings.runner import LockSettings
from quarterhour.workspace import Workspace
from serving import serving

_LEASE_S = 0.4
_HOLD = """
import sys, time
from quarterhour.lock import LockManager
from quarterhour.settings.runner import LockSettings
from quarterhour.workspace import Workspace
with LockManager(Workspace(sys.argv[1]), LockSettings(kind="lease", lease=0.4)).hold("run", "a test"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.create()
    return workspace


def locks_of(workspace: Workspace, lease_s: float = _LEASE_S) -> LockManager:
    return LockManager(workspace, LockSettings(kind="lease", lease=lease_s))


def lease_of(workspace: Workspace) -> Path:
    [path] = workspace.state.glob("run.lease-*")
    return path


def move_elsewhere(lease: Path) -> None:
    """Have it look as if a process on another machine held it."""
    holder = json.loads((lease / "holder.json").read_bytes())
    (lease / "holder.json").write_text(json.dumps(holder | {"machine": "another"}))


def test_a_stopped_process_keeps_its_lease_and_a_killed_one_does_not(workspace: Workspace) -> None:
    locks = locks_of(workspace)
    command = [sys.executable, "-c", _HOLD, str(workspace.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        # It beats no more, but it lives.
        os.kill(holder.pid, signal.SIGSTOP)
        time.sleep(2 * _LEASE_S)
        with pytest.raises(LockHeld, match=rf"process {holder.pid} .*\(a test\)"), locks.hold("run", "mine"):
            pass
        holder.kill()
        holder.wait()
    with locks.hold("run", "mine") as mine:
        assert mine.taken_from is not None
        assert (mine.taken_from.pid, mine.fence) == (holder.pid, mine.taken_from.fence + 1)
    with locks.hold("run", "mine again") as again:
        assert (again.taken_from, again.fence) == (None, mine.fence + 1)


def test_a_holder_elsewhere_keeps_its_lease_while_it_beats(workspace: Workspace) -> None:
    # Long, for a busy disk; the first beat is the answer.
    with locks_of(workspace, 6.0).hold("run", "theirs"):
        move_elsewhere(lease_of(workspace))
        with pytest.raises(LockHeld), locks_of(workspace, 6.0).hold("run", "mine"):
            pass


def test_a_holder_elsewhere_that_stands_still_loses_its_lease_and_learns_of_it(workspace: Workspace) -> None:
    theirs, losses = locks_of(workspace), list[LockLost]()
    theirs.on_lost = losses.append
    with theirs.hold("run", "theirs") as first:
        # It may not write any more: a machine that sleeps, or a network that is gone.
        lease = lease_of(workspace)
        move_elsewhere(lease)
        (lease / ".beat.tmp").mkdir()
        with locks_of(workspace).hold("run", "mine") as mine:
            assert mine.fence > first.fence
            assert mine.taken_from is not None
            assert mine.taken_from.purpose == "theirs"
            deadline_s = time.monotonic() + 10
            while not losses and time.monotonic() < deadline_s:
                time.sleep(0.02)
            assert "the lease is lost" in losses[0].message
    # Who lost it does not say who held it last.
    holder = locks_of(workspace).holder("run")
    assert holder is not None
    assert (holder.purpose, holder.was_freed) == ("mine", True)


def test_a_taker_that_was_slow_takes_nothing_from_a_living_holder(workspace: Workspace) -> None:
    """It saw a lease that was freed, and slept while others took and freed the next ones (L1)."""
    slow = locks_of(workspace)
    with locks_of(workspace).hold("run", "early") as early:
        pass
    with locks_of(workspace).hold("run", "later") as later:
        # The number after the early one, as the slow one would take it, was free again.
        stale = workspace.state / f"run.lease-{early.fence}"
        stale.mkdir()
        (stale / "holder.json").write_text("{}")
        with pytest.raises(LockHeld, match="later"), slow.hold("run", "slow"):
            pass
        assert later.fence > early.fence
        assert (workspace.state / f"run.lease-{later.fence}" / "holder.json").exists()


def test_a_process_with_the_id_of_a_dead_one_is_another(workspace: Workspace) -> None:
    """An id is given again; a lock that knows ids alone would be held for ever (L4)."""
    with locks_of(workspace).hold("run", "dead"):
        lease = lease_of(workspace)
        holder = json.loads((lease / "holder.json").read_bytes())
        assert holder["pid"] == os.getpid()
        (lease / "holder.json").write_text(json.dumps(holder | {"begun": "1"}))
        with locks_of(workspace).hold("run", "mine") as mine:
            assert mine.taken_from is not None


def test_leases_are_taken_where_other_machines_may_have_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    part = type(psutil.disk_partitions(all=True)[0])

    def mounts(*, all: bool) -> list[object]:  # noqa: A002  psutil's name
        assert all
        kinds = (("/", "ext4"), ("/mnt/share", "nfs4"), ("/mnt/share/disk", "xfs"), ("/mnt/host", "fuse.sshfs"))
        return [part("", path, kind, "rw") for path, kind in kinds]

    monkeypatch.setattr("quarterhour.lock.psutil.disk_partitions", mounts)
    homes = ("/srv/home", "/mnt/share/home", "/mnt/share/disk/home", "/mnt/host/home", "/mnt/shared")
    assert [is_shared(Path(home)) for home in homes] == [False, True, False, True, False]


@pytest.mark.slow
def test_a_server_whose_lease_another_machine_took_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[lock]\nkind = "lease"\nlease = 0.6\n')
    with serving(home, "--no-schedule") as server:
        run_id = server.start_run()
        server.ended_run(run_id)
        lease = max((home / "automation" / "state").glob("home.lease-*"))
        taken = lease.with_name(f"home.lease-{int(lease.name.rpartition('-')[2]) + 1}")
        taken.mkdir()
        (taken / "holder.json").write_text(json.dumps({"machine": "another", "pid": 1, "begun": "1"}))
        assert server.process.wait(timeout=20) != 0
    assert "the lease is lost: another process has taken it" in server.output.read_text()
