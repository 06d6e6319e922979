"""World: the wall clock, the disk, the locks and the processes of a simulated machine, all drawn from one seed."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Killed(BaseException):
    """The process is gone: what of it still unwinds can touch nothing any more."""


class WallClock:
    """What every process of the machine reads; a jump changes it for all, and never the monotonic clock."""

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start = start
        self._loop = loop
        self._offset = timedelta()
        self._set_anew: asyncio.Event = asyncio.Event()

    def now(self) -> datetime:
        return self._start + self._offset + timedelta(seconds=round(self._loop.time(), 6))

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    async def sleep_until(self, when: datetime) -> None:
        """As the machine's own clock does: it looks again within a second of a jump."""
        while (remaining_s := (when - self.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(remaining_s):
                    await self._set_anew.wait()
                await asyncio.sleep(1.0)

    def jump(self, by: timedelta) -> None:
        """Set by hand or by NTP, or a machine that slept."""
        self._offset += by
        self._set_anew.set()
        self._set_anew = asyncio.Event()


@dataclass(eq=False, slots=True)
class Process:
    """One life of one server: dead once, dead for ever."""

    number: int
    is_dead: bool = False
    on_death: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def check_alive(self) -> None:
        """Raises Killed."""
        if self.is_dead:
            raise Killed

    def kill(self) -> None:
        """SIGKILL: whatever it holds of the system falls at once; nothing of it is asked."""
        if not self.is_dead:
            self.is_dead = True
            for end in self.on_death:
                end()


@dataclass(slots=True)
class World:
    """One machine from `start` on. Two with the same seed go the same way."""

    seed: int
    start: datetime
    chance: random.Random = field(init=False)
    clock: WallClock = field(init=False)
    processes: int = 0

    def __post_init__(self) -> None:
        assert self.start.tzinfo is UTC
        self.chance = random.Random(self.seed)
        self.clock = WallClock(self.start, asyncio.get_running_loop())

    def new_process(self) -> Process:
        self.processes += 1
        return Process(self.processes)
