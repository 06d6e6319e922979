"""Scheduler: starts a run at each mark of the clock, and says so where it does not."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.decisions import (
    Away,
    Breaker,
    Decision,
    Pass,
    Skip,
    Start,
    WaitForChange,
    WaitForIdle,
    WaitUntil,
    breaker_of,
    decide,
    judged_anew,
    judged_until,
    next_due,
    passed_until_now,
)
from quarterhour.errors import DiskNearlyFull, InvalidSchedule, InvalidTransition, RunInProgress
from quarterhour.events import BreakerMoved, Event, MarkSkipped, MarksPassed
from quarterhour.jitter import Delay, drawn, no_delay
from quarterhour.lifecycle import ACTIVE, Schedule, Trigger
from quarterhour.marks import ClockChange, clock_change_at, next_marks, window_of
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.settings import ScheduleSettings, check_cron, check_jitter, check_timezone
from quarterhour.slots import SlotReason
from quarterhour.state import StateManager

_LOOKS_AGAIN_S = 1.0
_SOON_ENUMERATED = timedelta(days=1)
# Kept of what is configured only where there are no marks.
_TRIGGER = "trigger"
# And only where there is some.
_JITTER = "jitter"


def taken_over(known: Schedule, settings: ScheduleSettings) -> Schedule:
    """What is configured, where that was changed since it was read; else what is known."""
    marks: dict[str, Any] = {"cron": settings.cron, "timezone": settings.timezone, _JITTER: settings.jitter}
    read = {key: str(value) for key, value in marks.items() if key != _JITTER or value}
    configured = read if settings.has_marks else {**read, _TRIGGER: settings.trigger}
    if known.configured == configured:
        return known
    is_as_read = {key: value for key, value in known.configured.items() if key != _TRIGGER} == read
    return known.model_copy(update={"configured": configured} if is_as_read else {**marks, "configured": configured})


def had_marks(known: Schedule) -> bool:
    """Whether runs were started by the clock, when the settings were read last."""
    return _TRIGGER not in known.configured


@dataclass(frozen=True, slots=True)
class PreviewedMark:
    """A mark that a schedule would have."""

    mark: datetime
    starts_at: datetime
    """With its jitter."""
    local: datetime
    """The mark in the schedule's own zone."""
    clock_change: ClockChange | None


def _check(cron: str, timezone: str, jitter_s: float) -> None:
    """Raises InvalidSchedule, which says which of the three is wrong."""
    checks: dict[str, Callable[[], object]] = {
        "cron": partial(check_cron, cron),
        "timezone": partial(check_timezone, timezone),
        _JITTER: partial(check_jitter, jitter_s, cron, timezone),
    }
    for field, check in checks.items():
        try:
            check()
        except ValueError as error:
            raise InvalidSchedule(str(error), field=field) from error


