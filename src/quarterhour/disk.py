"""Disk guard: whether so much of the home's disk is free that a run may begin, and the events when that changes."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.errors import DiskNearlyFull
from quarterhour.events import DiskFreed, DiskRanLow
from quarterhour.settings.types import FreeSpace

# So much more than what is asked for must be free before the disk counts as free again: else the answer flickers.
_FREED_FACTOR = 1.25


@dataclass(frozen=True, slots=True)
class Space:
    """Of one disk, in bytes. `free` is what an ordinary user may still write."""

    free: int
    total: int


Look = Callable[[], Space]


def space_at(folder: Path) -> Space:
    """Raises OSError."""
    usage = shutil.disk_usage(folder)
    return Space(usage.free, usage.total)


def is_low(free: int, asked: int, *, was_low: bool) -> bool:
    """Whether too little is free. Pure."""
    return free < (asked * _FREED_FACTOR if was_low else asked)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at the disk gave. `free` and `total` are None where the disk could not be looked at."""

    is_low: bool
    has_moved: bool
    """It was otherwise at the look before."""
    asked: int = 0
    free: int | None = None
    total: int | None = None
    error: str = ""

    @property
    def text(self) -> str:
        if self.error:
            return f"the disk cannot be looked at: {self.error}"
        if self.free is None or self.total is None:
            return "nobody looks at the disk"
        figures = f"{self.free / 1e6:,.0f} MB of {self.total / 1e6:,.0f} MB are free"
        return f"{figures}; watchdog.min_free asks for {self.asked / 1e6:,.1f} MB"


class DiskGuard:
    """Looked through by the watchdog's thread and before each run. Without `look` no disk is ever low."""

    def __init__(self, min_free: FreeSpace, look: Look | None, bus: EventBus, clock: Clock) -> None:
        self._min_free = min_free
        self._look = look
        self._bus = bus
        self._clock = clock
        self._moving = threading.Lock()
        self.last = Finding(is_low=False, has_moved=False)
        """What was found last."""

    def look(self) -> Finding:
        """Look, from any thread. Whoever gets a finding that has moved tells it."""
        if self._look is None:
            return self.last
        try:
            space = self._look()
        except OSError as error:
            return self._found(None, str(error))
        return self._found(space)

    def _found(self, space: Space | None, error: str = "") -> Finding:
        with self._moving:
            was_low = self.last.is_low
            if space is None:
                self.last = Finding(is_low=True, has_moved=not was_low, error=error)
            else:
                asked = self._min_free.bytes_of(space.total)
                low = is_low(space.free, asked, was_low=was_low)
                self.last = Finding(low, low is not was_low, asked, space.free, space.total)
            return self.last

    def tell(self, finding: Finding) -> None:
        """The event of a finding that has moved. On the loop."""
        data = {"free": finding.free, "total": finding.total, "asked": finding.asked}
        kind, msg = (
            (DiskRanLow, f"No run begins: {finding.text}; free some space on the home's disk")
            if finding.is_low
            else (DiskFreed, f"Runs begin again: {finding.text}")
        )
        self._bus.publish(kind(at=self._clock.now(), run_id=None, stage="watchdog", msg=msg, data=data))

    async def check(self) -> None:
        """Look before a run begins. Raises DiskNearlyFull."""
        finding = await asyncio.to_thread(self.look)
        if finding.has_moved:
            self.tell(finding)
        if finding.is_low:
            raise DiskNearlyFull(
                f"no run begins: {finding.text}. Free some space on the home's disk, or change watchdog.min_free"
            )
