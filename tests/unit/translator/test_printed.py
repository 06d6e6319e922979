"""What the engine's reader makes itself is what the texts say: a table read so is the table read text by text, to the bit."""

import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quarterhour.lake.quarantine import read_quarantine
from quarterhour.settings import Settings
from quarterhour.stages.translator import table, translate
from quarterhour.stages.translator.batch import TranslateReport, translate_paths
from quarterhour.stages.translator.loading import Loader
from real_tables import flights_csv

NEVER = 1 << 60
FIRST_ROWS = 4
INTEGERS = ["7", "0", "-12", "1000", "9223372036854775807", "NA"]
ODD_INTEGERS = [
    *("007", "+5", " 5", "5 ", "1.5", "1.0", "5.", ".5", "1_000", "-0", "", "N/A", "9223372036854775808", "x"),
    *("1e3", "1E3", "12e-1", "0x1F", "0XFFFFFFFFFF", "0xE8D4A51000", "0b11", "--5", "1e", "e1", "٣"),
]
TEXTS = [
    "a",
    "e",
    "9E",
    "0x1",
    "NA",
    "",
    "N/A",
    "two words",
    "é",
    "1e3",
    'a "quoted" word',
    "in, side",
    "line\nfeed",
    "\r",
    "\r\n",
]
COLUMNS = {
    "whole": (INTEGERS, ODD_INTEGERS),
    "text": (["a", "bee", "9E", "NA"], TEXTS),
    "money": (["1.50", "-0.25", "NA"], ["1.5", "1.505", "+1.50", "1e2", "1_0.50"]),
    "float": (["0.1", "1e-05", "5.0", "NA"], ["5", "1e5", "1.50", "inf", "nan", "0x1p3"]),
    "flag": (["true", "false", "NA"], ["TRUE", "yes", " true", "1"]),
    "day": (["2024-02-29", "NA"], ["2024-2-9", "2024-02-30", "infinity", "2024-02-29 BC"]),
    "moment": (["2024-02-29T10:00:00Z", "NA"], ["2024-02-29 10:00:00Z", "2024-02-29T10:00:00", "2024-02-29T10:00Z"]),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """The first rows are plain, so that the engine is trusted with the others."""
    names = ["whole", *draw(st.lists(st.sampled_from(list(COLUMNS)[1:]), unique=True, max_size=3))]
    first = [[draw(st.sampled_from(COLUMNS[name][0])) for name in names] for _ in range(FIRST_ROWS)]
    is_odd = st.integers(0, 9).map(lambda number: number == 0)
    rest = [
        [draw(st.sampled_from(COLUMNS[name][draw(is_odd)])) for name in names] for _ in range(draw(st.integers(0, 12)))
    ]
    return [names, ["7", *first[0][1:]], *first[1:], *rest]


def written(rows: list[list[str]], line_end: str, *, quotes_all: bool, has_last_end: bool) -> bytes:
    text = io.StringIO(newline="")
    style = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=line_end, quoting=style).writerows(rows)
    content = text.getvalue()
    return (content if has_last_end else content.removesuffix(line_end)).encode()


Made = tuple[TranslateReport, list[tuple[Any, ...]], list[Any]]


def made(path: Path, out: Path, least_bytes: int, first_rows: int = FIRST_ROWS) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "LEAST_PRINTED_BYTES", least_bytes)
        patch.setattr(translate, "_SAMPLE_ROWS", first_rows)
        [report] = translate_paths([path], out, "auto", Settings())
    assert report.status == "translated", report.error
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute("SELECT * FROM read_parquet(?) ORDER BY _record", [report.output]).fetchall()
    aside = out / f"{path.name}.quarantine.jsonl"
    return report, rows, list(read_quarantine(aside)) if aside.exists() else []


@pytest.mark.slow
@settings(max_examples=25)
@given(
    rows=tables(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quotes_all=st.booleans(),
    has_last_end=st.booleans(),
)
# Their lengths make up for one another.
@example(rows=[["whole"], *[["7"]] * 5, ["1e3"], ["1e3"], ["1.5"]], line_end="\n", quotes_all=False, has_last_end=True)
@example(
    rows=[["whole", "n"], *[["7", "7"]] * 5, ["0xE8D4A51000", "1.5"]],
    line_end="\n",
    quotes_all=False,
    has_last_end=True,
)
@example(
    rows=[["whole", "text"], *[["7", "a"]] * 5, ["007", '"""a""']], line_end="\n", quotes_all=True, has_last_end=True
)
@example(
    rows=[["whole", "text"], *[["7", "a"]] * 5, ["007", "\r\r"]], line_end="\r\n", quotes_all=True, has_last_end=True
)
@example(rows=[["whole", "text"], *[["7", "NA"]] * 5, ["007", ""]], line_end="\n", quotes_all=False, has_last_end=True)
def test_a_table_is_the_same_whoever_makes_its_values(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    line_end: str,
    *,
    quotes_all: bool,
    has_last_end: bool,
) -> None:
    folder = tmp_path_factory.mktemp("printed")
    path = folder / "x.csv"
    path.write_bytes(written(rows, line_end, quotes_all=quotes_all, has_last_end=has_last_end))
    by_text, by_engine = made(path, folder / "text", NEVER), made(path, folder / "engine", 0)
    assert repr(by_engine[1:]) == repr(by_text[1:])
    assert (by_engine[0].columns, by_engine[0].notes) == (by_text[0].columns, by_text[0].notes)


def printed_tables(patch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Receives what each table that the engine's reader made adds up to."""
    found: list[tuple[int, int, int]] = []
    totals = Loader.printed_totals

    def told(self: Loader, *arguments: Any, **options: Any) -> tuple[int, int, int]:
        found.append(totals(self, *arguments, **options))
        return found[-1]

    patch.setattr(Loader, "printed_totals", told)
    return found


@pytest.mark.parametrize(("line_end", "quotes_all"), [("\n", False), ("\r\n", True)])
def test_real_flights_are_made_by_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line_end: str, *, quotes_all: bool
) -> None:
    rows = list(csv.reader(flights_csv().decode().splitlines()[:3001]))
    path = tmp_path / "flights.csv"
    path.write_bytes(written(rows, line_end, quotes_all=quotes_all, has_last_end=True))
    by_text = made(path, tmp_path / "text", NEVER, 1000)
    found = printed_tables(monkeypatch)
    by_engine = made(path, tmp_path / "engine", 0, 1000)
    [(length, letters, doubts)] = found
    assert length == sum(len(cell.encode()) for row in rows[1:] for cell in row)
    assert letters == sum(cell.count(letter) for row in rows[1:] for cell in row for letter in "eExX")
    assert doubts == 0
    assert by_engine[1:] == by_text[1:]


def test_a_text_that_the_engine_would_alter_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes(b"code,name\n" + b"7,a\n" * 50 + b"007,a\n")
    found = printed_tables(monkeypatch)
    report, rows, _ = made(path, tmp_path / "out", 0)
    assert found == [(51 + 51, 0, 0)]
    assert report.columns[0]["type"] == "VARCHAR"
    assert rows[-1][0] == "007"
