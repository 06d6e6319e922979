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

from quarterhour.stages.translator import table
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.stages.translator.structure import counting
from quarterhour.stages.translator.structure.counting import Body, count_records
from real_tables import flights_csv


def rows_and_blank(rows: list[tuple[str, str]], line_end: str) -> str:
    """The rows with an empty line after the first, and one at the end."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(rows[0])
    text.write(line_end)
    writer.writerows([*rows[1:], ("last", "row")])
    return text.getvalue() + line_end


_VALUES = st.sampled_from(["1", "", "two words", 'a "quoted" word', "line\nfeed", "comma, inside", "\r\n"])


@settings(max_examples=200)
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
    writer.writerows(rows)
    content = text.getvalue()
    if blank:
        content = rows_and_blank(rows, line_end)
    folder = tmp_path_factory.mktemp("parts")
    path = folder / "x.csv"
    path.write_bytes(content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_PIECE_BYTES", piece)
        body = Body(path, 0, path.stat().st_size, 1)
        counted = count_records(body, '"', folder, part, lambda: None)
    if blank:
        # Counted as a record, which it is not: so the text is found not to balance, and read record by record.
        assert counted.records == len(rows) + 2
        return
    assert counted.records == sum(1 for row in csv.reader(io.StringIO(content, newline="")) if row)
    found = b"".join(each.path.read_bytes() for each in counted.parts)
    assert found == content.encode()
    for each in counted.parts:
        assert each.records == sum(
            1 for row in csv.reader(io.StringIO(each.path.read_bytes().decode(), newline="")) if row
        )
        assert content.encode()[: each.skipped].count(b"\n") == each.line - 1


@pytest.mark.slow
def test_real_flights_in_parts_are_the_flights_whole(tmp_path: Path) -> None:
    whole, parted = (RecordingContext(tmp_path / name) for name in ("whole", "parted"))
    for context in (whole, parted):
        path = context.workspace.raw / "flights.csv"
        path.write_bytes(flights_csv())
        os.utime(path, (0, 0))
    with pytest.MonkeyPatch.context() as patch:
        TranslatorService().run(whole)
        patch.setattr(table, "LEAST_PART_BYTES", 1 << 20)
        TranslatorService().run(parted)
    (one,) = whole.workspace.translated.rglob("*.parquet")
    (other,) = parted.workspace.translated.rglob("*.parquet")
    difference = f"(FROM '{one}' EXCEPT ALL FROM '{other}') UNION ALL (FROM '{other}' EXCEPT ALL FROM '{one}')"
    assert duckdb.sql(difference).fetchall() == []
    assert duckdb.sql(f"SELECT count(DISTINCT _record), min(_record), max(_record) FROM '{other}'").fetchall() == [
        (336_776, 1, 336_776)
    ]
