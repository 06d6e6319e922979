"""What is asked of the operating system about processes, and the Windows twins."""

import os
import signal
import sys
from pathlib import Path

if sys.platform == "win32":
    import psutil

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
            if os.getppid() != parent:
                # The parent ended before the kernel was asked.
                os.kill(os.getpid(), signal.SIGKILL)

    def be_the_first_victim() -> None:
        """Where the machine has no memory left, the kernel ends this process before the server (Linux)."""
        if sys.platform == "linux":
            Path("/proc/self/oom_score_adj").write_text("500")

    def end_group(pid: int, *, by_force: bool) -> None:
        """Signal a worker and all that it started: SIGTERM, or SIGKILL by force. A group that is gone is no error."""
        number = signal.SIGKILL if by_force else signal.SIGTERM
        # A worker that was forked this instant may not lead its group yet.
        for send in (os.killpg, os.kill):
            try:
                send(pid, number)
            except ProcessLookupError:
                continue
            return
