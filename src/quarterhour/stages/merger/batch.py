"""The rows of a batch as one relation with each row's place in the merge order, and how rows compare. SQL only."""

from collections.abc import Collection, Mapping, Sequence

import duckdb

from quarterhour.lake.column_types import FILE, RECORD, data_columns
from quarterhour.lake.duck import identifier, literal
from quarterhour.lake.schema_plan import Plan, order_values, select_list, source_query
from quarterhour.lake.tables import Table
from quarterhour.stages.merger.rules import MergeRules

BATCH = "batch"
"""The view of the batch's rows; its columns are the plan's, and `_place`, which is the row's input's among the sources."""


def make_batch(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Make the view of the plan's sources."""
    rows = source_query(plan.sources, plan.columns)
    if len(plan.sources) == 1:
        query = f"SELECT *, 0 AS _place FROM ({rows})"
    else:
        query = f"SELECT s.*, p._place FROM ({rows}) s JOIN (VALUES {order_values(plan.sources)}) p (_file, _place) USING (_file)"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {BATCH} AS {query}")


def rows_by_input(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Counted in the files themselves."""
    counted = connection.execute(f"SELECT {FILE}, count(*) FROM {BATCH} GROUP BY {FILE}").fetchall()
    return {str(file): int(count) for file, count in counted}


def table_query(
    table: Table | None, columns: Mapping[str, str], *, only: Sequence[str] | None = None, with_path: bool = False
) -> str:
    """The table's rows with the columns and types that it is to have; `with_path` adds `_path` and `_row`."""
    place = ", _path, _row" if with_path else ""
    if table is None:
        nothing = "(SELECT NULL::VARCHAR AS _path, NULL::BIGINT AS _row WHERE false)"
        return f"SELECT {select_list(columns, {})}{place} FROM {nothing}"
    return f"SELECT {select_list(columns, table.columns)}{place} FROM {table.scan(only=only, with_path=with_path)}"


def same_values(left: str, right: str, columns: Sequence[str], nulls: Collection[str] | None = None) -> str:
    """A null is a value like any other. `nulls` are the columns that can have one on both sides; without it all can.

    A plain comparison lets DuckDB skip parts of the files.
    """
    signs = {name: "IS NOT DISTINCT FROM" if nulls is None or name in nulls else "=" for name in columns}
    return " AND ".join(f"{left}.{identifier(name)} {signs[name]} {right}.{identifier(name)}" for name in columns)


def value_columns(columns: Mapping[str, str], keys: Sequence[str]) -> list[str]:
    """The quoted columns in which two rows of one key can differ; where they come from is not data."""
    return [identifier(name) for name in data_columns(columns) if name not in keys]


def differs(left: str, right: str, columns: Mapping[str, str], keys: Sequence[str]) -> str:
    """Whether two rows of one key differ in their data."""
    values = value_columns(columns, keys)
    return "(" + (" OR ".join(f"{left}.{value} IS DISTINCT FROM {right}.{value}" for value in values) or "false") + ")"


def fill_missing(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    rules: MergeRules,
    table_rows: str,
    *,
    nulls: Collection[str],
    has_chains: bool,
) -> None:
    """Where an input lacks columns, give its rows the values that stand under their keys: they are not known to have changed.

    Makes BATCH a table in that case. `table_rows` have `_path`.
    """
    lacking = [
        name for name in data_columns(plan.columns) if any(name not in source.columns for source in plan.sources)
    ]
    if not lacking:
        return
    filled = ", ".join(f"{_filled(plan, name, rules, has_chains=has_chains)} AS {identifier(name)}" for name in lacking)
    keys = ", ".join(f"b.{identifier(key)}" for key in rules.keys)
    window = (
        f"WINDOW w AS (PARTITION BY {keys} ORDER BY b._place, b.{RECORD} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        if has_chains
        else ""
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE filled AS SELECT b.* REPLACE ({filled}) FROM {BATCH} b "
        f"LEFT JOIN ({table_rows}) t ON {same_values('b', 't', rules.keys, nulls)} {window}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {BATCH} AS FROM filled")


def _filled(plan: Plan, name: str, rules: MergeRules, *, has_chains: bool) -> str:
    """SQL of a column's value: the row's own where its file has the column, else what stood before it under its key."""
    column = identifier(name)
    having = [literal(source.entry.fingerprint) for source in plan.sources if name in source.columns]
    own = f"b.{FILE} IN ({', '.join(having)})" if having else "false"
    if not has_chains:
        return f"CASE WHEN {own} THEN b.{column} ELSE t.{column} END"
    said = f"CASE WHEN {own} THEN struct_pack(v := b.{column}) END"
    if rules.conflict == "newest":
        last = f"last_value({said} IGNORE NULLS) OVER w"
        return f"CASE WHEN {last} IS NULL THEN t.{column} ELSE struct_extract({last}, 'v') END"
    first = f"struct_extract(first_value({said}) OVER w, 'v')"
    return f"CASE WHEN {own} THEN b.{column} WHEN t._path IS NOT NULL THEN t.{column} ELSE {first} END"
