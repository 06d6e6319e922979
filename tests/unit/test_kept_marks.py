"""Marks have their verdicts after the events that gave them were removed, by whatever is asked."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from commands import command
from pipelines import grow_old, pipeline, settings_for
from quarterhour import retention
from quarterhour.assembly import Pipeline
from quarterhour.backfill import succeeded_marks
from quarterhour.clock import wire_time
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import opened
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import MarkSkipped, MarksPassed
from quarterhour.lifecycle import Trigger
from quarterhour.marks import Window
from quarterhour.retention import Retention
from quarterhour.settings import RetentionSettings
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace

QUARTER = timedelta(minutes=15)
FIRST = datetime(2025, 12, 5, 12, 15, tzinfo=UTC)


def mark(number: int) -> datetime:
    return FIRST + number * QUARTER


@asynccontextmanager
async def server(home: Path) -> AsyncGenerator[Pipeline]:
    """With an index that is kept up."""
    async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
        await parts.orchestrator.recover([])
        indexing = asyncio.create_task(parts.indexer.run())
        try:
            yield parts
        finally:
            indexing.cancel()
            await asyncio.gather(indexing, return_exceptions=True)


async def run(parts: Pipeline, trigger: Trigger, number: int, **more: Any) -> None:
    await parts.orchestrator.start(trigger, mark=mark(number), **more)
    await parts.orchestrator.wait()


async def history(parts: Pipeline) -> None:
    """Every verdict there is: late and ran, skipped, missed, and caught up soon and after other runs."""
    tell = partial(dict[str, Any], at=parts.clock.now(), run_id=None, stage="scheduler", msg="")
    await run(parts, Trigger.SCHEDULE, 0)
    await run(parts, Trigger.SCHEDULE, 1, due_at=parts.clock.now())
    skipped = {"mark": wire_time(mark(2)), "reason": "running", "running": "20251205T121500Z-aaaaaa"}
    ends = {"first": wire_time(mark(3)), "last": wire_time(mark(202))}
    passed = {"cron": "*/15 * * * *", "timezone": "UTC", "count": 200, "reason": "down", **ends}
    await parts.bus.publish(MarkSkipped(**tell(data=skipped)), MarksPassed(**tell(data=passed)))
    await run(parts, Trigger.CATCH_UP, 4)
    for number in (5, 6, 7, 8):
        await run(parts, Trigger.BACKFILL, number, window=Window(mark(number - 1), mark(number)))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("kept") / "home"

    async def go() -> None:
        async with server(home) as parts:
            await history(parts)

    asyncio.run(go())
    grow_old(home)
    return home


async def slots(parts: Pipeline) -> list[Any]:
    transport = httpx.ASGITransport(make_app(Services.of(parts)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        query = {"from": wire_time(mark(0)), "to": wire_time(mark(300)), "limit": 40_000}
        answer = (await http.get("/api/slots", params=query)).json()
    assert answer["total"] == len(answer["items"])
    return answer["items"]


async def remove(home: Path, keep_runs: int, compress_after: int) -> None:
    """And two runs more, by which the next removal can go beyond what this one tells."""
    grow_old(home)
    async with server(home) as parts:
        kept = RetentionSettings(keep_runs=keep_runs, compress_after=compress_after)
        await Retention(kept, parts.log, parts.bus, parts.indexer.forget, parts.clock).step()
        for _ in range(2):
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()


async def answers(home: Path) -> tuple[list[Any], list[Any], list[Any]]:
    """Of the files, of the index, and of one made anew."""
    async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
        by_files = await slots(parts)
    indexed = await by_index(home)
    for path in Workspace(home).index_file.parent.glob("index.sqlite*"):
        path.unlink()
    return by_files, indexed, await by_index(home)


async def by_index(home: Path) -> list[Any]:
    async with server(home) as parts:
        while await parts.indexer.slots("", "~") is None:
            await asyncio.sleep(0.002)
        return await slots(parts)


async def succeeded(home: Path) -> set[str]:
    async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
        return await asyncio.to_thread(succeeded_marks, parts.log, wire_time(mark(0)))


def first_removal(home: Path) -> int:
    with opened(Workspace(home).events / "removals.jsonl") as file:
        return json.loads(file.readline())["seq"]


@pytest.mark.parametrize("compress_after", [1, 100])
def test_verdicts_are_the_same_after_removals(lived: Path, tmp_path: Path, compress_after: int) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    before, *others = asyncio.run(answers(home))
    assert others == [before, before]
    assert {item["verdict"] for item in before} == {"ran", "late", "skipped", "missed", "caught_up"}
    assert len(before) == 203
    done = asyncio.run(succeeded(home))
    assert done == {wire_time(mark(number)) for number in (0, 1, 4, 5, 6, 7, 8)}
    for keep_runs in (4, 1):
        asyncio.run(remove(home, keep_runs, compress_after))
        audit = verify_chain(Workspace(home).events)
        assert audit.finding is None
        assert len(list(Workspace(home).events.glob("pipeline_*"))) == keep_runs + 2
        assert asyncio.run(answers(home)) == (before, before, before)
        assert asyncio.run(succeeded(home)) == done
    assert audit.removed_up_to > first_removal(home)
    told = command(home, "slots", "--json", "--from", "2025-12-05T12:15Z", "--to", "2025-12-09T00:00Z")
    assert told.exit_code == 0, told.output
    assert [json.loads(line) for line in told.stdout.splitlines()] == before


def test_marks_of_many_events_are_kept_by_several(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event above its size is cut: none of those that keep marks is."""
    monkeypatch.setattr(retention, "_MARKS_BYTES", 300)
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    before, *_ = asyncio.run(answers(home))
    asyncio.run(remove(home, 1, 100))
    kept = [json.loads(line) for line in (Workspace(home).events / "removals.jsonl").read_bytes().splitlines()]
    assert len(kept) > 4
    assert all(0 < len(json.dumps(event["data"]["marks"])) < 400 for event in kept[:-1])
    assert "floor" in kept[-1]["data"]
    assert asyncio.run(answers(home)) == (before, before, before)


