"""What a schedule does now: start, skip, tell of what was missed, or wait. Pure functions of time and state."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from quarterhour.jitter import Delay, no_delay
from quarterhour.lifecycle import Schedule
from quarterhour.marks import marks, marks_between, next_mark
from quarterhour.settings import ScheduleSettings
from quarterhour.slots import SlotReason

# So late a mark is still run as itself; later it was missed, and `catch_up` decides.
ON_TIME_S = 60.0
# A clock further behind than this was wrong before: a schedule that a person sets anew begins anew.
_WRONG_CLOCK = timedelta(days=1)


class Breaker(StrEnum):
    """Whether failures in a row hold the schedule back."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Until the next mark is due."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class WaitForChange:
    """Only a person, or the end of a run, can make something of it."""


@dataclass(frozen=True, slots=True)
class WaitForIdle:
    """A mark waits for the run that goes on; with `is_cancelled` that run is stopped for it."""

    mark: datetime
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    mark: datetime
    is_caught_up: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    mark: datetime
    reason: SlotReason


@dataclass(frozen=True, slots=True)
class Pass:
    """Marks, from `first` to `last`, at which no run began, told in one event."""

    first: datetime
    last: datetime
    count: int
    reason: SlotReason


Decision = WaitUntil | WaitForChange | WaitForIdle | Start | Skip | Pass
Away = Literal[SlotReason.DOWN, SlotReason.ASLEEP, SlotReason.RUNNING]


def decide(
    schedule: Schedule,
    policy: ScheduleSettings,
    now: datetime,
    *,
    is_running: bool,
    away: Away = SlotReason.ASLEEP,
    delay: Delay = no_delay,
) -> Decision:
    """The next thing to do. `away` says where the schedule was while marks passed: waiting for a run, for example."""
    if schedule.paused or not policy.has_marks:
        return WaitForChange()
    judged = judged_until(schedule, now)
    if policy.catch_up == "all" and away is not SlotReason.RUNNING:
        oldest = next(_due_marks(schedule, judged, now, delay), None)
        if oldest is not None and not _is_on_time(oldest, now, delay):
            return _catch_up(oldest, schedule, policy, now, is_running=is_running)
    passed = _span(_due_marks(schedule, judged, now, delay))
    if passed is None:
        return WaitUntil(next_due(schedule, now, delay))
    first, before_last, last, count = passed
    is_run = _is_on_time(last, now, delay) or policy.catch_up != "none" or away is SlotReason.RUNNING
    if not is_run:
        return Pass(first, last, count, away)
    if before_last is not None:
        return Pass(first, before_last, count - 1, away)
    if breaker_of(schedule, policy, now) is Breaker.OPEN:
        return Skip(last, SlotReason.BREAKER)
    if is_running:
        return _overlapping(last, policy)
    is_caught_up = away is not SlotReason.RUNNING and not _is_on_time(last, now, delay)
    return Start(last, is_caught_up)


def _catch_up(
    mark: datetime, schedule: Schedule, policy: ScheduleSettings, now: datetime, *, is_running: bool
) -> Decision:
    if breaker_of(schedule, policy, now) is Breaker.OPEN:
        return Skip(mark, SlotReason.BREAKER)
    return WaitForIdle(mark) if is_running else Start(mark, is_caught_up=True)


def _overlapping(mark: datetime, policy: ScheduleSettings) -> Decision:
    if policy.overlap == "skip":
        return Skip(mark, SlotReason.RUNNING)
    return WaitForIdle(mark, is_cancelled=policy.overlap == "cancel")


def _is_on_time(mark: datetime, now: datetime, delay: Delay) -> bool:
    return (now - mark - delay(mark)).total_seconds() <= ON_TIME_S


def _due_marks(schedule: Schedule, after: datetime, now: datetime, delay: Delay) -> Iterator[datetime]:
    """The marks after `after` whose runs were to start by now; in their order, whatever was drawn for them."""
    for mark in marks_between(schedule.cron, schedule.timezone, after, now):
        if mark + delay(mark) > now:
            return
        yield mark


def next_due(schedule: Schedule, now: datetime, delay: Delay) -> datetime:
    """When the next mark's run is to start."""
    judged = judged_until(schedule, now)
    if not schedule.jitter:
        return next_mark(schedule.cron, schedule.timezone, max(judged, now))
    after = max(judged, now - timedelta(seconds=schedule.jitter))
    return next(due for mark in marks(schedule.cron, schedule.timezone, after) if (due := mark + delay(mark)) > now)


def _span(found: Iterator[datetime]) -> tuple[datetime, datetime | None, datetime, int] | None:
    """First, last but one, last and number; None where there is none."""
    first = before_last = last = None
    count = 0
    for mark in found:
        first = first or mark
        before_last, last = last, mark
        count += 1
    return (first, before_last, last, count) if first is not None and last is not None else None


def judged_until(schedule: Schedule, now: datetime) -> datetime:
    """Each mark up to here has its verdict; a clock that was set back does not strike them again."""
    return datetime.fromisoformat(schedule.judged_until) if schedule.judged_until else now


def judged_anew(schedule: Schedule, now: datetime) -> datetime:
    """Where a schedule that a person set anew begins."""
    judged = judged_until(schedule, now)
    return now if judged - now > _WRONG_CLOCK else max(judged, now)


def passed_until_now(schedule: Schedule, now: datetime, reason: SlotReason, delay: Delay = no_delay) -> Pass | None:
    """All marks without a verdict that were due."""
    found = _span(_due_marks(schedule, judged_until(schedule, now), now, delay))
    if found is None:
        return None
    first, _, last, count = found
    return Pass(first, last, count, reason)


def breaker_of(schedule: Schedule, policy: ScheduleSettings, now: datetime) -> Breaker:
    """A function of the failures in a row and of time alone, so that nothing can keep it open for ever."""
    limit = policy.pause_after_failures
    if limit == 0 or schedule.failures < limit or schedule.failed_at is None:
        return Breaker.CLOSED
    since = (now - datetime.fromisoformat(schedule.failed_at)).total_seconds()
    # A failure in the future tells of a clock that was set back: it holds nobody up.
    return Breaker.OPEN if 0 <= since < policy.cool_down else Breaker.PROBING
