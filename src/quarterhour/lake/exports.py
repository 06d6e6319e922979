"""Taking a merged table out: CSV and Parquet as streams of bytes, in bounded memory."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import duckdb

from quarterhour.errors import InvalidQuery
from quarterhour.lake import duck
from quarterhour.lake.column_types import LINEAGE, data_columns
from quarterhour.lake.queries import open_dataset
from quarterhour.lake.tables import Table
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

Format = Literal["csv", "parquet"]

_CHUNK_BYTES = 1024 * 1024


def export_dataset(
    workspace: Workspace,
    settings: Settings,
    name: str,
    format: Format,  # noqa: A002
    version: int | None = None,
    *,
    lineage: bool = False,
) -> Iterator[bytes]:
    """The table's rows as a file's bytes. Raises for a wrong name, version or format before the first byte.

    The file is made whole in the scratch folder first, so that a failure cannot pass for a short file, and is removed when the
    iterator ends, fails or is closed.
    """
    del settings
    if format not in get_args(Format):
        raise InvalidQuery(f"format {format!r}: give one of {', '.join(get_args(Format))}")
    table = open_dataset(workspace, name, version)
    columns = [*data_columns(table.columns), *(LINEAGE if lineage else ())]
    return _stream(workspace, table, columns, format)


def _stream(workspace: Workspace, table: Table, columns: list[str], kind: Format) -> Iterator[bytes]:
    descriptor, name = tempfile.mkstemp(prefix=f"export-{os.getpid()}-", suffix=f".{kind}", dir=workspace.scratch)
    os.close(descriptor)
    path = Path(name)
    try:
        with duck.connect(workspace) as connection:
            _write(connection, table, columns, kind, path)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    finally:
        path.unlink(missing_ok=True)


def _write(connection: duckdb.DuckDBPyConnection, table: Table, columns: list[str], kind: Format, path: Path) -> None:
    options = "FORMAT csv, HEADER" if kind == "csv" else "FORMAT parquet, COMPRESSION zstd"
    expressions = ", ".join(
        _as_text(name, table.columns[name]) if kind == "csv" else duck.identifier(name) for name in columns
    )
    connection.execute(f"COPY (SELECT {expressions} FROM {table.scan()}) TO {duck.literal(str(path))} ({options})")


def _as_text(name: str, storage: str) -> str:
    """Moments with their zone as RFC 3339, so that a reader need not guess it."""
    column = duck.identifier(name)
    if storage != "TIMESTAMP WITH TIME ZONE":
        return column
    return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"
