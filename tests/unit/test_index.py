"""The index answers as the files do: for any events, however they came to be entered; a broken one costs time, not answers."""

import asyncio
import errno
import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from commands import command
from pipelines import pipeline, settings_for
from quarterhour.assembly import Machine
from quarterhour.event_log.jsonl import JsonlEventLog, Range
from quarterhour.events import EventRecord, StageFailed, StageLogged, StateChanged
from quarterhour.index import database
from quarterhour.index.errors import IndexBroken, IndexUnavailable
from quarterhour.index.question import Question
from quarterhour.index.reading import catch_up, read_found
from quarterhour.index.schema import METADATA, REVISION
from quarterhour.index.store import IndexStore
from quarterhour.indexer import pages_of
from quarterhour.lifecycle import RunState, Trigger
from quarterhour.workspace import Workspace
from serving import serving

BEGIN = datetime(2025, 12, 5, 23, 59, tzinfo=UTC)
WORDS = ("Translated", "straße", "100 %", 'a "quoted" word', "naïve", "file_01.csv", "x")
DATA: tuple[dict[str, Any], ...] = (
    {},
    {"file": "bars/file_01.csv", "status": {"message": "nowhere"}},
    {"checks": [{"message": "Value 'Straße' is \"quoted\""}, {"error": "naïve"}], "rows": 100},
    {"files": ["x" * 3_995, "translated"]},
)