class Scheduler:
    """The schedule itself is in the status, which events keep: a change or a pause survives a restart."""

    def __init__(
        self,
        settings: ScheduleSettings,
        orchestrator: PipelineOrchestrator,
        bus: EventBus,
        state: StateManager,
        clock: Clock,
        find_home_id: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._orchestrator = orchestrator
        self._bus = bus
        self._state = state
        self._clock = clock
        self._find_home_id = find_home_id
        self._home_id = ""
        self._changed = asyncio.Event()
        # Two changes of a schedule, or a change and a verdict, must not both be judged by the same state.
        self._judging = asyncio.Lock()
        self._breaker = Breaker.CLOSED
        self._is_enabled = False
        self._is_queued = False

    @property
    def has_marks(self) -> bool:
        """Whether the clock starts runs."""
        return self._settings.has_marks

    @property
    def known(self) -> Schedule:
        """The schedule as `load` makes it of the settings, also before."""
        return taken_over(self.schedule, self._settings)

    @property
    def schedule(self) -> Schedule:
        return self._state.status.schedule

    def seconds_to_next_run(self) -> float | None:
        """Negative once the mark has passed; None while paused, or where there are no marks."""
        next_run_at = self.schedule.next_run_at
        if next_run_at is None:
            return None
        return (datetime.fromisoformat(next_run_at) - self._clock.now()).total_seconds()

    def next_due(self) -> str | None:
        """When a run is to begin; None also while, by `overlap`, a mark waits for a run's end. From any thread."""
        return None if self._is_queued else self.schedule.next_run_at

    async def load(self, *, is_enabled: bool) -> None:
        """Take over what is configured, where that was changed since; without a clock there is no next mark."""
        now = self._clock.now()
        self._is_enabled = is_enabled
        self._home_id = await asyncio.to_thread(self._find_home_id)
        had = had_marks(self.schedule)
        if is_enabled and had and taken_over(self.schedule, self._settings) != self.schedule:
            # The marks so far were those of the schedule that was.
            await self._tell_passed(SlotReason.PAUSED if self.schedule.paused else SlotReason.DOWN, no_delay)

        def take_over(known: Schedule) -> Schedule:
            schedule = taken_over(known, self._settings)
            judged = judged_until(schedule, now) if had else judged_anew(schedule, now)
            return schedule.model_copy(update={"judged_until": wire_time(judged)})

        self._breaker = breaker_of(self.schedule, self._settings, now)
        if is_enabled:
            await self._record(take_over, "The schedule is read")
        else:
            await self._state.reschedule(
                lambda known: taken_over(known, self._settings).model_copy(update={"next_run_at": None}),
                "This process keeps no schedule",
            )

    async def run(self) -> None:
        """Do what is decided, one thing after the other, until cancelled."""
        away: Away = SlotReason.DOWN
        while True:
            self._changed.clear()
            async with self._judging:
                await self._tell_breaker()
                decision = await self._decide(away)
                await self._act(decision)
            away = SlotReason.ASLEEP
            match decision:
                case WaitUntil(due_at):
                    await self._unless_changed(self._clock.sleep_until(due_at))
                case WaitForChange():
                    await self._changed.wait()
                case WaitForIdle(_, is_cancelled):
                    self._is_queued = True
                    await self._wait_for_idle(is_cancelled=is_cancelled)
                    self._is_queued = False
                    away = SlotReason.RUNNING if self._settings.catch_up != "all" else SlotReason.ASLEEP
                case Pass(reason=SlotReason.RUNNING):
                    away = SlotReason.RUNNING
                case _:
                    pass

    async def _decide(self, away: Away) -> Decision:
        now = self._clock.now()
        is_running = self._state.status.state in ACTIVE
        delay = self._delay_of(self.schedule)
        facts = partial(decide, self.schedule, self._settings, now, is_running=is_running, away=away, delay=delay)
        if now - judged_until(self.schedule, now) < _SOON_ENUMERATED:
            return facts()
        # A year without a server has many marks.
        return await asyncio.to_thread(facts)

    def _delay_of(self, schedule: Schedule) -> Delay:
        return partial(drawn, self._home_id, jitter_s=schedule.jitter) if schedule.jitter else no_delay

    async def _act(self, decision: Decision) -> None:
        match decision:
            case WaitUntil(due_at):
                await self._record(lambda known: known, f"The next run is at {wire_time(due_at)}")
            case Start(mark, is_caught_up):
                await self._start(mark, is_caught_up=is_caught_up)
            case Skip(mark, reason):
                await self._skip(mark, reason)
            case Pass():
                await self._tell_pass(decision)
            case _:
                pass

    def wake(self) -> None:
        """Look anew: a run has ended."""
        self._changed.set()

    async def _unless_changed(self, wait: Coroutine[Any, Any, None]) -> None:
        """Wait, or until the schedule is changed."""
        waits = [asyncio.create_task(wait), asyncio.create_task(self._changed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _wait_for_idle(self, *, is_cancelled: bool) -> None:
        if is_cancelled:
            # It may be stopping, or have just ended.
            with suppress(InvalidTransition):
                await self._orchestrator.stop()
        await self._unless_changed(self._orchestrator.idle())
        if self._state.status.state in ACTIVE:
            await self._unless_changed(self._clock.sleep(_LOOKS_AGAIN_S))

    async def _start(self, mark: datetime, *, is_caught_up: bool) -> None:
        try:
            schedule = self.schedule
            window = window_of(schedule.cron, schedule.timezone, mark)
            trigger = Trigger.CATCH_UP if is_caught_up else Trigger.SCHEDULE
            due_at = mark + self._delay_of(schedule)(mark) if schedule.jitter else None
            await self._orchestrator.start(trigger, mark=mark, due_at=due_at, window=window)
        except RunInProgress as error:
            await self._skip(mark, SlotReason.RUNNING, error.message)
        except DiskNearlyFull as error:
            await self._skip(mark, SlotReason.DISK_FULL, error.message)

    async def _skip(self, mark: datetime, reason: SlotReason, why: str = "") -> None:
        status = self._state.status
        if not why and reason is SlotReason.RUNNING:
            why = f"run {status.run_id} is in progress"
        if reason is SlotReason.BREAKER:
            why = f"{status.schedule.failures} runs failed in a row; a run can be started by hand"
        running = status.run_id if reason is SlotReason.RUNNING else None
        data = {"mark": wire_time(mark), "reason": reason.value, "running": running}
        await self._say(MarkSkipped, f"The mark {wire_time(mark)} is skipped: {why}", data)

    async def _tell_pass(self, passed: Pass) -> None:
        schedule = self.schedule
        first, last = wire_time(passed.first), wire_time(passed.last)
        data = {
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "first": first,
            "last": last,
            "count": passed.count,
            "reason": passed.reason.value,
        }
        marks = f"The mark {first}" if passed.count == 1 else f"{passed.count} marks from {first} to {last}"
        await self._say(MarksPassed, f"{marks}: {passed.reason.text}", data)

    async def _tell_passed(self, reason: SlotReason, delay: Delay | None = None) -> None:
        """The verdict on all marks that were due until now; with `no_delay` also on one whose jitter goes on."""
        passed = await asyncio.to_thread(
            passed_until_now, self.schedule, self._clock.now(), reason, delay or self._delay_of(self.schedule)
        )
        if passed is not None:
            await self._tell_pass(passed)

    async def _tell_breaker(self) -> None:
        before, after = self._breaker, breaker_of(self.schedule, self._settings, self._clock.now())
        if before is after:
            return
        self._breaker = after
        failures = self.schedule.failures
        msg = {
            Breaker.OPEN: f"{failures} runs failed in a row: no run starts by the clock for {self._settings.cool_down:g} s",
            Breaker.PROBING: f"After {failures} failed runs the next mark tries one",
            Breaker.CLOSED: "A run succeeded: runs start by the clock again",
        }[after]
        await self._say(BreakerMoved, msg, {"from": before.value, "to": after.value, "failures": failures})

    async def _say(self, kind: type[Event], msg: str, data: dict[str, Any]) -> None:
        event = kind(at=self._clock.now(), run_id=None, stage="scheduler", msg=msg, data=data)
        await self._bus.publish(event, at_once=True)

    @property
    def _runs_marks(self) -> bool:
        return self._is_enabled and not self.schedule.paused

    def settled_until(self) -> datetime:
        """No mark up to here is still to be run by the clock."""
        now = self._clock.now()
        return min(now, judged_until(self.schedule, now)) if self._runs_marks else now

    async def judge(self) -> None:
        """Give passed marks their verdict where the clock runs none: while paused, or in a process without a schedule."""
        async with self._judging:
            if not self._runs_marks:
                # Also one whose jitter goes on: it is not to be run either.
                await self._tell_passed(SlotReason.PAUSED if self.schedule.paused else SlotReason.DOWN, no_delay)

    async def pause(self) -> Schedule:
        return await self._change({"paused": True}, "The schedule is paused")

    async def resume(self) -> Schedule:
        return await self._change({"paused": False}, "The schedule goes on")

    async def change(self, *, cron: str, timezone: str, jitter: float | None = None) -> Schedule:
        """`jitter` in seconds; None leaves it as it is. Raises InvalidSchedule."""
        jitter_s = self.schedule.jitter if jitter is None else jitter
        await asyncio.to_thread(_check, cron, timezone, jitter_s)
        changed = {"cron": cron, "timezone": timezone, _JITTER: jitter_s}
        return await self._change(changed, f"The schedule is now {cron!r} in {timezone}")

    def preview(self, cron: str, timezone: str, jitter_s: float, count: int) -> list[PreviewedMark]:
        """The next marks that a schedule would have. From any thread. Raises InvalidSchedule."""
        _check(cron, timezone, jitter_s)
        schedule = self.schedule.model_copy(update={"cron": cron, "timezone": timezone, _JITTER: jitter_s})
        delay = self._delay_of(schedule)
        ahead = next_marks(cron, timezone, self._clock.now(), count)
        return [
            PreviewedMark(mark, mark + delay(mark), mark.astimezone(ZoneInfo(timezone)), change)
            for mark, change in ((mark, clock_change_at(cron, timezone, mark)) for mark in ahead)
        ]

    async def _change(self, changed: dict[str, Any], msg: str) -> Schedule:
        async with self._judging:
            if self._settings.has_marks:
                await self._tell_passed(SlotReason.PAUSED if self.schedule.paused else SlotReason.RUNNING)
            if "cron" in changed:
                if self._settings.has_marks:
                    await self._tell_passed(SlotReason.CHANGED, no_delay)
                changed = {**changed, "judged_until": wire_time(judged_anew(self.schedule, self._clock.now()))}
            await self._record(lambda known: known.model_copy(update=changed), msg)
        self._changed.set()
        return self.schedule

    async def _record(self, change: Callable[[Schedule], Schedule], msg: str) -> None:
        def with_next_mark(known: Schedule) -> Schedule:
            schedule = change(known)
            is_waiting = self._is_enabled and self._settings.has_marks and not schedule.paused
            next_run_at = wire_time(self._next(schedule)) if is_waiting else None
            return schedule.model_copy(update={"next_run_at": next_run_at})

        await self._state.reschedule(with_next_mark, msg)

    def _next(self, schedule: Schedule) -> datetime:
        return next_due(schedule, self._clock.now(), self._delay_of(schedule))
