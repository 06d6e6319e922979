"""Old files of the event log are compressed, and read as before: the log, the index, the audit and the API see no difference."""

import asyncio
import gzip
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import command
from pipelines import pipeline, settings_for
from quarterhour.errors import EventLogError
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import LeftOff, compressed_path, event_files, opened, stat_of, zstd
from quarterhour.event_log.jsonl import JsonlEventLog, Range
from quarterhour.events import EventRecord, StageLogged
from quarterhour.index.question import Question
from quarterhour.index.reading import catch_up, read_found
from quarterhour.index.store import IndexStore
from quarterhour.lifecycle import Trigger
from quarterhour.retention import Retention
from quarterhour.settings import RetentionSettings
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace

BEGIN = datetime(2025, 12, 5, 23, 59, tzinfo=UTC)
FAR_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
RUNS = (None, "20251205T121500Z-aaaaaa", "20251205T123000Z-bbbbbb", "20251205T124500Z-cccccc")


def always() -> bool:
    return True


def nothing() -> None:
    return


def records(first: int, runs: list[str | None], size: int = 10) -> list[EventRecord]:
    return [
        StageLogged(
            at=BEGIN + timedelta(seconds=seq), run_id=run_id, stage="good", msg=f"{seq} " + "ä" * size
        ).to_record(seq)
        for seq, run_id in enumerate(runs, first)
    ]


def opened_log(home: Path | str, remembered: IndexStore | None = None) -> JsonlEventLog:
    workspace = Workspace(home)
    workspace.create()

    def ranges() -> dict[str, Range]:
        files = remembered.files() if remembered else {}
        return {name: Range(file.size, file.mtime_ns, file.first_seq, file.last_seq) for name, file in files.items()}

    log = JsonlEventLog(workspace, ranges)
    assert log.open() == []
    return log


def compressed_names(home: Path) -> set[str]:
    return {name for name, is_compressed in event_files(Workspace(home).events).items() if is_compressed}


step = st.one_of(
    st.tuples(st.just("append"), st.lists(st.sampled_from(RUNS), min_size=1, max_size=12)),
    st.tuples(st.just("compress"), st.integers(0, 3)),
    st.tuples(st.just("open"), st.booleans()),
    st.tuples(st.just("index"), st.none()),
)


