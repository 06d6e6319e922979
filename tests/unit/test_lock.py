"""One holder; a dead one holds nothing (L1, L2, L6)."""

import subprocess
import sys
from pathlib import Path

import pytest

from quarterhour.errors import LockHeld
from quarterhour.lock import LockManager
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


def test_an_unreadable_holder_file_is_not_a_free_lock(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    locks = LockManager(workspace)
    with locks.hold("run", "first"):
        workspace.lock("run").with_suffix(".json").write_bytes(b"{ half")
        with pytest.raises(LockHeld), locks.hold("run", "second"):
            pass
