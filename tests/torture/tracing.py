"""Runs work in a child process and kills it at the entry of its Nth system call that writes below a folder (ptrace, Linux)."""

import ctypes
import json
import os
import platform
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRACEME, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_TRACESYSGOOD, _TRACEFORK, _TRACEVFORK, _TRACECLONE, _EXITKILL = 1, 2, 4, 8, 0x100000
_WALL = 0x40000000
_ENTRY = 1
_O_CREAT = os.O_CREAT

# By number: the name, and which of its arguments is the descriptor of a file (None: it names files, and always counts).
_CALLS: dict[str, dict[int, tuple[str, int | None]]] = {
    "x86_64": {
        **{1: ("write", 0), 18: ("pwrite64", 0), 20: ("writev", 0), 296: ("pwritev", 0), 77: ("ftruncate", 0)},
        **{
            74: ("fsync", 0),
            75: ("fdatasync", 0),
            285: ("fallocate", 0),
            326: ("copy_file_range", 2),
            40: ("sendfile", 0),
        },
        **{2: ("open", None), 257: ("openat", None), 82: ("rename", None), 264: ("renameat", None)},
        **{316: ("renameat2", None), 87: ("unlink", None), 263: ("unlinkat", None), 86: ("link", None)},
        **{265: ("linkat", None), 83: ("mkdir", None), 258: ("mkdirat", None), 84: ("rmdir", None)},
    },
    "aarch64": {
        **{64: ("write", 0), 68: ("pwrite64", 0), 66: ("writev", 0), 70: ("pwritev", 0), 46: ("ftruncate", 0)},
        **{
            82: ("fsync", 0),
            83: ("fdatasync", 0),
            47: ("fallocate", 0),
            285: ("copy_file_range", 2),
            71: ("sendfile", 0),
        },
        **{56: ("openat", None), 38: ("renameat", None), 276: ("renameat2", None), 35: ("unlinkat", None)},
        **{37: ("linkat", None), 34: ("mkdirat", None)},
    },
}
_FLAGS_AT = {"open": 1, "openat": 2}


class _SyscallInfo(ctypes.Structure):
    """As the kernel has it, at a call's entry."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("nr", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 4),
    )


@dataclass(frozen=True, slots=True)
class Traced:
    calls: int
    """Calls that would write, and were let through."""
    killed_at: str
    """The call at which it was killed; empty where it came to its end."""
    status: int


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def is_supported() -> bool:
    return os.name == "posix" and platform.system() == "Linux" and platform.machine() in _CALLS


def _ptrace(request: int, pid: int, address: int = 0, data: object = None) -> int:
    result = _libc.ptrace(request, pid, address, data)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace({request}): {os.strerror(number)}")
    return result


def traced(work: Callable[[], None], folder: Path, kill_at: int | None) -> Traced:
    """Run `work` in a forked child. `kill_at` counts from 0. This process must have no threads of its own that hold locks."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            status = 0
        finally:
            os._exit(status)
    os.waitpid(child, _WALL)
    options = _TRACESYSGOOD | _TRACEFORK | _TRACEVFORK | _TRACECLONE | _EXITKILL
    _ptrace(_SETOPTIONS, child, 0, options)
    _ptrace(_SYSCALL, child)
    return _follow(child, folder, kill_at)


def apart(function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """`function()` in a forked child: this process starts no threads, so that it can be forked again."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writing, json.dumps(function()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not answer:
        raise RuntimeError(f"the check ended with status {status}")
    return json.loads(answer)


def _follow(child: int, folder: Path, kill_at: int | None) -> Traced:
    calls, killed_at = 0, ""
    while True:
        pid, status = os.waitpid(-1, _WALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if pid == child:
                return Traced(calls, killed_at, os.waitstatus_to_exitcode(status))
            continue
        number = os.WSTOPSIG(status)
        passed_on = 0
        if number == signal.SIGTRAP | 0x80:
            name = "" if killed_at else _writing_call(pid, folder)
            if name and calls == kill_at:
                killed_at = name
                os.kill(child, signal.SIGKILL)
                continue
            calls += bool(name)
        elif number not in (signal.SIGTRAP, signal.SIGSTOP):
            passed_on = number
        try:
            _ptrace(_SYSCALL, pid, 0, passed_on)
        except ProcessLookupError:
            continue  # killed meanwhile: its end is yet to be heard of


def _writing_call(pid: int, folder: Path) -> str:
    """The name of the call that is being entered if it writes below the folder; empty otherwise."""
    info = _SyscallInfo()
    try:
        _ptrace(_GET_SYSCALL_INFO, pid, ctypes.sizeof(info), ctypes.addressof(info))
    except ProcessLookupError:
        return ""
    found = _CALLS[platform.machine()].get(info.nr) if info.op == _ENTRY else None
    if found is None:
        return ""
    name, descriptor_at = found
    if name in _FLAGS_AT:
        return name if info.args[_FLAGS_AT[name]] & _O_CREAT else ""
    if descriptor_at is None:
        return name
    try:
        target = Path(f"/proc/{pid}/fd/{info.args[descriptor_at]}").readlink()
    except OSError:
        return ""
    return name if target.is_relative_to(folder) else ""
