"""Excel workbooks: one sheet, row by row in bounded memory. What Excel cannot hold is refused or becomes text, never rounded.

Excel's limits: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3. It has no zones and no infinities, days
from 1900-03-01 to the year 9999 only, and keeps numbers as 64-bit floats of which it shows 15 digits.
"""

# XlsxWriter tells its types in part only.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from quarterhour.errors import InvalidQuery
from quarterhour.lake.column_types import MOMENT
from quarterhour.lake.duck import identifier
from quarterhour.lake.exports.neutral import begins_formula
from quarterhour.lake.exports.plan import Plan

MAX_ROWS = 1_048_576 - 1
"""Below the header."""
MAX_COLUMNS = 16_384
_MAX_CHARACTERS = 32_767
_EXACT_INTEGER = 2**53
_EXACT_DIGITS = 15
# Excel's day 0; its days before 1900-03-01 are off by one, since it takes 1900 for a leap year.
_DAYS_TO_1970 = 25_569
_FIRST_DAY = "1900-03-01"
_AFTER_LAST_DAY = "10000-01-01"
_ROWS_AT_ONCE = 2_000
_TIME_WIDTH = 27

_CLOCK_FORMATS = {
    "DATE": "yyyy-mm-dd",
    "TIMESTAMP": "yyyy-mm-dd hh:mm:ss.000",
    MOMENT: 'yyyy-mm-dd hh:mm:ss.000" UTC"',
}

Write = Callable[[int, Any], None]
"""Writes one column's value to a row."""


class _Exact(float):
    """A float that is written with all of its digits, where XlsxWriter would write 16."""

    __slots__ = ()

    def __format__(self, _: str, /) -> str:
        return float.__repr__(self)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where cells are written, and how."""

    worksheet: Worksheet
    plan: Plan
    bold: Format
    quoted: Format
    """A text cell that stays text when somebody edits it: Excel's own single quote."""
    times: dict[str, Format]

    def text(self, row: int, place: int, text: str, style: Format | None = None) -> None:
        if self.plan.request.safe and begins_formula(text):
            style = self.quoted
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes it for formatted text and would write it raw.
            told = self.worksheet.write_rich_string(row, place, text[:1], self.bold, text[1:2], text[2:])
        else:
            told = self.worksheet.write_string(row, place, text, style)
        if told == -2:
            raise InvalidQuery(
                f"{self.plan.request.dataset}: row {row}, column {list(self.plan.columns)[place]!r}: the text has more than "
                f"the {_MAX_CHARACTERS:,} characters that an Excel cell holds: leave the column out, or take csv or parquet"
            )


def refusal(plan: Plan, rows: int) -> str | None:
    """Why an Excel sheet cannot hold the export, and the way out."""
    if rows > MAX_ROWS:
        return (
            f"an Excel sheet holds {MAX_ROWS:,} rows below its header, and these are {rows:,}: take fewer with a filter (where), "
            "or take csv or parquet"
        )
    if len(plan.columns) > MAX_COLUMNS:
        return (
            f"an Excel sheet holds {MAX_COLUMNS:,} columns, and these are {len(plan.columns):,}: choose some of them (columns), "
            "or take csv or parquet"
        )
    return None


def write_xlsx(plan: Plan, path: Path, report: Callable[[int], None]) -> int:
    """Raises InvalidQuery above Excel's limits, before the file is made where that can be told."""
    if problem := refusal(plan, plan.count()):
        raise InvalidQuery(f"{plan.request.dataset}: {problem}")
    as_text = _columns_beyond_numbers(plan)
    options = {"constant_memory": True, "tmpdir": str(plan.scratch), "use_zip64": True}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        # The same export is the same file.
        workbook.set_properties({"created": plan.table.updated_at().replace(tzinfo=None)})
        sheet = _Sheet(
            workbook.add_worksheet("data"),
            plan,
            workbook.add_format({"bold": True}),
            workbook.add_format({"quote_prefix": True}),
            {kind: workbook.add_format({"num_format": told}) for kind, told in _CLOCK_FORMATS.items()},
        )
        _write_header(sheet)
        return _write_rows(sheet, as_text, report)


