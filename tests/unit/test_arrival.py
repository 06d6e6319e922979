"""Runs that start when files arrive: the decisions, and the watch on real files."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from watchfiles import Change

from pipelines import pipeline, settings_for
from quarterhour.arrival import (
    ArrivalWatcher,
    FolderGone,
    Found,
    Look,
    Wait,
    WaitForIdle,
    count_found,
    decide,
    may_be_arrival,
)
from quarterhour.assembly import Pipeline
from quarterhour.clock import SystemClock, wire_time
from quarterhour.disk import Space
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lake.arrivals import arrivals
from quarterhour.lifecycle import Run, RunState, Trigger
from quarterhour.settings import InputSettings, ScheduleSettings, Settings, StageSettings
from quarterhour.slots import slots_of
from quarterhour.workspace import Workspace

QUIET_S = 0.3
CSV = "id,name\n1,a\n2,b\n"
TRANSLATOR = StageSettings(name="translator")


@pytest.mark.parametrize(
    ("change", "name", "is_one"),
    [
        (Change.added, "x.csv", True),
        (Change.modified, "x.csv", True),
        (Change.added, "x.csv.done", True),
        (Change.deleted, "x.csv", False),
        (Change.added, "x.csv.tmp", False),
        (Change.modified, "x.csv.PART", False),
        (Change.added, ".x.csv", False),
    ],
)
def test_what_may_be_an_arrival(change: Change, name: str, *, is_one: bool) -> None:
    assert may_be_arrival(change, f"/home/data/raw/{name}") is is_one


@pytest.mark.parametrize(
    ("still_s", "is_running", "is_held_back", "decision"),
    [
        (0.0, False, False, Wait(5.0)),
        (3.5, True, True, Wait(1.5)),
        (5.0, False, False, Look()),
        (9.0, True, False, WaitForIdle()),
        (9.0, True, True, WaitForIdle()),
        (9.0, False, True, Wait(1.0)),
    ],
)
def test_the_decision(
    still_s: float, *, is_running: bool, is_held_back: bool, decision: Wait | WaitForIdle | Look
) -> None:
    assert decide(still_s=still_s, quiet_s=5.0, is_running=is_running, is_held_back=is_held_back) == decision


def test_a_file_without_its_marker_is_not_looked_at_over_and_over(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    for name in ("x.csv", "x.csv.done", "y.csv"):
        (workspace.raw / name).write_text(CSV)
    now = datetime.now(UTC)
    marked = Settings(inputs=InputSettings(marker=".done"))
    assert count_found(arrivals(workspace, marked, {}, now), ".done") == Found(waiting=1, settling=0)
    settling = Settings(inputs=InputSettings(settle=60))
    assert count_found(arrivals(workspace, settling, {}, now), "") == Found(waiting=0, settling=3)


def arrival_settings(*stages: StageSettings, **inputs: Any) -> Settings:
    return Settings(
        stages=stages,
        schedule=ScheduleSettings(trigger="arrival", quiet=QUIET_S),
        inputs=InputSettings(settle=0.1, **inputs),
    )


@asynccontextmanager
async def watching(parts: Pipeline, settings: Settings) -> AsyncIterator[None]:
    watcher = ArrivalWatcher(settings, parts.workspace, parts.orchestrator, SystemClock())
    await parts.scheduler.load(is_enabled=True)
    task = asyncio.create_task(watcher.run())
    try:
        # The first look finds nothing.
        await asyncio.sleep(2 * QUIET_S)
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def runs(parts: Pipeline) -> list[Run]:
    begun = [r.data["status"]["run"] for r in parts.log.read(0, 10_000) if r.data.get("to") == "starting"]
    return [Run.model_validate(run) for run in begun]


async def until_runs(parts: Pipeline, count: int) -> list[Run]:
    """Fails by the test's own end where they never come."""
    async with asyncio.timeout(20):
        while len(found := runs(parts)) < count:
            await asyncio.sleep(0.02)
    return found


async def no_more(parts: Pipeline, count: int) -> None:
    await asyncio.sleep(QUIET_S + 0.5)
    await parts.orchestrator.idle()
    assert len(runs(parts)) == count


@pytest.mark.slow
def test_a_burst_starts_one_run_and_what_the_pipeline_does_itself_none(tmp_path: Path) -> None:
    async def go() -> None:
        settings = arrival_settings(TRANSLATOR, after="archive")
        async with pipeline(tmp_path, settings) as parts, watching(parts, settings):
            raw = parts.workspace.raw
            for number in range(5):
                (raw / f"x{number}.csv.part").write_text(f"id\n{number}\n")
                (raw / f"x{number}.csv.part").rename(raw / f"x{number}.csv")
                await asyncio.sleep(QUIET_S / 4)
            (run,) = await until_runs(parts, 1)
            assert (run.trigger, run.mark) == (Trigger.ARRIVAL, None)
            await no_more(parts, 1)
            assert parts.state.status.state is RunState.SUCCESS
            assert parts.state.status.last_run is not None
            assert parts.state.status.last_run.counts.files_processed == 5
            assert not list(raw.iterdir())

            # A folder that comes whole is looked into, though its files give no notice; unfinished names are not taken.
            (tmp_path / "sales").mkdir()
            (tmp_path / "sales" / "y.csv").write_text(CSV)
            (raw / "z.csv.tmp").write_text(CSV)
            (tmp_path / "sales").rename(raw / "sales")
            await until_runs(parts, 2)
            await no_more(parts, 2)
            (raw / "z.csv.tmp").unlink()
            (raw / "w.csv.part").write_text(CSV)
            await no_more(parts, 2)

    asyncio.run(go())


