"""Backfills: which windows are run, what is told of them, how one is stopped; also by the command, with and without a server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.backfill import Backfill, BackfillState
from quarterhour.clock import SystemClock, wire_time
from quarterhour.errors import InvalidBackfill, RunInProgress
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.events import MarksPassed
from quarterhour.jitter import drawn
from quarterhour.lifecycle import RunState, Trigger
from quarterhour.settings import ScheduleSettings, Settings
from quarterhour.web.schedule import ledger
from quarterhour.workspace import Workspace
from serving import serving

NOON = datetime(2025, 12, 5, 12, tzinfo=UTC)
ONE = datetime(2025, 12, 5, 13, tzinfo=UTC)
ALL = ["12:15", "12:30", "12:45", "13:00"]


class FixedClock(SystemClock):
    """It is always seven past one."""

    def now(self) -> datetime:
        return datetime(2025, 12, 5, 13, 7, tzinfo=UTC)


@asynccontextmanager
async def filling(
    home: Path, *stages: str, log: MemoryEventLog | None = None, settings: Settings | None = None
) -> AsyncIterator[Pipeline]:
    async with pipeline(home, settings or settings_for(*stages), log=log, clock=FixedClock()) as parts:
        loop = asyncio.create_task(parts.backfiller.run())
        try:
            yield parts
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


async def ended(parts: Pipeline, backfill: Backfill) -> Backfill:
    async with asyncio.timeout(20):
        while backfill.state is BackfillState.RUNNING:
            await parts.backfiller.moved()
    await parts.bus.settle()
    return backfill


def marks_of(backfill: Backfill) -> list[str]:
    return [(run.mark or "")[11:16] for run in backfill.runs]


def last_word(parts: Pipeline) -> dict[str, object]:
    found = parts.log.read(0, 10_000, match=lambda record: record.stage == "scheduler" and "left" in record.data)
    return {"event": found[-1].event, **found[-1].data}


def test_windows_without_a_successful_run_are_run_oldest_first_and_know_their_time(tmp_path: Path) -> None:
    async def go() -> None:
        async with filling(tmp_path, "Windowed") as parts:
            first = await ended(parts, await parts.backfiller.start(NOON, ONE, keeps_going=True))
            assert marks_of(first) == ALL
            assert (first.state, first.failed) == (BackfillState.FAILED, 1)
            assert (tmp_path / "windows.txt").read_text().split() == [
                "12:00-12:15",
                "12:15-12:30",
                "12:30-12:45",
                "12:45-13:00",
            ]
            start = parts.log.read(0, 100, match=lambda record: record.data.get("trigger") == "backfill")[0]
            assert start.data["window"] == {"start": wire_time(NOON), "end": "2025-12-05T12:15:00.000Z"}
            # What succeeded is not run again, and what failed is.
            again = await ended(parts, await parts.backfiller.start(NOON, ONE))
            assert marks_of(again) == ["12:30"]
            whole = await ended(parts, await parts.backfiller.start(NOON, ONE, with_succeeded=True, keeps_going=True))
            assert marks_of(whole) == ALL

    asyncio.run(go())


def test_a_failed_window_ends_it_and_what_is_left_is_said(tmp_path: Path) -> None:
    async def go() -> None:
        async with filling(tmp_path, "Windowed") as parts:
            backfill = await ended(parts, await parts.backfiller.start(NOON, ONE))
            assert marks_of(backfill) == ["12:15", "12:30"]
            word = last_word(parts)
            assert (word["event"], word["state"], word["left"]) == ("error", "failed", 2)
            assert word["next"] == {"start": "2025-12-05T12:30:00.000Z", "end": "2025-12-05T12:45:00.000Z"}

    asyncio.run(go())


def test_a_stop_ends_the_run_and_the_backfill(tmp_path: Path) -> None:
    async def go() -> None:
        async with filling(tmp_path, "Patient") as parts:
            backfill = await parts.backfiller.start(NOON, ONE)
            with pytest.raises(RunInProgress, match="a backfill is under way, 4 windows are left"):
                await parts.backfiller.start(NOON, ONE)
            while parts.state.status.stage != "patient":
                await asyncio.sleep(0.005)
            await parts.backfiller.stop()
            await ended(parts, backfill)
            assert [run.state for run in backfill.runs] == [RunState.STOPPED]
            assert (last_word(parts)["state"], last_word(parts)["left"]) == ("stopped", 3)
            # Nothing goes on: a second stop is none.
            await parts.backfiller.stop()

    asyncio.run(go())


def test_it_waits_for_the_run_that_goes_on(tmp_path: Path) -> None:
    async def go() -> None:
        async with filling(tmp_path, "Patient") as parts:
            by_hand = await parts.orchestrator.start(Trigger.API)
            backfill = await parts.backfiller.start(NOON, ONE)
            while parts.state.status.stage != "patient":
                await asyncio.sleep(0.005)
            assert backfill.runs == []
            await parts.orchestrator.stop()
            while parts.state.status.run_id == by_hand.run_id:
                await asyncio.sleep(0.005)
            run = parts.state.status.run
            assert run is not None
            assert run.trigger is Trigger.BACKFILL
            await parts.backfiller.stop()
            await ended(parts, backfill)

    asyncio.run(go())


def test_the_ledger_says_that_a_missed_mark_was_caught_up_and_keeps_what_ran(tmp_path: Path) -> None:
    """One verdict for each mark, also where it is run long afterwards."""

    async def go() -> None:
        async with filling(tmp_path, "Good") as parts:
            data = {"cron": "*/15 * * * *", "timezone": "UTC", "count": 2, "reason": "down"}
            span = {"first": "2025-12-05T12:15:00.000Z", "last": "2025-12-05T12:30:00.000Z"}
            at = datetime(2025, 12, 5, 12, 31, tzinfo=UTC)
            await parts.bus.publish(
                MarksPassed(at=at, run_id=None, stage="scheduler", msg="down", data={**data, **span})
            )
            await parts.orchestrator.start(Trigger.SCHEDULE, mark=ONE)
            await parts.orchestrator.idle()
            await ended(parts, await parts.backfiller.start(NOON, ONE, with_succeeded=True))
            found = ledger(parts.log, wire_time(NOON), wire_time(ONE))
            assert [(slot.mark[11:16], slot.verdict.value) for slot in reversed(found)] == [
                ("12:15", "caught_up"),
                ("12:30", "caught_up"),
                ("12:45", "caught_up"),
                ("13:00", "late"),
            ]

    asyncio.run(go())


def test_marks_without_a_verdict_are_told_before_they_are_filled(tmp_path: Path) -> None:
    """A home without a server for an hour: a later start must find no mark that nobody spoke of."""
    log = MemoryEventLog()

    async def go() -> None:
        async with filling(tmp_path, "Good", log=log) as parts:
            await parts.scheduler.load(is_enabled=True)
            await parts.state.reschedule(
                lambda known: known.model_copy(update={"judged_until": wire_time(NOON)}), "as an hour ago"
            )
        async with filling(tmp_path, "Good", log=log) as parts:
            await parts.scheduler.load(is_enabled=False)
            await ended(parts, await parts.backfiller.start(NOON, datetime(2025, 12, 5, 12, 15, tzinfo=UTC)))
            found = ledger(parts.log, wire_time(NOON), wire_time(ONE))
            assert [slot.verdict.value for slot in reversed(found)] == ["caught_up", "missed", "missed", "missed"]

    asyncio.run(go())


def test_while_paused_a_mark_whose_jitter_goes_on_is_told_too_before_it_is_filled(tmp_path: Path) -> None:
    """Found by the simulator: the schedule would have run it a second time once it went on."""
    settings = settings_for("Good").model_copy(update={"schedule": ScheduleSettings(jitter=890)})
    workspace = Workspace(tmp_path)
    workspace.create()
    late = (str(number) for number in count() if drawn(str(number), ONE, 890) > timedelta(minutes=7))
    workspace.home_id_file.write_text(next(late))

    async def go() -> None:
        async with filling(tmp_path, settings=settings) as parts:
            await parts.scheduler.load(is_enabled=True)
            await parts.scheduler.pause()
            await parts.state.reschedule(
                lambda known: known.model_copy(update={"judged_until": wire_time(NOON)}), "As it was at noon"
            )
            # Of all marks until seven past one, the last was drawn to begin later than that.
            await ended(parts, await parts.backfiller.start(NOON, parts.clock.now()))
            assert parts.state.status.schedule.judged_until == wire_time(ONE)

    asyncio.run(go())


def test_a_resumed_run_stands_for_the_same_time(tmp_path: Path) -> None:
    async def go() -> None:
        async with filling(tmp_path, "Good", "Bad") as parts:
            backfill = await ended(parts, await parts.backfiller.start(NOON, ONE))
            resumed = await parts.orchestrator.resume(Trigger.API, backfill.runs[0].run_id)
            assert resumed.window == backfill.runs[0].window is not None
            await parts.orchestrator.idle()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("start", "end", "trigger", "said"),
    [
        (ONE, NOON, "clock", "not after it begins"),
        (NOON, datetime(2025, 12, 5, 14, tzinfo=UTC), "clock", "only what is over"),
        (datetime(2024, 1, 1, tzinfo=UTC), NOON, "clock", "more than 40,000 windows"),
        (NOON, ONE, "arrival", "files alone start runs"),
    ],
)
def test_a_span_that_cannot_be_filled_is_refused(
    tmp_path: Path, start: datetime, end: datetime, trigger: str, said: str
) -> None:
    async def go() -> None:
        schedule = ScheduleSettings.model_validate({"trigger": trigger})
        settings = settings_for("Good").model_copy(update={"schedule": schedule})
        async with filling(tmp_path, settings=settings) as parts:
            with pytest.raises(InvalidBackfill, match=said):
                await parts.backfiller.start(start, end)
            assert parts.backfiller.last is None

    asyncio.run(go())


def home_with_a_program(home: Path, program: str) -> Path:
    home.mkdir()
    command = json.dumps([sys.executable, "-c", program])
    (home / "quarterhour.toml").write_text(f'[[stages]]\nname = "note"\ncommand = {command}\n')
    return home


NOTE = "import os; print(*(os.environ['QUARTERHOUR_STAGE_WINDOW_' + e] for e in ('START', 'END')), file=open('w.txt', 'a'))"
SPAN = ("--from", "2025-12-05T12:00:00+0000", "--to", "2025-12-05T12:45:00+0000")


def backfill(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "quarterhour", "backfill", *SPAN, *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("is_served", [False, True])
def test_the_command_fills_a_span_with_and_without_a_server(tmp_path: Path, is_served: bool) -> None:
    home = home_with_a_program(tmp_path / "home", NOTE)

    def fill() -> None:
        planned = backfill(home, "--dry-run")
        assert planned.stdout.splitlines()[0] == "2025-12-05T12:00:00.000Z → 2025-12-05T12:15:00.000Z"
        assert not (home / "w.txt").exists()
        done = backfill(home, "--json")
        assert done.returncode == 0, done.stderr
        assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["success"] * 3
        noted = (home / "w.txt").read_text().splitlines()
        assert noted[0] == "2025-12-05T12:00:00.000Z 2025-12-05T12:15:00.000Z"
        assert len(noted) == 3
        assert "0 of 0 windows run, 3 had a successful run already" in backfill(home).stderr

    if is_served:
        with serving(home, "--no-schedule") as server:
            fill()
            slots = server.get("/api/slots", **{"from": "2025-12-05T12:00:00Z", "to": "2025-12-05T13:00:00Z"})
            assert [slot["verdict"] for slot in slots["items"]] == ["caught_up"] * 3
    else:
        fill()


@pytest.mark.slow
@pytest.mark.parametrize("is_served", [False, True])
def test_ctrl_c_stops_it_and_says_what_is_left(tmp_path: Path, is_served: bool) -> None:
    home = home_with_a_program(tmp_path / "home", "import time; open('begun', 'w').close(); time.sleep(60)")

    def interrupt() -> None:
        command = [sys.executable, "-m", "quarterhour", "backfill", *SPAN, "--home", str(home)]
        asked = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while not (home / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(asked.pid, signal.SIGINT)
        _, told = asked.communicate(timeout=30)
        assert asked.returncode == 1, told
        assert "are left, from the one to 2025-12-05T12:" in told

    if is_served:
        with serving(home, "--no-schedule") as server:
            interrupt()
            assert server.get("/api/backfill")["state"] == "stopped"
    else:
        interrupt()
