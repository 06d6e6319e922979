"""Column types: when a text fits one, its value, and which type a column's texts call for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

NULL_TOKENS = ("", "NA", "N/A", "n/a", "NULL", "null", "None", "#N/A", "-", r"\N")
TEXT = "VARCHAR"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _matches(pattern: str, type_name: str) -> Callable[[str], str]:
    return lambda c: f"(regexp_full_match({c}, '{pattern}') AND TRY_CAST({c} AS {type_name}) IS NOT NULL)"


_DAY = r"\d{4}-\d{2}-\d{2}"
_HOUR = r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"

# From narrow to wide. DuckDB's own casts accept more and alter it: '1.5' becomes the integer 2, a date loses its time.
_FITS: dict[str, Callable[[str], str]] = {
    "BOOLEAN": lambda c: f"(lower({c}) IN ('true', 'false'))",
    # Also a leading zero is not an integer's: codes stay text.
    "BIGINT": lambda c: f"(TRY_CAST({c} AS BIGINT)::VARCHAR = {c})",
    "DOUBLE": _matches(r"[+-]?((0|[1-9]\d{0,14})(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?|[+-]?(inf|nan|Inf|NaN)", "DOUBLE"),
    "DATE": _matches(_DAY, "DATE"),
    "TIMESTAMP": _matches(f"{_DAY}[ T]{_HOUR}", "TIMESTAMP"),
    "TIMESTAMP WITH TIME ZONE": _matches(rf"{_DAY}[ T]{_HOUR} ?(Z|[+-]\d{{2}}(:?\d{{2}})?)", "TIMESTAMPTZ"),
    "TIME": _matches(_HOUR, "TIME"),
}
_NULLS = ", ".join(map(literal, NULL_TOKENS))


def is_null(column: str, type_name: str) -> str:
    """SQL: whether the text stands for no value. In a text column only the empty one does: 'NA' may be a word there."""
    return (
        f"({column} IS NULL OR {column} = '')" if type_name == TEXT else f"({column} IS NULL OR {column} IN ({_NULLS}))"
    )


def fits(column: str, type_name: str) -> str:
    """SQL: whether the text can be the type's value, or none. Never NULL."""
    if type_name == TEXT:
        return "true"
    test = _FITS.get(type_name, lambda c: f"(TRY_CAST({c} AS {type_name}) IS NOT NULL)")(column)
    return f"({is_null(column, type_name)} OR coalesce({test}, false))"


def value(column: str, type_name: str) -> str:
    """SQL: the text's value."""
    if type_name == TEXT:
        return f"nullif({column}, '')"
    return f"CASE WHEN {is_null(column, type_name)} THEN NULL ELSE TRY_CAST({column} AS {type_name}) END"


@dataclass(frozen=True, slots=True)
class ColumnCounts:
    """How many of a column's texts are values, and how many of these fit each type."""

    values: int
    fitting: Mapping[str, int]


def counts_sql(column: str) -> str:
    """SQL: the aggregates that `read_counts` takes, in its order."""
    any_value = f"NOT {is_null(column, 'BIGINT')}"
    tests = (f"count(*) FILTER (WHERE {any_value} AND coalesce({test(column)}, false))" for test in _FITS.values())
    return ", ".join((f"count(*) FILTER (WHERE {any_value})", *tests))


COUNTS_A_COLUMN = 1 + len(_FITS)


def read_counts(numbers: tuple[int, ...]) -> ColumnCounts:
    return ColumnCounts(numbers[0], dict(zip(_FITS, numbers[1:], strict=True)))


def choose_type(counts: ColumnCounts, widen_share: float) -> str:
    """The narrowest type that all values fit; else the one that fewest do not fit, if these are at most `widen_share`."""
    if counts.values == 0:
        return TEXT
    best = max(counts.fitting, key=lambda name: counts.fitting[name])
    misfits = counts.values - counts.fitting[best]
    return best if misfits <= counts.values * widen_share else TEXT
