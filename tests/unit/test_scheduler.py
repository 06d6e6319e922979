"""Marks from the clock, and what becomes of each."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.clock import wire_time
from quarterhour.errors import InvalidSchedule
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lifecycle import RunState, RunWindow, Trigger
from quarterhour.marks import next_mark
from quarterhour.settings import ScheduleSettings, Settings
from quarterhour.slots import slots_of

QUARTERS = "*/15 * * * *"


class FastClock:
    """A clock that runs a thousandfold while the schedule waits, and stands still meanwhile: a slow machine is never late."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.is_stopped = False

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        while self.is_stopped:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.001)
        # A run's limits are reached as the schedule's time goes on.
        until = self._now + timedelta(seconds=seconds)
        while seconds > 60 and self._now < until:
            await asyncio.sleep(0.005)

    async def sleep_until(self, when: datetime) -> None:
        while self._now < when:
            await self.sleep(1)
            self._now += timedelta(seconds=1)


class IdleClock(FastClock):
    """One that goes on, a minute at a time, while no run does: each mark finds the one before it decided."""

    parts: Pipeline

    async def sleep_until(self, when: datetime) -> None:
        while self._now < when:
            await self.sleep(1)
            await self.parts.orchestrator.idle()
            self._now = min(when, self._now + timedelta(minutes=1))


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
            assert run.window == RunWindow(start="2025-12-05T12:00:00.000Z", end="2025-12-05T12:15:00.000Z")
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


class JumpingClock(FastClock):
    """One that a test sets, as a person or a lid does."""

    def set(self, now: datetime) -> None:
        self._now = now


def slots(parts: Pipeline) -> list[tuple[str, str, str | None]]:
    """Every verdict so far: time of day, verdict, reason."""
    found = [slot for record in parts.log.read(0, 10_000) for slot in slots_of(record)]
    assert len({slot.mark for slot in found}) == len(found)
    return [(slot.mark[11:16], slot.verdict.value, slot.reason) for slot in sorted(found, key=lambda slot: slot.mark)]


def with_schedule(*stages: str, **schedule: object) -> Settings:
    return settings_for(*stages).model_copy(update={"schedule": ScheduleSettings.model_validate(schedule)})


@asynccontextmanager
async def ticking(parts: Pipeline) -> AsyncIterator[None]:
    await parts.scheduler.load(is_enabled=True)
    task = asyncio.create_task(parts.scheduler.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await parts.orchestrator.idle()


async def until(parts: Pipeline, count: int) -> list[tuple[str, str, str | None]]:
    """The verdicts once there are `count`."""
    async with asyncio.timeout(20):
        while len(found := slots(parts)) < count:
            await asyncio.sleep(0.005)
    return found


def moves(parts: Pipeline) -> list[str]:
    """The states of the breaker so far, from the second on."""
    return [record.data["to"] for record in parts.log.read(0, 10_000) if record.data.get("failures") is not None]


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("none", [("12:15", "missed", "down"), ("12:30", "missed", "down"), ("12:45", "missed", "down")]),
        ("latest", [("12:15", "missed", "down"), ("12:30", "missed", "down"), ("12:45", "caught_up", None)]),
        ("all", [("12:15", "caught_up", None), ("12:30", "caught_up", None), ("12:45", "caught_up", None)]),
    ],
)
def test_what_was_missed_without_a_server_is_dealt_with_by_policy(
    tmp_path: Path, catch_up: str, expected: list[tuple[str, str, str | None]]
) -> None:
    """P2: engine and web may die apart; what the clock then missed is told, and no mark is run twice."""
    log = MemoryEventLog()
    settings = with_schedule("Good", catch_up=catch_up)

    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 7, tzinfo=UTC))
        async with pipeline(tmp_path, settings, log=log, clock=clock) as parts:
            await parts.scheduler.load(is_enabled=True)
        clock.set(datetime(2025, 12, 5, 12, 50, tzinfo=UTC))
        clock.is_stopped = True
        for _ in range(2):
            async with pipeline(tmp_path, settings, log=log, clock=clock) as parts, ticking(parts):
                assert await until(parts, 3) == expected

    asyncio.run(go())


def test_a_clock_set_back_strikes_no_mark_again_also_after_a_restart(tmp_path: Path) -> None:
    log = MemoryEventLog()

    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 14, 58, tzinfo=UTC))
        async with pipeline(tmp_path, settings_for("Good"), log=log, clock=clock) as parts, ticking(parts):
            assert await until(parts, 1) == [("12:15", "ran", None)]
            clock.is_stopped = True
        clock.set(datetime(2025, 12, 5, 10, 14, 58, tzinfo=UTC))
        async with pipeline(tmp_path, settings_for("Good"), log=log, clock=clock) as parts, ticking(parts):
            await asyncio.sleep(0.05)
            assert parts.scheduler.schedule.next_run_at == "2025-12-05T12:30:00.000Z"
            assert slots(parts) == [("12:15", "ran", None)]

    asyncio.run(go())


