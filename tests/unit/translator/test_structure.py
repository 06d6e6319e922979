"""Where a text's table lies and how its fields are parted: one small text a rule."""

import zipfile
from pathlib import Path

import duckdb
import pytest
from stage_context import RecordingContext
from test_contracts import drop, made

from quarterhour.stages.translator.batch import TranslateReport, translate_paths
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.stages.translator.structure.layout import find_layout

_ROWS = "1;x;3\n4;y;6\n"


@pytest.mark.parametrize(
    ("text", "names", "first", "notes"),
    [
        ("a;b;c\n" + _ROWS, "a b c", "1;x;3", []),
        (_ROWS, "column_1 column_2 column_3", "1;x;3", []),
        ("Flights of 2013\n\na;b;c\n" + _ROWS, "a b c", "1;x;3", ["preamble"]),
        ("Station: JFK\nYear: 2013\n\na;b;c\n" + _ROWS, "a b c", "1;x;3", ["preamble", "preamble"]),
        ("Station;JFK\nYear;2013\nUnit;F\n\na;b;c\n" + _ROWS, "a b c", "1;x;3", ["preamble"] * 3),
        ("Report;;\n;;\na;b;c\n" + _ROWS, "a b c", "1;x;3", ["preamble"]),
        ("# made by hand\na;b;c\n1;x;3\n# half way\n4;y;6\n", "a b c", "1;x;3", ["comment", "comment"]),
        ("# made by hand\n# a;b;c\n" + _ROWS, "a b c", "1;x;3", ["comment"]),
        ("a;b;c\n" + _ROWS + "\nSource: BTS\n", "a b c", "1;x;3", ["footer"]),
        ("a;b;c\n" + _ROWS + "Total;;9\n", "a b c", "1;x;3", ["footer"]),
        ("dep;dep;\ntime;delay;carrier\n1;2;AA\n3;4;BB\n", "dep time|dep delay|carrier", "1;2;AA", []),
        ("a;b;c;\n1;x;3;\n4;y;6;\n", "a b c", "1;x;3;", []),
        ("a;b;c\nr1;1;x;3\nr2;4;y;6\n", "column_1 a b c", "r1;1;x;3", []),
        ("a;;c\n1;;3\n4;;6\n", "a column_2 c", "1;;3", []),
        ("a;a;A\n" + _ROWS, "a a_2 A_3", "1;x;3", []),
        ("country;1952;1957;1962\nChad;1.5;2.5;3\nMali;4;5;6\n", "country 1952 1957 1962", "Chad;1.5;2.5;3", []),
    ],
)
def test_the_table_is_found(text: str, names: str, first: str, notes: list[str]) -> None:
    layout = find_layout(text.encode(), is_whole=True)
    assert layout.names == tuple(names.split("|") if "|" in names else names.split(" "))
    assert text.encode()[layout.start :].split(b"\n")[0].decode() == first
    assert [note.kind for note in layout.notes] == notes


@pytest.mark.parametrize(
    ("text", "delimiter", "quote", "escape"),
    [
        ('a,b\n1,"x, y"\n2,z\n', ",", '"', '"'),
        ("a\tb\n1\tx\n2\ty\n", "\t", '"', '"'),
        ("a||b||c\n1||||3\n2||y||\n", "||", '"', '"'),
        ("a~|~b~|~c\n1~|~x~|~3\n", "~|~", '"', '"'),
        ("a\x1fb\x1fc\n1\x1fx\x1f3\n2\x1fy\x1f4\n", "\x1f", '"', '"'),
        ("a b c\n1 x 3\n2 y 4\n", " ", '"', '"'),
        ("a;b\n1,5;x\n2,5;y\n", ";", '"', '"'),
        ("a,b\n1,'x, y'\n2,'z'\n", ",", "'", "'"),
        ("a;b\n1;“x; y”\n2;“z”\n", ";", "“”", ""),
        ('a,b\n1,"say \\"hi\\", x"\n2,"y"\n', ",", '"', "\\"),
        ('id,size\n1,5" disk\n2,3" disk\n', ",", "", ""),
        ("time\n2013-01-01 05:00:00\n2013-01-01 06:00:00\n", "", '"', '"'),
        ("city\nNew York\nLos Angeles\nSan Diego\n", "", '"', '"'),
    ],
)
def test_the_dialect_is_found(text: str, delimiter: str, quote: str, escape: str) -> None:
    dialect = find_layout(text.encode(), is_whole=True).dialect
    assert (dialect.delimiter, dialect.quote, dialect.escape) == (delimiter, quote, escape)


def translated(tmp_path: Path, name: str, content: bytes) -> TranslateReport:
    path = tmp_path / name
    path.write_bytes(content)
    [report] = translate_paths([path], tmp_path / "out")
    assert report.error is None
    return report


def values(report: TranslateReport) -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT * EXCLUDE (_file, _record) FROM '{report.output}' ORDER BY _record").fetchall()


def test_another_table_is_put_aside_as_one_of_its_own(tmp_path: Path) -> None:
    report = translated(tmp_path, "two.csv", b"a,b,c\n1,x,3\n4,y,6\n\nd,e\n1,x\n2,y\n3,z\n")
    assert values(report) == [(1, "x", 3), (4, "y", 6)]
    [aside] = report.tables
    assert (aside["columns"], aside["records"]) == ({"d": "BIGINT", "e": "VARCHAR"}, 3)
    assert duckdb.sql(f"SELECT d, e FROM '{aside['output']}' ORDER BY _record").fetchall() == [
        (1, "x"),
        (2, "y"),
        (3, "z"),
    ]
    assert any("another table" in note for note in report.notes)


def test_a_table_far_behind_the_first_bytes_is_not_taken_for_ragged_records(tmp_path: Path) -> None:
    body = b"".join(b"%d,text %d,2024-01-01\n" % (n, n) for n in range(10_000))
    report = translated(tmp_path, "far.csv", b"a,b,c\n" + body + b"\nd,e\n1,x\n2,y\n")
    assert (report.records, report.rows, report.quarantined) == (10_000, 10_000, 0)
    assert [table["records"] for table in report.tables] == [2]


def test_members_of_an_archive_with_the_same_columns_make_one_table(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", "a,b\n1,x\n2,y")
        archive.writestr("../two.csv", "a,b\n3,z\n")
        archive.writestr("other.csv", "when,what\n2024-01-01,rain\n")
        archive.writestr("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
    report = translated(tmp_path, "x.zip", path.read_bytes())
    assert values(report) == [(1, "x"), (2, "y"), (3, "z")]
    assert [(table["member"], table["records"]) for table in report.tables] == [("other.csv", 1)]
    assert any("photo.png" in note for note in report.notes)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "x.zip"]


def test_a_file_unlike_the_one_before_it_is_not_read_like_it(tmp_path: Path) -> None:
    """What the last file of the dataset was like is tried first; the next one may only seem to be so."""
    context = RecordingContext(tmp_path)
    first = drop(context, "bars/1.csv", b"n,s\n1,a\n2,b\n")
    quoted = drop(context, "bars/2.csv", b"n,s\n1,'c'\n2,'d'\n")
    noted = drop(context, "bars/3.csv", b"n,s\n3,e\n\nSource: hand\n")
    nulls = drop(context, "bars/4.csv", b"n,s\nNULL,f\n-5,\n")
    result = TranslatorService().run(context)
    assert result.data["rows"] == 7
    assert made(context, first) == [(1, "a"), (2, "b")]
    assert made(context, quoted) == [(1, "c"), (2, "d")]
    assert made(context, noted) == [(3, "e")]
    assert made(context, nulls) == [(None, "f"), (-5, None)]