@pytest.mark.slow
def test_files_that_another_run_took_or_that_came_back_unchanged_start_none(tmp_path: Path) -> None:
    async def go() -> None:
        settings = arrival_settings(TRANSLATOR)
        async with pipeline(tmp_path, settings) as parts, watching(parts, settings):
            path = parts.workspace.raw / "x.csv"
            path.write_text(CSV)
            os.utime(path, (1_700_000_000, 1_700_000_000))
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.idle()
            await no_more(parts, 1)
            path.chmod(0o600)
            await no_more(parts, 1)

    asyncio.run(go())


@pytest.mark.slow
def test_files_that_arrive_during_a_run_have_one_more_follow(tmp_path: Path) -> None:
    async def go() -> None:
        patient = StageSettings(name="patient", python="example_stages:Patient")
        settings = arrival_settings(patient)
        async with pipeline(tmp_path, settings) as parts, watching(parts, settings):
            await parts.orchestrator.start(Trigger.API)
            for name in ("a.csv", "b.csv"):
                (parts.workspace.raw / name).write_text(CSV)
                await asyncio.sleep(2 * QUIET_S)
            assert len(runs(parts)) == 1
            await parts.orchestrator.stop()
            assert [run.trigger for run in await until_runs(parts, 2)] == [Trigger.API, Trigger.ARRIVAL]
            await parts.orchestrator.stop()
            await parts.orchestrator.idle()
            await no_more(parts, 2)

    asyncio.run(go())


@pytest.mark.slow
def test_a_pause_holds_arrivals_back_until_it_ends(tmp_path: Path) -> None:
    async def go() -> None:
        settings = arrival_settings(TRANSLATOR)
        async with pipeline(tmp_path, settings) as parts, watching(parts, settings):
            assert (await parts.scheduler.pause()).next_run_at is None
            (parts.workspace.raw / "x.csv").write_text(CSV)
            await no_more(parts, 0)
            assert (await parts.scheduler.resume()).next_run_at is None
            await until_runs(parts, 1)
            await no_more(parts, 1)

    asyncio.run(go())


@pytest.mark.slow
def test_a_full_disk_holds_arrivals_back_until_there_is_space_again(tmp_path: Path) -> None:
    async def go() -> None:
        settings = arrival_settings(TRANSLATOR)
        space = [Space(free=0, total=10**9)]
        async with pipeline(tmp_path, settings, disk=lambda: space[0]) as parts, watching(parts, settings):
            (parts.workspace.raw / "x.csv").write_text(CSV)
            async with asyncio.timeout(20):
                while not parts.log.read(0, 100, match=lambda record: record.stage == "watchdog"):
                    await asyncio.sleep(0.01)
            await no_more(parts, 0)
            space[0] = Space(free=10**9, total=10**9)
            await until_runs(parts, 1)

    asyncio.run(go())


def test_without_marks_no_slot_has_a_verdict_also_once_there_are_marks_again(tmp_path: Path) -> None:
    async def go() -> None:
        log = MemoryEventLog()
        start = datetime(2025, 12, 5, 12, 14, tzinfo=UTC)
        for hours, trigger in enumerate(("arrival", "arrival", "clock", "arrival", "both")):
            clock = StandingClock(start + timedelta(hours=hours))
            schedule = ScheduleSettings(trigger=trigger, catch_up="none")
            settings = settings_for("Good").model_copy(update={"schedule": schedule})
            async with pipeline(tmp_path, settings, log=log, clock=clock) as parts:
                await parts.scheduler.load(is_enabled=True)
                ticking = asyncio.create_task(parts.scheduler.run())
                await asyncio.sleep(0.05)
                ticking.cancel()
                shown = parts.scheduler.schedule.next_run_at
                assert shown == (None if trigger == "arrival" else wire_time(clock.now() + timedelta(minutes=1)))
                assert parts.scheduler.next_due() == shown
        slots = [slot for record in log.read(0, 10_000) for slot in slots_of(record)]
        # Those of the hour in which the clock started runs, and no server was there at their time.
        assert [(slot.mark[11:16], slot.reason) for slot in slots] == [
            ("14:15", "down"),
            ("14:30", "down"),
            ("14:45", "down"),
            ("15:00", "down"),
        ]

    asyncio.run(go())


class StandingClock(SystemClock):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def test_the_service_takes_what_came_while_it_was_down_and_ends_when_the_watch_breaks(tmp_path: Path) -> None:
    settings = arrival_settings(TRANSLATOR)
    workspace = Workspace(tmp_path)
    workspace.create()
    (workspace.raw / "x.csv").write_text(CSV)

    async def serve() -> Run:
        installation = Pipeline(settings, workspace)
        async with installation.running("test", is_scheduled=True), asyncio.timeout(30):
            while (run := installation.state.status.last_run) is None:
                await asyncio.sleep(0.05)
            return run

    run = asyncio.run(serve())
    assert (run.trigger, run.state, run.counts.files_processed) == (Trigger.ARRIVAL, RunState.SUCCESS, 1)

    async def lose_the_folder() -> None:
        async with Pipeline(settings, workspace).running("test", is_scheduled=True):
            await asyncio.sleep(QUIET_S)
            workspace.raw.rename(tmp_path / "elsewhere")
            await asyncio.sleep(20)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(lose_the_folder())
    assert caught.group_contains(FolderGone, match=r"raw was removed or renamed", depth=None)
