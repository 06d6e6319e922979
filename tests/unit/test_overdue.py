"""A mark at which nothing was done is told once, and once when the schedule goes on; a clock's jump makes none."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines import pipeline, settings_for
from quarterhour.clock import SystemClock, wire_time
from quarterhour.lifecycle import Trigger
from quarterhour.overdue import Finding, OverdueMark

NOON = datetime(2025, 12, 5, 12, tzinfo=UTC)
DUE = wire_time(NOON)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_it_is_told_once_after_the_limit_and_once_when_it_is_over() -> None:
    mark = OverdueMark(30.0)
    assert mark.look(DUE, after(-1), 100.0) is None
    assert mark.look(DUE, after(1), 102.0) is None
    assert mark.look(DUE, after(31), 132.0) is None
    assert mark.problem is None
    assert mark.look(DUE, after(31.5), 132.5) == Finding(DUE, 30.5)
    assert mark.problem == f"nothing was done at the mark due at {DUE}"
    assert mark.look(DUE, after(60), 161.0) is None
    later = wire_time(after(900))
    assert mark.look(later, after(61), 162.0) == Finding(DUE, 60.0, is_over=True)
    assert mark.problem is None
    assert mark.look(later, after(62), 163.0) is None


def test_a_pause_and_a_later_mark_that_has_passed_too_end_it() -> None:
    mark = OverdueMark(30.0)
    for seconds in (0.0, 31.0):
        mark.look(DUE, after(seconds), seconds)
    next_due = wire_time(after(35))
    assert mark.look(next_due, after(40), 40.0) == Finding(DUE, 40.0, is_over=True)
    assert mark.look(next_due, after(75), 75.0) == Finding(next_due, 35.0)
    assert mark.look(None, after(80), 80.0) == Finding(next_due, 40.0, is_over=True)


def test_neither_sleep_nor_a_clock_set_forward_makes_a_mark_overdue() -> None:
    mark = OverdueMark(30.0)
    assert mark.look(DUE, after(-10), 100.0) is None
    # Eight hours of sleep, in which the monotonic clock stood still.
    assert mark.look(DUE, after(8 * 3600), 100.5) is None
    assert mark.look(wire_time(after(8 * 3600 + 900)), after(8 * 3600 + 1), 101.5) is None
    assert mark.problem is None


class LateClock(SystemClock):
    """An hour after the schedule's next mark, once it is told so."""

    is_late = False

    def now(self) -> datetime:
        return NOON + timedelta(hours=1 if self.is_late else 0, seconds=1)


def test_a_schedule_that_nobody_keeps_is_told_from_outside(tmp_path: Path) -> None:
    """The loop that starts the runs is gone, and the rest of the service goes on."""

    async def go() -> None:
        settings = settings_for("Good")
        watched = settings.watchdog.model_copy(update={"overdue_after": 0.01, "lag_limit": 0.02})
        clock = LateClock()
        async with pipeline(tmp_path, settings.model_copy(update={"watchdog": watched}), clock=clock) as parts:
            # Read, but not run.
            await parts.scheduler.load(is_enabled=True)
            clock.is_late = True
            told: list[str] = []
            async with asyncio.timeout(20):
                while "error" not in told:
                    told = [r.event for r in parts.log.read(0, 100) if "due_at" in r.data]
                    await asyncio.sleep(0.01)
                assert parts.watchdog.overdue.problem == "nothing was done at the mark due at 2025-12-05T12:15:00.000Z"
                await parts.scheduler.pause()
                while "log" not in told:
                    told = [r.event for r in parts.log.read(0, 100) if "due_at" in r.data]
                    await asyncio.sleep(0.01)
            assert told == ["error", "log"]
            assert parts.watchdog.overdue.problem is None

    asyncio.run(go())


def test_a_mark_that_waits_for_a_runs_end_is_not_overdue(tmp_path: Path) -> None:
    async def go() -> None:
        settings = settings_for("Patient")
        schedule = settings.schedule.model_copy(update={"overlap": "queue"})
        clock = LateClock()
        async with pipeline(tmp_path, settings.model_copy(update={"schedule": schedule}), clock=clock) as parts:
            await parts.scheduler.load(is_enabled=True)
            await parts.orchestrator.start(Trigger.API)
            clock.is_late = True
            ticking = asyncio.create_task(parts.scheduler.run())
            async with asyncio.timeout(20):
                while parts.scheduler.next_due() is not None:
                    await asyncio.sleep(0.005)
            assert parts.scheduler.schedule.next_run_at is not None
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            await parts.orchestrator.stop()

    asyncio.run(go())
