"""The marks of a schedule, over time zones and changes of the clock."""

import itertools
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.marks import marks, marks_between, next_mark, next_marks, window_of, windows_between

QUARTERS = "*/15 * * * *"
ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
]
INSTANTS = st.integers(0, 10 * 365 * 86400).map(lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
CRONS = [QUARTERS, "0 * * * *", "0 */2 * * *", "30 2 * * *", "15,45 0-3 * * *", "0 0 * * *", "5 1 1 * *", "*/7 3 * * 0"]


def local(cron: str, zone: str, start: str, count: int) -> list[str]:
    found = next_marks(cron, zone, datetime.fromisoformat(start), count)
    return [f"{mark.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for mark in found]


@pytest.mark.parametrize(
    ("now", "mark"),
    [("12:07", "12:15"), ("12:23", "12:30"), ("12:45", "13:00"), ("23:59", "00:00"), ("12:15", "12:30")],
)
def test_the_next_mark_is_the_next_quarter(now: str, mark: str) -> None:
    """P3: at the exact mark the next one is 15 minutes on."""
    moment = datetime.fromisoformat(f"2025-12-05T{now}:00+00:00")
    found = next_mark(QUARTERS, "UTC", moment)
    assert f"{found:%H:%M}" == mark
    assert found > moment


@settings(max_examples=60)
@given(zone=st.sampled_from(ZONES), start=INSTANTS)
def test_quarters_come_every_15_real_minutes_whatever_the_zones_clock_does(zone: str, start: datetime) -> None:
    """P3: wrong on DST days."""
    found = list(islice(marks(QUARTERS, zone, start), 400))
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(seconds=900)}
    assert timedelta(0) < found[0] - start <= timedelta(seconds=900)


@pytest.mark.parametrize("zone", ZONES)
def test_quarters_over_ten_years_of_clock_changes(zone: str) -> None:
    """P3. Each day around a change of the zone's clock, from 2020 to 2029."""
    day = datetime(2020, 1, 1, tzinfo=UTC)
    changes = 0
    while day.year < 2030:
        after = day + timedelta(days=1)
        if day.astimezone(ZoneInfo(zone)).utcoffset() != after.astimezone(ZoneInfo(zone)).utcoffset():
            found = list(marks_between(QUARTERS, zone, day, after + timedelta(days=1)))
            assert found == [day + timedelta(minutes=15 * n) for n in range(1, 193)]
            changes += 1
        day = after
    assert changes > 0 or zone in ("UTC", "Asia/Kathmandu")


@settings(max_examples=150)
@given(zone=st.sampled_from(ZONES), cron=st.sampled_from(CRONS), start=INSTANTS, ahead=st.integers(0, 40))
def test_marks_rise_and_do_not_depend_on_where_one_begins(zone: str, cron: str, start: datetime, ahead: int) -> None:
    """No mark twice and none lost: what follows a mark is the same from whichever earlier moment it is asked."""
    found = list(islice(marks(cron, zone, start), ahead + 5))
    assert all(earlier < later for earlier, later in itertools.pairwise([start, *found]))
    assert list(islice(marks(cron, zone, found[ahead]), 4)) == found[ahead + 1 :]


def test_a_fixed_time_that_does_not_exist_is_at_the_change_and_once() -> None:
    """P3."""
    assert local("15,30 2 * * *", "Europe/Paris", "2025-03-29T12:00Z", 3) == [
        "30 03:00 +0200",
        "31 02:15 +0200",
        "31 02:30 +0200",
    ]
    assert local("0 0 * * *", "Asia/Beirut", "2025-03-29T12:00Z", 2) == ["30 01:00 +0300", "31 00:00 +0300"]


def test_a_fixed_time_that_comes_twice_is_run_once() -> None:
    """P3. Also where one asks in the hour that comes again."""
    assert local("30 2 * * *", "Europe/Paris", "2025-10-25T12:00Z", 2) == ["26 02:30 +0200", "27 02:30 +0100"]
    assert local("30 2 * * *", "Europe/Paris", "2025-10-26T01:10Z", 1) == ["27 02:30 +0100"]


def test_a_clock_that_changes_by_half_an_hour_loses_no_mark() -> None:
    assert local("0 */2 * * *", "Australia/Lord_Howe", "2025-04-05T12:00Z", 3) == [
        "06 00:00 +1100",
        "06 02:00 +1030",
        "06 04:00 +1030",
    ]


def test_leap_days() -> None:
    assert local("0 6 29 2 *", "UTC", "2025-01-01T00:00Z", 2) == ["29 06:00 +0000", "29 06:00 +0000"]
    assert [mark.year for mark in next_marks("0 6 29 2 *", "UTC", datetime(2025, 1, 1, tzinfo=UTC), 2)] == [2028, 2032]


def test_a_cron_text_is_read_in_its_time_zone() -> None:
    found = next_mark("0 6 * * *", "Asia/Tokyo", datetime(2025, 12, 5, tzinfo=UTC))
    assert found == datetime(2025, 12, 5, 21, tzinfo=UTC)


@given(st.sampled_from(CRONS), st.sampled_from(ZONES), INSTANTS)
@settings(max_examples=60)
def test_windows_follow_each_other_without_a_gap_through_changes_of_the_clock(
    cron: str, zone: str, after: datetime
) -> None:
    found = list(islice(windows_between(cron, zone, after, after + timedelta(days=400)), 5))
    assert [window.end for window in found] == next_marks(cron, zone, after, 5)[: len(found)]
    assert all(first.end == second.start for first, second in itertools.pairwise(found))
    assert found[0].start <= after
    assert next_mark(cron, zone, found[0].start) == found[0].end


def test_the_rarest_schedule_has_windows_too() -> None:
    leap_day = datetime(2104, 2, 29, tzinfo=UTC)
    assert window_of("0 0 29 2 *", "UTC", leap_day).start == datetime(2096, 2, 29, tzinfo=UTC)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["*/15 * * * *", "30 2 * * *"]), st.integers(0, 2 * 86400)), min_size=2))
def test_what_was_asked_before_changes_no_answer(asked: list[tuple[str, int]]) -> None:
    """The last answer is kept; these two days hold the end of summer time, and so an hour that comes twice."""
    begin = datetime(2025, 10, 25, 12, tzinfo=UTC)
    for cron, seconds in asked:
        now = begin + timedelta(seconds=seconds)
        assert next_mark(cron, "Europe/Paris", now) == next(marks(cron, "Europe/Paris", now))
