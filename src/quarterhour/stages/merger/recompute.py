"""What a table is to hold where other inputs stand than before: its changed rows, from the translated files. SQL only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake.column_types import FILE, RECORD, data_columns
from quarterhour.lake.duck import identifier, string_list
from quarterhour.lake.schema_plan import Source, order_values, select_list, source_query
from quarterhour.lake.tables import DataFile, Table


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How many rows of a table change."""

    removed: int = 0
    """Rows that are gone, with no other in their place."""
    restored: int = 0
    """Rows that have other values than before: in a keyed table those of the input that stands now."""
    added: int = 0
    """Rows that were not there."""
    reassigned: int = 0
    """Rows that keep their values, since another input that stands has the same ones."""

    def as_data(self) -> dict[str, int]:
        return {
            "removed": self.removed,
            "restored": self.restored,
            "added": self.added,
            "reassigned": self.reassigned,
        }


@dataclass(frozen=True, slots=True)
class Recomputed:
    changes: RowChanges
    query: str | None
    """SQL of the rows to write; None where there are none."""
    replaced: list[DataFile]
    """Data files whose rows are all in `query`, or are to stand no more."""


def recompute_appended(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, str],
    *,
    leaving: Collection[str],
    entering: Sequence[Source],
    rewrite: bool,
) -> Recomputed:
    """Without keys: the rows of the inputs `leaving` go, those of the inputs `entering` come."""
    is_leaving = f"list_contains({string_list(leaving)}, {FILE})" if leaving else "false"
    found = connection.execute(
        f"SELECT _path, count(*) FROM {table.scan(with_path=True)} WHERE {is_leaving} GROUP BY _path"
    ).fetchall()
    going = {table.file_name(path): int(count) for path, count in found}
    replaced = table.files if rewrite else [file for file in table.files if file.name in going]
    kept = [file.name for file in replaced if going.get(file.name, 0) < file.rows]
    parts: list[str] = []
    if kept:
        parts.append(
            f"SELECT {select_list(columns, table.columns)} FROM {table.scan(only=kept)} WHERE NOT {is_leaving}"
        )
    if entering:
        parts.append(source_query(entering, columns))
    changes = RowChanges(removed=sum(going.values()), added=sum(source.entry.rows for source in entering))
    return Recomputed(changes, " UNION ALL ".join(parts) or None, replaced)


def recompute_keyed(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, str],
    keys: tuple[str, ...],
    *,
    touched: Sequence[Source],
    standing: Sequence[Source],
    newest_wins: bool,
    rewrite: bool,
) -> Recomputed:
    """With keys: of each key in the inputs `touched`, the row that wins among the inputs `standing`, in merge order."""
    names = ", ".join(identifier(key) for key in keys)
    connection.execute(f"CREATE TEMP TABLE touched AS SELECT DISTINCT {names} FROM ({source_query(touched, columns)})")
    _find_winners(connection, columns, keys, standing, newest_wins=newest_wins)
    merged = ", ".join(
        f"coalesce(w.{identifier(name)}, t.{identifier(name)}) AS {identifier(name)}"
        if name in keys
        else f"w.{identifier(name)}"
        for name in columns
    )
    standing_rows = (
        f"SELECT {select_list(columns, table.columns)}, _path FROM {table.scan(with_path=True)} t "
        f"SEMI JOIN touched ON {same_keys('t', 'touched', keys)}"
    )
    connection.execute(
        f"CREATE TEMP TABLE changes AS SELECT {merged}, t._path, CASE WHEN w.{FILE} IS NULL THEN 'removed' "
        f"WHEN t._path IS NULL THEN 'added' WHEN {_differs('w', 't', columns, keys)} THEN 'restored' "
        "ELSE 'reassigned' END AS _kind "
        f"FROM winners w FULL JOIN ({standing_rows}) t ON {same_keys('w', 't', keys)} "
        f"WHERE w.{FILE} IS NULL OR t._path IS NULL OR {_differs('w', 't', columns, keys)} "
        f"OR t.{FILE} NOT IN (SELECT {FILE} FROM standing)"
    )
    counted = connection.execute("SELECT _kind, count(*) FROM changes GROUP BY _kind").fetchall()
    changes = RowChanges(**{str(kind): int(count) for kind, count in counted})
    paths = connection.execute("SELECT DISTINCT _path FROM changes WHERE _path IS NOT NULL").fetchall()
    hit = {table.file_name(path) for (path,) in paths}
    replaced = table.files if rewrite else [file for file in table.files if file.name in hit]
    selected = ", ".join(identifier(name) for name in columns)
    parts: list[str] = []
    if replaced:
        kept = f"SELECT {select_list(columns, table.columns)} FROM {table.scan(only=[file.name for file in replaced])}"
        parts.append(
            f"SELECT {selected} FROM ({kept}) k ANTI JOIN (FROM changes WHERE _path IS NOT NULL) c "
            f"ON {same_keys('k', 'c', keys)}"
        )
    if changes.restored or changes.added or changes.reassigned:
        parts.append(f"SELECT {selected} FROM changes WHERE _kind <> 'removed'")
    return Recomputed(changes, " UNION ALL ".join(parts) or None, replaced)


def _find_winners(
    connection: duckdb.DuckDBPyConnection,
    columns: Mapping[str, str],
    keys: tuple[str, ...],
    standing: Sequence[Source],
    *,
    newest_wins: bool,
) -> None:
    """Make the tables `standing` (the inputs, with their places) and `winners` (one row a key)."""
    places = f"SELECT * FROM (VALUES {order_values(standing)}) AS s ({FILE}, _place)"
    if not standing:
        places = f"SELECT NULL::VARCHAR AS {FILE}, 0 AS _place WHERE false"
    connection.execute(f"CREATE TEMP TABLE standing AS {places}")
    names = ", ".join(identifier(key) for key in keys)
    selected = ", ".join(identifier(name) for name in columns)
    empty = f"SELECT {select_list(columns, {})} WHERE false"
    rows = source_query(standing, columns) if standing else empty
    order = "DESC" if newest_wins else "ASC"
    connection.execute(
        f"CREATE TEMP TABLE winners AS SELECT {selected} FROM ({rows}) s JOIN standing USING ({FILE}) "
        f"SEMI JOIN touched ON {same_keys('s', 'touched', keys)} "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY _place {order}, {RECORD} {order}) = 1"
    )


def same_keys(left: str, right: str, keys: Sequence[str]) -> str:
    """A null key is a value like any other."""
    return " AND ".join(f"{left}.{identifier(key)} IS NOT DISTINCT FROM {right}.{identifier(key)}" for key in keys)


def _differs(left: str, right: str, columns: Mapping[str, str], keys: tuple[str, ...]) -> str:
    values = [identifier(name) for name in data_columns(columns) if name not in keys]
    return "(" + (" OR ".join(f"{left}.{value} IS DISTINCT FROM {right}.{value}" for value in values) or "false") + ")"