drawn_events = st.lists(
    st.tuples(
        st.sampled_from([None, "20251205T121500Z-aaaaaa", "20251205T123000Z-bbbbbb"]),
        st.sampled_from(["translator", "merger", "pipeline"]),
        st.sampled_from(["info", "warning", "failed"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
        st.sampled_from(DATA),
        st.integers(-30, 90),
    ),
    max_size=40,
)
drawn_questions = st.builds(
    Question,
    run_id=st.sampled_from([None, None, "20251205T121500Z-aaaaaa", "unknown"]),
    stage=st.sampled_from([None, "translator", "merger"]),
    event=st.sampled_from([None, None, "log", "failed"]),
    level=st.sampled_from([None, None, "info", "warning", "error"]),
    text=st.sampled_from(
        [None, None, "TRANSLATED", "aSSe", "straße", '"quoted"', "naïve", "_01.csv", "nowhere", "bars/", "warning"]
    ),
    start=st.sampled_from([None, None, "2025-12-05T23:59:20.000Z", "2025-12-06T00:00:00.000Z"]),
    end=st.sampled_from([None, None, "2025-12-06T00:00:00.000Z", "2025-12-06T00:01:00.000Z"]),
)


def records_of(drawn: list[tuple[str | None, str, str, str, dict[str, Any], int]], first: int) -> list[EventRecord]:
    found: list[EventRecord] = []
    for seq, (run_id, stage, level, msg, more, seconds) in enumerate(drawn, first):
        at = BEGIN + timedelta(seconds=seconds + seq)
        kind, data = (StageFailed, more) if level == "failed" else (StageLogged, {"level": level, **more})
        found.append(kind(at=at, run_id=run_id, stage=stage, msg=msg, data=data).to_record(seq))
    return found


def nothing() -> None:
    return


@settings(max_examples=60)
@given(
    batches=st.lists(drawn_events, max_size=4),
    asked=drawn_questions,
    at=st.tuples(st.integers(0, 50), st.integers(1, 90)),
)
def test_the_index_answers_as_a_plain_look_at_all_events(
    batches: list[list[Any]], asked: Question, at: tuple[int, int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        workspace.create()
        store, log = IndexStore(workspace.index_file), JsonlEventLog(workspace)
        log.open()
        everything: list[EventRecord] = []
        for drawn in batches:
            records = records_of(drawn, len(everything) + 1)
            if records:
                log.append(records)
            everything += records
            store.create_or_check()
            assert catch_up(store, workspace.events, log.last_seq, nothing) == len(records)
        log.close()
        if not everything:
            return
        after, before = at
        plain = [r.seq for r in everything if after < r.seq < before and asked.fits(r)]
        for is_newest_first in (False, True):
            wanted = (plain[::-1] if is_newest_first else plain)[:5]
            found = store.find(asked, after, before, 5, is_newest_first=is_newest_first)
            assert [place.seq for place in found] == wanted
            events = read_found(workspace.events, found)
            assert [events[seq] for seq in wanted] == [everything[seq - 1] for seq in wanted]
        assert store.pages(asked, after, before, 4) == pages_of(plain[::-1], 4)


def test_a_text_is_looked_for_in_the_message_and_in_the_values_of_the_data() -> None:
    """Not in what every event of its kind says again, and not across two values."""
    data = {"level": "warning", "file": "a.csv", "errors": [{"value": "99x"}], "status": {"run": "late"}, "rows": 4711}
    record = StageLogged(at=BEGIN, run_id=None, stage="merger", msg="Held back", data=data).to_record(1)
    found = {
        text: Question(text=text).fits(record) for text in ("HELD", "A.CSV", "99X", "warning", "late", "4711", "csv99")
    }
    assert [text for text, is_found in found.items() if is_found] == ["HELD", "A.CSV", "99X"]


def indexed(folder: Path, count: int = 20) -> tuple[Workspace, IndexStore, JsonlEventLog]:
    workspace = Workspace(folder)
    workspace.create()
    store, log = IndexStore(workspace.index_file), JsonlEventLog(workspace)
    log.open()
    log.append(records_of([("20251205T121500Z-aaaaaa", "merger", "info", "Merged", {}, 0)] * count, 1))
    store.create_or_check()
    catch_up(store, workspace.events, log.last_seq, nothing)
    log.close()
    return workspace, store, log


def test_files_that_are_no_longer_those_that_were_indexed_are_seen(tmp_path: Path) -> None:
    workspace, store, _ = indexed(tmp_path / "cut")
    [path] = workspace.events.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(IndexBroken, match="was cut or replaced"):
        catch_up(store, workspace.events, 20, nothing)
    # Of the same size, with other events.
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(lines)))
    with pytest.raises(IndexBroken, match=r"holds event|is no event|column"):
        read_found(workspace.events, store.find(Question(stage="merger"), 0, 21, 20, is_newest_first=False))
    path.unlink()
    with pytest.raises(IndexBroken, match="is gone"):
        catch_up(store, workspace.events, 20, nothing)


def test_a_store_of_another_version_or_none_at_all_is_seen(tmp_path: Path) -> None:
    workspace, store, _ = indexed(tmp_path / "home")
    written_by_sql(workspace.index_file, "UPDATE alembic_version SET version_num = '99'")
    with pytest.raises(IndexBroken, match="version 99"):
        store.create_or_check()
    written_by_sql(workspace.index_file, "DROP TABLE alembic_version")
    with pytest.raises(IndexBroken, match="without migrations"):
        store.create_or_check()
    workspace.index_file.write_bytes(b"no database " * 1000)
    with pytest.raises(IndexBroken, match="not a database"):
        store.create_or_check()


def written_by_sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_the_tables_of_the_questions_are_those_that_the_migrations_make(tmp_path: Path) -> None:
    indexed(tmp_path / "home")
    assert ScriptDirectory(str(database.MIGRATIONS)).get_heads() == [REVISION]
    with create_engine(f"sqlite:///{Workspace(tmp_path / 'home').index_file}").connect() as connection:
        # FTS5's table is virtual, with tables of its own beside it.
        opts = {"include_name": lambda name, kind, _: kind != "table" or not (name or "").startswith("texts")}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), METADATA) == []


