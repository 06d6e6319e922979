"""Duplicates: rows, as they were translated, whose key occurs before; without keys, rows that are identical to another."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from quarterhour.lake.column_types import FILE
from quarterhour.lake.duck import identifier
from quarterhour.lake.ledger import InputLedger
from quarterhour.lake.tables import Table
from quarterhour.stages.analyzer.subject import Subject
from quarterhour.workspace import Workspace

_MOST_FILES = 100
# Cells of a dataset without keys up to which its rows are compared: such a look costs a blink, whatever the run brings.
_MOST_COMPARED_CELLS = 2_000_000


def duplicates_of_new(subject: Subject) -> dict[str, Any]:
    """`rows` that repeat another of the run's rows, and `by_file` those that repeat one of their own file, most first."""
    connection = subject.connection
    # Read once: what follows is told from it.
    identity = _identity(subject.keys, subject.columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE new_identities AS SELECT {FILE}, {identity}, count(*) AS n "
        f"FROM {subject.new} GROUP BY ALL"
    )
    repeated = connection.execute(
        f"SELECT {FILE}, (sum(n) - count(*))::BIGINT AS again FROM new_identities "
        f"GROUP BY {FILE} HAVING again > 0 ORDER BY again DESC, {FILE} LIMIT {_MOST_FILES}"
    ).fetchall()
    one_of_each = "(SELECT h, g, sum(n) AS n FROM new_identities GROUP BY h, g)"
    names = {one.fingerprint: one.name for one in subject.inputs}
    return {
        "by": list(subject.keys),
        "rows": _surplus(connection, "new_identities" if len(names) == 1 else one_of_each),
        "by_file": [{"file": names[mark], "rows": count} for mark, count in repeated],
    }


def duplicates_of_whole(subject: Subject, rows: int, workspace: Workspace) -> dict[str, Any]:
    """`rows` are those of the whole. With keys they are what was translated less its repetitions, so that nothing is read."""
    return {"by": list(subject.keys), "rows": _of_whole(subject, rows, workspace)}


def _of_whole(subject: Subject, rows: int, workspace: Workspace) -> int | None:
    if not subject.keys:
        if rows * len(subject.columns) > _MOST_COMPARED_CELLS:
            return None
        return repeated_rows(subject.connection, subject.whole, subject.keys, subject.columns)
    if subject.table and not _is_all_ours(subject.table):
        return None
    found = _translated_rows(subject, workspace) - rows
    # Fewer were translated than stand: the keys were named after rows had come without.
    return found if found >= 0 else None


def repeated_rows(
    connection: duckdb.DuckDBPyConnection, relation: str, keys: Sequence[str], columns: Iterable[str]
) -> int:
    """The rows of `relation` that repeat another of it. All of them are read."""
    return _surplus(connection, f"(SELECT {_identity(keys, columns)}, count(*) AS n FROM {relation} GROUP BY ALL)")


def _identity(keys: Sequence[str], columns: Iterable[str]) -> str:
    """SQL of what tells rows apart: the keys themselves; of whole rows, which are wide, two hashes of them."""
    if keys:
        return f"row({', '.join(map(identifier, keys))}) AS h, 0 AS g"
    values = ", ".join(map(identifier, columns))
    return f"hash({values}) AS h, hash(1, {values}) AS g"


def _surplus(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"SELECT coalesce(sum(n) - count(*), 0)::BIGINT FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _is_all_ours(table: Table) -> bool:
    """Whether the log says of each data file that all its rows came from inputs."""
    bounds = table.file_bounds()
    if bounds is None:
        return True
    name = f"null_count.{FILE}"
    return name in bounds.schema.names and all(nulls == 0 for nulls in bounds[name].to_pylist())


def _translated_rows(subject: Subject, workspace: Workspace) -> int:
    """Of the inputs that stand in the whole."""
    with InputLedger(workspace.ledger_file) as ledger:
        merged = ledger.merged_rows(subject.dataset)
        waiting = ledger.pending(subject.dataset)
    fitting = {one.fingerprint for one in subject.inputs}
    # A crash may have come between a commit and the ledger.
    return merged + sum(
        one.rows for one in waiting if one.fingerprint in fitting or _is_merged(subject, one.fingerprint)
    )


def _is_merged(subject: Subject, fingerprint: str) -> bool:
    return subject.table is not None and subject.table.merged_at_version(fingerprint) is not None
