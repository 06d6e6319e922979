"""Assembly: the one place that picks concrete classes, and starts and stops them in order."""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from quarterhour import configuration
from quarterhour.backfill import Backfiller
from quarterhour.bus import EventBus
from quarterhour.clock import Clock, SystemClock
from quarterhour.disk import DiskGuard, Look, space_at
from quarterhour.engines.base import Engine
from quarterhour.engines.local import LocalEngine
from quarterhour.errors import HomeInUse, LockHeld, LockLost
from quarterhour.event_log.base import EventLog, Repair
from quarterhour.event_log.files import event_files
from quarterhour.event_log.jsonl import JsonlEventLog, Range
from quarterhour.health import failure, problems
from quarterhour.housekeeper import Housekeeper
from quarterhour.index.errors import IndexBroken, IndexUnavailable
from quarterhour.indexer import Indexer
from quarterhour.jitter import home_id
from quarterhour.lake.scratch import remove_scratch_of_the_dead
from quarterhour.leftovers import remove_leftovers
from quarterhour.lock import Holder, LockManager
from quarterhour.notify.alerts import AlertChannel
from quarterhour.notify.channel import Channel
from quarterhour.notify.dead_mans_switch import DeadMansSwitch
from quarterhour.notify.service_manager import ServiceManager
from quarterhour.notify.signs_of_life import SignsOfLife
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.retention import Retention
from quarterhour.scheduler import Scheduler
from quarterhour.settings import Settings
from quarterhour.state import StateManager
from quarterhour.watchdog import Watchdog
from quarterhour.workspace import Workspace

HOME_LOCK = "home"
# Fewer event files are looked at sooner than SQLAlchemy is loaded, with which the index is asked.
_MANY_FILES = 1_000
# Named, not imported: DuckDB is loaded in the workers alone.
_CHECK_ANALYSES = "quarterhour.stages.analyzer.analyses:check_analyses"


def _remembered(workspace: Workspace) -> dict[str, Range]:
    """What the index knows of the event files; nothing of a broken one, which its owner will find and set aside."""
    if not workspace.index_file.exists() or len(event_files(workspace.events)) < _MANY_FILES:
        return {}
    from quarterhour.index.store import IndexStore

    try:
        files = IndexStore(workspace.index_file).files()
    except (IndexBroken, IndexUnavailable):
        return {}
    return {name: Range(file.size, file.mtime_ns, file.first_seq, file.last_seq) for name, file in files.items()}