@settings(max_examples=60)
@given(
    steps=st.lists(step, max_size=12),
    since=st.integers(0, 40),
    run_id=st.sampled_from(RUNS),
    size=st.sampled_from([10, 3000]),
)
def test_whatever_is_compressed_when_every_way_of_reading_finds_all(
    steps: list[tuple[str, object]], since: int, run_id: str | None, size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace, model = Workspace(folder), list[EventRecord]()
        store = IndexStore(workspace.index_file)
        log = opened_log(folder)
        store.create_or_check()
        for kind, value in steps:
            if kind == "append":
                assert isinstance(value, list)
                more = records(len(model) + 1, value, size)
                log.append(more)
                model += more
            elif kind == "compress":
                for path in log.old_files(FAR_S)[: value if isinstance(value, int) else 0]:
                    content, before = path.read_bytes(), stat_of(path)
                    assert log.compress(path, always)
                    assert not path.exists()
                    assert opened(path).read() == content
                    assert stat_of(path) == before
            elif kind == "open":
                log.close()
                log = opened_log(folder, store if value else None)
            else:
                catch_up(store, workspace.events, log.last_seq, nothing)
        assert log.last_seq == len(model)
        wanted = [r for r in model if r.seq > since and run_id in (None, r.run_id)]
        assert log.read(since, 100, run_id=run_id) == wanted
        back = [r for r in reversed(model) if r.seq < since and run_id in (None, r.run_id)]
        assert log.read_back(since, 7, run_id=run_id) == back[:7]
        catch_up(store, workspace.events, log.last_seq, nothing)
        found = store.find(Question(run_id=run_id), since, len(model) + 1, 100, is_newest_first=False)
        assert [read_found(workspace.events, found)[r.seq] for r in wanted] == wanted
        assert len(found) == len(wanted)
        log.close()


def test_the_newest_run_and_what_is_young_stay_plain(tmp_path: Path) -> None:
    log = opened_log(tmp_path)
    log.append(records(1, [RUNS[1], RUNS[2], RUNS[3], None]))
    paths = {run: Workspace(tmp_path).run_events(run) for run in RUNS if run}
    now_s = datetime.now(UTC).timestamp()
    os.utime(paths[RUNS[1]], (now_s - 3600, now_s - 3600))
    os.utime(paths[RUNS[3]], (now_s - 3600, now_s - 3600))
    assert log.old_files(now_s - 60) == [paths[RUNS[1]]]
    log.close()


def test_a_file_that_is_written_to_while_it_is_compressed_stays_plain(tmp_path: Path) -> None:
    log = opened_log(tmp_path)
    log.append(records(1, [RUNS[1]] * 3))
    path = Workspace(tmp_path).run_events(RUNS[1] or "")

    def write() -> bool:
        if log.last_seq == 3:
            log.append(records(4, [RUNS[1]]))
        return True

    assert not log.compress(path, write)
    assert not compressed_path(path).exists()
    assert [record.seq for record in log.read(0, 9)] == [1, 2, 3, 4]
    with pytest.raises(LeftOff):
        log.compress(path, lambda: False)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    log.close()


@pytest.mark.parametrize("damage", ["cut", "changed", "headless", "empty"])
def test_a_damaged_compressed_file_is_named_everywhere(tmp_path: Path, damage: str) -> None:
    log = opened_log(tmp_path)
    log.append(records(1, [RUNS[1]] * 200 + [RUNS[2]] * 3))
    path = Workspace(tmp_path).run_events(RUNS[1] or "")
    assert log.compress(path, always)
    log.close()
    content = bytearray(compressed_path(path).read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "changed":
        content[-1] ^= 1  # the checksum: all else unpacks
    elif damage == "headless":
        content[:4] = b"text"
    else:
        content.clear()
    compressed_path(path).write_bytes(content)
    name = compressed_path(path).name
    with pytest.raises(EventLogError, match=f"{name}: the compressed events are damaged or cut off"):
        JsonlEventLog(Workspace(tmp_path)).open()
    with pytest.raises(EventLogError, match=name):
        log.read(0, 500)
    finding = verify_chain(Workspace(tmp_path).events).finding
    assert finding is not None
    assert finding.file == path.name
    assert "damaged or cut off" in finding.what
    said = command(tmp_path, "audit", "verify")
    assert said.exit_code == 1
    assert name in said.output


def exported(home: Path, run_id: str) -> None:
    """A compressed run's events as a file, packed or not, are what its own file held."""
    with opened(Workspace(home).run_events(run_id)) as file:
        whole = file.read()
    for name, unpacked in (("x.jsonl", bytes), ("x.jsonl.gz", gzip.decompress), ("x.jsonl.zst", zstd.decompress)):
        told = command(home, "events", "--run", run_id, "--out", str(home / "to" / name))
        assert f"{len(whole.splitlines())} events → " in told.output
        assert unpacked((home / "to" / name).read_bytes()) == whole
    assert command(home, "events", "--run", run_id, "--out", "-").stdout_bytes == whole
    (home / "to" / "folder").mkdir()
    refused = command(home, "events", "--out", str(home / "to" / "folder"))
    assert refused.exit_code == 1
    assert "folder: cannot be written" in refused.output
    assert sorted(path.name for path in (home / "to").iterdir()) == ["folder", "x.jsonl", "x.jsonl.gz", "x.jsonl.zst"]
    assert command(home, "events", "--follow", "--out", "-").exit_code == 2


def test_after_a_run_old_files_are_compressed_and_the_chain_and_the_commands_hold(tmp_path: Path) -> None:
    async def go() -> None:
        log = JsonlEventLog(Workspace(tmp_path))
        async with pipeline(tmp_path, settings_for("Good"), log=log) as parts:
            for _ in range(3):
                await parts.orchestrator.start(Trigger.API)
                await parts.orchestrator.wait()
            long_ago_s = (datetime.now(UTC) - timedelta(days=2)).timestamp()
            for path in parts.workspace.events.iterdir():
                os.utime(path, (long_ago_s, long_ago_s))
            await Retention(
                RetentionSettings(compress_after=3), log, parts.bus, parts.indexer.forget, parts.clock
            ).step()
            assert compressed_names(tmp_path) == set()
            await Retention(
                RetentionSettings(compress_after=1), log, parts.bus, parts.indexer.forget, parts.clock
            ).step()
            [newest] = set(log.run_ids()) - {name.split("_")[1].split(".")[0] for name in compressed_names(tmp_path)}
            assert newest == parts.state.status.run_id
            oldest = next(run_id for run_id in log.run_ids() if run_id != newest)
            assert await parts.state.find_run(oldest)
            transport = httpx.ASGITransport(make_app(Services.of(parts)))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                answer = await http.get(f"/api/runs/{oldest}/log")
                unknown = await http.get("/api/runs/unknown/log")
            assert unknown.status_code == 404
            assert answer.headers["content-type"] == "application/x-ndjson"
            assert answer.headers["content-disposition"] == f'attachment; filename="pipeline_{oldest}.jsonl"'
            with opened(parts.workspace.run_events(oldest)) as file:
                assert answer.content == file.read()

    asyncio.run(go())
    audit = verify_chain(Workspace(tmp_path).events)
    assert audit.is_whole
    assert audit.seals == 3
    oldest = min(compressed_names(tmp_path)).removeprefix("pipeline_").removesuffix(".jsonl")
    shown = command(tmp_path, "events", "--run", oldest, "--json").output.splitlines()
    assert len(shown) == opened(Workspace(tmp_path).run_events(oldest)).read().count(b"\n")
    exported(tmp_path, oldest)
    assert "succeeded" in command(tmp_path, "events", "--run", oldest, "--grep", "succeeded").output
    assert "events are indexed" in command(tmp_path, "reindex").output
