"""Which data files of a table can hold rows with the values of a batch, by the bounds in its log: others are not read."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake.duck import identifier
from quarterhour.lake.tables import DataFile, Table

# Each file's bounds are compared with each row's values only up to so many comparisons; above it with the batch's bounds alone.
_MAX_COMPARISONS = 50_000_000
# Other writers cut the bounds of moments to milliseconds.
_SLACK = {"TIMESTAMP": "INTERVAL 1 MILLISECOND", "TIMESTAMP WITH TIME ZONE": "INTERVAL 1 MILLISECOND"}


@dataclass(frozen=True, slots=True)
class Reach:
    """Where rows of a batch can meet rows of the table."""

    files: list[DataFile]
    rows: int
    """Of the batch."""
    nulls: frozenset[str]
    """The columns in which the batch has nulls."""


def reach(connection: duckdb.DuckDBPyConnection, table: Table | None, batch: str, columns: Sequence[str]) -> Reach:
    """The data files that can hold a row whose `columns` have the values of a row of `batch`, a relation with these columns.

    Conservative: a file without bounds is among them. Types of `batch` are the table's, or wider.
    """
    rows, nulls = _facts(connection, batch, columns)
    has_nulls = frozenset(name for name, count in nulls.items() if count)
    if table is None or not table.files or rows == 0:
        return Reach([], rows, has_nulls)
    known = [name for name in columns if name in table.columns]
    bounds = table.file_bounds()
    if not known or bounds is None:
        return Reach(table.files, rows, has_nulls)
    connection.register("_bounds", bounds)
    try:
        names = _overlapping(connection, table, batch, known, nulls, rows)
    finally:
        connection.unregister("_bounds")
    return Reach([file for file in table.files if file.name in names], rows, has_nulls)


def _facts(connection: duckdb.DuckDBPyConnection, batch: str, columns: Sequence[str]) -> tuple[int, dict[str, int]]:
    """The batch's rows, and the nulls of each column."""
    counts = ", ".join(f"count(*) - count({identifier(name)})" for name in columns)
    # All of a result is fetched: a connection with an open one registers nothing.
    [found] = connection.execute(f"SELECT count(*){', ' + counts if counts else ''} FROM {batch}").fetchall()
    return int(found[0]), {name: int(count) for name, count in zip(columns, found[1:], strict=True)}


def _overlapping(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    batch: str,
    columns: Sequence[str],
    nulls: dict[str, int],
    rows: int,
) -> set[str]:
    bounded = {name for name, *_ in connection.execute("DESCRIBE _bounds").fetchall()}
    usable = [name for name in columns if {f"min.{name}", f"max.{name}", f"null_count.{name}"} <= bounded]
    if not usable:
        return {file.name for file in table.files}
    extremes = ", ".join(
        f"min({identifier(name)}) AS {identifier(f'min.{name}')}, max({identifier(name)}) AS {identifier(f'max.{name}')}"
        for name in usable
    )
    meets = " AND ".join(
        _meets(name, table.columns[name], identifier(f"min.{name}"), identifier(f"max.{name}"), nulls[name])
        for name in usable
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _reached AS SELECT f.* FROM _bounds f, (SELECT {extremes} FROM {batch}) b WHERE {meets}"
    )
    [(reached,)] = connection.execute("SELECT count(*) FROM _reached").fetchall()
    where = ""
    if reached > 1 and reached * rows <= _MAX_COMPARISONS:
        each = " AND ".join(
            _meets(name, table.columns[name], identifier(name), identifier(name), nulls[name]) for name in usable
        )
        where = f" f WHERE EXISTS (FROM {batch} b WHERE {each})"
    return {name for (name,) in connection.execute(f"SELECT f.path FROM _reached{where or ' f'}").fetchall()}


def _meets(name: str, storage: str, low: str, high: str, nulls: int) -> str:
    """SQL: whether the file `f` can hold a value of the column from `low` to `high` of `b`, or a null that the batch has."""
    slack = _SLACK.get(storage)
    above = f"f.{identifier(f'min.{name}')}{f' - {slack}' if slack else ''}"
    below = f"f.{identifier(f'max.{name}')}{f' + {slack}' if slack else ''}"
    in_range = f"(({above} IS NULL OR {below} IS NULL) OR (b.{low} <= {below} AND b.{high} >= {above}))"
    if not nulls:
        return in_range
    count = f"f.{identifier(f'null_count.{name}')}"
    return f"({in_range} OR {count} IS NULL OR {count} > 0)"
