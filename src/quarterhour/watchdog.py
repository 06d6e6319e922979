"""Watchdog: finds workers that hang, take too long or too much memory, and ends them, from a thread of its own.

A thread, so that a blocked event loop does not blind it; the event of a kill is written as soon as the loop answers.
"""

import asyncio
import math
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psutil

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.disk import DiskGuard
from quarterhour.engines.base import Attempt, Engine, StageFailure, Vitals
from quarterhour.events import (
    Beat,
    LoopBlocked,
    ScheduleOverdue,
    ScheduleRecovered,
    ServerGrew,
    ServerShrank,
    WorkerKilled,
    ZombiesLeft,
)
from quarterhour.lag import Block, LoopLag
from quarterhour.lifecycle import Reason
from quarterhour.memory import held_bytes, machine_bytes
from quarterhour.overdue import Finding, OverdueMark
from quarterhour.processes import family
from quarterhour.server_vitals import Grown, ServerVitals, Zombies
from quarterhour.settings import Settings, StageSettings

# How often it looks while a worker is at work, and while none is.
_LOOK_EVERY_S = 0.25
_IDLE_LOOK_EVERY_S = 2.0
_DISK_LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """All of one attempt."""

    timeout_s: float
    hung_after_s: float
    memory_bytes: float = math.inf


def verdict(vitals: Vitals, now_s: float, limits: Limits, *, can_be_killed: bool = True) -> StageFailure | None:
    """Why an attempt must be ended now, or None. Pure: times in, answer out."""
    done = "was killed" if can_be_killed else "was asked to stop"
    if (silent_s := now_s - vitals.reported_s) > limits.hung_after_s:
        beats = "its process beats" if vitals.beat_s > vitals.reported_s else "its process is silent too"
        return StageFailure(
            Reason.HUNG,
            f"it reported nothing for {silent_s:.0f} s ({beats}) and {done}; the limit is {limits.hung_after_s:g} s",
        )
    if now_s - vitals.started_s > limits.timeout_s:
        return StageFailure(Reason.TIMED_OUT, f"it took longer than {limits.timeout_s:g} s and {done}")
    if vitals.held_bytes > limits.memory_bytes:
        held, limit = vitals.held_bytes / 1e6, limits.memory_bytes / 1e6
        return StageFailure(
            Reason.OUT_OF_MEMORY,
            f"it held {held:.0f} MB of memory with all that it started, and was killed; its memory_limit is {limit:.0f} MB",
        )
    return None


