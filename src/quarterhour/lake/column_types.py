"""Column types of merged tables: what Delta can hold of DuckDB's types, and which changes of a column lose nothing. Pure.

A type is written as DuckDB writes it. The rule of storage: integers below 32 bits become INTEGER; unsigned and 128-bit ones the
next type that holds them; FLOAT becomes DOUBLE; a TIMESTAMP of any grain becomes one of microseconds, with its zone or without;
what Delta lacks (TIME, INTERVAL, UUID, ENUM, nested types, …) becomes its text.
"""

import re
from collections.abc import Iterable, Mapping

FILE = "_file"
RECORD = "_record"
LINEAGE: dict[str, str] = {FILE: "VARCHAR", RECORD: "BIGINT"}
"""The columns that say where a row comes from: the input's fingerprint, and its record number in it."""

MOMENT = "TIMESTAMP WITH TIME ZONE"
"""A moment in time: its zone is known, and it is kept in UTC."""

_STORAGE = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "INTEGER": "INTEGER",
    "UTINYINT": "INTEGER",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "BIGINT": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "FLOAT": "DOUBLE",
    "DOUBLE": "DOUBLE",
    "BLOB": "BLOB",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    MOMENT: MOMENT,
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)", re.IGNORECASE)

_DELTA = {
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "BIGINT": "long",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BLOB": "binary",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    MOMENT: "timestamp",
}
_FROM_DELTA = {delta: duck for duck, delta in _DELTA.items()}

# Decimal digits that each integer type can need.
_INTEGER_DIGITS = {"INTEGER": 10, "BIGINT": 19}
_MAX_DIGITS = 38


def storage_type(duck_type: str) -> str:
    """The type in which a merged table keeps a column of `duck_type`."""
    if _DECIMAL.fullmatch(duck_type):
        return duck_type
    return _STORAGE.get(duck_type, "VARCHAR")


def to_delta(storage: str) -> str:
    """Delta's name of a storage type."""
    decimal = _DECIMAL.fullmatch(storage)
    return f"decimal({decimal.group(1)},{decimal.group(2)})" if decimal else _DELTA[storage]


def from_delta(delta: str) -> str | None:
    """The storage type of Delta's `delta`; None for one that quarterhour does not write."""
    return delta.upper() if _DECIMAL.fullmatch(delta) else _FROM_DELTA.get(delta)


def widened(one: str, other: str) -> str | None:
    """The storage type that holds the values of both; None where there is none.

    BIGINT with DOUBLE is DOUBLE, which is exact up to 2^53 only: the caller checks the values.
    """
    if one == other:
        return one
    pair = {one, other}
    if pair == {"INTEGER", "BIGINT"}:
        return "BIGINT"
    if "DOUBLE" in pair and pair & _INTEGER_DIGITS.keys():
        return "DOUBLE"
    if pair == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    return _widened_decimal(one, other)


def _widened_decimal(one: str, other: str) -> str | None:
    shapes = [_digits(one), _digits(other)]
    if shapes[0] is None or shapes[1] is None:
        return None
    whole = max(shapes[0][0], shapes[1][0])
    scale = max(shapes[0][1], shapes[1][1])
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= _MAX_DIGITS else None


def _digits(storage: str) -> tuple[int, int] | None:
    """Digits before and after the point."""
    if decimal := _DECIMAL.fullmatch(storage):
        precision, scale = int(decimal.group(1)), int(decimal.group(2))
        return precision - scale, scale
    return (_INTEGER_DIGITS[storage], 0) if storage in _INTEGER_DIGITS else None


def data_columns(columns: Iterable[str]) -> list[str]:
    """The columns that are data: lineage left out."""
    return [name for name in columns if name not in LINEAGE]


def describe(columns: Mapping[str, str]) -> str:
    """A schema as people read it: `name TYPE, …` of the data columns."""
    return ", ".join(f"{name} {columns[name]}" for name in data_columns(columns))
