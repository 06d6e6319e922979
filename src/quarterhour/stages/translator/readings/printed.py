"""Columns whose values, printed again, are the very texts that they were read from. Pure.

DuckDB's reader makes integers itself three times as fast as it hands over their texts, but takes '007' as 7, '1.5' as 2 and
'1_000' as 1000. Each of these is longer than the integer printed; only an exponent ('1e3') or a hexadecimal number can be as
short or shorter. So where the printed values have as many bytes as the texts had, and as many of the letters that such
numbers are written with, every text was the plain integer. For the other columns the reading itself sees to that.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from quarterhour.lake.duck import identifier, literal
from quarterhour.stages.translator.readings.forms import BIGINT, BOOLEAN, BOOLEANS, DOUBLE, SHAPES, decimal_shape
from quarterhour.stages.translator.readings.reading import TEXT, Reading

LETTERS = b"eExX"
"""A number written with one of these may be shorter than it is when printed."""
_FLOAT = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PrintedColumn:
    """How one column is read so that its values can be printed again."""

    name: str
    reading: Reading
    """With the one text that stands for no value."""
    shape: str = ""
    """Of a date or time: the pattern (LIKE) that all its texts have."""
    strange: tuple[str, ...] = ()
    """Texts that are no values in the column, but were taken for some."""

    @property
    def is_native(self) -> bool:
        """Whether the engine's reader makes the values."""
        return self.reading.type == BIGINT

    @property
    def null(self) -> str:
        return self.reading.nulls[0]

    def value(self, column: str) -> str:
        """SQL of the value, of a text column of the reader; NULL also for a text that does not fit."""
        kind = self.reading.type
        if self.is_native:
            return column
        if kind == DOUBLE:
            cast = f"TRY_CAST({column} AS DOUBLE)"
            return f"CASE WHEN CAST({cast} AS VARCHAR) = {column} AND isfinite({cast}) THEN {cast} END"
        usual = self.reading.usual(column)
        return f"CASE WHEN {column} LIKE {literal(self.shape)} THEN {usual} END" if self.shape else usual

    def length(self, column: str) -> str:
        """SQL: the bytes of all texts, from the values."""
        return f"{self._total(column, _bytes, '{}')} + (count(*) - count({column})) * {_bytes(self.null)}"

    def letters(self, column: str) -> str:
        """SQL: how many of LETTERS the texts had, from the values."""
        without = "{}"
        for letter in LETTERS.decode():
            without = f"replace({without}, '{letter}', '')"
        has_none = self.is_native or decimal_shape(self.reading.type) is not None
        total = "0"
        if not has_none:
            # A function of one column is computed once for each of its different values, and a difference for each row.
            total = f"{self._total(column, _letters, '{}')} - {self._total(column, lambda _: 0, without)}"
        return f"{total} + (count(*) - count({column})) * {_letters(self.null)}"

    def _total(self, column: str, of_text: Callable[[str], int], of_sql: str) -> str:
        """SQL: the sum of `of_text` over all texts; of those that the values only tell, as the length of `of_sql`."""
        if self.shape:
            return f"count({column}) * {of_text(self.shape)}"
        if self.reading.type == BOOLEAN:
            yes, no = map(of_text, BOOLEANS[self.reading.format or "true/false"])
            return f"(count(*) FILTER ({column}) * {yes} + count(*) FILTER (NOT {column}) * {no})"
        text = column if self.reading.type == TEXT else f"CAST({column} AS VARCHAR)"
        return f"coalesce(sum(strlen({of_sql.replace('{}', text)})), 0)"

    def doubts(self, column: str, *, has_quotes: bool) -> list[str]:
        """SQL conditions of a value that may not be what the text says."""
        if self.reading.type != TEXT:
            return []
        doubts = [f"{column} IN ({', '.join(map(literal, self.strange))})"] if self.strange else []
        return [*doubts, f"contains({column}, '\"')"] if has_quotes else doubts


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """All columns of a file, at least one of which the engine's reader makes itself."""

    columns: tuple[PrintedColumn, ...]

    @classmethod
    def of(cls, readings: Mapping[str, Reading], texts: Mapping[str, Collection[str]]) -> "PrintedTable | None":
        """By the columns' `readings` and the first rows' `texts`; None where they say that it would be in vain."""
        seen = {name: [null for null in readings[name].nulls if null in texts[name]] for name in readings}
        usual = next((nulls[0] for nulls in seen.values() if nulls), "")
        columns: list[PrintedColumn] = []
        for name, reading in readings.items():
            nulls = seen[name] or ([usual] if usual in reading.nulls else [""])
            values = [text for text in texts[name] if text not in reading.nulls]
            column = _printed(name, replace(reading, nulls=(nulls[0],)), values) if len(nulls) == 1 else None
            if column is None:
                return None
            strange = tuple(null for null in reading.nulls if null != nulls[0]) if reading.type == TEXT else ()
            columns.append(replace(column, strange=strange))
        natives = {column.null for column in columns if column.is_native}
        return cls(tuple(columns)) if len(natives) == 1 else None

    @property
    def null(self) -> str:
        """What stands for no value in the columns that the engine's reader makes."""
        return next(column.null for column in self.columns if column.is_native)

    def totals(self, *, has_quotes: bool) -> str:
        """SQL expressions over the table made: the bytes of all texts, how many LETTERS they had, and the doubtful values."""
        named = [(identifier(column.name), column) for column in self.columns]
        doubts = [doubt for name, column in named for doubt in column.doubts(name, has_quotes=has_quotes)]
        doubtful = " + ".join(f"count(*) FILTER ({doubt})" for doubt in doubts) or "0"
        lengths = " + ".join(column.length(name) for name, column in named)
        letters = " + ".join(column.letters(name) for name, column in named)
        return f"({lengths})::BIGINT, ({letters})::BIGINT, {doubtful}"


def _printed(name: str, reading: Reading, values: Sequence[str]) -> PrintedColumn | None:
    """The column where its first values are all written as the engine prints them."""
    if reading.type == TEXT:
        return PrintedColumn(name, reading)
    if reading.type in SHAPES and not reading.format:
        shape = next((s for s in SHAPES[reading.type] if all(_has_shape(text, s) for text in values)), None)
        return PrintedColumn(name, reading, shape) if shape else None
    return PrintedColumn(name, reading) if all(_is_printed(reading, text) for text in values) else None


def _is_printed(reading: Reading, text: str) -> bool:
    if reading.type == BOOLEAN:
        return text.lower() in BOOLEANS[reading.format or "true/false"]
    if reading.format:
        return False
    if reading.type == DOUBLE:
        return _FLOAT.fullmatch(text) is not None and repr(float(text)) == text
    if reading.type == BIGINT:
        return _INTEGER.fullmatch(text) is not None
    shape = decimal_shape(reading.type)
    return shape is not None and len(text.partition(".")[2]) == shape[1]


def _has_shape(text: str, shape: str) -> bool:
    return len(text) == len(shape) and all(s in ("_", c) for c, s in zip(text, shape, strict=True))


def _bytes(text: str) -> int:
    return len(text.encode())


def _letters(text: str) -> int:
    return sum(text.count(letter) for letter in LETTERS.decode())