class Watchdog:
    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        bus: EventBus,
        clock: Clock,
        disk: DiskGuard,
        next_due: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`next_due`: when the schedule's next run is to begin, asked from the watchdog's thread."""
        self._settings = settings
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._disk = disk
        self._next_due = next_due
        self.overdue = OverdueMark(settings.watchdog.overdue_after)
        self.server = ServerVitals(settings.watchdog.server_memory, os.getpid())
        self._closing = threading.Event()
        self._failed: Exception | None = None
        self._doomed: weakref.WeakSet[Attempt] = weakref.WeakSet()
        self._next_beat_s = self._next_disk_look_s = clock.monotonic()
        self.lag = LoopLag(settings.watchdog.lag_limit, self._report_block)
        self.lag_s = 0.0
        """How long the event loop took to answer, last time."""

    @cached_property
    def _process(self) -> psutil.Process:
        return psutil.Process()

    @cached_property
    def _machine_bytes(self) -> int:
        return machine_bytes()

    async def run(self) -> None:
        """Watch until cancelled. Raises what broke the thread: without a watchdog the service must not go on."""
        self._loop = asyncio.get_running_loop()
        self.lag.watch(self._loop)
        ended = asyncio.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), name="watchdog", daemon=True)
        thread.start()
        try:
            await ended.wait()
        finally:
            self._closing.set()
            # It wakes at once, and never waits for the loop.
            thread.join()
        if self._failed is not None:
            raise self._failed

    def _watch(self, ended: asyncio.Event) -> None:
        try:
            while not self._closing.is_set():
                self.lag.look()
                attempts = self.look()
                for news in self.server.look(self._clock.monotonic()):
                    self._tell(self._report_server, news)
                pause_s = _LOOK_EVERY_S if attempts else _IDLE_LOOK_EVERY_S
                self._closing.wait(self.lag.pause(pause_s))
        except Exception as error:  # noqa: BLE001  raised again by run()
            self._failed = error
            self._loop.call_soon_threadsafe(ended.set)

    def look(self) -> Sequence[Attempt]:
        """One look at every attempt, at the schedule and, now and then, at the disk; the attempts that are under way."""
        attempts = list(self._engine.attempts())
        for attempt in attempts:
            self._look_at(attempt)
        now_s = self._clock.monotonic()
        if attempts and now_s >= self._next_beat_s:
            self._next_beat_s = now_s + self._settings.watchdog.heartbeat_every
            self._tell(self._beat, attempts, now_s)
        if now_s >= self._next_disk_look_s:
            self._next_disk_look_s = now_s + _DISK_LOOK_EVERY_S
            if (finding := self._disk.look()).has_moved:
                self._tell(self._disk.tell, finding)
        if (overdue := self.overdue.look(self._next_due(), self._clock.now(), now_s)) is not None:
            self._tell(self._report_overdue, overdue)
        return attempts

    def _look_at(self, attempt: Attempt) -> None:
        limits = self._limits(attempt.spec.stage)
        if attempt.pid is not None:
            attempt.vitals.held_bytes = held_bytes(family(attempt.pid), int(limits.memory_bytes))
        failure = verdict(
            attempt.vitals, self._clock.monotonic(), limits, can_be_killed=attempt.spec.stage.isolation == "process"
        )
        if failure is None or attempt in self._doomed:
            return
        self._doomed.add(attempt)
        attempt.end(failure, by_force=True)
        self._tell(self._report_kill, attempt, failure)

    def _limits(self, stage: StageSettings) -> Limits:
        runner = self._settings.runner
        memory = (stage.memory_limit or runner.memory_limit).bytes_of(self._machine_bytes)
        return Limits(stage.timeout or runner.timeout, self._settings.watchdog.hung_after, memory)

    def _tell(self, report: Callable[..., None], *facts: Any) -> None:
        self._loop.call_soon_threadsafe(report, *facts)

    def _report_kill(self, attempt: Attempt, failure: StageFailure) -> None:
        spec = attempt.spec
        self._bus.publish(
            WorkerKilled(
                at=self._clock.now(),
                run_id=spec.run_id,
                stage="watchdog",
                msg=f"{spec.stage.name}, attempt {spec.attempt}: {failure.message}",
                data={
                    "stage": spec.stage.name,
                    "attempt": spec.attempt,
                    "pid": attempt.pid,
                    "reason": failure.reason.value,
                },
            )
        )

    def _report_overdue(self, finding: Finding) -> None:
        waited = f"for {finding.waited_s:.0f} s nothing was done at the mark due at {finding.due_at}"
        kind, msg = (
            (ScheduleRecovered, f"The schedule goes on: {waited}")
            if finding.is_over
            else (ScheduleOverdue, f"The schedule is overdue: {waited}")
        )
        data = {"due_at": finding.due_at, "waited_s": round(finding.waited_s, 1)}
        self._bus.publish(kind(at=self._clock.now(), run_id=None, stage="watchdog", msg=msg, data=data))

    def _report_server(self, news: Grown | Zombies) -> None:
        if isinstance(news, Zombies):
            kind = ZombiesLeft
            msg = (
                f"{len(news.pids)} processes ended that {', '.join(news.parents)} does not wait for; "
                "in a container, run quarterhour below an init (docker run --init)"
            )
            data = {"level": "warning", "pids": list(news.pids), "parents": list(news.parents)}
        else:
            kind = ServerGrew if news.is_large else ServerShrank
            msg = f"The server holds {news.rss_bytes / 1e6:.0f} MB; watchdog.server_memory is {news.limit_bytes / 1e6:.0f} MB"
            data = {"rss": news.rss_bytes, "limit": news.limit_bytes}
        self._bus.publish(kind(at=self._clock.now(), run_id=None, stage="watchdog", msg=msg, data=data))

    def _report_block(self, block: Block) -> None:
        lag = f"The event loop answered nothing for {block.lag_s:.1f} s"
        where = block.stack.rstrip().splitlines()[-1].strip() if block.stack else ""
        self._bus.publish(
            LoopBlocked(
                at=self._clock.now(),
                run_id=None,
                stage="watchdog",
                msg=f"{lag}, in: {where}" if where else f"{lag}: the whole process stood still",
                data={"level": "warning", "lag_s": round(block.lag_s, 3), "stack": block.stack},
            )
        )

    def _beat(self, attempts: list[Attempt], asked_s: float) -> None:
        now_s = self._clock.monotonic()
        self.lag_s = now_s - asked_s
        for attempt in attempts:
            self._bus.publish(
                Beat(
                    at=self._clock.now(),
                    run_id=attempt.spec.run_id,
                    stage="watchdog",
                    msg=f"{attempt.spec.stage.name} is at work",
                    data={
                        "rss_mb": round(self._process.memory_info().rss / 2**20, 1),
                        "lag_ms": round(self.lag_s * 1000, 1),
                        "stage": attempt.spec.stage.name,
                        "pid": attempt.pid,
                        "stage_rss_mb": round(attempt.vitals.rss_bytes / 2**20, 1),
                        "held_mb": round(attempt.vitals.held_bytes / 2**20, 1),
                        "silent_s": round(now_s - attempt.vitals.reported_s, 1),
                    },
                )
            )
