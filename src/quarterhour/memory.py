"""What processes hold of the machine's memory, and how much there is."""

import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def machine_bytes() -> int:
    """The memory that this process may hope for: the machine's, or its container's where that is less."""
    whole = psutil.virtual_memory().total
    try:
        text = _CGROUP_LIMIT.read_text().strip()
    except OSError:
        return whole
    return min(whole, int(text)) if text.isdecimal() else whole


def family(pid: int) -> list[int]:
    """A process and all that descend from it. One that is gone has nobody."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += _children(member)
    return found


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


def held_bytes(pids: Iterable[int], limit: int) -> int:
    """What the processes hold together, without files that are merely mapped.

    A quick sum counts pages that forks share once for each; only one above `limit` is looked at page by page.
    """
    processes = [process for pid in pids if (process := _process(pid)) is not None]
    quick = sum(_own(process) for process in processes)
    return quick if quick <= limit or sys.platform != "linux" else min(quick, sum(map(_proportional, processes)))


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _own(process: psutil.Process) -> int:
    try:
        info = process.memory_info()
    except psutil.Error:
        return 0  # it ended
    return info.rss - getattr(info, "shared", 0)


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0  # it ended
