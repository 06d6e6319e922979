"""Changes of the merged tables: DuckDB writes the data files, deltalake commits them.

A commit is compare-and-set on the table's version: if another writer was first, it raises `TableChanged` and nothing happened.
Its data files are on the disk before it, and it is on the disk when it returns.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.schema import PrimitiveType, Schema
from deltalake.transaction import AddAction, RemoveAction

from quarterhour.files import fsync_folder
from quarterhour.lake.column_types import to_delta
from quarterhour.lake.duck import literal
from quarterhour.lake.fencing import fence_transactions
from quarterhour.lake.file_statistics import delta_statistics
from quarterhour.lake.tables import DataFile, Table, TableChanged, TableError, check_path

# A larger data file costs too much to write again for one changed row, smaller ones cost too much to open.
TARGET_FILE_BYTES = 32 * 2**20

_PLACED = re.compile(r"part-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What a checkpoint makes needless is removed by the maintenance, by its own rule.
_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


def create_table(path: Path, columns: Mapping[str, str]) -> Table:
    """An empty table, version 0."""
    check_path(path)
    try:
        delta = DeltaTable.create(path, _schema(columns), mode="error")
    except DeltaError as error:
        raise TableChanged(f"{path}: the table could not be created: {error}") from error
    _sync_commit(path, 0)
    return Table(path, delta)


def _schema(columns: Mapping[str, str]) -> Schema:
    return Schema(_fields(columns))


def _fields(columns: Mapping[str, str]) -> list[Field]:
    return [Field(name, PrimitiveType(to_delta(storage)), nullable=True) for name, storage in columns.items()]


def add_columns(table: Table, columns: Mapping[str, str], facts: Mapping[str, str] | None = None) -> Table:
    """The table with further columns, null in the rows that are there. A version of its own, which holds no rows."""
    if not columns:
        return table
    delta = DeltaTable(table.path, version=table.version)
    try:
        delta.alter.add_columns(
            _fields(columns),
            commit_properties=CommitProperties(
                custom_metadata=dict(facts or {}), max_commit_retries=0, app_transactions=fence_transactions(delta)
            ),
        )
    except CommitFailedError as error:
        raise TableChanged(f"{table.path}: another program wrote to it: {error}") from error
    _sync_commit(table.path, table.version + 1)
    return Table(table.path, DeltaTable(table.path))


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A data file that stands in the table's folder and belongs to no version yet."""

    path: Path
    rows: int
    size: int
    statistics: str


def write_files(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    query: str,
    columns: Mapping[str, str],
    keys: Sequence[str] = (),
    *,
    after: str | None = None,
) -> list[WrittenFile]:
    """Write the rows of `query`, whose columns are `columns`, to data files below the table's folder, durably.

    Bounds of the `keys` are kept however many columns there are. `after` is the data file in whose place among the table's
    files the new ones come: their names begin as its name does.
    """
    path.mkdir(parents=True, exist_ok=True)
    name = f"{_place(after)}-{{uuidv7}}" if after else "part-{uuidv7}"
    reported = connection.execute(
        f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '{TARGET_FILE_BYTES}B', "
        f"FILENAME_PATTERN {literal(name)}, OVERWRITE_OR_IGNORE, RETURN_STATS)"
    ).fetchall()
    written: list[WrittenFile] = []
    for name, rows, size, _footer, statistics, *_ in reported:
        file = Path(name)
        if not rows:
            file.unlink()
            continue
        sync_file(file)
        written.append(WrittenFile(file, int(rows), int(size), delta_statistics(int(rows), statistics, columns, keys)))
    fsync_folder(path)
    return written


def _place(name: str) -> str:
    """What a data file's name says of its place; names made from names do not grow."""
    found = _PLACED.match(name)
    return found.group() if found else name.removesuffix(".parquet")


def commit(
    table: Table,
    *,
    added: Sequence[WrittenFile],
    removed: Sequence[DataFile] = (),
    replace_with: Mapping[str, str] | None = None,
    fingerprints: Sequence[str] = (),
    facts: Mapping[str, str],
    changes_rows: bool = True,
) -> Table:
    """Make the next version, in which `added` stand and `removed` do not. Returns it; `table` is not to be used any more.

    `replace_with` are the columns of a table whose every file is replaced by `added`. `fingerprints` become application
    transactions whose number is the new version, so that its commit info can be found again; `facts` stand there. Without
    `changes_rows` the same rows stand in other files.
    """
    version = table.version + 1
    now_ms = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(file.path.relative_to(table.path).as_posix(), file.size, {}, now_ms, changes_rows, file.statistics)
        for file in added
    ]
    if replace_with is None:
        actions += [RemoveAction(file.name, changes_rows, now_ms, file.size, {}) for file in removed]
    # Not opened anew: with many inputs that costs as much as the rest of a small merge.
    delta = table.delta
    fenced = fence_transactions(delta)
    try:
        delta.create_write_transaction(
            actions,
            "append" if replace_with is None else "overwrite",
            delta.schema() if replace_with is None else _schema(replace_with),
            commit_properties=CommitProperties(
                custom_metadata=dict(facts),
                # Another writer's version in between would make what was compared with the table untrue.
                max_commit_retries=0,
                app_transactions=fenced + [Transaction(fingerprint, version) for fingerprint in fingerprints],
            ),
            post_commithook_properties=_HOOKS,
        )
    except CommitFailedError as error:
        for file in added:
            file.path.unlink(missing_ok=True)
        raise TableChanged(f"{table.path}: another program wrote version {version}: {error}") from error
    _sync_commit(table.path, version)
    delta.update_incremental()
    return Table(table.path, delta)


def restore_files(table: Table, earlier: Table, facts: Mapping[str, str]) -> Table:
    """Make the next version, with the data files and columns of `earlier`. Returns it."""
    version = table.version + 1
    delta = DeltaTable(table.path, version=table.version)
    try:
        delta.restore(
            earlier.version,
            protocol_downgrade_allowed=True,
            commit_properties=CommitProperties(
                custom_metadata=dict(facts), max_commit_retries=0, app_transactions=fence_transactions(delta)
            ),
        )
    except CommitFailedError as error:
        raise TableChanged(f"{table.path}: another program wrote version {version}: {error}") from error
    except DeltaError as error:
        raise TableError(f"{table.path}: version {earlier.version} cannot be restored: {error}") from error
    _sync_commit(table.path, version)
    return Table(table.path, DeltaTable(table.path, version=version))


def _sync_commit(path: Path, version: int) -> None:
    log = path / "_delta_log"
    sync_file(log / f"{version:020d}.json")
    fsync_folder(log)


def sync_file(file: Path) -> None:
    """Its content is on the disk when this returns."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
