"""A disk that is nearly full: no run begins, each mark has its verdict, and it is said once."""

import asyncio
import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scheduler import JumpingClock, ticking, with_schedule

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.disk import Space, is_low, space_at
from quarterhour.errors import DiskNearlyFull
from quarterhour.lifecycle import RunState, Trigger
from quarterhour.settings.types import FreeSpace
from quarterhour.slots import slots_of
from serving import serving

GB = 10**9


class SmallDisk:
    """A disk of 10 GB that the test fills and empties; 100 MB are asked for."""

    def __init__(self) -> None:
        self.free = 5 * GB
        self.is_gone = False

    def __call__(self) -> Space:
        if self.is_gone:
            raise OSError(errno.ESTALE, "Stale file handle")
        return Space(self.free, 10 * GB)


def said(parts: Pipeline) -> list[str]:
    return [record.event for record in parts.log.read(0, 1000) if record.stage == "watchdog"]


@pytest.mark.parametrize(
    ("text", "disk", "asked"),
    [
        ("1%, 500MB", 10 * GB, 100_000_000),
        ("1%, 500MB", 1000 * GB, 500_000_000),
        ("2GB", GB, 2 * GB),
        ("0MB", GB, 0),
        ("0.5 %", GB, 5_000_000),
    ],
)
def test_what_must_be_free_is_the_least_of_what_is_given(text: str, disk: int, asked: int) -> None:
    assert FreeSpace.parse(text).bytes_of(disk) == asked


@pytest.mark.parametrize("text", ["", "500", "101%", "-1MB", "1%;5MB", "1%,", True])
def test_another_text_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no free space"):
        FreeSpace.parse(text)


@given(st.lists(st.integers(100, 124), min_size=1), st.integers(0, 99))
def test_what_hovers_above_the_limit_does_not_flicker(hovering: list[int], low: int) -> None:
    """E13: a limit with hysteresis."""
    assert is_low(low, 100, was_low=False)
    assert all(is_low(free, 100, was_low=True) for free in hovering)
    assert not any(is_low(free, 100, was_low=False) for free in hovering)
    assert not is_low(125, 100, was_low=True)


def test_the_machines_own_disk_can_be_looked_at(tmp_path: Path) -> None:
    space = space_at(tmp_path)
    assert 0 <= space.free <= space.total
    with pytest.raises(FileNotFoundError):
        space_at(tmp_path / "gone")


def test_no_run_begins_on_a_disk_that_is_nearly_full_and_it_is_said_once(tmp_path: Path) -> None:
    async def go() -> None:
        disk = SmallDisk()
        async with pipeline(tmp_path, settings_for("Good"), disk=disk) as parts:
            disk.free = 99_000_000
            for _ in range(3):
                with pytest.raises(DiskNearlyFull, match=r"99 MB of 10,000 MB are free; .*min_free asks for 100.0 MB"):
                    await parts.orchestrator.start(Trigger.API)
            assert parts.state.status.state is RunState.IDLE
            disk.free = 110_000_000
            with pytest.raises(DiskNearlyFull):
                await parts.orchestrator.start(Trigger.API)
            disk.free = 125_000_000
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            assert parts.state.status.state is RunState.SUCCESS
            assert said(parts) == ["error", "log"]

    asyncio.run(go())


def test_a_disk_that_cannot_be_looked_at_counts_as_full(tmp_path: Path) -> None:
    async def go() -> None:
        disk = SmallDisk()
        async with pipeline(tmp_path, settings_for("Good"), disk=disk) as parts:
            disk.is_gone = True
            with pytest.raises(DiskNearlyFull, match=r"cannot be looked at: .*Stale file handle"):
                await parts.orchestrator.start(Trigger.API)
            disk.is_gone = False
            await parts.orchestrator.start(Trigger.API)

    asyncio.run(go())


def test_the_watchdog_says_it_also_where_no_run_is_asked_for(tmp_path: Path) -> None:
    async def go() -> None:
        disk = SmallDisk()
        disk.free = 0
        async with pipeline(tmp_path, settings_for("Good"), disk=disk) as parts:
            async with asyncio.timeout(20):
                while not said(parts):
                    await asyncio.sleep(0.01)
            assert said(parts) == ["error"]

    asyncio.run(go())


def test_a_mark_on_a_full_disk_is_skipped_with_the_reason_and_the_next_one_runs(tmp_path: Path) -> None:
    async def go() -> None:
        clock = JumpingClock(datetime(2025, 12, 5, 12, 14, 55, tzinfo=UTC))
        disk = SmallDisk()
        disk.free = 0
        async with pipeline(tmp_path, with_schedule("Good"), clock=clock, disk=disk) as parts, ticking(parts):
            verdicts: list[tuple[str, str, str | None]] = []
            async with asyncio.timeout(20):
                while len(verdicts) < 2:
                    await asyncio.sleep(0.005)
                    found = [slot for record in parts.log.read(0, 10_000) for slot in slots_of(record)]
                    verdicts = [(slot.mark[11:16], slot.verdict.value, slot.reason) for slot in found]
                    if verdicts:
                        disk.free = GB
            assert verdicts[:2] == [("12:15", "skipped", "disk_full"), ("12:30", "ran", None)]

    asyncio.run(go())


@pytest.mark.slow
def test_a_server_on_a_full_disk_answers_507_and_is_not_ready(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text("[watchdog]\nmin_free = '100%'\n")
    with serving(home, "--no-schedule") as server:
        answer = server.http.post("/api/pipeline/start")
        assert (answer.status_code, answer.json()["title"]) == (507, "Insufficient Storage")
        assert "min_free" in answer.json()["detail"]
        ready = server.http.get("/readyz")
        assert ready.status_code == 503
        checks = ready.json()["checks"]
        assert "watchdog.min_free asks for" in checks.pop("disk")
        assert checks == {"event_log": "ok", "schedule": "ok", "event_loop": "ok", "memory": "ok"}
        events = server.get("/api/events", stage="watchdog")["items"]
        assert [event["event"] for event in events] == ["error"]
