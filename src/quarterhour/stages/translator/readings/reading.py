"""How a column's texts are read as values: the SQL of value, null and misfit, and which reading a known column allows. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from quarterhour.lake.column_types import widened
from quarterhour.lake.duck import literal
from quarterhour.stages.translator.readings.forms import (
    BIGINT,
    BLANKS,
    DOUBLE,
    EPOCHS,
    UnknownReading,
    decimal_shape,
    form,
    trimmed,
)
from quarterhour.stages.translator.readings.number_texts import number_format
from quarterhour.stages.translator.readings.time_texts import CLOCK_24, DATE, ISO, TIMESTAMP, canonical_time

TEXT = "VARCHAR"
_NOT_A_NUMBER = ("NaN", "nan")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column's texts become values of a DuckDB type. `format` is "" for the plain form; `nulls` stand for no value."""

    type: str
    format: str = ""
    nulls: tuple[str, ...] = ("",)

    @staticmethod
    def of(type_name: str, format_name: str = "", nulls: tuple[str, ...] = ("",)) -> "Reading":
        """The reading as a contract names it, its format in quarterhour's notation; raises UnknownReading."""
        if type_name == TEXT:
            if format_name:
                raise UnknownReading(f"text has no format: {format_name!r}")
            return Reading(TEXT, "", nulls)
        if type_name in ISO and format_name not in EPOCHS:
            format_name = canonical_time(format_name)
        elif format_name == "true/false":
            format_name = ""
        elif numbers := number_format(format_name):
            format_name = numbers.name
        form(type_name, format_name)
        return Reading(type_name, format_name, nulls)

    def strict(self, column: str) -> str:
        """SQL: the value; NULL for a null text and for one that does not fit."""
        if self.type == TEXT:
            longest = max((len(null.encode()) for null in self.nulls), default=0)
            differs = _differs(column, self.nulls) or "true"
            return f"CASE WHEN strlen({column}) > {longest} THEN {column} WHEN {differs} THEN {column} END"
        found = form(self.type, self.format)
        sql = found.strict(column)
        values = [null for null in self.nulls if found.fits(null)]
        return f"CASE WHEN {_differs(trimmed(column), values)} THEN {sql} END" if values else sql

    def usual(self, column: str) -> str:
        """SQL, shorter than `strict`: the value of a text written as most are; NULL for others, though they may fit."""
        found = form(self.type, self.format) if self.type != TEXT else None
        return found.usual(column) if found and found.usual else self.strict(column)

    def is_null(self, column: str) -> str:
        """SQL, never NULL: whether the text stands for no value. Blanks around it count in a text column only."""
        if not self.nulls:
            return f"({column} IS NULL)"
        differs = _differs(column, self.nulls)
        if self.type != TEXT:
            differs += f" AND {trimmed(column)} NOT IN ({', '.join(map(literal, self.nulls))})"
        return f"CASE WHEN {differs} THEN false ELSE true END"

    def fits(self, column: str, value: str | None = None) -> str:
        """SQL, never NULL: whether the text is a null text or a value. `value` names a column that holds `strict(column)`."""
        if self.type == TEXT:
            return "true"
        # CASE and not OR: DuckDB computes both sides of an OR in a projection.
        return f"CASE WHEN {value or self.strict(column)} IS NOT NULL THEN true ELSE {self.is_null(column)} END"

    def holds(self, text: str) -> bool:
        """What `fits` says of one text."""
        if self.type == TEXT:
            return True
        text = text.strip(BLANKS)
        return text in self.nulls or form(self.type, self.format).fits(text)


def _differs(text: str, nulls: Iterable[str]) -> str:
    """SQL: whether the text is none of `nulls`. One comparison after the other is faster than IN."""
    return " AND ".join(f"{text} <> {literal(null)}" for null in nulls)


def widen(known_type: str, found: Reading, unfit: Collection[tuple[str, str]] = ()) -> Reading | None:
    """The reading for a column of `known_type` whose texts in this file call for `found`; None where none is safe.

    Its type is the known one or a wider one. Whether each text fits it exactly is for `fits` to say; what did not
    hold is then given as `unfit`, of types and formats.
    """
    if known_type == TEXT:
        return Reading(TEXT, "", tuple(null for null in found.nulls if null not in _NOT_A_NUMBER))
    if found.type == TEXT:
        return None
    # Integers that were taken for moments or days by the column's name.
    if known_type in (BIGINT, DOUBLE) and (found.format in EPOCHS or found.format == "%Y%m%d"):
        found = Reading(BIGINT, "", found.nulls)
    candidates = [known_type] if known_type == found.type or _may_hold(known_type, found.type) else []
    candidates += [wider] if (wider := widened(known_type, found.type)) else []
    for type_name in candidates:
        with_clock = found.type == DATE and type_name == TIMESTAMP and found.format
        format_name = f"{found.format} {CLOCK_24}" if with_clock else found.format
        if (type_name, format_name) not in unfit and _known(type_name, format_name):
            return Reading(type_name, format_name, found.nulls)
    return None


def _may_hold(known_type: str, found_type: str) -> bool:
    """Whether the known type may hold the values exactly though its name does not promise it."""
    known, found = decimal_shape(known_type), decimal_shape(found_type)
    if known:
        return found_type in (BIGINT, DOUBLE) or (found is not None and found[1] <= known[1])
    return known_type == DOUBLE and found is not None


def _known(type_name: str, format_name: str) -> bool:
    try:
        form(type_name, format_name)
    except UnknownReading:
        # A percentage is a decimal only.
        return False
    return True