def test_a_store_of_an_earlier_version_is_brought_up_to_date_with_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten million events take minutes to enter; a migration takes what it changes."""
    workspace, store, _ = indexed(tmp_path / "home")
    shutil.copytree(database.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "later.py").write_text(
        "from alembic import op\n\nrevision, down_revision = 'later', '1'\n\n\n"
        "def upgrade() -> None:\n    op.execute('ALTER TABLE events ADD COLUMN size INTEGER')\n"
    )
    monkeypatch.setattr(database, "MIGRATIONS", tmp_path / "migrations")
    monkeypatch.setattr(database, "REVISION", "later")
    inode = workspace.index_file.stat().st_ino
    for _ in range(2):
        store.create_or_check()
        assert catch_up(store, workspace.events, 20, nothing) == 0
        assert len(store.find(Question(stage="merger"), 0, 21, 100, is_newest_first=False)) == 20
    assert workspace.index_file.stat().st_ino == inode
    with closing(sqlite3.connect(workspace.index_file)) as connection:
        assert (
            connection.execute("SELECT size, version_num FROM events, alembic_version").fetchall()
            == [(None, "later")] * 20
        )


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, store, _ = indexed(tmp_path / "home")
    shutil.copytree(database.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "later.py").write_text(
        "from alembic import op\n\nrevision, down_revision = 'later', '1'\n\n\n"
        "def upgrade() -> None:\n    op.execute('DROP TABLE runs')\n    op.execute('DROP TABLE nowhere')\n"
    )
    monkeypatch.setattr(database, "MIGRATIONS", tmp_path / "migrations")
    with monkeypatch.context() as updated:
        updated.setattr(database, "REVISION", "later")
        with pytest.raises(IndexBroken, match="no such table: nowhere"):
            store.create_or_check()
    store.create_or_check()
    assert store.runs(10, None) == ([], 0)


def test_a_log_whose_files_are_remembered_opens_none_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home with ten thousand runs starts without reading their files; one that changed since is read."""
    workspace, store, _ = indexed(tmp_path / "home")
    known = {name: Range(f.size, f.mtime_ns, f.first_seq, f.last_seq) for name, f in store.files().items()}
    opened: list[Any] = []
    real = os.open
    monkeypatch.setattr("os.open", lambda path, *rest: opened.append(path) or real(path, *rest))
    log = JsonlEventLog(workspace, lambda: known)
    log.open()
    assert (log.last_seq, opened) == (20, [])
    [path] = workspace.events.iterdir()
    with path.open("ab") as file:
        file.write(b'{"seq": 21, "half')
    log = JsonlEventLog(workspace, lambda: known)
    [repair] = log.open()
    assert (log.last_seq, repair.cut_bytes) == (20, 17)
    assert opened


def test_a_start_with_many_event_files_asks_the_index_and_does_without_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, _, _ = indexed(tmp_path / "home")
    monkeypatch.setattr("quarterhour.assembly._MANY_FILES", 1)
    opened: list[Any] = []
    real = os.open
    monkeypatch.setattr("os.open", lambda path, *rest: opened.append(path) or real(path, *rest))
    log = Machine.real(workspace, settings_for("Good")).log
    log.open()
    assert (log.last_seq, opened) == (20, [])
    workspace.index_file.write_bytes(b"broken" * 10_000)
    log = Machine.real(workspace, settings_for("Good")).log
    log.open()
    assert log.last_seq == 20
    assert opened == list(workspace.events.iterdir())


