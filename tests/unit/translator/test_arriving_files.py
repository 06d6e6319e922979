"""Files as they arrive: markers, writers, names of any kind, and the same content again."""

import gzip
import io
import os
import sqlite3
import sys
import zipfile
from pathlib import Path

import orjson
import pytest
from arriving import ABC, drop, find, run, said
from stage_context import RecordingContext

from quarterhour.engines.context import plain
from quarterhour.lake.arrivals import fingerprint, readable
from quarterhour.lake.ledger import Input, InputState, Sighting
from quarterhour.lake.quarantine import read_quarantine


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


# Markers


@pytest.mark.parametrize("marker", ["x.csv.gz.done", "x.csv.done", "x.done"])
def test_with_a_marker_a_file_waits_for_it_and_for_nothing_else(tmp_path, marker):
    context = RecordingContext(tmp_path, {"inputs": {"marker": ".done", "after": "archive"}})
    path = drop(context, "x.csv.gz", gzip.compress(ABC), age_s=0)
    drop(context, "other.done", b"")
    result = run(context)
    assert (result["files_processed"], result["settling_files"]) == (0, 1)
    drop(context, marker, b"anything", age_s=0)
    result = run(context)
    assert (result["files_processed"], result["settling_files"]) == (1, 0)
    archived = context.workspace.archive / context.run_id
    assert sorted(entry.name for entry in archived.iterdir()) == sorted(["x.csv.gz", marker])
    assert not path.exists()


def test_a_marker_of_two_files_goes_with_the_last(tmp_path):
    context = RecordingContext(tmp_path, {"inputs": {"marker": ".ok", "after": "archive"}})
    drop(context, "x.csv", ABC)
    drop(context, "x.tsv", b"a\tb\n1\t2\n")
    drop(context, "x.ok", b"")
    assert run(context)["files_processed"] == 2
    assert list(context.workspace.raw.iterdir()) == []


# Writers elsewhere


@pytest.mark.skipif(sys.platform not in ("linux", "win32"), reason="the system does not tell")
def test_a_file_that_is_open_for_writing_is_left_alone(context):
    path = drop(context, "x.csv", ABC)
    with path.open("ab"):
        assert run(context)["settling_files"] == 1
    with path.open("rb"):
        assert run(context)["files_processed"] == 1


# The same content


def test_content_is_known_under_any_name_and_a_skip_is_told(context):
    drop(context, "b.csv", ABC)
    run(context)
    drop(context, "a.csv", ABC)
    drop(context, "b.csv", ABC, age_s=30)
    assert run(context)["skipped_files"] == 2
    assert said(context, "info") == [
        "a.csv: skipped: same content as b.csv",
        "b.csv: skipped: its content has not changed",
    ]
    assert run(context)["skipped_files"] == 0


def test_of_twins_in_one_run_the_first_by_name_counts(tmp_path):
    context = RecordingContext(tmp_path, {"inputs": {"after": "archive"}})
    for name in ("c.csv", "a.csv", "b.csv"):
        drop(context, name, ABC)
    result = run(context)
    assert (result["files_processed"], result["skipped_files"], result["rows"]) == (1, 2, 2)
    assert [file["file"] for file in result["files"]] == ["a.csv"]
    assert list(context.workspace.raw.iterdir()) == []


def test_files_are_accounted_for_in_the_order_of_their_names(context):
    """With keys, the row of the later file stands: whichever thread was quicker."""
    names = [f"x/{number:02d}.csv" for number in range(12)]
    for number, name in enumerate(names):
        drop(
            context,
            name,
            b"id,n\n" + b"".join(b"%d,%d\n" % (i, number) for i in range(30_000 if number % 5 == 0 else 2)),
        )
    run(context)
    with context.lake.ledger() as ledger:
        assert [entry.name for entry in ledger.pending()] == names


@pytest.mark.slow
def test_many_files_are_skipped_in_few_transactions(context):
    for number in range(200):
        drop(context, f"x/{number}.csv", b"a,b\n%d,1\n" % number)
    run(context)
    for number in range(200):
        drop(context, f"x/{number}.csv", b"a,b\n%d,1\n" % number, age_s=30)
    assert run(context)["skipped_files"] == 200
    assert run(context)["skipped_files"] == 0


# Names

NAMES = {
    "spaces": b" a  b .csv",
    "quotes": b'it\'s "x".csv',
    "emoji": "👩‍💻 naïve.csv".encode(),
    "255 bytes": b"n" * 251 + b".csv",
    "newline": b"two\nlines.csv",
    "control": b"red\x1b[31m.csv",
    "not UTF-8": b"caf\xe9.csv",
    "glob": b"x[1]*?{a}.csv",
    "backslash": b"a\\b.csv",
    "percent": b"100%20.csv",
    "dash": b"-rf.csv",
    "semicolon": b"x;DROP TABLE y.csv",
    "folder": b"caf\xe9\n/x'y.csv",
}


