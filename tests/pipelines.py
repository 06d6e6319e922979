"""A real pipeline for tests: the product's own parts, on a log in memory where no other is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, SystemClock
from quarterhour.disk import DiskGuard, Look
from quarterhour.engines.base import Engine
from quarterhour.engines.inline import InlineEngine
from quarterhour.event_log.base import EventLog
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lock import LockManager
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.scheduler import Scheduler
from quarterhour.settings import RunnerSettings, Settings, StageSettings, WatchdogSettings
from quarterhour.state import StateManager
from quarterhour.watchdog import Watchdog
from quarterhour.workspace import Workspace


@dataclass(frozen=True)
class Parts:
    workspace: Workspace
    log: EventLog
    bus: EventBus
    state: StateManager
    engine: Engine
    orchestrator: PipelineOrchestrator
    scheduler: Scheduler


def settings_for(*stages: str, hung_after_s: float = 300.0, grace_s: float = 0.3) -> Settings:
    return Settings(
        runner=RunnerSettings(backoff=0.01, backoff_max=0.02, grace=grace_s),
        # A slow test machine says nothing of the loop.
        watchdog=WatchdogSettings(hung_after=hung_after_s, beat_every=0.1, lag_limit=60),
        stages=tuple(StageSettings(name=name.lower(), python=f"example_stages:{name}") for name in stages),
    )


@asynccontextmanager
async def pipeline(
    home: Path,
    settings: Settings,
    *,
    log: EventLog | None = None,
    engine: Engine | None = None,
    clock: Clock | None = None,
    disk: Look | None = None,
) -> AsyncIterator[Parts]:
    workspace = Workspace(home)
    workspace.create()
    log = log or MemoryEventLog()
    engine = engine or InlineEngine()
    clock = clock or SystemClock()
    log.open()
    bus = EventBus(log, settings.events)
    bus.load()
    state = StateManager(bus, clock)
    state.load()
    locks = LockManager(workspace)
    guard = DiskGuard(settings.watchdog.min_free, disk, bus, clock)
    orchestrator = PipelineOrchestrator(settings, workspace, engine, bus, state, locks, clock, before_run=guard.check)
    scheduler = Scheduler(settings.schedule, orchestrator, bus, state, clock)
    tasks = [
        asyncio.create_task(bus.run()),
        asyncio.create_task(Watchdog(settings, engine, bus, clock, guard).run()),
    ]
    try:
        yield Parts(workspace, log, bus, state, engine, orchestrator, scheduler)
    finally:
        await orchestrator.close()
        await engine.close()
        for task in reversed(tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        log.close()
