"""Which files another process still has open for writing, where the system can tell."""

import errno
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

# There a lease is refused, or other machines' writers are not known: such a file counts as not open.
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "afs", "ceph", "fuse", "9p", "gfs", "glusterfs", "lustre")

if sys.platform == "linux":
    import fcntl

    def _has_writer(path: str) -> bool:
        """A read lease is refused while anybody has the file open for writing; it is given back at once.

        The system gives leases on one's own files, and to CAP_LEASE; of others it does not tell.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False  # Whoever reads it is told why it cannot be opened.
        try:
            # Somebody may open it in just this moment: SIGIO, the default, would end this process.
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        finally:
            os.close(descriptor)
        return False

elif sys.platform == "win32":
    import _winapi

    _SHARE_READ_AND_DELETE = 0x1 | 0x4
    _SHARING_VIOLATION = 32

    def _has_writer(path: str) -> bool:
        """Opening it without sharing it for writing is refused while anybody writes."""
        try:
            handle = _winapi.CreateFile(
                path, _winapi.GENERIC_READ, _SHARE_READ_AND_DELETE, 0, _winapi.OPEN_EXISTING, 0, 0
            )
        except OSError as error:
            return error.winerror == _SHARING_VIOLATION
        _winapi.CloseHandle(handle)
        return False

else:

    def _has_writer(path: str) -> bool:  # noqa: ARG001
        """This system does not tell."""
        return False


def open_for_writing(paths: Iterable[str]) -> set[str]:
    """Those of `paths` that are open for writing; what cannot be told counts as not open."""
    found = {path for path in paths if _has_writer(path)}
    return {path for path in found if not _is_on_network(path)} if found else found


def _is_on_network(path: str) -> bool:
    real = Path(path).resolve()
    mounts = [mount for mount in psutil.disk_partitions(all=True) if real.is_relative_to(mount.mountpoint)]
    kind = max(mounts, key=lambda mount: len(mount.mountpoint)).fstype.lower() if mounts else ""
    return kind.startswith(_NETWORK_FILE_SYSTEMS)
