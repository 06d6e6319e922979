"""Marks from the clock, and what becomes of each."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines import pipeline, settings_for
from quarterhour.clock import wire_time
from quarterhour.errors import InvalidSchedule
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lifecycle import Trigger
from quarterhour.scheduler import marks, next_mark

QUARTERS = "*/15 * * * *"


@pytest.mark.parametrize(
    ("now", "mark"),
    [("12:07", "12:15"), ("12:23", "12:30"), ("12:45", "13:00"), ("23:59", "00:00"), ("12:15", "12:30")],
)
def test_the_next_mark_is_the_next_quarter(now: str, mark: str) -> None:
    moment = datetime.fromisoformat(f"2025-12-05T{now}:00+00:00")
    found = next_mark(QUARTERS, "UTC", moment)
    assert f"{found:%H:%M}" == mark
    assert found > moment


@pytest.mark.parametrize("day", ["2025-03-29T23:00:00+00:00", "2025-10-25T23:00:00+00:00"])
def test_quarters_come_every_15_real_minutes_through_both_clock_changes(day: str) -> None:
    """P3: wrong on DST days."""
    found = marks(QUARTERS, "Europe/Paris", datetime.fromisoformat(day))
    first = [next(found) for _ in range(24)]
    assert {later - earlier for earlier, later in itertools.pairwise(first)} == {timedelta(minutes=15)}


def test_a_cron_text_is_read_in_its_time_zone() -> None:
    found = next_mark("0 6 * * *", "Asia/Tokyo", datetime(2025, 12, 5, tzinfo=UTC))
    assert found.astimezone(ZoneInfo("Asia/Tokyo")).hour == 6
    assert found == datetime(2025, 12, 5, 21, tzinfo=UTC)


class FastClock:
    """A clock whose sleeps take no time, but for the turn of the loop."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.is_stopped = False

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        while self.is_stopped:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.001)
        self._now += timedelta(seconds=seconds)

    async def sleep_until(self, when: datetime) -> None:
        while self._now < when:
            await self.sleep(1)


def test_marks_start_runs_and_a_mark_during_a_run_is_skipped_and_said(tmp_path: Path) -> None:
    async def go() -> None:
        clock = FastClock(datetime(2025, 12, 5, 12, 14, 55, tzinfo=UTC))
        async with pipeline(tmp_path, settings_for("Patient"), clock=clock) as parts:
            await parts.scheduler.load(is_enabled=True)
            ticking = asyncio.create_task(parts.scheduler.run())
            skipped = []
            while not skipped:
                await asyncio.sleep(0.01)
                skipped = parts.log.read(0, 10, match=lambda record: record.event == "skipped")
            clock.is_stopped = True
            ticking.cancel()
            run = parts.state.status.run
            assert run is not None
            assert (run.trigger, run.mark) == (Trigger.SCHEDULE, "2025-12-05T12:15:00.000Z")
            assert skipped[0].stage == "scheduler"
            assert skipped[0].data == {"mark": "2025-12-05T12:30:00.000Z", "reason": "running", "running": run.run_id}

    asyncio.run(go())


def test_a_pause_and_a_change_survive_a_restart(tmp_path: Path) -> None:
    log = MemoryEventLog()

    async def change() -> None:
        async with pipeline(tmp_path, settings_for("Good"), log=log) as parts:
            await parts.scheduler.load(is_enabled=True)
            assert parts.scheduler.seconds_to_next_run() is not None
            with pytest.raises(InvalidSchedule, match="not a time zone"):
                await parts.scheduler.change(cron=QUARTERS, timezone="Mars/Olympus")
            await parts.scheduler.change(cron="0 * * * *", timezone="Europe/Paris")
            assert (await parts.scheduler.pause()).next_run_at is None

    async def look() -> None:
        async with pipeline(tmp_path, settings_for("Good"), log=log) as parts:
            await parts.scheduler.load(is_enabled=True)
            schedule = parts.scheduler.schedule
            assert (schedule.cron, schedule.timezone, schedule.paused) == ("0 * * * *", "Europe/Paris", True)
            resumed = await parts.scheduler.resume()
            expected = next_mark("0 * * * *", "Europe/Paris", datetime.now(UTC))
            assert resumed.next_run_at == wire_time(expected)

    asyncio.run(change())
    asyncio.run(look())
