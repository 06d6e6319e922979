"""What is asked of the operating system about processes, and the Windows twins."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil


def family(pid: int) -> list[int]:
    """A process and all that descend from it. One that is gone has nobody."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += _children(member)
    return found


def descendants(pid: int) -> list[psutil.Process]:
    """What a process started, as it is now; each is known by its start time too, not by its id alone."""
    found: list[psutil.Process] = []
    for member in family(pid)[1:]:
        try:
            found.append(psutil.Process(member))
        except psutil.NoSuchProcess:
            continue
    return found


def end_process(process: psutil.Process) -> None:
    """Kill one process. One that is gone is no error."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _children(pid: int) -> list[int]:
    if sys.platform == "linux":
        # psutil would read every process of the machine.
        try:
            return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]
        except OSError:
            return []
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []  # the thread ended


if sys.platform == "win32":

    def lead_group() -> None:
        """Windows ends a tree by its parents' ids: nothing to prepare."""

    def die_with_parent() -> None:
        """Windows: the worker's control pipe closes with its server, and the worker ends itself."""

    def be_the_first_victim() -> None:
        """Windows kills nobody for want of memory."""

    def end_group(pid: int, *, by_force: bool) -> None:
        """End a worker and all that it started. A process that is gone already is no error."""
        del by_force  # Windows knows no other way
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue

else:
    import ctypes

    _PR_SET_PDEATHSIG = 1
    _PR_SET_CHILD_SUBREAPER = 36

    def lead_group() -> None:
        """This process leads a session and group of its own: it and what it starts can be ended as one."""
        if os.getpid() != os.getsid(0):
            os.setsid()

    def die_with_parent() -> None:
        """The kernel kills this process when its parent ends, also while it holds the interpreter's lock (Linux).

        On macOS the worker notices by its control pipe alone.
        """
        if sys.platform == "linux":
            parent = os.getppid()
            if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
                raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
            # What a program of this process leaves behind stays its descendant, and is found when it is ended.
            if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1) != 0:
                raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")
            if os.getppid() != parent:
                # The parent ended before the kernel was asked.
                os.kill(os.getpid(), signal.SIGKILL)

    def be_the_first_victim() -> None:
        """Where the machine has no memory left, the kernel ends this process before the server (Linux)."""
        if sys.platform == "linux":
            Path("/proc/self/oom_score_adj").write_text("500")

    def end_group(pid: int, *, by_force: bool) -> None:
        """Signal a worker and all that it started: SIGTERM, or SIGKILL by force. A group that is gone is no error.

        By force also what left its group; it stands still meanwhile, so that nothing new escapes.
        """
        others: list[int] = []
        if by_force and pid != os.getpid() and _send(os.killpg, pid, signal.SIGSTOP):
            others = family(pid)[1:]
        number = signal.SIGKILL if by_force else signal.SIGTERM
        # A worker that was forked this instant may not lead its group yet.
        if not _send(os.killpg, pid, number):
            _send(os.kill, pid, number)
        for other in others:
            _send(os.kill, other, number)

    def _send(how: Callable[[int, int], None], pid: int, number: int) -> bool:
        """Whether there was anybody to signal."""
        try:
            how(pid, number)
        except ProcessLookupError:
            return False
        return True
