"""Damage: which data file, of the translated ones or of a merged table, is not what it was when it was written."""

from collections.abc import Iterable

import duckdb

from quarterhour.lake.ledger import Input
from quarterhour.lake.parquet_files import find_damaged
from quarterhour.lake.tables import Table, TableError
from quarterhour.workspace import Workspace


def damaged_inputs(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, inputs: Iterable[Input]
) -> dict[str, str]:
    """Why the translated files that cannot be read cannot, by fingerprint. Reads every value of all of them."""
    by_path = {workspace.translated_file(one.dataset, one.fingerprint): one.fingerprint for one in inputs}
    return {by_path[path]: why for path, why in find_damaged(connection, by_path).items()}


def check_sizes(table: Table) -> None:
    """Raises TableError where a data file is gone, or has not the size that the log has of it. Reads none."""
    for file in table.files:
        try:
            size = (table.path / file.name).stat().st_size
        except FileNotFoundError:
            raise _damaged(table, file.name, "it is gone") from None
        if size != file.size:
            raise _damaged(table, file.name, f"it has {size} bytes, and had {file.size} when it was written")


def check_data_files(connection: duckdb.DuckDBPyConnection, table: Table, error: duckdb.Error) -> None:
    """Raises TableError, because of `error`, where a data file cannot be read. Reads every value of all of them."""
    paths = {table.path / file.name: file.name for file in table.files}
    for path, why in find_damaged(connection, paths).items():
        raise _damaged(table, paths[path], why) from error


def _damaged(table: Table, name: str, why: str) -> TableError:
    return TableError(
        f"{table.path / name}: this data file of the merged table is damaged: {why}. Put it back from a backup, or move the "
        f"folder {table.path} away and merge the dataset's files anew (docs/merger.md)"
    )
