"""Scheduler: starts a run at each mark of the clock, and says so where it does not."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.errors import InvalidSchedule, RunInProgress
from quarterhour.events import MarkSkipped
from quarterhour.lifecycle import Schedule, Trigger
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.settings import ScheduleSettings, check_cron, check_timezone
from quarterhour.state import StateManager


def marks(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The marks strictly after `after` (aware), without end, in UTC; the cron text is read in `timezone`.

    Changes of the clock as Debian's cron deals with them: see cronsim.
    """
    for mark in CronSim(cron, after.astimezone(ZoneInfo(timezone))):
        yield mark.astimezone(UTC)


def next_mark(cron: str, timezone: str, now: datetime) -> datetime:
    """The first mark strictly after `now`: 12:07 → 12:15, 12:45 → 13:00 for the quarter hour."""
    return next(marks(cron, timezone, now))


def next_marks(schedule: Schedule, now: datetime, count: int) -> list[datetime]:
    return list(islice(marks(schedule.cron, schedule.timezone, now), count))


# A tick takes milliseconds; a mark this long past was missed.
_OVERDUE_AFTER_S = 5.0


class Scheduler:
    """The schedule itself is in the status, which events keep: a change or a pause survives a restart."""

    def __init__(
        self,
        settings: ScheduleSettings,
        orchestrator: PipelineOrchestrator,
        bus: EventBus,
        state: StateManager,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._orchestrator = orchestrator
        self._bus = bus
        self._state = state
        self._clock = clock
        self._changed = asyncio.Event()
        self._last_mark: datetime | None = None

    @property
    def schedule(self) -> Schedule:
        return self._state.status.schedule

    def seconds_to_next_run(self) -> float | None:
        """Negative once the mark has passed; None while paused."""
        next_run_at = self.schedule.next_run_at
        if next_run_at is None:
            return None
        return (datetime.fromisoformat(next_run_at) - self._clock.now()).total_seconds()

    def is_overdue(self) -> bool:
        """Whether a mark has passed by more than a tick takes, and no run began at it."""
        seconds = self.seconds_to_next_run()
        return seconds is not None and seconds < -_OVERDUE_AFTER_S

    async def load(self, *, is_enabled: bool) -> None:
        """Take over what is configured, where that was changed since; without a clock there is no next mark."""
        configured = {"cron": self._settings.cron, "timezone": self._settings.timezone}

        def take_over(known: Schedule) -> Schedule:
            if known.configured == configured:
                return known
            return known.model_copy(update={**configured, "configured": configured})

        if is_enabled:
            await self._record(take_over, "The schedule is read")
        else:
            await self._state.reschedule(
                lambda known: take_over(known).model_copy(update={"next_run_at": None}),
                "This process keeps no schedule",
            )

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self._changed.clear()
            if self.schedule.paused:
                await self._changed.wait()
                continue
            mark = self._next(self.schedule)
            await self._record(lambda known: known, f"The next run is at {wire_time(mark)}")
            if await self._reached(mark):
                await self._tick(mark)

    def _next(self, schedule: Schedule) -> datetime:
        # A clock that was set back must not strike the same mark again.
        after = max(self._clock.now(), self._last_mark or datetime.min.replace(tzinfo=UTC))
        return next_mark(schedule.cron, schedule.timezone, after)

    async def _reached(self, mark: datetime) -> bool:
        """False where the schedule was changed before the mark."""
        waits = [
            asyncio.create_task(self._clock.sleep_until(mark)),
            asyncio.create_task(self._changed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return not self._changed.is_set()
        finally:
            for wait in waits:
                wait.cancel()

    async def _tick(self, mark: datetime) -> None:
        self._last_mark = mark
        # A machine that slept wakes late: of the marks it slept through the last one is run.
        for slept_through in self._marks_until_now(mark):
            await self._skip(self._last_mark, "missed", f"the mark {wire_time(self._last_mark)} was slept through")
            self._last_mark = slept_through
        try:
            await self._orchestrator.start(Trigger.SCHEDULE, mark=self._last_mark)
        except RunInProgress as error:
            await self._skip(
                self._last_mark, "running", f"the mark {wire_time(self._last_mark)} is skipped: {error.message}"
            )

    def _marks_until_now(self, mark: datetime) -> Iterator[datetime]:
        for later in marks(self.schedule.cron, self.schedule.timezone, mark):
            if later > self._clock.now():
                return
            yield later

    async def _skip(self, mark: datetime, reason: str, msg: str) -> None:
        data = {"mark": wire_time(mark), "reason": reason, "running": self._state.status.run_id}
        await self._bus.publish(
            MarkSkipped(at=self._clock.now(), run_id=None, stage="scheduler", msg=msg[0].upper() + msg[1:], data=data)
        )

    async def pause(self) -> Schedule:
        return await self._change({"paused": True}, "The schedule is paused")

    async def resume(self) -> Schedule:
        return await self._change({"paused": False}, "The schedule goes on")

    async def change(self, *, cron: str, timezone: str) -> Schedule:
        """Raises InvalidSchedule."""
        try:
            changed = {"cron": check_cron(cron), "timezone": check_timezone(timezone)}
        except ValueError as error:
            raise InvalidSchedule(str(error)) from error
        return await self._change(changed, f"The schedule is now {cron!r} in {timezone}")

    async def _change(self, changed: dict[str, Any], msg: str) -> Schedule:
        await self._record(lambda known: known.model_copy(update=changed), msg)
        self._changed.set()
        return self.schedule

    async def _record(self, change: Callable[[Schedule], Schedule], msg: str) -> None:
        def with_next_mark(known: Schedule) -> Schedule:
            schedule = change(known)
            next_run_at = None if schedule.paused else wire_time(self._next(schedule))
            return schedule.model_copy(update={"next_run_at": next_run_at})

        await self._state.reschedule(with_next_mark, msg)