@dataclass(frozen=True, slots=True)
class Machine:
    """All by which a pipeline touches its machine. A simulated one has its own clock, disk and processes."""

    clock: Clock
    log: EventLog
    engine: Engine
    locks: LockManager
    watchdog: type[Watchdog] = Watchdog
    chance: Callable[[], float] = random.random
    """Draws from 0 to 1: the jitter of retries."""
    disk: Look | None = None
    """Looks at the home's disk; where it is None, no disk is ever nearly full."""
    has_files: bool = False
    """Whether the event log is in files, so that an index can be made of them."""

    @classmethod
    def real(cls, workspace: Workspace, settings: Settings, *, is_server: bool = False) -> Self:
        """A server's process lives as long as its home does, so that its sockets can be there."""
        return cls(
            SystemClock(),
            JsonlEventLog(workspace, partial(_remembered, workspace)),
            LocalEngine(sockets_in=workspace.scratch if is_server else None),
            LockManager(workspace, settings.lock),
            disk=partial(space_at, workspace.home),
            has_files=True,
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A home that is ours."""

    holder: Holder
    repairs: list[Repair]
    """What was mended in the event log."""


class Pipeline:
    """The parts of one installation, wired. `running` is their life."""

    def __init__(self, settings: Settings, workspace: Workspace, machine: Machine | None = None) -> None:
        machine = machine or Machine.real(workspace, settings)
        self.settings = settings
        self.workspace = workspace
        self.clock = machine.clock
        self.locks = machine.locks
        self.log = machine.log
        self.engine = machine.engine
        self.bus = EventBus(self.log, settings.events)
        self.state = StateManager(self.bus, self.clock)
        self.indexer = Indexer(workspace, self.bus, self.clock)
        self._is_indexed = machine.has_files
        self.retention = Retention(settings.retention, self.log, self.bus, self.indexer.forget, self.clock)
        self.housekeeper = Housekeeper(settings, workspace, self.engine, self.bus, self.retention, self.clock)
        self.disk = DiskGuard(settings.watchdog.min_free, machine.disk, self.bus, self.clock)
        self.orchestrator = PipelineOrchestrator(
            settings,
            workspace,
            self.engine,
            self.bus,
            self.state,
            self.locks,
            self.clock,
            after_run=self._after_run,
            before_run=self.disk.check,
            chance=machine.chance,
        )
        self.scheduler = Scheduler(
            settings.schedule, self.orchestrator, self.bus, self.state, self.clock, partial(home_id, workspace)
        )
        self.backfiller = Backfiller(self.orchestrator, self.scheduler, self.bus, self.clock)
        self.watchdog = machine.watchdog(
            settings, self.engine, self.bus, self.clock, self.disk, self.scheduler.next_due
        )
        find = partial(problems, self.bus, self.disk, self.watchdog)
        ping = settings.watchdog
        self.switch = DeadMansSwitch(ping.ping_url, ping.ping_every, find, self.bus, self.clock)
        self._alerts = [
            AlertChannel(alert, workspace.alerts_file(alert.name), self._troubles, self.bus, self.clock)
            for alert in settings.alerts
        ]
        self.channels: list[Channel] = [*([self.switch] if self.switch.is_configured else []), *self._alerts]

    async def tell_alerts(self) -> None:
        """Have each channel of alerts told what is news now: for whoever does not stay until they are."""
        for alert in self._alerts:
            await alert.tell()

    def _troubles(self) -> dict[str, str | None]:
        return {"pipeline": failure(self.state.status), **problems(self.bus, self.disk, self.watchdog)}

    def _after_run(self) -> None:
        self.housekeeper.wake()
        self.scheduler.wake()

    @contextmanager
    def opened(self, purpose: str) -> Generator[Opened]:
        """While the block lasts the home is ours and its log is open. Raises HomeInUse."""
        self.workspace.create()
        with ExitStack() as held:
            try:
                holder = held.enter_context(self.locks.hold(HOME_LOCK, purpose))
            except LockHeld as error:
                raise HomeInUse(f"{self.workspace.home} is in use: {error.message}", **error.facts) from error
            held.callback(self.log.close)
            repairs = self.log.open()
            self.bus.load()
            self.state.load()
            yield Opened(holder, repairs)

    @asynccontextmanager
    async def commanded(self, purpose: str) -> AsyncGenerator[None]:
        """While the block lasts, commands can be given and their events are written, without a schedule. Raises HomeInUse."""
        with self.opened(purpose) as opened:
            async with asyncio.TaskGroup() as loops:
                tasks = self._ground(loops)
                try:
                    await self.orchestrator.tell_taken_over(HOME_LOCK, opened.holder)
                    await self.orchestrator.recover(opened.repairs)
                    yield
                finally:
                    for task in tasks:
                        task.cancel()

    @asynccontextmanager
    async def running(self, purpose: str, *, is_scheduled: bool, is_server: bool = False) -> AsyncGenerator[None]:
        """While the block lasts, everything runs, recovered from what the last process left. Raises HomeInUse, SettingsError.

        Where a loop dies by an error, the block is cancelled and the error raised: a service without it must not go on.
        """
        with self.opened(purpose) as opened:
            async with asyncio.TaskGroup() as loops:
                tasks = self._ground(loops)
                try:
                    await self.orchestrator.tell_taken_over(HOME_LOCK, opened.holder)
                    # Before the first worker, which may be given the process id of a dead one.
                    await self._remove_leftovers()
                    await self.engine.warm_up()
                    await self._check_settings()
                    await self.orchestrator.recover(opened.repairs)
                    if is_server:
                        await self._tell_configuration()
                    await self.scheduler.load(is_enabled=is_scheduled)
                    async with self._watched(is_scheduled=is_scheduled):
                        yield
                finally:
                    for task in tasks:
                        task.cancel()

    def _ground(self, loops: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """What goes on whatever else does: events are written, and a lost lock ends everything."""
        return [
            loops.create_task(self.bus.run(), name="bus"),
            loops.create_task(self._until_lock_is_lost(), name="lock"),
        ]

    async def _until_lock_is_lost(self) -> None:
        """Raises LockLost: another machine has the home now."""
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[LockLost] = loop.create_future()

        def tell(error: LockLost) -> None:
            if not lost.done():
                lost.set_result(error)

        self.locks.on_lost = lambda error: loop.call_soon_threadsafe(tell, error)
        raise await lost

    async def _remove_leftovers(self) -> None:
        removed = await asyncio.to_thread(remove_leftovers, self.workspace, self.settings)
        if removed:
            await self.bus.publish(removed.event(self.clock.now()))

    async def _check_settings(self) -> None:
        """What of the settings only others can judge, in workers. Raises SettingsError."""
        for alert in self._alerts:
            await asyncio.to_thread(alert.open)
        if self.settings.analyses:
            await self.engine.call(_CHECK_ANALYSES, self.settings)

    async def _tell_configuration(self) -> None:
        salt = await asyncio.to_thread(home_id, self.workspace)
        await configuration.tell(self.settings, salt, self.state.status.configuration, self.bus, self.clock)

    @asynccontextmanager
    async def _watched(self, *, is_scheduled: bool) -> AsyncGenerator[None]:
        """Scheduler and watchdog; at the end the run that goes on is ended before the watchdog leaves it."""
        async with asyncio.TaskGroup() as loops:
            watchdog = loops.create_task(self.watchdog.run(), name="watchdog")
            # Before the schedule's first mark, which would otherwise begin with the first stage.
            if is_scheduled:
                await self.orchestrator.resume_interrupted()
            scheduler = loops.create_task(self.scheduler.run(), name="scheduler") if is_scheduled else None
            housekeeper = loops.create_task(self.housekeeper.run(), name="housekeeper")
            indexer = loops.create_task(self.indexer.run(), name="indexer") if self._is_indexed else None
            arrivals = self._watch_arrivals(loops) if is_scheduled else None
            backfiller = loops.create_task(self.backfiller.run(), name="backfill")
            signs_of_life = SignsOfLife(ServiceManager.of(os.environ), self.switch, self.clock)
            signs = loops.create_task(signs_of_life.run(), name="signs-of-life")
            alerts = [loops.create_task(alert.run(), name=f"alerts-{alert.name}") for alert in self._alerts]
            try:
                yield
            finally:
                if scheduler is not None:
                    scheduler.cancel()
                if arrivals is not None:
                    arrivals.cancel()
                backfiller.cancel()
                for task in (signs, *alerts):
                    task.cancel()
                await self.orchestrator.close()
                housekeeper.cancel()
                if indexer is not None:
                    indexer.cancel()
                await self.engine.close()
                # A worker that was ended in the middle, by the watchdog or now, leaves what it had made on the way.
                await asyncio.to_thread(remove_scratch_of_the_dead, self.workspace.scratch)
                watchdog.cancel()

    def _watch_arrivals(self, loops: asyncio.TaskGroup) -> asyncio.Task[None] | None:
        if self.settings.schedule.trigger == "clock":
            return None
        # Not loaded where nobody asks for it.
        from quarterhour.arrival import ArrivalWatcher

        watcher = ArrivalWatcher(self.settings, self.workspace, self.orchestrator, self.clock)
        return loops.create_task(watcher.run(), name="arrival")
