"""Each format, read back by readers that are not ours: nothing is lost, rounded or taken for something else."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas
import polars
import pyarrow.feather
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put
from stage_context import RecordingContext
from workbooks import read_workbook

from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake.exports import xlsx
from quarterhour.lake.exports.making import check_export, export_to_file
from quarterhour.lake.exports.neutral import FORMULA_STARTS, neutralised
from quarterhour.lake.exports.request import ExportRequest
from quarterhour.stages.merger import MergerService

TEXT = "a, text"


def export(context: RecordingContext, folder: Path, request: ExportRequest) -> Path:
    out = folder / f"out.{request.format}"
    version, rows = export_to_file(context.workspace, request, out)
    check = check_export(context.workspace, context.settings, request)
    assert (check.version, check.rows) == (version, rows)
    assert list(context.workspace.scratch.iterdir()) == []
    return out


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_csv_holds_each_value_as_the_documentation_says(troubles: RecordingContext, tmp_path: Path) -> None:
    path = export(troubles, tmp_path, ExportRequest("troubles", "csv"))
    first, second, third, fourth, fifth, *_ = rows = read_csv(path)
    assert len(rows) == 9
    assert list(first) == ["k", TEXT, "f", "b", "d", "day", "ts", "moment", "big", "wide", "raw"]
    assert first["moment"] == "2024-02-29T07:04:56.789012Z"
    assert datetime.fromisoformat(first["moment"]) == datetime(2024, 2, 29, 7, 4, 56, 789012, UTC)
    assert (first["ts"], first["day"], first["raw"]) == ("2024-02-29 12:34:56.789012", "2024-02-29", "61")
    assert (first["big"], first["wide"], first["d"]) == ("9007199254740993", "123456789012345.678", "12.50")
    assert (second[TEXT], second["f"], third["f"], second["raw"]) == ('=1+2";=1+2', "nan", "-inf", "ff")
    assert third[TEXT] == 'line one\nline, "two"'
    assert float(fourth["f"]) == 0.1 + 0.2
    assert fifth[TEXT] == ""
    lines = path.read_bytes().decode().split("\n")
    assert lines[6].startswith('5,"",')
    assert lines[7].startswith("6,,")


def test_parquet_and_arrow_hold_the_table_itself(troubles: RecordingContext, tmp_path: Path) -> None:
    table = polars.read_delta(str(troubles.workspace.table("troubles"))).drop("_file", "_record").sort("k")
    parquet = polars.read_parquet(export(troubles, tmp_path, ExportRequest("troubles", "parquet")))
    path = export(troubles, tmp_path, ExportRequest("troubles", "arrow"))
    arrow = polars.read_ipc(path)
    for taken in (parquet, arrow):
        assert taken.schema == table.schema
        assert taken.equals(table)
    assert pandas.read_feather(path)["k"].tolist() == list(range(1, 10))
    assert pyarrow.feather.read_table(path).schema.field("wide").type == pyarrow.decimal128(20, 3)


def test_a_workbook_holds_each_value_as_the_documentation_says(troubles: RecordingContext, tmp_path: Path) -> None:
    book = read_workbook(export(troubles, tmp_path, ExportRequest("troubles", "xlsx")))
    head, first, second, third, fourth, fifth, sixth, seventh, *_ = book.rows
    assert [cell.text for cell in head.values()][:3] == ["k", TEXT, "f"]
    assert (first["A"].kind, first["A"].text, first["D"].kind, first["D"].text) == ("n", "1", "b", "1")
    # Days since 1899-12-30.
    assert float(first["F"].text) == 45351
    moment = 45351 + (7 * 3600 + 4 * 60 + 56.789012) / 86400
    assert float(first["H"].text) == pytest.approx(moment, abs=1e-11)
    assert book.formats[first["H"].style] == 'yyyy-mm-dd hh:mm:ss.000" UTC"'
    assert book.formats[first["G"].style] == "yyyy-mm-dd hh:mm:ss.000"
    # A column that Excel would round somewhere is text everywhere.
    assert [row["I"] for row in (first, second)] == [
        type(first["I"])("inlineStr", "9007199254740993"),
        type(first["I"])("inlineStr", "-5"),
    ]
    assert (first["J"].kind, first["J"].text, second["J"].text) == ("inlineStr", "123456789012345.678", "1.500")
    assert (first["E"].kind, first["E"].text) == ("n", "12.5")
    # What Excel has no number for is text.
    assert [second[letter].text for letter in "CFGH"] == [
        "nan",
        "1899-12-31",
        "1850-01-01 00:00:00",
        "1850-01-01T00:00:00.000000Z",
    ]
    assert (third["C"].kind, third["C"].text, third["F"].text) == ("inlineStr", "-inf", "2958465.0")
    assert (second["B"].kind, second["B"].text) == ("inlineStr", '=1+2";=1+2')
    assert third["B"].text == 'line one\nline, "two"'
    assert fourth["B"].text == "<r>x</r>"
    assert float(fourth["C"].text) == 0.1 + 0.2
    assert (fifth["B"].kind, fifth["B"].text, "B" in sixth) == ("inlineStr", "", False)
    assert seventh["B"].text == "äöü 漢字 😀\x01"


def test_the_same_workbook_is_the_same_file(troubles: RecordingContext, tmp_path: Path) -> None:
    first, second = (export(troubles, tmp_path, ExportRequest("troubles", "xlsx")).read_bytes() for _ in range(2))
    assert first == second


def test_formulas_are_neutralised_on_request_only_and_numbers_never(troubles: RecordingContext, tmp_path: Path) -> None:
    plain = read_csv(export(troubles, tmp_path, ExportRequest("troubles", "csv")))
    path = export(troubles, tmp_path, ExportRequest("troubles", "csv", safe=True))
    safe = read_csv(path)
    assert [row[TEXT] for row in safe] == [neutralised(row[TEXT]) for row in plain]
    # OWASP's own example.
    assert '"\'=1+2"";=1+2"' in path.read_text()
    assert (safe[1]["d"], safe[1]["big"], safe[8][TEXT]) == ("-3.00", "-5", "'-5")
    book = read_workbook(export(troubles, tmp_path, ExportRequest("troubles", "xlsx", safe=True)))
    assert [row["B"].style in book.quoted for row in (book.rows[2], book.rows[8], book.rows[9])] == [True, True, True]
    assert (book.rows[2]["B"].text, book.rows[1]["B"].style in book.quoted) == ('=1+2";=1+2', False)
    with pytest.raises(InvalidQuery, match="parquet holds no formulas"):
        ExportRequest("troubles", "parquet", safe=True)


@pytest.mark.slow
@settings(max_examples=6)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=100))
def test_any_text_comes_back_and_none_begins_a_formula(texts: list[str]) -> None:
    with _table(texts) as context:
        folder = context.workspace.home
        request = ExportRequest("texts", "csv")
        back = [row["s"] for row in read_csv(export(context, folder, request))]
        assert back == texts
        safe = [row["s"] for row in read_csv(export(context, folder, ExportRequest("texts", "csv", safe=True)))]
        assert safe == [neutralised(text) for text in texts]
        assert not any(text.startswith(tuple(FORMULA_STARTS)) for text in safe)
        _, *rows = read_workbook(export(context, folder, ExportRequest("texts", "xlsx"))).rows
        assert [row["B"].text for row in rows] == texts


@contextmanager
def _table(texts: list[str]) -> Iterator[RecordingContext]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        context = RecordingContext(Path(name))
        rows = ", ".join(f"({number}, '{text.replace(chr(39), chr(39) * 2)}')" for number, text in enumerate(texts))
        put(context, "texts", f"SELECT * FROM (VALUES {rows}) t(k, s)", "one")
        MergerService().run(context)
        yield context


def test_versions_columns_and_filters_are_as_asked_for(troubles: RecordingContext, tmp_path: Path) -> None:
    old = export(troubles, tmp_path, ExportRequest("troubles", "parquet", version=1, columns=("f,k", TEXT)))
    assert polars.read_parquet(old).columns == ["f", "k", TEXT]
    assert polars.read_parquet(old)["k"].to_list() == [1, 2, 3, 4, 5]
    lineage = polars.read_parquet(
        export(troubles, tmp_path, ExportRequest("troubles", "parquet", columns=("_record", "k")))
    )
    assert lineage["_record"].to_list() == [1, 2, 3, 4, 5, 1, 2, 3, 4]
    few = export(
        troubles, tmp_path, ExportRequest("troubles", "csv", columns=("k",), where="big IS NOT NULL -- and so on")
    )
    assert [row["k"] for row in read_csv(few)] == ["1", "2", "4"]
    none = export(troubles, tmp_path, ExportRequest("troubles", "arrow", where="k > 100"))
    assert (polars.read_ipc(none).height, polars.read_ipc(none).width) == (0, 11)


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"columns": ("k", "no,nor")}, InvalidQuery, "there is no 'no', 'nor'; there are k, "),
        ({"columns": ("k", "k")}, InvalidQuery, "k is named twice"),
        ({"version": 3}, InvalidQuery, "no version 3: give one from 0 to 2"),
        ({"dataset": "absent"}, UnknownDataset, "no merged table is named 'absent'"),
    ],
)
def test_what_is_not_there_is_told(
    troubles: RecordingContext, tmp_path: Path, change: dict[str, object], error: type[Exception], told: str
) -> None:
    request = {"dataset": "troubles", "format": "csv"} | change
    out = tmp_path / "out.csv"
    out.write_text("what was there before")
    with pytest.raises(error, match=told):
        export_to_file(troubles.workspace, ExportRequest(**request), out)  # pyright: ignore[reportArgumentType]
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "what was there before"


def test_a_workbook_beyond_excels_limits_is_refused_with_the_way_out(
    troubles: RecordingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The real limits take minutes to reach: the bench does.
    monkeypatch.setattr(xlsx, "MAX_ROWS", 8)
    request = ExportRequest("troubles", "xlsx")
    with pytest.raises(
        InvalidQuery, match=r"8 rows below its header, and these are 9: take fewer .* or take csv or parquet"
    ):
        export_to_file(troubles.workspace, request, tmp_path / "out.xlsx")
    assert "these are 9" in (check_export(troubles.workspace, troubles.settings, request).refusal or "")
    export(troubles, tmp_path, ExportRequest("troubles", "xlsx", where="k < 9"))
    monkeypatch.setattr(xlsx, "MAX_COLUMNS", 10)
    with pytest.raises(InvalidQuery, match=r"10 columns, and these are 11: choose some"):
        export_to_file(troubles.workspace, ExportRequest("troubles", "xlsx", where="k < 9"), tmp_path / "out.xlsx")


@pytest.mark.parametrize(("text", "fits"), [("x" * 32_767, True), ("😀" * 16_384, False), ("x" * 32_768, False)])
def test_a_text_longer_than_a_cell_is_refused_with_its_place(tmp_path: Path, text: str, fits: bool) -> None:
    with _table(["short", text]) as context:
        request = ExportRequest("texts", "xlsx")
        if fits:
            book = read_workbook(export(context, tmp_path, request))
            assert book.rows[2]["B"].text == text
            return
        with pytest.raises(
            InvalidQuery, match=r"texts: row 2, column 's': the text has more than the 32,767 characters"
        ):
            export_to_file(context.workspace, request, tmp_path / "out.xlsx")


def test_decimals_are_numbers_up_to_fifteen_digits(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    sql = (
        "SELECT 123456789012345.000::DECIMAL(20,3) AS fits, 0.0000123456789012345::DECIMAL(30,20) AS small, "
        "1234567890123456::DECIMAL(20,3) AS beyond, -9007199254740992::BIGINT AS most"
    )
    put(context, "numbers", sql, "one")
    MergerService().run(context)
    [_, row] = read_workbook(export(context, tmp_path, ExportRequest("numbers", "xlsx"))).rows
    assert [row[letter].kind for letter in "ABCD"] == ["n", "n", "inlineStr", "n"]
    assert Decimal(row["A"].text) == 123456789012345
    assert float(row["B"].text) == 0.0000123456789012345
    assert (row["C"].text, int(row["D"].text)) == ("1234567890123456.000", -9007199254740992)
    assert date(1899, 12, 30).toordinal() + 45351 == date(2024, 2, 29).toordinal()
