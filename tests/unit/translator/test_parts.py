"""A long file read in parts side by side is the file read whole."""

import csv
import io
import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_context import RecordingContext

from quarterhour.stages.translator import records, translate
from quarterhour.stages.translator.records import Dialect, count_records
from quarterhour.stages.translator.service import TranslatorService
from real_tables import flights_csv

_VALUES = st.sampled_from(["1", "", "two words", 'a "quoted" word', "line\nfeed", "comma, inside", "\r\n"])


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(_VALUES, _VALUES), min_size=1, max_size=40),
    line_end=st.sampled_from(["\n", "\r\n"]),
    piece=st.integers(1, 64),
    part=st.integers(1, 64),
    blank=st.booleans(),
)
def test_parts_are_whole_records_that_make_up_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    line_end: str,
    piece: int,
    part: int,
    blank: bool,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(("a", "b"))
    writer.writerows(rows)
    folder = tmp_path_factory.mktemp("parts")
    path = folder / "whole"
    path.write_bytes(text.getvalue().encode() + (line_end.encode() if blank else b""))
    dialect = Dialect(delimiter=",", quote='"', header=True, names=("a", "b"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_PIECE_BYTES", piece)
        total, parts = count_records(path, dialect, folder, part, lambda: None)
    assert total == len(rows)
    assert b"".join(each.path.read_bytes() for each in parts) == path.read_bytes()
    before = 0
    for place, each in enumerate(parts):
        assert each.before == before
        found = [row for row in csv.reader(io.StringIO(each.path.read_bytes().decode(), newline="")) if row]
        before += len(found) - (place == 0)
    assert before == total


def test_real_flights_in_parts_are_the_flights_whole(tmp_path: Path) -> None:
    whole, parted = (RecordingContext(tmp_path / name) for name in ("whole", "parted"))
    for context in (whole, parted):
        path = context.workspace.raw / "flights.csv"
        path.write_bytes(flights_csv())
        os.utime(path, (0, 0))
    with pytest.MonkeyPatch.context() as patch:
        TranslatorService().run(whole)
        patch.setattr(translate, "_LEAST_PART_BYTES", 1 << 20)
        TranslatorService().run(parted)
    (one,) = whole.workspace.translated.rglob("*.parquet")
    (other,) = parted.workspace.translated.rglob("*.parquet")
    difference = f"(FROM '{one}' EXCEPT ALL FROM '{other}') UNION ALL (FROM '{other}' EXCEPT ALL FROM '{one}')"
    assert duckdb.sql(difference).fetchall() == []
    assert duckdb.sql(f"SELECT count(DISTINCT _record), min(_record), max(_record) FROM '{other}'").fetchall() == [
        (336_776, 1, 336_776)
    ]
