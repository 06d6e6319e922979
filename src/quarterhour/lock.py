"""LockManager: at most one holder of a name in one home. The system frees the lock of a dead holder."""

import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import structlog
from filelock import FileLock, Timeout

from quarterhour.clock import wire_time
from quarterhour.errors import LockHeld
from quarterhour.files import write_whole
from quarterhour.workspace import Workspace

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds, or last held, a lock. Only for people to read: the lock itself is the system's."""

    pid: int
    host: str
    since: str
    purpose: str
    fence: int
    """Rises with each holder of this lock."""


class LockManager:
    """Kernel locks (flock; LockFileEx on Windows) on files in `automation/state`, which no stale file can keep."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @contextmanager
    def hold(self, name: str, purpose: str) -> Generator[Holder]:
        """Hold the lock for the block. Raises LockHeld, with the `holder`, where a living process has it."""
        path = self._workspace.lock(name)
        lock = FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False, preserve_lock_file=True)
        try:
            lock.acquire()
        except Timeout as error:
            holder = self.holder(name)
            who = (
                f"process {holder.pid} on {holder.host} since {holder.since} ({holder.purpose})"
                if holder
                else "another"
            )
            raise LockHeld(f"{path} is held by {who}", holder=holder) from error
        try:
            fence = self._next_fence(name)
            holder = Holder(os.getpid(), socket.gethostname(), wire_time(datetime.now(UTC)), purpose, fence)
            write_whole(_fence_file(path), b"%d\n" % fence)
            write_whole(_holder_file(path), orjson.dumps(asdict(holder)))
            yield holder
        finally:
            lock.release()

    def _next_fence(self, name: str) -> int:
        """Above all that were given: the last number is kept twice, so that one damaged file does not lower it.

        Where both are gone, the seconds since 1970 are above what was counted one by one.
        """
        last = self.holder(name)
        known = [
            number for number in (_read_fence(_fence_file(self._workspace.lock(name))), last and last.fence) if number
        ]
        return max(known) + 1 if known else int(time.time())

    def holder(self, name: str) -> Holder | None:
        """Who took the lock last; whether it is still held only `hold` can tell."""
        path = _holder_file(self._workspace.lock(name))
        try:
            return Holder(**orjson.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            _log.warning("lock_holder_unreadable", file=str(path), error=str(error))
            return None


def _holder_file(lock: Path) -> Path:
    return lock.with_suffix(".json")


def _fence_file(lock: Path) -> Path:
    return lock.with_suffix(".fence")


def _read_fence(path: Path) -> int | None:
    try:
        return int(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        _log.warning("lock_fence_unreadable", file=str(path), error=str(error))
        return None
