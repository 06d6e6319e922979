"""LockManager: at most one holder of a name in one home, by the system's locks where they can be trusted, else by a lease."""

import os
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil
import structlog
from filelock import FileLock, Timeout

from quarterhour.clock import wire_time
from quarterhour.errors import LockHeld, LockLost
from quarterhour.files import set_aside, write_whole
from quarterhour.lease import Lease
from quarterhour.settings.runner import LockSettings
from quarterhour.workspace import Workspace

_log = structlog.get_logger()

# Of these the system says that a lock was taken, but holders on other machines may not see it.
_SHARED_FILE_SYSTEMS = (
    "nfs",
    "nfs4",
    "cifs",
    "smb2",
    "smb3",
    "smbfs",
    "9p",
    "virtiofs",
    "afpfs",
    "webdav",
    "ceph",
    "fuse",
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds, or last held, a lock. Only for people to read: the lock itself is the system's, or a lease."""

    pid: int
    host: str
    since: str
    purpose: str
    fence: int
    """Rises with each holder of this lock."""
    was_freed: bool = False
    """False also while it is held."""
    taken_from: "Holder | None" = None
    """The holder before, where it died with the lock."""

    @property
    def told(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} ({self.purpose})"


class LockManager:
    """Locks in `automation/state`: kernel locks (flock; LockFileEx on Windows), which no stale file can keep, or leases."""

    def __init__(self, workspace: Workspace, settings: LockSettings | None = None) -> None:
        self._workspace = workspace
        self._settings = settings or LockSettings()
        self.on_lost: Callable[[LockLost], object] = _unheard
        """Called from a thread once a lease that is held is lost: whoever holds it must end. Kernel locks are never lost."""

    @contextmanager
    def hold(self, name: str, purpose: str) -> Generator[Holder]:
        """Hold the lock for the block. Raises LockHeld, with the `holder`, where a living process has it.

        By a lease this may take as long as one: so long a holder on another machine is watched.
        """
        with self._lease(name) if self._is_lease() else self._kernel_lock(name) as taken:
            before, number = taken
            holder = Holder(os.getpid(), socket.gethostname(), wire_time(datetime.now(UTC)), purpose, number)
            self._write(name, holder)
            try:
                yield replace(holder, taken_from=before)
            finally:
                # A lease that was lost has another holder by now.
                if (last := self.holder(name)) is None or last.fence == number:
                    self._write(name, replace(holder, was_freed=True))

    def _is_lease(self) -> bool:
        kind = self._settings.kind
        return kind == "lease" or (kind == "auto" and is_shared(self._workspace.state))

    @contextmanager
    def _kernel_lock(self, name: str) -> Generator[tuple[Holder | None, int]]:
        path = self._workspace.lock(name)
        lock = FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False, preserve_lock_file=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise self._held(path, name) from error
        try:
            before = self.holder(name)
            number = self._next_fence(name)
            write_whole(_fence_file(path), b"%d\n" % number)
            yield (before if before and not before.was_freed else None), number
        finally:
            lock.release()

    @contextmanager
    def _lease(self, name: str) -> Generator[tuple[Holder | None, int]]:
        path = self._workspace.lock(name)
        lease = Lease(self._workspace.state, name, self._settings.lease)
        before = self.holder(name)
        try:
            taken = lease.take(self._next_fence(name), self._lose)
        except LockHeld as error:
            raise self._held(path, name) from error
        try:
            write_whole(_fence_file(path), b"%d\n" % taken.number)
            yield (before if taken.is_from_dead else None), taken.number
        finally:
            lease.free()

    def _lose(self, error: LockLost) -> None:
        self.on_lost(error)

    def _held(self, path: Path, name: str) -> LockHeld:
        holder = self.holder(name)
        return LockHeld(f"{path} is held by {holder.told if holder else 'another process'}", holder=holder)

    def _write(self, name: str, holder: Holder) -> None:
        content: dict[str, Any] = asdict(holder)
        del content["taken_from"]
        write_whole(_holder_file(self._workspace.lock(name)), orjson.dumps(content))

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
        """Who took the lock last; whether it is still held only `hold` can tell. An unreadable file is kept aside."""
        path = _holder_file(self._workspace.lock(name))
        try:
            return Holder(**orjson.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            _log.warning("lock_holder_unreadable", file=str(path), kept=str(set_aside(path)), error=str(error))
            return None


def is_shared(folder: Path) -> bool:
    """Whether other machines may have the folder too, so that kernel locks there do not stop them."""
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    if not mounts:
        return False
    mount = max(mounts, key=lambda part: len(part.mountpoint))
    # Of a network drive Windows names the file system that the other machine has.
    return "remote" in mount.opts.split(",") or mount.fstype.lower().split(".")[0] in _SHARED_FILE_SYSTEMS


def _unheard(error: LockLost) -> None:
    _log.error("lease_lost", error=error.message)


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
        _log.warning("lock_fence_unreadable", file=str(path), kept=str(set_aside(path)), error=str(error))
        return None
