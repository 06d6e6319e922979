"""Two tables row by row: by key where there are keys, else as collections of rows. SQL only; what it needs spills to the disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from quarterhour.lake.column_types import FILE, LINEAGE, RECORD, data_columns, widened
from quarterhour.lake.duck import identifier
from quarterhour.lake.schema_plan import select_list
from quarterhour.lake.tables import Table


@dataclass(frozen=True, slots=True)
class Difference:
    """One row, or one value of it, that is not as the raw files make it. Values are texts; None is no value."""

    kind: str
    """`changed`: the value differs; `extra`: the row should not stand; `missing`: it should."""
    row: dict[str, str | None]
    """Its key, or without keys where it comes from: file and record."""
    column: str | None = None
    """Of a changed row."""
    stands: str | None = None
    should: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    rows: int
    """That stand."""
    rebuilt_rows: int
    differing_rows: int
    differences: list[Difference] = field(default_factory=list[Difference])
    """Of the first of those rows."""


def compare(
    connection: duckdb.DuckDBPyConnection,
    stands: Table | None,
    should: Table | None,
    keys: Sequence[str],
    names: Mapping[str, str],
    limit: int,
) -> Comparison:
    """`names` are those of the files, by fingerprint."""
    columns = _common_columns(stands, should)
    for view, table in (("stands", stands), ("should", should)):
        present = table.columns if table else {}
        rows = table.scan() if table else "(SELECT 1 WHERE false)"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {select_list(columns, present)} FROM {rows}")
    if keys and not all(key in columns for key in keys):
        keys = ()
    values = [name for name in data_columns(columns) if name not in keys]
    if keys:
        differing = _differ_by_key(connection, values, keys)
        found = _first(connection, values, keys, keys, "differing", limit)
    else:
        differing = _differ_as_collections(connection, values)
        found = _first(connection, values, (FILE, RECORD), values, "differing", limit)
    return Comparison(
        stands.rows if stands else 0,
        should.rows if should else 0,
        differing,
        [difference for row in found for difference in _differences(row, values, keys, names)],
    )


def _common_columns(stands: Table | None, should: Table | None) -> dict[str, str]:
    """All columns of both, each with a type that holds the values of both."""
    one, other = (dict(table.columns) if table else {} for table in (stands, should))
    columns = {name: one.get(name, other.get(name, "")) for name in (*one, *other)} | LINEAGE
    return {
        name: (widened(one[name], other[name]) or "VARCHAR") if name in one and name in other else kind
        for name, kind in columns.items()
    }


def _differ_by_key(connection: duckdb.DuckDBPyConnection, values: Sequence[str], keys: Sequence[str]) -> int:
    """Make `differing`: the keys whose rows differ, or that one side lacks. Returns how many."""
    names = ", ".join(f"coalesce(s.{identifier(key)}, r.{identifier(key)}) AS {identifier(key)}" for key in keys)
    return _count(
        connection,
        f"SELECT {names} FROM stands s FULL JOIN should r ON {_same('s', 'r', keys)} "
        f"WHERE s.{FILE} IS NULL OR r.{FILE} IS NULL OR NOT ({_same('s', 'r', values)})",
    )


def _differ_as_collections(connection: duckdb.DuckDBPyConnection, values: Sequence[str]) -> int:
    """Make `differing`: the rows that one side has more often. Returns how many rows are too many or too few."""
    names = ", ".join(identifier(name) for name in values)
    _count(
        connection,
        f"SELECT {names}, sum(_sign) AS _times FROM (SELECT {names}, 1 AS _sign FROM stands "
        f"UNION ALL SELECT {names}, -1 FROM should) GROUP BY {names} HAVING sum(_sign) <> 0",
    )
    (extra, missing) = connection.execute(
        "SELECT coalesce(sum(_times) FILTER (_times > 0), 0), coalesce(-sum(_times) FILTER (_times < 0), 0) FROM differing"
    ).fetchall()[0]
    # A changed row is one too many and one too few.
    return max(int(extra), int(missing))


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE differing AS {query}")
    return int(connection.execute("SELECT count(*) FROM differing").fetchall()[0][0])


@dataclass(frozen=True, slots=True)
class _Row:
    place: dict[str, str | None]
    is_extra: bool
    is_missing: bool
    values: dict[str, tuple[str | None, str | None]]
    """By column that differs: what stands, and what should."""


def _first(
    connection: duckdb.DuckDBPyConnection,
    values: Sequence[str],
    place: Sequence[str],
    matched: Sequence[str],
    differing: str,
    limit: int,
) -> list[_Row]:
    """The first rows of both sides that `differing` names by the columns `matched`; the two sides paired by `place`."""
    sides = {
        alias: f"(SELECT {alias}.* FROM {view} {alias} SEMI JOIN {differing} d ON {_same(alias, 'd', matched)}) {alias}"
        for alias, view in (("s", "stands"), ("r", "should"))
    }
    places = ", ".join(f"coalesce(s.{identifier(one)}, r.{identifier(one)})::VARCHAR" for one in place)
    pairs = "".join(
        f", s.{column}::VARCHAR, r.{column}::VARCHAR, s.{column} IS DISTINCT FROM r.{column}"
        for column in map(identifier, values)
    )
    order = ", ".join(f"coalesce(s.{identifier(one)}, r.{identifier(one)})" for one in place)
    found = connection.execute(
        f"SELECT {places}, r.{FILE} IS NULL, s.{FILE} IS NULL{pairs} FROM {sides['s']} FULL JOIN {sides['r']} "
        f"ON {_same('s', 'r', place)} WHERE s.{FILE} IS NULL OR r.{FILE} IS NULL OR NOT ({_same('s', 'r', values)}) "
        f"ORDER BY {order} LIMIT {int(limit)}"
    ).fetchall()
    rows: list[_Row] = []
    for cells in found:
        start = len(place) + 2
        triples = ((name, cells[start + 3 * n : start + 3 * n + 3]) for n, name in enumerate(values))
        rows.append(
            _Row(
                dict(zip(place, cells, strict=False)),
                bool(cells[len(place)]),
                bool(cells[len(place) + 1]),
                {name: (stands, should) for name, (stands, should, differs) in triples if differs},
            )
        )
    return rows


def _differences(row: _Row, values: Sequence[str], keys: Sequence[str], names: Mapping[str, str]) -> list[Difference]:
    place = row.place
    if not keys:
        mark = place[FILE] or ""
        place = {"file": names.get(mark, mark), "record": place[RECORD]}
    if row.is_extra or row.is_missing:
        side = 0 if row.is_extra else 1
        whole = ", ".join(
            f"{name} = {pair[side]}" for name in values if (pair := row.values.get(name)) and pair[side] is not None
        )
        if row.is_extra:
            return [Difference("extra", place, stands=whole)]
        return [Difference("missing", place, should=whole)]
    return [Difference("changed", place, name, stands, should) for name, (stands, should) in row.values.items()]


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    return (
        " AND ".join(f"{left}.{identifier(name)} IS NOT DISTINCT FROM {right}.{identifier(name)}" for name in columns)
        or "true"
    )