def test_marks_of_a_paused_schedule_are_told_when_it_goes_on(tmp_path: Path) -> None:
    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 7, tzinfo=UTC))
        clock.is_stopped = True
        async with pipeline(tmp_path, settings_for("Good"), clock=clock) as parts, ticking(parts):
            await parts.scheduler.pause()
            clock.set(datetime(2025, 12, 5, 12, 40, tzinfo=UTC))
            await parts.scheduler.resume()
            await parts.scheduler.resume()
            assert slots(parts) == [("12:15", "skipped", "paused"), ("12:30", "skipped", "paused")]
            assert parts.state.status.run is None

    asyncio.run(go())


def test_jitter_puts_a_run_off_by_the_same_after_a_restart_and_is_not_lateness(tmp_path: Path) -> None:
    log = MemoryEventLog()
    settings = with_schedule("Good", jitter=600)

    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 14, 58, tzinfo=UTC))
        clock.is_stopped = True
        async with pipeline(tmp_path, settings, log=log, clock=clock) as parts, ticking(parts):
            planned = parts.scheduler.schedule.next_run_at
        async with pipeline(tmp_path, settings, log=log, clock=clock) as parts, ticking(parts):
            assert parts.scheduler.schedule.next_run_at == planned
            clock.is_stopped = False
            assert await until(parts, 1) == [("12:15", "ran", None)]
            clock.is_stopped = True
            run = parts.state.status.run
            assert run is not None
            assert run.due_at == planned
            assert "2025-12-05T12:15:00.000Z" < run.due_at <= run.started_at

    asyncio.run(go())


def test_a_mark_whose_jitter_goes_on_has_a_verdict_when_the_schedule_is_changed(tmp_path: Path) -> None:
    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 7, tzinfo=UTC))
        clock.is_stopped = True
        async with pipeline(tmp_path, with_schedule("Good", jitter=900), clock=clock) as parts, ticking(parts):
            clock.set(datetime(2025, 12, 5, 12, 15, tzinfo=UTC))
            changed = await parts.scheduler.change(cron="0 * * * *", timezone="UTC", jitter=0)
            assert slots(parts) == [("12:15", "skipped", "changed")]
            assert (changed.jitter, changed.next_run_at) == (0, "2025-12-05T13:00:00.000Z")
            with pytest.raises(InvalidSchedule, match="more than the 60 s between two marks"):
                await parts.scheduler.change(cron="* * * * *", timezone="UTC", jitter=61)

    asyncio.run(go())


def test_a_mark_can_stop_the_run_that_goes_on(tmp_path: Path) -> None:
    async def go() -> None:
        clock = FastClock(datetime(2025, 12, 5, 12, 14, 58, tzinfo=UTC))
        settings = with_schedule("Patient", overlap="cancel")
        async with pipeline(tmp_path, settings, clock=clock) as parts, ticking(parts):
            found = await until(parts, 2)
            clock.is_stopped = True
            assert [(mark, reason) for mark, _, reason in found] == [("12:15", None), ("12:30", None)]
            assert parts.state.status.last_run is not None
            assert parts.state.status.last_run.state is RunState.STOPPED
            await parts.orchestrator.stop()

    asyncio.run(go())


def test_the_breaker_holds_marks_back_but_never_a_person(tmp_path: Path) -> None:
    """P1, P4: it says so, and a run started by hand closes it where it succeeds; after the cool-down it tries one itself."""

    async def go() -> None:
        clock = IdleClock(datetime(2025, 12, 5, 12, 14, 58, tzinfo=UTC))
        settings = with_schedule("Good", "Bad", pause_after_failures=2, cool_down=3000)
        async with pipeline(tmp_path, settings, clock=clock) as parts:
            clock.parts = parts
            async with ticking(parts):
                found = await until(parts, 7)
                clock.is_stopped = True
                assert [reason for _, _, reason in found[:7]] == [None, None, *["breaker"] * 3, None, "breaker"]
                await parts.orchestrator.idle()
                run = await parts.orchestrator.start(Trigger.API, stages=["good"])
                await parts.orchestrator.idle()
                assert parts.state.status.run is not None
                assert (parts.state.status.run.run_id, parts.state.status.run.state) == (run.run_id, RunState.SUCCESS)
                assert parts.scheduler.schedule.failures == 0
                parts.scheduler.wake()
                async with asyncio.timeout(20):
                    while len(moved := moves(parts)) < 4:
                        await asyncio.sleep(0.005)
                assert moved == ["open", "probing", "open", "closed"]

    asyncio.run(go())