def test_an_event_that_was_too_large_to_keep_whole_is_indexed_like_others(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    huge = StateChanged(
        at=BEGIN, run_id="r", stage="pipeline", msg="idle → starting", data={"status": {"x": "y" * 70_000}}
    )
    log, store = JsonlEventLog(workspace), IndexStore(workspace.index_file)
    log.open()
    log.append([huge.to_record(1)])
    log.close()
    store.create_or_check()
    assert catch_up(store, workspace.events, 1, nothing) == 1
    assert store.runs(10, None) == ([], 0)


def test_a_run_is_as_the_latest_event_tells_it_whichever_file_is_entered_first(tmp_path: Path) -> None:
    """The scheduler's events tell the whole status too, and stand in another file."""
    workspace = Workspace(tmp_path)
    workspace.create()

    def told(state: str, stage: str, seq: int) -> EventRecord:
        run = {"run_id": "20251205T121500Z-aaaaaa", "state": state, "trigger": "api"}
        run_id = run["run_id"] if stage == "pipeline" else None
        data = {"status": {"run": run}}
        return StateChanged(at=BEGIN, run_id=run_id, stage=stage, msg=state, data=data).to_record(seq)

    log, store = JsonlEventLog(workspace), IndexStore(workspace.index_file)
    log.open()
    log.append([told("starting", "pipeline", 1), told("starting", "scheduler", 2), told("success", "pipeline", 3)])
    log.close()
    store.create_or_check()
    catch_up(store, workspace.events, 3, nothing)
    [run], _ = store.runs(10, None)
    assert run["state"] == "success"


def test_what_hinders_the_index_ends_nothing_and_costs_no_sound_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, too many open files, a store that another process holds: it is said once, and tried again."""

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good"), log=JsonlEventLog(Workspace(tmp_path))) as parts:
            indexer, told = parts.indexer, lambda: [r.msg for r in parts.log.read(0, 100) if "index" in r.msg]
            monkeypatch.setattr("quarterhour.indexer._GATHER_S", 0.0)
            monkeypatch.setattr("quarterhour.indexer._LATER_S", 0.0)
            running = asyncio.create_task(indexer.run())
            run = await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.idle()
            while (found := await indexer.runs(10, None)) is None or found[0][0].state is not RunState.SUCCESS:
                await asyncio.sleep(0.005)
            assert [each.run_id for each in found[0]] == [run.run_id]
            before = parts.workspace.index_file.stat().st_ino
            hindrances = {
                OSError(errno.EMFILE, "Too many open files"): parts.scheduler.pause,
                IndexUnavailable("database or disk is full"): parts.scheduler.resume,
            }
            for error, move in hindrances.items():
                with monkeypatch.context() as broken:

                    def fail(*_: object, error: Exception = error, **__: object) -> int:
                        raise error

                    broken.setattr("quarterhour.indexer.catch_up", fail)
                    await move()
                    while not any(str(error) in msg for msg in told()):
                        await asyncio.sleep(0.005)
                    # Answers come from the files meanwhile.
                    assert await indexer.events(Question(stage="good"), 0, 10_000, 10) is None
                    assert not running.done()
                while await indexer.events(Question(stage="good"), 0, 10_000, 10) is None:
                    await asyncio.sleep(0.005)
            assert len(told()) == 2
            assert parts.workspace.index_file.stat().st_ino == before
            running.cancel()

    asyncio.run(go())


@pytest.mark.slow
def test_a_server_with_a_broken_index_starts_answers_right_and_makes_another(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as server:
        runs = [server.start_run() for _ in range(1)]
        server.ended_run(runs[0])
        merged = server.get("/api/events", stage="merger", event="success")["items"]
        assert [event["run_id"] for event in merged] == runs
        server.kill()
    index = home / "automation" / "state" / "index.sqlite"
    index.write_bytes(b"broken" * 10_000)
    with serving(home, "--no-schedule") as server:
        assert server.get("/api/events", stage="merger", event="success")["items"] == merged
        run_id = server.start_run()
        server.ended_run(run_id)
        assert [run["run_id"] for run in server.get("/api/runs")["items"]] == [run_id, *runs]
        assert server.get("/api/runs", state="failed")["items"] == []
        told = [event["msg"] for event in server.get("/api/events", q="index of the event log")["items"]]
        assert "not a database" in told[0]
        assert [path.name for path in index.parent.glob("index.sqlite*damaged*")] == []
        wanted = [
            json.loads(line) for line in command(home, "events", "--stage", "merger", "--json").stdout.splitlines()
        ]
        assert wanted == server.get("/api/events", stage="merger", limit=1000)["items"]
        newest, *_ = reversed(wanted)
        for asked in ({"stage": "merger"}, {"stage": "merger", "q": "me"}):
            listed = server.get("/api/events", **asked, limit=1000)["items"]
            pages = server.get("/api/events/pages", **asked)
            # What the index has not entered yet is a page of its own.
            assert pages["items"][0]["seq"] == newest["seq"]
            assert (sum(page["count"] for page in pages["items"]), pages["next"]) == (len(listed), None)
        line = command(
            home, "events", "--level", "warning", "--grep", "INDEX", "--from", "2020-01-01", "--last", "1"
        ).stdout
        assert "pipeline.log" in line
        assert "is made anew" in line
        assert command(home, "events", "--to", "2020-01-01").stdout == ""
        answer = server.http.post("/api/reindex")
        assert answer.json()["events"] > len(merged)
        newest = server.get("/api/events", order="desc", level="info", q="index", limit=1)["items"]
        assert newest[0]["msg"] == f"The index of the event log is made: {answer.json()['events']} events"
        assert server.get("/api/events", order="desc", level="error")["items"] == []
