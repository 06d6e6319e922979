"""A start that is sent twice with one `Idempotency-Key` begins one run."""

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines import pipeline, settings_for
from quarterhour.clock import SystemClock
from quarterhour.errors import KeyReused, RunInProgress
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.lifecycle import Run, RunRequest, Trigger
from quarterhour.web.repeats import Repeats
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace
from serving import Server, serving

START = "/api/pipeline/start"


class LaterClock(SystemClock):
    later = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.later


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_key_stands_for_its_call_for_a_day(tmp_path: Path, is_indexed: bool) -> None:
    async def go() -> None:
        clock = LaterClock()
        log = JsonlEventLog(Workspace(tmp_path)) if is_indexed else None
        async with pipeline(tmp_path, settings_for("Good"), clock=clock, log=log) as parts:
            repeats = Repeats(Services.of(parts))

            async def start(request: RunRequest | None) -> Run:
                return await parts.orchestrator.start(Trigger.API, request=request)

            async def once(key: str | None, asked: str = "all") -> str:
                run = await repeats.once(key, asked, start)
                await parts.orchestrator.wait()
                return run.run_id

            first = await once("a")
            if is_indexed:
                await parts.indexer.make_anew()
            others = [await once("b"), await once(None), await once(None)]
            assert len({first, *others}) == 4
            assert await once("a") == first
            with pytest.raises(KeyReused, match=f"'a' began run {first} by another call"):
                await once("a", "another")
            clock.later = timedelta(hours=23, minutes=59)
            assert await once("a") == first
            clock.later = timedelta(hours=24, minutes=1)
            assert await once("a") not in (first, *others)

    asyncio.run(go())


def test_calls_at_the_same_time_begin_one_run_and_a_refused_one_is_not_remembered(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Patient")) as parts:
            repeats = Repeats(Services.of(parts))

            async def start(request: RunRequest | None) -> Run:
                return await parts.orchestrator.start(Trigger.API, request=request)

            runs = await asyncio.gather(*(repeats.once("a", "all", start) for _ in range(5)))
            assert len({run.run_id for run in runs}) == 1
            with pytest.raises(RunInProgress):
                await repeats.once("b", "all", start)
            await parts.orchestrator.stop()
            await parts.orchestrator.wait()
            assert (await repeats.once("b", "all", start)).run_id != runs[0].run_id

    asyncio.run(go())


def posted(server: Server, key: str, path: str = START, body: Any = None) -> httpx.Response:
    return httpx.post(server.api + path, json=body, headers={"idempotency-key": key}, timeout=30)


@pytest.mark.slow
def test_the_same_start_gets_the_same_run_also_after_a_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as server, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: posted(server, "key-1"), range(8)))
        assert {answer.status_code for answer in answers} == {202}
        [run_id] = {answer.json()["run_id"] for answer in answers}
        server.ended_run(run_id)
        # No body and an empty one ask for the same; other stages do not, nor does another call.
        assert posted(server, "key-1", body={}).json()["run_id"] == run_id
        refused = [
            posted(server, "key-1", body={"stages": ["merger"]}),
            posted(server, "key-1", "/api/pipeline/stage/merger"),
        ]
        assert [(each.status_code, each.headers["content-type"]) for each in refused] == [
            (422, "application/problem+json")
        ] * 2
        assert "by another call" in refused[0].json()["detail"]
        assert posted(server, "not one word").status_code == 422
        one_stage = posted(server, "key-2", "/api/pipeline/stage/analyzer").json()["run_id"]
        assert posted(server, "key-2", "/api/pipeline/stage/analyzer").json()["run_id"] == one_stage
        server.ended_run(one_stage)
        server.kill()
    with serving(home, "--no-schedule") as server:
        again = posted(server, "key-1")
        assert (again.status_code, again.json()["run_id"], again.json()["state"]) == (202, run_id, "success")
        assert server.get("/api/runs")["total"] == 2


SPAN = {"from": "2025-12-05T12:00:00Z", "to": "2025-12-05T13:00:00Z"}
# The first window's run is over soon, the second one's goes on.
SLOW_SECOND = "import os, time; time.sleep(60 * (os.environ['QUARTERHOUR_STAGE_WINDOW_END'][11:16] != '12:15'))"


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True])
def test_the_same_backfill_is_begun_once_also_after_a_restart(tmp_path: Path, is_killed: bool) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = json.dumps([sys.executable, "-c", SLOW_SECOND])
    (home / "quarterhour.toml").write_text(f'[[stages]]\nname = "note"\ncommand = {command}\n')
    path = "/api/backfill"
    with serving(home, "--no-schedule") as server, ThreadPoolExecutor(4) as threads:
        # What is only planned begins nothing, and is not remembered.
        assert posted(server, "key-1", path, {**SPAN, "dry_run": True}).status_code == 200
        answers = list(threads.map(lambda _: posted(server, "key-1", path, SPAN), range(8)))
        assert {answer.status_code for answer in answers} == {202}
        refused = [posted(server, "key-1", path, {**SPAN, "all": True}), posted(server, "key-1")]
        assert [each.status_code for each in refused] == [422, 422]
        assert "the key 'key-1' began a backfill by another call" in refused[1].json()["detail"]
        deadline = time.monotonic() + 60
        while len((again := posted(server, "key-1", path, SPAN).json())["runs"]) < 1:
            assert time.monotonic() < deadline, again
            time.sleep(0.05)
        assert (again["state"], again["windows"], again["left"]) == ("running", 4, 3)
        while server.get("/api/pipeline/status")["run_id"] == again["runs"][0]["run_id"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.kill() if is_killed else server.stop()
    with serving(home, "--no-schedule") as server:
        told = posted(server, "key-1", path, SPAN)
        assert told.status_code == 202
        ended = told.json()
        assert (ended["state"], ended["windows"], ended["succeeded"]) == ("stopped", 4, 0)
        assert ended["runs"][0] == again["runs"][0]
        assert ended["message"].endswith("without a word") is is_killed
        # Nothing was begun by it.
        assert server.get("/api/backfill") is None
        assert posted(server, "key-2", path, SPAN).json()["state"] == "running"
        server.http.post("/api/backfill/stop")
