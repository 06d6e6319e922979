"""What an export reads: one version of one table, its columns and its rows, over a connection that can reach nothing else."""

import hashlib
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from quarterhour.errors import InvalidQuery
from quarterhour.lake import duck
from quarterhour.lake.column_types import data_columns
from quarterhour.lake.exports.filters import Filter, checked
from quarterhour.lake.exports.memory import bounded_memory
from quarterhour.lake.exports.request import ExportError, ExportRequest
from quarterhour.lake.queries import open_dataset
from quarterhour.lake.scratch import own_scratch
from quarterhour.lake.sql_problems import problem_of
from quarterhour.lake.tables import Table
from quarterhour.workspace import Workspace

# Ten million rows stay below 300 MB with these, libraries included (bench --exports); more threads would hold more.
_MEMORY_LIMIT = "150MB"
_THREADS = 2
# Part of each key: raise it where the same request makes another file.
_REVISION = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """An export that can be made. The connection is its own."""

    request: ExportRequest
    table: Table
    columns: dict[str, str]
    """Storage types by column, in the order asked for."""
    filter: Filter
    connection: duckdb.DuckDBPyConnection
    scratch: Path
    """A folder for what is made on the way."""

    @property
    def source(self) -> str:
        """SQL from FROM on: the rows to take."""
        return f"FROM {self.table.scan()} AS {duck.identifier(self.request.dataset)}{self.filter.sql}"

    @property
    def key(self) -> str:
        """The same for all exports that hold the same."""
        parts = (_REVISION, self.table.id, self.table.version, self.request.format, list(self.columns))
        told = orjson.dumps([*parts, self.filter.text, self.request.safe])
        return hashlib.sha256(told).hexdigest()[:32]

    @property
    def file_name(self) -> str:
        return self.request.file_name(self.table.version)

    @contextmanager
    def explained(self, query: str) -> Generator[None]:
        """While the block runs `query`: DuckDB's error becomes InvalidQuery where the filter is at fault, else ExportError."""
        try:
            yield
        except duckdb.InterruptException:
            raise
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            raise ExportError(
                f"{self.request.dataset}: it needs more memory than an export may take: choose fewer columns, "
                "a filter that makes no long texts, or another format"
            ) from error
        except duckdb.Error as error:
            told = self.filter.error(error, query)
            raise told or ExportError(f"{self.request.dataset}: {problem_of(error).message}") from error

    def rows_of(self, query: str) -> list[tuple[Any, ...]]:
        with self.explained(query):
            return self.connection.execute(query).fetchall()

    def count(self) -> int:
        [(rows,)] = self.rows_of(f"SELECT count(*) {self.source}")
        return int(rows)


@contextmanager
def planned(workspace: Workspace, request: ExportRequest, writes: Iterable[Path] = ()) -> Generator[Plan]:
    """The plan, with a connection that reads the table's folder and writes to `writes`, and else neither files nor network.

    Raises UnknownDataset, and InvalidQuery for a version, a column or a filter that cannot be.
    """
    table = open_dataset(workspace, request.dataset, request.version)
    columns = chosen_columns(table, request.columns)
    with (
        own_scratch(workspace.scratch, "export") as scratch,
        duck.connect(workspace) as connection,
        bounded_memory() if request.where else nullcontext(),
    ):
        connection.execute("SET errors_as_json = true")
        where = checked(connection, request.dataset, table.columns, request.where)
        _confine(connection, table.path, writes)
        yield Plan(request, table, columns, where, connection, scratch)


def chosen_columns(table: Table, asked: tuple[str, ...]) -> dict[str, str]:
    """The columns to take, in order: those asked for, or all that are data."""
    names: list[str] = []
    for one in asked:
        # A name may hold a comma; then it is that column.
        names += [one] if one in table.columns else [part.strip() for part in one.split(",")]
    if unknown := [name for name in names if name not in table.columns]:
        there = ", ".join(table.columns)
        raise InvalidQuery(f"columns: there is no {', '.join(map(repr, unknown))}; there are {there}")
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidQuery(f"columns: {', '.join(sorted(twice))} is named twice")
    return {name: table.columns[name] for name in names or data_columns(table.columns)}


def _confine(connection: duckdb.DuckDBPyConnection, folder: Path, writes: Iterable[Path]) -> None:
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute(f"SET threads = {min(_THREADS, os.cpu_count() or 1)}")
    # Files are read once: what is kept of them would only take memory.
    connection.execute("SET enable_external_file_cache = false")
    duck.confine(connection, [folder], writes)
