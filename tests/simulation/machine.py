"""A simulated machine on which two servers wait to be the one, as one pipeline's machine sees it."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from quarterhour.assembly import Machine
from quarterhour.clock import wire_time
from quarterhour.errors import LockHeld
from quarterhour.lock import Holder, LockManager
from quarterhour.watchdog import Watchdog
from quarterhour.workspace import Workspace

from .disk import Disk, SimulatedLog
from .engine import Plan, SimulatedAttempt, SimulatedEngine
from .world import Process, World


@dataclass(slots=True)
class Locks:
    """The kernel's: a name, and the process that holds it. They fall with it."""

    holders: dict[str, Process] = field(default_factory=dict[str, Process])
    fences: dict[str, int] = field(default_factory=dict[str, int])


class SimulatedLocks(LockManager):
    def __init__(self, workspace: Workspace, locks: Locks, process: Process, world: World) -> None:
        super().__init__(workspace)
        self._locks = locks
        self._process = process
        self._world = world
        process.on_death.append(self._fall)

    def _fall(self) -> None:
        for name in [name for name, holder in self._locks.holders.items() if holder is self._process]:
            del self._locks.holders[name]

    @contextmanager
    def hold(self, name: str, purpose: str) -> Generator[Holder]:
        self._process.check_alive()
        if name in self._locks.holders:
            raise LockHeld(f"{name} is held by process {self._locks.holders[name].number}")
        self._locks.holders[name] = self._process
        fence = self._locks.fences[name] = self._locks.fences.get(name, 0) + 1
        try:
            yield Holder(self._process.number, "host", wire_time(self._world.clock.now()), purpose, fence)
        finally:
            if self._locks.holders.get(name) is self._process:
                del self._locks.holders[name]


class LoopWatchdog(Watchdog):
    """Looks from a task instead of its thread: a simulated loop is never blocked. It sleeps where there is nothing to see."""

    _process: Any = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=0))

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        assert isinstance(self._engine, SimulatedEngine)
        while True:
            await self._engine.is_working.wait()
            await asyncio.sleep(_LOOK_EVERY_S - self._clock.monotonic() % _LOOK_EVERY_S)
            if self._engine.attempts():
                self.look()


# Its limits are minutes: looking more often would only take longer.
_LOOK_EVERY_S = 60.0


def machine_of(
    process: Process,
    world: World,
    disk: Disk,
    locks: Locks,
    workspace: Workspace,
    draw: Callable[[], Plan],
    on_start: Callable[[SimulatedAttempt], None],
) -> Machine:
    return Machine(
        clock=world.clock,
        log=SimulatedLog(disk, process),
        engine=SimulatedEngine(process, world.clock, draw, on_start),
        locks=SimulatedLocks(workspace, locks, process, world),
        watchdog=LoopWatchdog,
        chance=world.chance.random,
    )