@pytest.mark.skipif(sys.platform != "linux", reason="names that Windows and macOS refuse")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("is_packed", [False, True])
def test_any_name_is_safe_in_events_ledger_quarantine_and_archive(tmp_path, name, is_packed):
    context = RecordingContext(tmp_path, {"inputs": {"after": "archive"}})
    content = b"a,b,c\n1,x,2.5\n2\n" + b"5,k,1\n" * 50
    # A neighbour that a glob would take as well.
    drop(context, "x1aa.csv", b"p\n1\n2\n")
    drop(context, name, gzip.compress(content) if is_packed else content)
    mark = fingerprint(context.workspace.raw / os.fsdecode(name))
    result = run(context)
    assert (result["files_processed"], result["failed_files"], result["records"]) == (2, 0, 54)
    shown = readable(os.fsdecode(name))
    with context.lake.ledger() as ledger:
        entry = ledger.find(mark)
    assert (entry.name, entry.records) == (shown, 52)
    assert shown.encode().decode().splitlines() == [shown]
    for level, msg, data in context.lines:
        orjson.dumps({"level": level, "msg": msg, "data": plain(data)})
    if entry.quarantined:
        [aside] = read_quarantine(context.workspace.quarantine_file(entry.dataset, mark))
        assert aside.file == shown
    archived = os.fsencode(context.workspace.archive / context.run_id) + b"/" + name
    assert Path(os.fsdecode(archived)).exists()
    assert list(context.workspace.scratch.iterdir()) == []
    # All that was made stands in the folders made for it.
    assert {path.parts[0] for path in (p.relative_to(tmp_path) for p in tmp_path.rglob("*"))} == {"data", "automation"}


@pytest.mark.skipif(sys.platform != "linux", reason="names that Windows and macOS refuse")
def test_a_file_with_a_name_that_is_not_unicode_can_fail_too(context):
    path = drop(context, b"caf\xe9.csv", bytes(range(256)) * 40)
    assert run(context)["failed_files"] == 1
    orjson.dumps(context.lines)
    assert context.errors()[0].startswith("caf\\xe9.csv: ")
    assert find(context, path).state is InputState.QUARANTINED


def test_links_out_of_the_folder_are_not_read(context, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_bytes(ABC)
    (context.workspace.raw / "out.csv").symlink_to(outside)
    (context.workspace.raw / "up").symlink_to(outside.parent)
    (context.workspace.raw / "ledger.csv").symlink_to(context.workspace.ledger_file)
    assert run(context)["files_processed"] == 0
    assert outside.exists()


@pytest.mark.parametrize(
    "member", ["../../evil.csv", "/evil.csv", "a/../../../evil.csv", "..\\evil.csv", "c:\\evil.csv"]
)
def test_a_path_in_an_archive_leads_nowhere(context, tmp_path, member):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, ABC)
    drop(context, "x.zip", packed.getvalue())
    before = {path.parent for path in tmp_path.parent.rglob("*evil*")}
    assert run(context)["rows"] == 2
    assert {path.parent for path in tmp_path.parent.rglob("*evil*")} == before == set()


def test_an_archived_file_never_takes_the_place_of_another(tmp_path):
    context = RecordingContext(tmp_path, {"inputs": {"after": "archive"}})
    drop(context, "x.csv", ABC)
    run(context)
    drop(context, "x.csv", b"id,name\n9,z\n")
    run(context)
    assert sorted(path.read_bytes() for path in context.workspace.archive.rglob("x.csv")) == sorted(
        [ABC, b"id,name\n9,z\n"]
    )


def test_a_file_that_was_put_aside_whole_is_not_archived(tmp_path):
    context = RecordingContext(tmp_path, {"inputs": {"after": "archive"}})
    path = drop(context, "junk.csv", bytes(range(256)) * 40)
    run(context)
    run(context)
    assert path.exists()


def test_what_was_detected_of_a_file_is_in_its_event(context):
    drop(context, "x.csv", "# made by hand\nnäme;n\nü;1\nö;2\nä;3\n".encode("utf-16"))
    run(context)
    [data] = [data for _, msg, data in context.lines if msg == "x.csv: 3 rows, 0 quarantined"]
    assert (data["encoding"], data["delimiter"], data["header"], data["tables"]) == ("utf-16-le", ";", True, 1)
    assert data["columns"] == {"näme": "VARCHAR", "n": "BIGINT"}
    assert [(line["line"], line["text"]) for line in data["lines"]] == [(1, "# made by hand")]


# The ledger of an older home


def test_a_ledger_of_the_first_kind_goes_on_working(context):
    old = """
        CREATE TABLE inputs (position INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL UNIQUE,
            dataset TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL, records INTEGER NOT NULL,
            rows INTEGER NOT NULL, quarantined INTEGER NOT NULL, run_id TEXT NOT NULL, translated_at TEXT NOT NULL,
            merged_run_id TEXT, message TEXT NOT NULL DEFAULT '');
        CREATE TABLE sightings (name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            fingerprint TEXT NOT NULL);
    """
    path = drop(context, "x.csv", ABC)
    mark, status = fingerprint(path), path.stat()
    with sqlite3.connect(context.workspace.ledger_file) as connection:
        connection.executescript(old)
        connection.execute(
            "INSERT INTO inputs VALUES (7, ?, 'x', 'x.csv', ?, 'merged', 2, 2, 0, 'r', 't', 'r', '')",
            (mark, status.st_size),
        )
        connection.execute(
            "INSERT INTO sightings VALUES ('x.csv', ?, ?, ?)", (status.st_size, status.st_mtime_ns, mark)
        )
    connection.close()
    with context.lake.ledger() as ledger, context.lake.ledger() as again:
        expected = Input(mark, "x", "x.csv", status.st_size, InputState.MERGED, 2, 2, 0, "r", "t", "r")
        assert ledger.find(mark) == again.find(mark) == expected
        assert ledger.sightings() == {"x.csv": Sighting("x.csv", status.st_size, status.st_mtime_ns, mark)}
    assert run(context)["files_processed"] == 0
    drop(context, "x.csv", ABC + b"3,c\n", age_s=30)
    assert run(context)["rows"] == 1
