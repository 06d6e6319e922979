"""What a schedule would do, before it is one: the marks as the scheduler itself finds them, and what is wrong with a text."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pipelines import pipeline, settings_for
from quarterhour.clock import SystemClock, wire_time
from quarterhour.marks import ClockChange, clock_change_at, next_marks
from quarterhour.web.app import make_app
from quarterhour.web.services import Services

PATH = "/api/schedule/preview"


class StoppedClock(SystemClock):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


def asked(home: Path, at: datetime, *queries: dict[str, str]) -> list[tuple[int, dict[str, Any]]]:
    """The answers of one server to previews, one after the other."""
    found: list[tuple[int, dict[str, Any]]] = []

    async def go() -> None:
        async with pipeline(home, settings_for("Good"), clock=StoppedClock(at)) as parts:
            await parts.scheduler.load(is_enabled=False)
            before = parts.scheduler.schedule
            async with client(make_app(Services.of(parts))) as http:
                for query in queries:
                    answer = await http.get(PATH, params=query)
                    found.append((answer.status_code, answer.json()))
            assert parts.scheduler.schedule == before

    asyncio.run(go())
    return found


def test_a_preview_has_the_marks_of_the_scheduler_in_both_zones_and_says_what_the_clock_change_does(
    tmp_path: Path,
) -> None:
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    [(status, fixed), (_, by_real_time)] = asked(
        tmp_path,
        at,
        {"cron": "30 2 * * *", "timezone": "Europe/Paris"},
        {"cron": "*/30 * * * *", "timezone": "Europe/Paris"},
    )
    assert status == 200
    assert [each["mark"] for each in fixed["marks"]] == [
        wire_time(mark) for mark in next_marks("30 2 * * *", "Europe/Paris", at, 10)
    ]
    # 02:30 does not exist on the 29th: it is run at the change.
    assert fixed["marks"][0] == {
        "mark": "2026-03-29T01:00:00.000Z",
        "starts_at": "2026-03-29T01:00:00.000Z",
        "local": "2026-03-29T03:00:00+02:00",
        "clock_change": "moved",
    }
    assert {each["clock_change"] for each in [*fixed["marks"][1:], *by_real_time["marks"]]} == {None}


@pytest.mark.parametrize(
    ("cron", "changes"),
    [
        ("30 2 * * *", [ClockChange.FIRST, None]),
        ("30 * * * *", [None, None, ClockChange.FIRST, ClockChange.SECOND, None]),
    ],
)
def test_a_time_that_comes_twice_is_told_apart(cron: str, changes: list[ClockChange | None]) -> None:
    after = datetime(2026, 10, 24, 22, tzinfo=UTC)
    found = next_marks(cron, "Europe/Paris", after, len(changes))
    assert [clock_change_at(cron, "Europe/Paris", mark) for mark in found] == changes


def test_a_jitter_is_drawn_as_the_schedule_would_draw_it(tmp_path: Path) -> None:
    query = {"cron": "0 * * * *", "jitter": "600"}
    (_, first), (_, again) = asked(tmp_path, datetime(2026, 1, 1, tzinfo=UTC), query, query)
    delays = [
        (datetime.fromisoformat(each["starts_at"]) - datetime.fromisoformat(each["mark"])).total_seconds()
        for each in first["marks"]
    ]
    assert first == again
    assert all(0 <= delay <= 600 for delay in delays)
    assert len(set(delays)) == 10


def test_a_server_without_a_schedule_plans_no_run_whatever_is_changed(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            await parts.scheduler.load(is_enabled=False)
            await parts.scheduler.change(cron="0 3 * * *", timezone="UTC")
            assert (parts.scheduler.schedule.cron, parts.scheduler.schedule.next_run_at) == ("0 3 * * *", None)
            await parts.scheduler.pause()
            assert (await parts.scheduler.resume()).next_run_at is None

    asyncio.run(go())


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"cron": "61 * * * *"}, "cron", "field 1, the minute, is '61': minutes are 0 to 59"),
        ({"cron": "0 12 31 2 *"}, "cron", "field 3, the day-of-month, is '31'"),
        ({"cron": "* * *"}, "cron", "it has 3 of the five fields"),
        ({"cron": "* * * * *", "timezone": "Paris"}, "timezone", "'Paris' is not a time zone"),
        ({"cron": "*/5 * * * *", "jitter": "301"}, "jitter", "more than the 300 s between two marks"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_field_and_what_would_do(
    tmp_path: Path, query: dict[str, str], field: str, said: str
) -> None:
    [(status, problem)] = asked(tmp_path, datetime(2026, 1, 1, tzinfo=UTC), query)
    assert (status, problem["field"]) == (422, field)
    assert said in problem["detail"]
