"""The server's own process, as the watchdog looks at it now and then: its memory, and children that nobody waits for."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from quarterhour.memory import machine_bytes
from quarterhour.processes import family
from quarterhour.settings.types import MemoryLimit

# It must fall below so much of the limit to count as small again.
_ENOUGH = 0.9
LOOK_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Grown:
    """The server holds more memory than it should, or does no more."""

    is_large: bool
    rss_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class Zombies:
    """Processes that ended, and that their parent has not asked about for a whole look."""

    pids: tuple[int, ...]
    parents: tuple[str, ...]


class ServerVitals:
    """Looked through by the watchdog's thread alone. `limit`: what the server may hold, its workers not counted."""

    def __init__(self, limit: MemoryLimit, pid: int) -> None:
        self._limit = limit
        self._limit_bytes = 0
        self._pid = pid
        self._is_large = False
        self._rss_bytes = 0
        self._dead_before: frozenset[int] = frozenset()
        self._told: frozenset[int] = frozenset()
        self._next_look_s = 0.0

    @property
    def problem(self) -> str | None:
        """What is wrong with the server's memory."""
        if not self._is_large:
            return None
        return f"the server holds {self._rss_bytes / 1e6:.0f} MB; watchdog.server_memory is {self._limit_bytes / 1e6:.0f} MB"

    def look(self, now_s: float) -> Iterator[Grown | Zombies]:
        """What is news, where it is time for a look again."""
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + LOOK_EVERY_S
        self._limit_bytes = self._limit.bytes_of(machine_bytes())
        self._rss_bytes = psutil.Process(self._pid).memory_info().rss
        is_large = self._rss_bytes > self._limit_bytes * (_ENOUGH if self._is_large else 1)
        if is_large is not self._is_large:
            self._is_large = is_large
            yield Grown(is_large, self._rss_bytes, self._limit_bytes)
        dead = _dead(self._pid)
        stays = frozenset(dead) & self._dead_before
        self._dead_before = frozenset(dead)
        if stays - self._told:
            yield Zombies(tuple(sorted(stays)), tuple(sorted({dead[pid] for pid in stays})))
        self._told = stays


def _dead(pid: int) -> dict[int, str]:
    """Zombies among what descends from a process, each with its parent as text. Windows has none."""
    if sys.platform == "win32":
        return {}
    found: dict[int, str] = {}
    for member in family(pid)[1:]:
        try:
            process = psutil.Process(member)
            if process.status() == psutil.STATUS_ZOMBIE:
                found[member] = _named(process.ppid())
        except psutil.NoSuchProcess:
            continue
    return found


def _named(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} ({pid})"
    except psutil.NoSuchProcess:
        return str(pid)
