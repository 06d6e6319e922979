"""The oldest runs' events are removed: what stays is read, indexed and audited as if the log had always begun there."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from commands import command
from pipelines import grow_old, pipeline, settings_for
from quarterhour.client.transport import StreamReader
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import event_files
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import EventRecord
from quarterhour.index.question import Question
from quarterhour.index.reading import catch_up, read_found
from quarterhour.index.store import IndexStore
from quarterhour.lifecycle import Trigger
from quarterhour.retention import Retention
from quarterhour.settings import RetentionSettings
from quarterhour.web import event_pages
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.web.stream import stream_events
from quarterhour.workspace import Workspace


def nothing() -> None:
    return


async def forget_nothing(floor_seq: int) -> None:
    assert floor_seq > 0


def live(home: Path, runs: int, kept: RetentionSettings | None = None) -> None:
    """A server's life: some runs with a change of the schedule after each, then a step of retention."""

    async def go() -> None:
        log = JsonlEventLog(Workspace(home))
        async with pipeline(home, settings_for("Good"), log=log) as parts:
            await parts.orchestrator.recover([])
            for _ in range(runs):
                await parts.orchestrator.start(Trigger.API)
                await parts.orchestrator.wait()
                await parts.state.reschedule(
                    lambda schedule: schedule.model_copy(update={"paused": not schedule.paused}), ""
                )
            grow_old(home)
            if kept is not None:
                await Retention(kept, log, parts.bus, forget_nothing, parts.clock).step()

    asyncio.run(go())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs of two lives, long ago."""
    home = tmp_path_factory.mktemp("removed") / "home"
    live(home, 3)
    live(home, 3)
    return home


def events_in(home: Path) -> list[EventRecord]:
    log = JsonlEventLog(Workspace(home))
    assert log.open() == []
    found = log.read(0, 10_000)
    assert [record.seq for record in log.read_back(log.last_seq + 1, 10_000)] == [r.seq for r in reversed(found)]
    log.close()
    return found


def runs_in(home: Path) -> list[str]:
    """In the order in which they were: several of one second do not sort so by their ids."""
    return list(dict.fromkeys(record.run_id for record in records_in(home) if record.run_id))


def records_in(home: Path) -> list[EventRecord]:
    lines = [line for path in Workspace(home).events.iterdir() for line in path.read_bytes().splitlines()]
    return sorted(map(EventRecord.parse, lines), key=lambda record: record.seq)


def indexed_in(home: Path, store: IndexStore, floor_seq: int, question: Question) -> list[EventRecord]:
    folder = Workspace(home).events
    store.create_or_check()
    catch_up(store, folder, 10_000, nothing, floor_seq=floor_seq)
    found = store.find(question, 0, 10_000, 10_000, is_newest_first=False)
    records = read_found(folder, found)
    return [records[place.seq] for place in found]


@settings(max_examples=12)
@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=3), is_compressed=st.booleans(), more=st.integers(0, 1))
def test_any_cuts_leave_a_log_that_begins_later(lived: Path, cuts: list[int], is_compressed: bool, more: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(lived, home)
        workspace = Workspace(home)
        store, before = IndexStore(workspace.index_file), events_in(home)
        indexed_in(home, store, 0, Question())
        for keep in cuts:
            live(home, more, RetentionSettings(keep_runs=keep, compress_after=1 if is_compressed else 100))
            grow_old(home)
        after = events_in(home)
        runs = sorted({record.run_id for record in after if record.run_id})
        assert len(runs) <= max(1, min(cuts) + more * len(cuts))
        assert runs
        floor = after[0].seq - 1
        assert [record.seq for record in after] == list(range(floor + 1, after[-1].seq + 1))
        assert after[: max(0, before[-1].seq - floor)] == [record for record in before if record.seq > floor]
        audit = verify_chain(workspace.events)
        assert audit.finding is None
        assert audit.removed_up_to == floor
        assert audit.events + audit.unsealed == len(after)
        store.forget(floor)
        fresh = IndexStore(workspace.index_file.with_name("fresh.sqlite"))
        for question in (Question(), Question(event="success"), Question(text="succeeded"), Question(run_id=runs[0])):
            plain = [record for record in after if question.fits(record)]
            assert indexed_in(home, store, floor, question) == plain
            assert indexed_in(home, fresh, floor, question) == plain
        assert store.runs(100, None) == fresh.runs(100, None)
        assert sorted(run["run_id"] for run in fresh.runs(100, None)[0]) == runs


def test_the_log_says_what_is_gone_and_the_newest_day_stays(lived: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home)

    async def go() -> None:
        log = JsonlEventLog(Workspace(home))
        async with pipeline(home, settings_for("Good"), log=log) as parts:
            *_, young, newest = runs_in(home)
            os.utime(parts.workspace.run_events(young))
            status = parts.state.status
            await Retention(RetentionSettings(keep_runs=1), log, parts.bus, forget_nothing, parts.clock).step()
            assert set(log.run_ids()) == {young, newest}
            assert parts.state.status.model_copy(update={"version": 0}) == status.model_copy(update={"version": 0})
            floor = log.floor
            assert floor is not None
            transport = httpx.ASGITransport(make_app(Services.of(parts)))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                below = await http.get("/api/events", params={"since": floor.seq - 1})
                above = await http.get("/api/events", params={"since": floor.seq})
                gone = await http.get(f"/api/runs/{floor.run_id}/log")
            assert below.headers["events-removed-up-to"] == str(floor.seq)
            assert "events-removed-up-to" not in above.headers
            assert below.json()["items"] == above.json()["items"]
            assert above.json()["items"][0]["seq"] == floor.seq + 1
            assert above.json()["total"] == parts.bus.last_seq - floor.seq
            assert gone.status_code == 404

    asyncio.run(go())
    told = command(home, "audit", "verify")
    assert told.exit_code == 0
    assert "the log says that those before were removed" in told.output
    live(home, 1)
    assert verify_chain(Workspace(home).events).is_whole


def test_pages_and_streams_begin_where_the_log_does(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks through what was removed, and a stream says what it leaves out."""
    monkeypatch.setattr(event_pages, "_BY_READING", 5)
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    live(home, 0, RetentionSettings(keep_runs=2))

    async def go() -> None:
        async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
            services = Services.of(parts)
            removed, last_seq = services.removed_up_to, services.bus.last_seq
            assert removed > 10
            transport = httpx.ASGITransport(make_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                before, counts = last_seq + 1, list[int]()
                while before:
                    answer = (await http.get("/api/events/pages", params={"before": before})).json()
                    counts.append(sum(page["count"] for page in answer["items"]))
                    before = answer["next"]
                below = (await http.get("/api/events/pages", params={"before": removed + 1})).json()
                newest = (await http.get("/api/events", params={"order": "desc", "before": removed})).json()
            assert sum(counts) == last_seq - removed
            assert all(counts)
            assert below["items"] == newest["items"] == []
            assert below["next"] is newest["next"] is None
            for since, gap in ((3, {"from": 4, "to": removed, "removed_up_to": removed}), (removed, None)):
                lines = await streamed(services, since)
                named = [lines[at + 1] for at, line in enumerate(lines) if line == "event: gap"]
                assert [json.loads(line.removeprefix("data: ")) for line in named] == ([gap] if gap else [])
                reader = StreamReader()
                found = [event.seq for line in lines if (event := reader.event_in(line)) is not None]
                assert found == list(range(removed + 1, last_seq + 1))

    asyncio.run(go())


async def streamed(services: Services, since: int) -> list[str]:
    """The lines of the stream, up to the newest event's."""
    text, last = "", f"id: {services.bus.last_seq}\n"
    pieces = (await stream_events(services, since)).body_iterator
    async for piece in pieces:
        text += bytes(piece).decode() if not isinstance(piece, str) else piece
        if last in text:
            break
    assert isinstance(pieces, AsyncGenerator)
    await pieces.aclose()
    return text.splitlines()


def test_only_the_hole_that_the_log_names_is_accepted(lived: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    live(home, 0, RetentionSettings(keep_runs=4, compress_after=100))
    live(home, 1)
    folder = Workspace(home).events
    assert verify_chain(folder).is_whole
    oldest = Workspace(home).run_events(runs_in(home)[0])
    content = oldest.read_bytes()
    oldest.unlink()
    finding = verify_chain(folder).finding
    assert finding is not None
    assert "missing" in finding.what
    oldest.write_bytes(content)
    said = folder / "removals.jsonl"
    removal = said.read_bytes()
    said.write_bytes(removal.replace(b'"runs":2', b'"runs":3'))
    changed = verify_chain(folder).finding
    assert changed is not None
    assert changed.file == said.name
    said.unlink()
    assert not verify_chain(folder).is_whole


def test_a_start_finishes_what_a_kill_left_of_a_removal(lived: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    live(home, 0, RetentionSettings(keep_runs=2))
    folder, removed = Workspace(home).events, Workspace(lived).events
    after, names = events_in(home), event_files(folder)
    for name in set(event_files(removed)) - set(names):
        shutil.copy(removed / name, folder / name)
    assert verify_chain(folder).is_whole, "as it lies after the kill"
    assert event_files(folder) != names
    assert events_in(home) == after
    assert event_files(folder) == names


@pytest.mark.parametrize("wrong", [{"keep_days": 0.5}, {"keep_runs": 0}, {"max_size": "10%"}, {"max_size": "much"}])
def test_what_would_remove_too_much_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        RetentionSettings.model_validate(wrong)


def test_days_and_size_remove_as_many_as_they_say(lived: Path, tmp_path: Path) -> None:
    sizes = [Workspace(lived).run_events(run_id).stat().st_size for run_id in runs_in(lived)]
    room = f"{sum(sizes[-3:-1]) / 1e6 + 1e-5:.6f}MB"
    for number, (kept, left) in enumerate(
        [({"keep_days": 29.0}, 1), ({"keep_days": 31.0}, 6), ({"max_size": room}, 3), ({"max_size": "1GB"}, 6)]
    ):
        home = tmp_path / str(number)
        shutil.copytree(lived, home)
        live(home, 0, RetentionSettings.model_validate({**kept, "compress_after": 100}))
        assert len(list(Workspace(home).events.glob("pipeline_*"))) == left, kept
