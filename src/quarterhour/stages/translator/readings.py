"""How a column's texts are read as values: one pattern for Python and SQL, the value's SQL, and safe widening. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from quarterhour.lake.column_types import widened
from quarterhour.lake.duck import literal
from quarterhour.stages.translator.number_texts import NumberFormat, number_format
from quarterhour.stages.translator.time_texts import (
    DATE,
    ISO,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    ZONE_PATTERN,
    TimeFormat,
    in_calendar,
    time_format,
)

TEXT = "VARCHAR"
BOOLEAN = "BOOLEAN"
BIGINT = "BIGINT"
DOUBLE = "DOUBLE"

# What may stand around a typed value: what DuckDB's casts skip, and the space that does not break.
BLANKS = " \t\n\v\f\r\u00a0"

BOOLEANS = {
    "true/false": ("true", "false"),
    "yes/no": ("yes", "no"),
    "on/off": ("on", "off"),
    "y/n": ("y", "n"),
    "t/f": ("t", "f"),
}
EPOCHS = {"epoch_s": 1, "epoch_ms": 1000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
EPOCH_FIRST, EPOCH_LAST = 631_152_000, 4_102_444_800  # 1990 and 2100, in seconds

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_INTEGER = r"\+?0|[+-]?[1-9]\d*"
_FLOAT = r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NOT_FINITE = r"[+-]?(?:inf|Inf|INF|infinity|Infinity)|-?(?:nan|NaN|NAN)"
# How programs print a double so that it can be read back.
_PRINTED = (".16g", ".17g", ".15e", ".16e", ".17e", ".18e")
_EXACT_DIGITS = 15
_SMALLEST, _LARGEST = 2.3e-308, 1.79e308


class UnknownReading(ValueError):
    """No such type or format."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to read texts: Python's test of a trimmed text, and SQL's of a column as it stands."""

    pattern: re.Pattern[str]
    exact: Callable[[str], bool]
    """Whether a text that matches is a value exactly: the calendar, the digits that a type holds."""
    strict: Callable[[str], str]

    def fits(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None and self.exact(text)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column's texts become values of a DuckDB type. `format` is "" for the plain form; `nulls` stand for no value."""

    type: str
    format: str = ""
    nulls: tuple[str, ...] = ("",)

    @staticmethod
    def of(type_name: str, format_name: str = "", nulls: tuple[str, ...] = ("",)) -> "Reading":
        """The reading; raises UnknownReading."""
        reading = Reading(type_name, format_name, nulls)
        if type_name != TEXT:
            form(type_name, format_name)
        return reading

    def strict(self, column: str) -> str:
        """SQL: the value; NULL for a null text and for one that does not fit."""
        if self.type == TEXT:
            return f"CASE WHEN {self.is_null(column)} THEN NULL ELSE {column} END"
        found = form(self.type, self.format)
        sql = found.strict(column)
        values = [text for text in self.nulls if found.fits(text.strip(BLANKS))]
        return (
            f"CASE WHEN NOT {Reading(self.type, '', tuple(values)).is_null(column)} THEN {sql} END" if values else sql
        )

    value = strict

    def is_null(self, column: str) -> str:
        """SQL, never NULL: whether the text stands for no value. Blanks around it count in a text column only."""
        text = column if self.type == TEXT else trimmed(column)
        tests = " OR ".join(f"{text} = {literal(null)}" for null in self.nulls)
        if len(self.nulls) > 1:
            tests = f"{text} IN ({', '.join(map(literal, self.nulls))})"
        return f"({column} IS NULL OR {tests})" if tests else f"({column} IS NULL)"

    def fits(self, column: str, value: str | None = None) -> str:
        """SQL, never NULL: whether the text is a null text or a value. `value` is a name that `strict` was given."""
        if self.type == TEXT:
            return "true"
        return f"({value or self.strict(column)} IS NOT NULL OR {self.is_null(column)})"

    def holds(self, text: str) -> bool:
        """What `fits` says of one text."""
        if self.type == TEXT:
            return True
        text = text.strip(BLANKS)
        return text in self.nulls or form(self.type, self.format).fits(text)


def trimmed(column: str) -> str:
    return f"trim({column}, {literal(BLANKS)})"


def _always(_: str) -> bool:
    return True


@lru_cache(maxsize=1024)
def form(type_name: str, format_name: str) -> Form:
    """The form of a reading; raises UnknownReading."""
    found: Form | None = None
    if type_name == BOOLEAN:
        found = _boolean(format_name)
    elif format_name in EPOCHS and type_name == TIMESTAMPTZ:
        found = _epoch(format_name)
    elif type_name in ISO:
        found = _iso(type_name) if format_name == "" else _local(type_name, time_format(format_name))
    elif numbers := number_format(format_name):
        found = _number(type_name, numbers)
    if found is None:
        raise UnknownReading(f"no reading of {type_name} is written {format_name!r}")
    return found


def _matching(pattern: str, column: str, value: Callable[[str], str]) -> str:
    """SQL: the value of a text that matches when trimmed."""
    text = trimmed(column)
    return f"WHEN regexp_full_match({text}, {literal(pattern)}) THEN {value(text)}"


def _try_cast(type_name: str) -> Callable[[str], str]:
    return lambda text: f"TRY_CAST({text} AS {type_name})"


def _boolean(name: str) -> Form | None:
    words = BOOLEANS.get(name or "true/false")
    if words is None:
        return None
    true, false = ({word, word.upper(), word.capitalize()} for word in words)
    pattern = "|".join(sorted(true | false))

    def strict(column: str) -> str:
        yes, no = (f"({', '.join(map(literal, sorted(words)))})" for words in (true, false))
        text = trimmed(column)
        return f"CASE WHEN {text} IN {yes} THEN true WHEN {text} IN {no} THEN false END"

    return Form(re.compile(pattern), _always, strict)


def _epoch(name: str) -> Form:
    scale = EPOCHS[name]
    first, last = EPOCH_FIRST * scale, EPOCH_LAST * scale
    exact_in_microseconds = scale <= EPOCHS["epoch_us"]

    def exact(text: str) -> bool:
        return first <= int(text) <= last and (exact_in_microseconds or text.endswith("000"))

    def strict(column: str) -> str:
        number = form(BIGINT, "").strict(column)
        micros = f"({number}) * {1_000_000 // scale}" if exact_in_microseconds else f"({number}) // 1000"
        whole = "" if exact_in_microseconds else f" AND ({number}) % 1000 = 0"
        return f"CASE WHEN ({number}) BETWEEN {first} AND {last}{whole} THEN make_timestamptz({micros}) END"

    return Form(re.compile(_INTEGER), exact, strict)


def _number(type_name: str, numbers: NumberFormat) -> Form | None:
    decimal = _DECIMAL.fullmatch(type_name)
    if decimal:
        build = _decimal(int(decimal[1]), int(decimal[2]))
    elif type_name == BIGINT:
        build = _INTEGER_FORM
    elif type_name == DOUBLE:
        build = _DOUBLE_FORM
    else:
        return None
    if not numbers.name:
        return build
    pattern = re.compile(numbers.pattern)

    def strict(column: str) -> str:
        return f"CASE {_matching(pattern.pattern, column, lambda text: build.strict(numbers.plain_sql(text)))} END"

    if numbers.unit == "%":
        return _percent(type_name, numbers, pattern) if decimal else None
    return Form(pattern, lambda text: build.fits(numbers.plain(text)), strict)


def _percent(type_name: str, numbers: NumberFormat, pattern: re.Pattern[str]) -> Form | None:
    decimal = _DECIMAL.fullmatch(type_name)
    if not decimal or int(decimal[2]) < 2:
        return None
    precision, scale = int(decimal[1]), int(decimal[2])
    shape = re.compile(_decimal_pattern(precision - scale + 2, scale - 2))

    def written(text: str) -> str:
        return numbers.plain(text).removesuffix("e-2")

    def strict(column: str) -> str:
        def value(text: str) -> str:
            plain = numbers.plain_sql(text)
            number = f"replace({plain}, 'e-2', '')"
            return f"CASE WHEN regexp_full_match({number}, {literal(shape.pattern)}) THEN TRY_CAST({plain} AS {type_name}) END"

        return f"CASE {_matching(pattern.pattern, column, value)} END"

    return Form(pattern, lambda text: shape.fullmatch(written(text)) is not None, strict)


def _plain_integer() -> Form:
    def strict(column: str) -> str:
        cast = f"TRY_CAST({column} AS BIGINT)"
        # DuckDB's own cast takes '1.5', '1e3', '007' too. To write the number again is cheaper than a pattern.
        return f"CASE WHEN CAST({cast} AS VARCHAR) = {column} THEN {cast} {_matching(_INTEGER, column, _try_cast(BIGINT))} END"

    def exact(text: str) -> bool:
        return len(text) < 19 or -(2**63) <= int(text) < 2**63

    return Form(re.compile(_INTEGER), exact, strict)


def _decimal_pattern(whole: int, scale: int) -> str:
    digits = rf"0|[1-9]\d{{0,{whole - 1}}}" if whole else "0"
    return (
        rf"[+-]?(?:(?:{digits})(?:\.\d{{0,{scale}}}0*)?|\.\d{{1,{scale}}}0*)"
        if scale
        else rf"[+-]?(?:{digits})(?:\.0*)?"
    )


@lru_cache(maxsize=256)
def _decimal(precision: int, scale: int) -> Form:
    if not 0 <= scale <= precision <= 38 or precision == 0:
        raise UnknownReading(f"DuckDB has no DECIMAL({precision},{scale})")
    type_name = f"DECIMAL({precision},{scale})"
    pattern = _decimal_pattern(precision - scale, scale)

    def strict(column: str) -> str:
        cast = f"TRY_CAST({column} AS {type_name})"
        again = f"CAST({cast} AS VARCHAR) = {column}"
        return f"CASE WHEN {again} THEN {cast} {_matching(pattern, column, _try_cast(type_name))} END"

    return Form(re.compile(pattern), _always, strict)


def _plain_double() -> Form:
    return Form(re.compile(f"{_FLOAT}|{_NOT_FINITE}"), is_exact_double, _strict_double)


def _strict_double(column: str) -> str:
    value = f"TRY_CAST({column} AS DOUBLE)"
    # At most 15 digits, no separator that DuckDB skips, no leading zero, no overflow: exact without a look at each character.
    short = (
        f"strlen({column}) <= 16 AND (({column} >= '1' AND {column} < ':') OR starts_with({column}, '0.') "
        f"OR ({column} >= '-1' AND {column} < '-:') OR starts_with({column}, '-0.')) "
        f"AND NOT contains({column}, '_') AND abs({value}) BETWEEN 1e-290 AND 1e290"
    )
    text = trimmed(column)
    cast = f"TRY_CAST({text} AS DOUBLE)"
    digits = f"strlen(trim(replace(regexp_extract({text}, '[0-9.]+'), '.', ''), '0'))"
    in_range = f"abs({cast}) BETWEEN {_SMALLEST} AND {_LARGEST}"
    printed = " OR ".join(f"format('{{:{how}}}', {cast}) = {text}" for how in _PRINTED)
    exact = (
        f"{digits} = 0 OR ({digits} <= {_EXACT_DIGITS} AND {in_range}) "
        f"OR (isfinite({cast}) AND (CAST({cast} AS VARCHAR) = {text} OR {printed}))"
    )
    return (
        f"CASE WHEN {short} THEN {value} WHEN {column} IN ('0', '0.0', '0.00') THEN 0.0::DOUBLE "
        f"WHEN regexp_full_match({text}, {literal(_FLOAT)}) THEN CASE WHEN {exact} THEN {cast} END "
        f"WHEN regexp_full_match({text}, {literal(_NOT_FINITE)}) THEN {cast} END"
    )


def is_exact_double(text: str) -> bool:
    """Whether a text that matches says what a double holds: few digits, or just the digits that a program prints of it."""
    if len(text) <= _EXACT_DIGITS + 1 and "e" not in text and "E" not in text:
        return True
    number = float(text)
    if number != number or text.lstrip("+-")[:1] in "iI":
        return True
    digits = re.search(r"[0-9.]+", text)
    significant = len(digits[0].replace(".", "").strip("0")) if digits else 0
    if significant == 0:
        return True
    size = abs(number)
    if significant <= _EXACT_DIGITS:
        return _SMALLEST <= size <= _LARGEST or repr(number) == text
    return size != float("inf") and (repr(number) == text or any(format(number, how) == text for how in _PRINTED))


_INTEGER_FORM = _plain_integer()
_DOUBLE_FORM = _plain_double()

# The usual shapes of the plain form, which need no pattern: what is cast successfully and has the shape is the value.
_SHAPES = {
    DATE: ("____-__-__",),
    TIMESTAMP: ("____-__-__ __:__:__", "____-__-__T__:__:__"),
    TIMESTAMPTZ: ("____-__-__T__:__:__Z",),
    TIME: ("__:__", "__:__:__"),
}


def _iso(type_name: str) -> Form:
    pattern = re.compile(ISO[type_name])
    instant = _zoned(str)

    def value(text: str) -> str:
        return instant(text) if type_name == TIMESTAMPTZ else f"TRY_CAST({_pointed(text)} AS {type_name})"

    def strict(column: str) -> str:
        shapes = " OR ".join(f"{column} LIKE {literal(shape)}" for shape in _SHAPES[type_name])
        after = "'0001'" if type_name != TIME else "'0'"
        before = "':'" if type_name != TIME else "'24'"
        usual = f"({shapes}) AND {column} >= {after} AND {column} < {before}"
        rest = _matching(pattern.pattern, column, value)
        return f"CASE WHEN {usual} THEN TRY_CAST({column} AS {type_name}) {rest} END"

    return Form(pattern, _always if type_name == TIME else partial(in_calendar, pattern), strict)


def _pointed(text: str) -> str:
    return f"replace({text}, ',', '.')"


def _zoned(local: Callable[[str], str]) -> Callable[[str], str]:
    """SQL: an instant from a local time and what follows it. `local` makes DuckDB's own notation of the local time."""
    zone_at_end = literal(rf"(?:{ZONE_PATTERN})$")

    def value(text: str) -> str:
        here = local(_pointed(f"regexp_replace({text}, {zone_at_end}, '')"))
        zone = f"ltrim(regexp_extract({text}, {zone_at_end}))"
        moment = f"TRY_CAST({here} || CASE WHEN {zone} IN ('UTC', 'GMT') THEN 'Z' ELSE {zone} END AS TIMESTAMPTZ)"
        named = f"TRY_CAST({here} || ' ' || {zone} AS TIMESTAMPTZ)"
        # A named zone's clock skips an hour or has it twice: such a time is no instant, or two.
        once = (
            f"timezone({zone}, {named}) = TRY_CAST({here} AS TIMESTAMP) "
            f"AND timezone({zone}, {named} - INTERVAL 1 HOUR) <> TRY_CAST({here} AS TIMESTAMP) "
            f"AND timezone({zone}, {named} + INTERVAL 1 HOUR) <> TRY_CAST({here} AS TIMESTAMP)"
        )
        return f"CASE WHEN NOT contains({zone}, '/') THEN {moment} WHEN {named} IS NOT NULL AND {once} THEN {named} END"

    return value


def _local(type_name: str, times: TimeFormat | None) -> Form | None:
    expected = {
        DATE: (True, False, False),
        TIMESTAMP: (True, True, False),
        TIMESTAMPTZ: (True, True, True),
        TIME: (False, True, False),
    }
    if times is None or (bool(times.date), bool(times.clock), times.zone) != expected[type_name]:
        return None
    pattern = re.compile(times.pattern)
    formats = f"[{', '.join(map(literal, times.strptime))}]"

    def parsed(text: str) -> str:
        return f"try_strptime({_pointed(text) if times.clock and ',' not in times.date else text}, {formats})"

    instant = _zoned(lambda text: f"CAST({parsed(text)} AS VARCHAR)")

    def value(text: str) -> str:
        return instant(text) if type_name == TIMESTAMPTZ else f"CAST({parsed(text)} AS {type_name})"

    def strict(column: str) -> str:
        return f"CASE {_matching(pattern.pattern, column, value)} END"

    return Form(pattern, partial(in_calendar, pattern) if times.date else _always, strict)


def widen(known_type: str, found: Reading) -> Reading | None:
    """The reading for a column of `known_type` whose texts in this file call for `found`; None where none is safe."""
    if known_type in (found.type, TEXT):
        return found if known_type == found.type else Reading(TEXT, "", found.nulls)
    wider = widened(known_type, found.type)
    if wider is None or found.type == TEXT:
        return None
    return Reading(wider, found.format, found.nulls)
