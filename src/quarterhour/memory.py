"""What processes hold of the machine's memory, and how much there is."""

import gc
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
# With CPython's 700, 10 and 10 a third of a publishing server's time goes into looking through the events that it keeps.
_COLLECTED_AFTER = (10_000, 20, 50)


def collect_seldom() -> None:
    """Have the collector of cycles look less often, for a process that keeps many objects and makes few cycles."""
    gc.set_threshold(*_COLLECTED_AFTER)


def machine_bytes() -> int:
    """The memory that this process may hope for: the machine's, or its container's where that is less."""
    whole = psutil.virtual_memory().total
    try:
        text = _CGROUP_LIMIT.read_text().strip()
    except OSError:
        return whole
    return min(whole, int(text)) if text.isdecimal() else whole


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
