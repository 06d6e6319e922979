"""Streams, sockets and commands show each event of compressed files once, and say what was removed: of a real server."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from websockets.sync.client import connect

from commands import command
from pipelines import grow_old, pipeline, settings_for
from quarterhour.event_log.files import event_files, opened
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import EventRecord
from quarterhour.lifecycle import Trigger
from quarterhour.retention import Retention
from quarterhour.settings import RetentionSettings
from quarterhour.web import stream
from quarterhour.web.services import Services
from quarterhour.web.stream import stream_events
from quarterhour.workspace import Workspace
from serving import Server, serving

RING = 100


def live(home: Path, runs: int, keep_runs: int) -> None:
    """So many runs, long ago; the newest are kept, and all of these but one are compressed."""

    async def go() -> None:
        log = JsonlEventLog(Workspace(home))
        async with pipeline(home, settings_for("Good"), log=log) as parts:
            await parts.orchestrator.recover([])
            for _ in range(runs):
                await parts.orchestrator.start(Trigger.API)
                await parts.orchestrator.wait()
            grow_old(home)
            kept = RetentionSettings(keep_runs=keep_runs, compress_after=1)
            await Retention(kept, log, parts.bus, parts.indexer.forget, parts.clock).step()

    asyncio.run(go())


def in_files(home: Path) -> list[dict[str, Any]]:
    """What stands in the files above the floor, up to where a server may be writing now."""
    lines = list[bytes]()
    for name in event_files(Workspace(home).events):
        with opened(Workspace(home).events / name) as file:
            lines += [line for line in file.read().splitlines(keepends=True) if line.endswith(b"\n")]
    events = sorted(map(json.loads, lines), key=lambda event: event["seq"])
    floor = max(event["data"].get("floor", {"seq": 0})["seq"] for event in events)
    return [
        event for seq, event in enumerate((e for e in events if e["seq"] > floor), floor + 1) if event["seq"] == seq
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("old") / "home"
    live(home, 16, 12)
    assert sum(event_files(Workspace(home).events).values()) >= 11, "compressed"
    (home / "quarterhour.toml").write_text(f"[events]\nring = {RING}\n")
    with serving(home, "--no-schedule") as running:
        yield running


def streamed(server: Server, until: int, headers: dict[str, str] | None = None, **query: Any) -> list[Any]:
    """What a stream has up to that seq, with what it says of gaps."""
    found, kind = list[Any](), ""
    with httpx.stream("GET", f"{server.api}/api/events/stream", params=query, headers=headers, timeout=60) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                found.append((kind, json.loads(line[6:])) if kind else json.loads(line[6:]))
                if not kind and found[-1]["seq"] == until:
                    break
                kind = ""
    return found


@pytest.mark.slow
def test_a_stream_has_each_event_once_from_wherever_it_begins(server: Server) -> None:
    events = in_files(server.home)
    first, last = events[0]["seq"], events[-1]["seq"]
    gap = ("gap", {"from": 6, "to": first - 1, "removed_up_to": first - 1})
    assert first > 6
    assert streamed(server, last, since=5) == [gap, *events]
    assert streamed(server, last, {"last-event-id": "5"}, since=first) == [gap, *events]
    for at in range(0, len(events) - 1, 17):
        seq = events[at]["seq"]
        assert streamed(server, last, {"last-event-id": str(seq)}) == events[at + 1 :]
    middle = events[len(events) // 2]["run_id"]
    of_one = [event for event in events if event["run_id"] == middle]
    assert streamed(server, of_one[-1]["seq"], since=first, run_id=middle) == of_one
    said = [event for event in events if "succeeded" in event["msg"].lower()]
    assert streamed(server, said[-1]["seq"], since=first - 1, q="succeeded") == said


@pytest.mark.slow
def test_who_has_seen_more_than_the_log_has_is_shown_what_comes(server: Server) -> None:
    """A home that was put back from a backup: the browser goes on with the id that it had before."""
    before, headers = in_files(server.home)[-1]["seq"], {"last-event-id": "1000000"}
    with httpx.stream("GET", f"{server.api}/api/events/stream", headers=headers, timeout=60) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        after = in_files(server.home)[-1]["seq"]
        server.ended_run(server.start_run())
        shown = next(json.loads(line[6:]) for line in lines if line.startswith("data: "))
    assert before < shown["seq"] <= after + 1


@pytest.mark.slow
def test_a_socket_and_what_its_gap_names_are_all_events(server: Server) -> None:
    events = in_files(server.home)
    first, last = events[0]["seq"], events[-1]["seq"]
    for since in (5, first - 1, events[7]["seq"], events[-RING - 1]["seq"], events[-9]["seq"], last):
        with connect(f"{server.api.replace('http', 'ws')}/ws/events?since={since}") as socket:
            found = json.loads(socket.recv(timeout=60))["data"]["events"]
            if (found[0]["seq"] if found else last + 1) > since + 1:
                gap = json.loads(socket.recv(timeout=60))
                assert gap["type"] == "gap"
                assert gap["data"].get("removed_up_to") == (first - 1 if since < first - 1 else None)
                found = read_by_pages(server, gap["data"]["from"], gap["data"]["to"]) + found
            assert [event for event in found if event["seq"] <= last] == [e for e in events if e["seq"] > since]


def read_by_pages(server: Server, first: int, last: int) -> list[dict[str, Any]]:
    found, since = list[dict[str, Any]](), first - 1
    while since is not None:
        page = server.get("/api/events", since=since, before=last + 1, limit=31)
        found += page["items"]
        since = page["next"]
    return found


def events_told(result: Result, last: int) -> list[dict[str, Any]]:
    """Up to that one: a server may have said more since."""
    assert result.exit_code == 0, result.output
    return [event for event in map(json.loads, result.stdout.splitlines()) if event["seq"] <= last]


def ask_the_command(home: Path) -> None:
    """Each of its ways to ask, as it stands now."""
    events = in_files(home)
    first, last = events[0]["seq"], events[-1]["seq"]
    begins = f"the events up to {first - 1} were removed: the log begins with {first}, {events[0]['timestamp']}\n"
    everything = command(home, "events", "--json")
    assert events_told(everything, last) == events
    assert everything.stderr == begins
    some = command(home, "events", "--json", "--since", str(events[9]["seq"]))
    assert events_told(some, last) == events[10:]
    assert some.stderr == ""
    run_id = events[len(events) // 3]["run_id"]
    of_run = command(home, "events", "--json", "--run", run_id, "--since", str(first - 1))
    assert events_told(of_run, last) == [event for event in events if event["run_id"] == run_id]
    assert of_run.stderr == ""
    gone = command(home, "events", "--json", "--run", "20200101T000000Z-aaaaaa")
    assert events_told(gone, last) == []
    assert gone.stderr == begins
    for text in ("SUCCEEDED", "un"):
        grepped = command(home, "events", "--json", "--grep", text, "--from", events[0]["timestamp"][:19] + "Z")
        wanted = [event for event in events if text.lower() in event["msg"].lower()]
        assert events_told(grepped, last) == [
            event for event in wanted if event["timestamp"] >= events[0]["timestamp"][:19]
        ]
        assert wanted


@pytest.mark.slow
def test_the_command_shows_all_and_says_where_the_log_begins(server: Server, tmp_path: Path) -> None:
    ask_the_command(server.home)
    live(tmp_path / "home", 7, 4)
    ask_the_command(tmp_path / "home")


@pytest.mark.slow
def test_the_command_follows_from_old_events_to_new_ones(server: Server) -> None:
    first = in_files(server.home)[0]["seq"]
    words = ["events", "--follow", "--json", "--since", "5", "--home", str(server.home)]
    with subprocess.Popen(
        [sys.executable, "-m", "quarterhour", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert f"the log begins with {first}," in process.stderr.readline()
            shown = [json.loads(process.stdout.readline())]
            run_id = server.start_run()
            while not (shown[-1]["run_id"] == run_id and "sealed" in shown[-1]["data"]):
                shown.append(json.loads(process.stdout.readline()))
        finally:
            process.kill()
    assert shown == in_files(server.home)[: len(shown)]


def test_what_is_removed_while_a_stream_reads_is_told_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files go while others are read: the stream has read the first, and not opened those."""
    monkeypatch.setattr(stream, "_READ", 10)
    home = tmp_path / "home"
    live(home, 6, 6)
    before = in_files(home)

    async def go() -> str:
        log = JsonlEventLog(Workspace(home))
        async with pipeline(home, settings_for("Good"), log=log) as parts:
            services, text = Services.of(parts), ""
            async for piece in (await stream_events(services, 0)).body_iterator:
                text += bytes(piece).decode() if not isinstance(piece, str) else piece
                if "id: 10\n" in text and not services.removed_up_to:
                    kept = RetentionSettings(keep_runs=2, compress_after=100)
                    await Retention(kept, log, parts.bus, parts.indexer.forget, parts.clock).step()
                if f"id: {services.bus.last_seq}\n" in text:
                    break
            return text

    told = list[Any]()
    kind = ""
    for line in asyncio.run(go()).splitlines():
        if line.startswith("data: "):
            told.append((kind, json.loads(line[6:])) if kind else json.loads(line[6:]))
        kind = line[7:] if line.startswith("event: ") else ""
    after = in_files(home)
    at = next(index for index, each in enumerate(told) if isinstance(each, tuple))
    gap = told[at][1]
    assert gap["removed_up_to"] == after[0]["seq"] - 1
    assert 10 < gap["from"] <= gap["to"] < after[0]["seq"]
    assert told[:at] == before[:at]
    assert told[:at][-1]["seq"] == gap["from"] - 1
    assert [each["seq"] for each in told[at + 1 :]] == list(range(gap["to"] + 1, after[-1]["seq"] + 1))
    assert after == told[-len(after) :]


def test_parts_end_where_events_are_missing() -> None:
    def record(seq: int) -> EventRecord:
        return EventRecord(seq, "", None, "", "", "", {}, b"")

    seqs = [3, 4, 5, 9, 10, 12]
    assert [[each.seq for each in part] for part in stream._in_parts([*map(record, seqs)])] == [
        [3, 4, 5],
        [9, 10],
        [12],
    ]
    assert list(stream._in_parts([])) == []