def test_what_a_kill_left_before_the_removal_was_told_counts_once(lived: Path, tmp_path: Path) -> None:
    """The marks are durable, the removal is not told of: nothing is gone, and the next one tells all again."""
    home, other = tmp_path / "home", tmp_path / "other"
    for each in (home, other):
        shutil.copytree(lived, each)
    before, *_ = asyncio.run(answers(home))
    asyncio.run(remove(other, 3, 100))
    told = Workspace(home).events / "removals.jsonl"
    kept, floor = (Workspace(other).events / told.name).read_bytes().splitlines(keepends=True)
    # As the kill left it: the seqs go on from the log's own.
    last_seq = max(record["seq"] for record in map(json.loads, lines_in(home)))
    told.write_bytes(orjson.dumps({**json.loads(kept), "seq": last_seq + 1}) + b"\n")
    assert "floor" in json.loads(floor)["data"]
    assert asyncio.run(answers(home))[0] == before
    asyncio.run(remove(home, 1, 100))
    assert verify_chain(Workspace(home).events).finding is None
    assert asyncio.run(answers(home)) == (before, before, before)


def lines_in(home: Path) -> list[bytes]:
    return [line for path in Workspace(home).events.iterdir() for line in path.read_bytes().splitlines()]


def test_a_kept_verdict_that_was_changed_is_found(lived: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    for keep_runs in (4, 1):
        asyncio.run(remove(home, keep_runs, 100))
    told = Workspace(home).events / "removals.jsonl"
    lines = told.read_bytes().splitlines(keepends=True)
    told.write_bytes(b"".join([lines[0].replace(b'"late"', b'"ran"'), *lines[1:]]))
    found = verify_chain(Workspace(home).events).finding
    assert found is not None
    assert (found.file, found.line) == (told.name, 1)
    told.write_bytes(b"".join(lines[1:]))
    assert verify_chain(Workspace(home).events).finding is not None
    told.write_bytes(b"".join(lines))
    assert verify_chain(Workspace(home).events).finding is None
