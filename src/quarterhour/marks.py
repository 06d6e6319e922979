"""The marks of a schedule: a cron text and a time zone to instants in UTC, through changes of the clock. Pure.

cronsim reads the text and walks wall time; what a wall time is in UTC is decided here, because cronsim loses a mark where a
zone's clock changes by half an hour, and gives one of the past when it is asked inside an hour that comes twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

# More than a zone's clock is set back in our days.
_FURTHEST_CHANGE = timedelta(hours=3)
_EVER = datetime.min.replace(tzinfo=UTC)
# What was asked last (cron, time zone, after) and the answer: a scheduler asks the same often.
_found_last = ("", "", _EVER, _EVER)
# How far back the mark before another is looked for; the rarest cron text, of 29 February, skips eight years.
_LOOKS_BACK = tuple(timedelta(days=days) for days in (1 / 90, 1, 40, 400, 9 * 366))


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a scheduled run stands for: after `start` up to `end`, its mark. Both aware, in UTC."""

    start: datetime
    end: datetime


class ClockChange(StrEnum):
    """What a change of the zone's clock does to a mark."""

    MOVED = "moved"
    """The time that the text names is left out that day: the mark is at the change."""
    FIRST = "first"
    """Its time comes twice, and this is the first."""
    SECOND = "second"


def marks(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The marks strictly after `after` (aware), rising, in UTC; the cron text is read in `timezone`.

    As Debian's cron has it, a text whose minute or hour begins with a star goes on by real time through a change of the clock;
    any other names fixed times: one that does not exist is at the change, one that comes twice is at its first.
    """
    zone = ZoneInfo(timezone)
    instants = _by_real_time if _is_interval(cron) else _at_fixed_time
    wall_start = after.astimezone(zone).replace(tzinfo=None)
    if len(_by_real_time(wall_start, zone)) > 1:
        # Of an hour that comes twice, what is over may still come again.
        wall_start -= _FURTHEST_CHANGE
    last = after.astimezone(UTC)
    waiting: list[datetime] = []
    for wall in CronSim(cron, wall_start):
        found = instants(wall, zone)
        for instant in found:
            heappush(waiting, instant)
        # No later wall time has an earlier instant than this one's first.
        for mark in _up_to(waiting, found[0] if found else _EVER):
            if mark > last:
                last = mark
                yield mark
    yield from sorted({mark for mark in waiting if mark > last})


def next_mark(cron: str, timezone: str, now: datetime) -> datetime:
    """The first mark strictly after `now`: 12:07 → 12:15, 12:45 → 13:00 for the quarter hour."""
    global _found_last
    known_cron, known_timezone, since, mark = _found_last
    # Between the moment it was looked for and the mark itself there is no other.
    if (cron, timezone) == (known_cron, known_timezone) and since <= now < mark:
        return mark
    mark = next(marks(cron, timezone, now))
    _found_last = (cron, timezone, now, mark)
    return mark


def next_marks(cron: str, timezone: str, now: datetime, count: int) -> list[datetime]:
    return list(islice(marks(cron, timezone, now), count))


def marks_between(cron: str, timezone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The marks after `after` and up to `until`."""
    if next_mark(cron, timezone, after) > until:
        return
    for mark in marks(cron, timezone, after):
        if mark > until:
            return
        yield mark


def window_of(cron: str, timezone: str, mark: datetime) -> Window:
    """From the mark before `mark` to `mark`. Raises ValueError where the cron text had no mark in the nine years before."""
    for back in _LOOKS_BACK:
        before = [found for found in marks_between(cron, timezone, mark - back, mark) if found < mark]
        if before:
            return Window(before[-1], mark.astimezone(UTC))
    raise ValueError(f"{cron!r} has no mark in the nine years before {mark.isoformat()}")


def windows_between(cron: str, timezone: str, after: datetime, until: datetime) -> Iterator[Window]:
    """The windows that end after `after` and up to `until`, oldest first."""
    last: datetime | None = None
    for mark in marks_between(cron, timezone, after, until):
        yield Window(last, mark) if last is not None else window_of(cron, timezone, mark)
        last = mark


def clock_change_at(cron: str, timezone: str, mark: datetime) -> ClockChange | None:
    """What a change of the clock did to a mark of this schedule; None for most."""
    zone = ZoneInfo(timezone)
    wall = mark.astimezone(zone).replace(tzinfo=None)
    if len(instants := _by_real_time(wall, zone)) > 1:
        return ClockChange.FIRST if mark == instants[0] else ClockChange.SECOND
    if not _is_interval(cron) and next(CronSim(cron, wall - timedelta(minutes=1))) != wall:
        return ClockChange.MOVED
    return None


def _is_interval(cron: str) -> bool:
    minute, hour, *_ = cron.split()
    return minute.startswith("*") or hour.startswith("*")


def _by_real_time(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Each instant at which clocks show `wall`: none, one, or two."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return [first]
    return [first, second] if first < second else []


def _at_fixed_time(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return [first] if first <= second else [_change_between(second, first, zone)]


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the offset that holds at `after`."""
    offset = after.astimezone(zone).utcoffset()
    while (after - before) > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _up_to(waiting: list[datetime], horizon: datetime) -> Iterator[datetime]:
    while waiting and waiting[0] <= horizon:
        yield heappop(waiting)
