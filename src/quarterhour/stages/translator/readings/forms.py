"""The forms of typed values: for each type and format one pattern for Python and SQL, and the SQL of the value. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from quarterhour.lake.duck import literal
from quarterhour.stages.translator.readings.number_texts import PERCENT, NumberFormat, number_format
from quarterhour.stages.translator.readings.time_texts import (
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

# What may stand around a typed value: what DuckDB's casts skip.
BLANKS = " \t\n\v\f\r"
_BLANKS = r"[ \t\n\v\f\r]*"

BOOLEANS = {
    "true/false": ("true", "false"),
    "yes/no": ("yes", "no"),
    "on/off": ("on", "off"),
    "y/n": ("y", "n"),
    "t/f": ("t", "f"),
    "ja/nein": ("ja", "nein"),
    "wahr/falsch": ("wahr", "falsch"),
    "oui/non": ("oui", "non"),
    "vrai/faux": ("vrai", "faux"),
    "si/no": ("si", "no"),
    "sí/no": ("sí", "no"),
    "sim/não": ("sim", "não"),
    "tak/nie": ("tak", "nie"),
    "да/нет": ("да", "нет"),
}
EPOCHS = {"epoch_s": 1, "epoch_ms": 1000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
EPOCH_FIRST, EPOCH_LAST = 631_152_000, 4_102_444_800  # 1990 and 2100, in seconds

_INTEGER_RANGES = {
    prefix + name: (0 if prefix else -(2 ** (bits - 1)), 2 ** (bits if prefix else bits - 1) - 1)
    for name, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32), ("BIGINT", 64))
    for prefix in ("", "U")
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
INTEGER_PATTERN = r"\+?0|[+-]?[1-9]\d*"
_FLOAT = r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NOUGHT = r"[+-]?(?:0(?:\.0*)?|\.0+)(?:[eE][+-]?\d{1,3})?"
_NOT_FINITE = r"[+-]?(?:inf|Inf|INF|infinity|Infinity)|-?(?:nan|NaN|NAN)"
# How programs print a double so that it can be read back.
_PRINTED = (".16g", ".17g", ".15e", ".16e", ".17e", ".18e")
EXACT_DIGITS = 15
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
    usual: Callable[[str], str] | None = None
    """SQL of the value where the text is written as most are, else NULL: short, since a file's first try is with it."""

    def fits(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None and self.exact(text)


def trimmed(column: str) -> str:
    return f"trim({column}, {literal(BLANKS)})"


def _compiled(pattern: str) -> re.Pattern[str]:
    # Only the digits that RE2 knows.
    return re.compile(pattern, re.ASCII)


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

    return Form(_compiled(pattern), _always, strict)


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

    return Form(_compiled(INTEGER_PATTERN), exact, strict)


def decimal_shape(type_name: str) -> tuple[int, int] | None:
    """Precision and scale."""
    match = _DECIMAL.fullmatch(type_name)
    return (int(match[1]), int(match[2])) if match else None


def _number(type_name: str, numbers: NumberFormat) -> Form | None:
    shape = decimal_shape(type_name)
    if numbers.unit == PERCENT:
        return _percent(*shape, numbers) if shape and shape[1] >= 2 else None
    if shape:
        build = _decimal(*shape)
    elif type_name in _INTEGER_RANGES:
        build = _integer(type_name)
    elif type_name == DOUBLE:
        build = _DOUBLE_FORM
    else:
        return None
    if not numbers.name:
        return build
    pattern = _compiled(numbers.pattern)

    def strict(column: str) -> str:
        return f"CASE {_matching(pattern.pattern, column, lambda text: build.strict(numbers.plain_sql(text)))} END"

    return Form(pattern, lambda text: build.fits(numbers.plain(text)), strict)


def _percent(precision: int, scale: int, numbers: NumberFormat) -> Form:
    """The hundredth part of the number, exactly."""
    pattern = _compiled(numbers.pattern)
    shape = _compiled(_decimal_pattern(precision - scale + 2, scale - 2))

    def written(text: str) -> str:
        return numbers.plain(text).removesuffix("e-2")

    def value(text: str) -> str:
        plain = numbers.plain_sql(text)
        number = f"replace({plain}, 'e-2', '')"
        cast = f"TRY_CAST({plain} AS DECIMAL({precision},{scale}))"
        return f"CASE WHEN regexp_full_match({number}, {literal(shape.pattern)}) THEN {cast} END"

    def strict(column: str) -> str:
        return f"CASE {_matching(pattern.pattern, column, value)} END"

    return Form(pattern, lambda text: shape.fullmatch(written(text)) is not None, strict)


@lru_cache
def _integer(type_name: str) -> Form:
    low, high = _INTEGER_RANGES[type_name]

    def exact(text: str) -> bool:
        return (type_name == BIGINT and len(text) < 19) or low <= int(text) <= high

    strict = partial(_strict_number, type_name, INTEGER_PATTERN)
    return Form(_compiled(INTEGER_PATTERN), exact, strict, partial(_usual_number, type_name))


def _usual_number(type_name: str, column: str) -> str:
    cast = f"TRY_CAST({column} AS {type_name})"
    return f"CASE WHEN CAST({cast} AS VARCHAR) = {column} THEN {cast} END"


def _strict_number(type_name: str, pattern: str, column: str) -> str:
    """SQL: a cast that takes nothing but what `pattern` says: DuckDB's own takes '1.5' as 2, '1e3', '007', '1_000'.

    To write the number again and compare is cheaper than a pattern. Whatever is written twice here DuckDB computes once,
    but for every row: what is dear stands once.
    """
    cast = f"TRY_CAST({column} AS {type_name})"
    return (
        f"CASE WHEN {cast} IS NULL THEN NULL WHEN CAST({cast} AS VARCHAR) = {column} THEN {cast} "
        f"WHEN {_matches(pattern, column)} THEN {cast} END"
    )


def _matches(pattern: str, column: str) -> str:
    return f"regexp_full_match({column}, {literal(f'{_BLANKS}(?:{pattern}){_BLANKS}')})"


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

    return Form(
        _compiled(pattern), _always, partial(_strict_number, type_name, pattern), partial(_usual_number, type_name)
    )


def _plain_double() -> Form:
    return Form(_compiled(f"{_FLOAT}|{_NOT_FINITE}"), is_exact_double, _strict_double, _usual_double)


def _usual_double(column: str) -> str:
    value = f"TRY_CAST({column} AS DOUBLE)"
    return f"CASE {' '.join(f'WHEN {case} THEN {value}' for case in _usual_cases(column, value))} END"


def _usual_cases(column: str, value: str) -> tuple[str, ...]:
    short = f"strlen({column}) <= 16 AND NOT contains({column}, '_')"
    # At most 15 digits, no sign that DuckDB skips, no leading zero, neither overflow nor underflow: exact without a pattern.
    return (
        f"{value} BETWEEN 1 AND 1e15 AND {column} >= '1' AND {short}",
        f"{value} BETWEEN -1e15 AND -1 AND {column} >= '-1' AND {short}",
        f"{value} BETWEEN 1e-300 AND 1 AND starts_with({column}, '0.') AND {short}",
        f"{value} BETWEEN -1 AND -1e-300 AND starts_with({column}, '-0.') AND {short}",
        f"{value} = 0 AND {column} IN ('0', '0.0', '0.00')",
        f"CAST({value} AS VARCHAR) = {column} AND isfinite({value})",
    )


def _strict_double(column: str) -> str:
    value = f"TRY_CAST({column} AS DOUBLE)"
    digits = f"strlen(trim(replace(regexp_extract({column}, '[0-9.]+'), '.', ''), '0'))"
    few = f"{digits} BETWEEN 1 AND {EXACT_DIGITS} AND abs({value}) BETWEEN {_SMALLEST} AND {_LARGEST}"
    printed = ", ".join(f"format('{{:{how}}}', {value})" for how in _PRINTED)
    rest = (
        f"{few} AND {_matches(_FLOAT, column)}",
        f"{_matches(_NOUGHT, column)}",
        f"isfinite({value}) AND {_matches(_FLOAT, column)} AND {trimmed(column)} IN (CAST({value} AS VARCHAR), {printed})",
        f"NOT isfinite({value}) AND {_matches(_NOT_FINITE, column)}",
    )
    cases = " ".join(f"WHEN {case} THEN {value}" for case in (*_usual_cases(column, value), *rest))
    return f"CASE WHEN {value} IS NULL THEN NULL {cases} END"


def is_exact_double(text: str) -> bool:
    """Whether a text that matches says what a double holds: few digits, or just the digits that a program prints of it."""
    if len(text) <= EXACT_DIGITS and "e" not in text and "E" not in text:
        return True
    number = float(text)
    if number != number or text.lstrip("+-")[:1] in "iI":
        return True
    digits = re.search(r"[0-9.]+", text)
    significant = len(digits[0].replace(".", "").strip("0")) if digits else 0
    if significant == 0:
        return True
    size = abs(number)
    if significant <= EXACT_DIGITS:
        return _SMALLEST <= size <= _LARGEST or repr(number) == text
    return size != float("inf") and (repr(number) == text or any(format(number, how) == text for how in _PRINTED))


_DOUBLE_FORM = _plain_double()

# The usual shapes of the plain form, which need no pattern: what is cast successfully and has the shape is the value.
SHAPES = {
    DATE: ("____-__-__",),
    TIMESTAMP: ("____-__-_____:__:__",),
    TIMESTAMPTZ: ("____-__-_____:__:__Z", "____-__-_____:__:__+00:00", "____-__-_____:__:__+00"),
    TIME: ("__:__:__", "__:__"),
}
_SHORTEST = {DATE: 8, TIMESTAMP: 8, TIMESTAMPTZ: 8, TIME: 4}


def _iso(type_name: str) -> Form:
    pattern = _compiled(ISO[type_name])
    # The first character is a digit, and the year not 0000, which DuckDB takes for 1 BC.
    first, beyond = ("0", "24") if type_name == TIME else ("0001", ":")
    instant = _zoned(str)

    def value(text: str) -> str:
        return instant(text) if type_name == TIMESTAMPTZ else f"TRY_CAST({_pointed(text)} AS {type_name})"

    def usual(column: str) -> str:
        return " ".join(
            f"WHEN {column} LIKE {literal(shape)} AND {column} >= '{first}' AND {column} < '{beyond}' "
            f"THEN TRY_CAST({column} AS {type_name})"
            for shape in SHAPES[type_name]
        )

    def strict(column: str) -> str:
        none = f"WHEN strlen({column}) < {_SHORTEST[type_name]} THEN NULL"
        return f"CASE {usual(column)} {none} WHEN {_matches(pattern.pattern, column)} THEN {value(trimmed(column))} END"

    exact = _always if type_name == TIME else partial(in_calendar, pattern)
    return Form(pattern, exact, strict, lambda column: f"CASE {usual(column)} END")


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
    pattern = _compiled(times.pattern)
    formats = f"[{', '.join(map(literal, times.strptime))}]"

    def parsed(text: str) -> str:
        return f"try_strptime({_pointed(text) if times.clock and ',' not in times.date else text}, {formats})"

    instant = _zoned(lambda text: f"CAST({parsed(text)} AS VARCHAR)")

    def value(text: str) -> str:
        return instant(text) if type_name == TIMESTAMPTZ else f"CAST({parsed(text)} AS {type_name})"

    def strict(column: str) -> str:
        return f"CASE {_matching(pattern.pattern, column, value)} END"

    return Form(pattern, partial(in_calendar, pattern) if times.date else _always, strict)
