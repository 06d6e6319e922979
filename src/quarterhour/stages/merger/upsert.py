"""What a batch of rows means for a table: inserted, updated or unchanged, and the query of the rows to write. SQL only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake.column_types import FILE, RECORD, data_columns
from quarterhour.lake.duck import identifier
from quarterhour.lake.schema_plan import Plan, order_values, select_list, source_query
from quarterhour.lake.tables import DataFile, Table
from quarterhour.stages.merger.accounts import Counts


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the comparison of a batch with the table."""

    by_input: dict[str, Counts]
    query: str | None
    """SQL of the rows to write; None where no row changes the table."""
    replaced: list[DataFile]
    """Data files whose rows are all in `query` or superseded by it."""


def judge_append(connection: duckdb.DuckDBPyConnection, table: Table, plan: Plan) -> Verdict:
    """Without keys every row is new."""
    rows = source_query(plan.sources, plan.columns)
    counts = {file: Counts(inserted=count) for file, count in _rows_by_input(connection, rows).items()}
    if plan.needs_rewrite:
        rows = f"{_table_query(table, plan.columns)} UNION ALL {rows}"
    return Verdict(counts, rows, table.files if plan.needs_rewrite else [])


def judge_upsert(connection: duckdb.DuckDBPyConnection, table: Table, plan: Plan, keys: tuple[str, ...]) -> Verdict:
    """With keys, the newest row of a key stands: later inputs win over earlier ones, later rows over earlier ones."""
    connection.execute(
        f"CREATE TEMP TABLE batch AS SELECT * FROM (VALUES {order_values(plan.sources)}) AS b (_file, _place)"
    )
    connection.execute(
        f"CREATE TEMP VIEW source AS SELECT s.*, b._place FROM ({source_query(plan.sources, plan.columns)}) s "
        "JOIN batch b USING (_file)"
    )
    rows_by_input = _rows_by_input(connection, "SELECT * FROM source")
    has_chains = _find_chains(connection, plan.columns, keys)
    candidates = (
        f"SELECT *, true AS _is_first, true AS _is_last FROM source "
        f"ANTI JOIN repeated ON {_same_keys('source', 'repeated', keys)} "
        "UNION ALL SELECT * EXCLUDE (_is_same) FROM chains WHERE _is_first OR _is_last"
        if has_chains
        else "SELECT *, true AS _is_first, true AS _is_last FROM source"
    )
    # Only what the table does not hold yet is kept, so that its size is that of the changes.
    connection.execute(
        f"CREATE TEMP TABLE changes AS SELECT c.*, t._path FROM ({candidates}) c "
        f"LEFT JOIN ({_table_query(table, plan.columns, with_path=True)}) t ON {_same_keys('c', 't', keys)} "
        f"WHERE t._path IS NULL OR {_differs('c', 't', plan.columns, keys)}"
    )
    by_input = _counts(connection, rows_by_input, has_chains=has_chains)
    replaced = _replaced_files(connection, table, plan)
    changed = connection.execute("SELECT 1 FROM changes WHERE _is_last LIMIT 1").fetchone() is not None
    if not changed and not plan.needs_rewrite:
        return Verdict(by_input, None, [])
    names = ", ".join(identifier(name) for name in plan.columns)
    query = f"SELECT {names} FROM changes WHERE _is_last"
    if replaced:
        kept = _table_query(table, plan.columns, only=[file.name for file in replaced])
        query = (
            f"SELECT {names} FROM ({kept}) k ANTI JOIN (FROM changes WHERE _is_last AND _path IS NOT NULL) c "
            f"ON {_same_keys('k', 'c', keys)} UNION ALL {query}"
        )
    return Verdict(by_input, query, replaced)


