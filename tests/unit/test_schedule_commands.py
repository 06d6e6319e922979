"""`slots` and `plan` in a home that nobody serves."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from pipelines import pipeline, settings_for
from quarterhour.cli import app
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import MarksPassed
from quarterhour.settings import ScheduleSettings
from quarterhour.workspace import Workspace

DATA = {
    "cron": "*/15 * * * *",
    "timezone": "Europe/Paris",
    "first": "2025-03-29T23:00:00.000Z",
    "last": "2025-03-30T22:45:00.000Z",
    "count": 96,
    "reason": "down",
}


def call(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--home", str(home)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_day_without_a_server_is_one_event_and_a_verdict_on_each_of_its_marks(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good"), log=JsonlEventLog(Workspace(tmp_path))) as parts:
            at = datetime(2025, 3, 31, tzinfo=UTC)
            await parts.bus.publish(MarksPassed(at=at, run_id=None, stage="scheduler", msg="down", data=DATA))

    asyncio.run(go())
    period = ("--from", "2025-03-29T23:00:00+0000", "--to", "2025-03-31T00:00:00+0000")
    found = [json.loads(line) for line in call(tmp_path, "slots", *period, "--json").splitlines()]
    assert len({slot["mark"] for slot in found}) == 96
    assert {(slot["verdict"], slot["reason"]) for slot in found} == {("missed", "down")}
    noon = call(tmp_path, "slots", "--from", "2025-03-30T12:15:00+0000", "--to", "2025-03-30T12:15:00+0000")
    assert noon == "2025-03-30T12:15:00.000Z  missed     no server was there\n"


def test_a_plan_shows_a_day_of_marks(tmp_path: Path) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    plan = json.loads(call(tmp_path, "plan", "--json"))
    assert len(plan["marks"]) == 96
    assert (plan["expected_s"], plan["files_waiting"], plan["breaker"]) == (None, 0, "closed")


def test_the_status_says_what_the_next_run_waits_for(tmp_path: Path) -> None:
    async def go(trigger: str) -> None:
        schedule = ScheduleSettings.model_validate({"trigger": trigger})
        settings = settings_for("Good").model_copy(update={"schedule": schedule})
        async with pipeline(tmp_path, settings, log=JsonlEventLog(Workspace(tmp_path))) as parts:
            await parts.scheduler.load(is_enabled=True)

    asyncio.run(go("arrival"))
    assert call(tmp_path, "status") == "idle  next run: when files arrive\n"
    asyncio.run(go("both"))
    assert call(tmp_path, "status").startswith("idle  next run: 20")
