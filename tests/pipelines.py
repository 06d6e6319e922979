"""A real pipeline for tests: the product's own parts, on a log in memory where no other is given."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quarterhour.assembly import Machine, Pipeline
from quarterhour.clock import Clock, SystemClock
from quarterhour.disk import Look
from quarterhour.engines.base import Engine
from quarterhour.engines.inline import InlineEngine
from quarterhour.event_log.base import EventLog
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lock import LockManager
from quarterhour.settings import RunnerSettings, Settings, StageSettings, WatchdogSettings
from quarterhour.settings.types import MemoryLimit
from quarterhour.workspace import Workspace


def settings_for(*stages: str, hung_after_s: float = 300.0, grace_s: float = 0.3) -> Settings:
    return Settings(
        runner=RunnerSettings(backoff=0.01, backoff_max=0.02, grace=grace_s),
        # A slow test machine says nothing of the loop, nor a process that holds what all tests before it loaded of a server.
        watchdog=WatchdogSettings(
            hung_after=hung_after_s, beat_every=0.1, lag_limit=60, server_memory=MemoryLimit.parse("1000GB")
        ),
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
    chance: Callable[[], float] = random.random,
) -> AsyncIterator[Pipeline]:
    workspace = Workspace(home)
    workspace.create()
    machine = Machine(
        clock or SystemClock(),
        log or MemoryEventLog(),
        engine or InlineEngine(),
        LockManager(workspace),
        chance=chance,
        disk=disk,
    )
    parts = Pipeline(settings, workspace, machine)
    parts.log.open()
    parts.bus.load()
    parts.state.load()
    tasks = [asyncio.create_task(parts.bus.run()), asyncio.create_task(parts.watchdog.run())]
    try:
        yield parts
    finally:
        await parts.orchestrator.close()
        await parts.engine.close()
        for task in reversed(tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        parts.log.close()


def stand_still(path: Path) -> None:
    """Have a dropped file last written an hour ago: a run takes it in, however soon it comes."""
    an_hour_ago_s = time.time() - 3600
    os.utime(path, (an_hour_ago_s, an_hour_ago_s))


def grow_old(home: Path) -> None:
    """Have the event files last written a month ago."""
    long_ago_s = (datetime.now(UTC) - timedelta(days=30)).timestamp()
    for path in Workspace(home).events.iterdir():
        os.utime(path, (long_ago_s, long_ago_s))