def repeated_key(connection: duckdb.DuckDBPyConnection, table: Table, keys: tuple[str, ...]) -> str | None:
    """A key that the table holds more than once, as text; None where each row has its own."""
    names = ", ".join(identifier(key) for key in keys)
    found = connection.execute(
        f"SELECT {names}, count(*) FROM {table.scan()} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return ", ".join(f"{key} = {value}" for key, value in zip(keys, found, strict=False)) if found else None


def _rows_by_input(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    counted = connection.execute(f"SELECT {FILE}, count(*) FROM ({query}) GROUP BY {FILE}").fetchall()
    return {str(file): int(count) for file, count in counted}


def _table_query(
    table: Table, columns: Mapping[str, str], *, only: Sequence[str] | None = None, with_path: bool = False
) -> str:
    """The table's rows with the columns and types that it is to have."""
    path = ", _path" if with_path else ""
    return f"SELECT {select_list(columns, table.columns)}{path} FROM {table.scan(only=only, with_path=with_path)}"


def _find_chains(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], keys: tuple[str, ...]) -> bool:
    """Make the tables `repeated` (keys that the batch has more than once) and `chains` (their rows); False where none has."""
    names = ", ".join(identifier(key) for key in keys)
    connection.execute(f"CREATE TEMP TABLE repeated AS SELECT {names} FROM source GROUP BY {names} HAVING count(*) > 1")
    if connection.execute("SELECT 1 FROM repeated LIMIT 1").fetchone() is None:
        return False
    values = [identifier(name) for name in data_columns(columns) if name not in keys]
    is_same = " AND ".join(f"{value} IS NOT DISTINCT FROM lag({value}) OVER w" for value in values) or "true"
    connection.execute(
        f"CREATE TEMP TABLE chains AS SELECT source.*, row_number() OVER w = 1 AS _is_first, "
        f"row_number() OVER w = count(*) OVER (PARTITION BY {names}) AS _is_last, {is_same} AS _is_same "
        f"FROM source SEMI JOIN repeated ON {_same_keys('source', 'repeated', keys)} "
        f"WINDOW w AS (PARTITION BY {names} ORDER BY _place, {RECORD})"
    )
    return True


def _counts(
    connection: duckdb.DuckDBPyConnection, rows_by_input: Mapping[str, int], *, has_chains: bool
) -> dict[str, Counts]:
    later = "SELECT _file, false, NOT _is_same FROM chains WHERE NOT _is_first" if has_chains else None
    first = "SELECT _file, _path IS NULL AS is_new, _path IS NOT NULL AS is_changed FROM changes WHERE _is_first"
    counted = connection.execute(
        f"SELECT _file, count(*) FILTER (is_new), count(*) FILTER (is_changed) "
        f"FROM ({first}{f' UNION ALL {later}' if later else ''}) GROUP BY _file"
    ).fetchall()
    changed = {str(file): (int(inserted), int(updated)) for file, inserted, updated in counted}
    by_input: dict[str, Counts] = {}
    for file, rows in rows_by_input.items():
        inserted, updated = changed.get(file, (0, 0))
        by_input[file] = Counts(inserted, updated, rows - inserted - updated)
    return by_input


def _replaced_files(connection: duckdb.DuckDBPyConnection, table: Table, plan: Plan) -> list[DataFile]:
    if plan.needs_rewrite:
        return table.files
    paths = connection.execute("SELECT DISTINCT _path FROM changes WHERE _is_last AND _path IS NOT NULL").fetchall()
    names = {table.file_name(path) for (path,) in paths}
    return [file for file in table.files if file.name in names]


def _same_keys(left: str, right: str, keys: tuple[str, ...]) -> str:
    """A null key is a value like any other."""
    return " AND ".join(f"{left}.{identifier(key)} IS NOT DISTINCT FROM {right}.{identifier(key)}" for key in keys)


def _differs(left: str, right: str, columns: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """Whether two rows of one key differ in their data; where they come from is not data."""
    values = [identifier(name) for name in data_columns(columns) if name not in keys]
    return " OR ".join(f"{left}.{value} IS DISTINCT FROM {right}.{value}" for value in values) or "false"