def _write_header(sheet: _Sheet) -> None:
    sheet.worksheet.freeze_panes(1, 0)
    for place, (name, kind) in enumerate(sheet.plan.columns.items()):
        if kind in _CLOCK_FORMATS:
            sheet.worksheet.set_column(place, place, _TIME_WIDTH)
        sheet.text(0, place, name, sheet.bold)


def _write_rows(sheet: _Sheet, as_text: frozenset[str], report: Callable[[int], None]) -> int:
    columns = sheet.plan.columns.items()
    writers = [_writer(sheet, place, kind, name in as_text) for place, (name, kind) in enumerate(columns)]
    row = 0
    for row, values in enumerate(_rows(sheet.plan), 1):
        for write, value in zip(writers, values, strict=True):
            if value is not None:
                write(row, value)
        if row % _ROWS_AT_ONCE == 0:
            report(row)
    return row


def _rows(plan: Plan) -> Iterator[tuple[Any, ...]]:
    query = f"SELECT {', '.join(_selected(name, kind) for name, kind in plan.columns.items())} {plan.source}"
    with plan.explained(query):
        result = plan.connection.execute(query)
        while rows := result.fetchmany(_ROWS_AT_ONCE):
            yield from rows


def _selected(name: str, kind: str) -> str:
    """Days and times as Excel's number of days, or as text where it has none; all else as it is."""
    column = identifier(name)
    if kind == "BLOB":
        return f"lower(hex({column}))"
    if kind not in _CLOCK_FORMATS:
        return column
    wall = f"({column} AT TIME ZONE 'UTC')" if kind == MOMENT else column
    text = f"strftime({wall}, '%Y-%m-%dT%H:%M:%S.%fZ')" if kind == MOMENT else f"{column}::VARCHAR"
    is_day = f"{wall} >= '{_FIRST_DAY}'::TIMESTAMP AND {wall} < '{_AFTER_LAST_DAY}'::TIMESTAMP"
    days = f"epoch_us({wall}::TIMESTAMP) / 86400000000 + {_DAYS_TO_1970}"
    return f"CASE WHEN {is_day} THEN union_value(day := {days}) ELSE union_value(text := {text}) END"


def _writer(sheet: _Sheet, place: int, kind: str, is_text: bool) -> Write:
    worksheet = sheet.worksheet

    def boolean(row: int, value: Any) -> None:
        worksheet.write_boolean(row, place, value)

    def integer(row: int, value: Any) -> None:
        worksheet.write_number(row, place, value)

    def number(row: int, value: Any) -> None:
        if math.isfinite(value):
            worksheet.write_number(row, place, _Exact(value))
        else:
            worksheet.write_string(row, place, str(float(value)))

    def day(row: int, value: Any) -> None:
        if isinstance(value, str):
            worksheet.write_string(row, place, value)
        else:
            worksheet.write_number(row, place, _Exact(value), sheet.times[kind])

    def text(row: int, value: Any) -> None:
        told = format(value, "f") if isinstance(value, Decimal) else str(value)
        sheet.text(row, place, told)

    if kind in _CLOCK_FORMATS:
        return day
    if is_text or kind in ("VARCHAR", "BLOB"):
        return text
    return {"BOOLEAN": boolean, "INTEGER": integer, "BIGINT": integer}.get(kind, number)


def _columns_beyond_numbers(plan: Plan) -> frozenset[str]:
    """Columns with a number that Excel would round: they become text as a whole, so that no column is half numbers."""
    tests = {name: test for name, kind in plan.columns.items() if (test := _is_beyond(identifier(name), kind))}
    if not tests:
        return frozenset()
    [found] = plan.rows_of(f"SELECT {', '.join(f'bool_or({test})' for test in tests.values())} {plan.source}")
    return frozenset(name for name, is_beyond in zip(tests, found, strict=True) if is_beyond)


def _is_beyond(column: str, kind: str) -> str | None:
    if kind == "BIGINT":
        return f"{column} > {_EXACT_INTEGER} OR {column} < -{_EXACT_INTEGER}"
    if kind.startswith("DECIMAL"):
        return f"length(trim(replace(abs({column})::VARCHAR, '.', ''), '0')) > {_EXACT_DIGITS}"
    return None
