"""DuckDB as quarterhour uses it: connections with bounded memory that spill below the scratch folder, and SQL quoting."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

from quarterhour.lake.scratch import own_scratch
from quarterhour.workspace import Workspace

# What a connection may hold before it spills: it leaves room on a small machine for the server and a browser.
MEMORY_LIMIT = "1GB"
_LEAST_MEMORY_MB = 100


@contextmanager
def connect(workspace: Workspace, *, share: int = 1) -> Generator[duckdb.DuckDBPyConnection]:
    """An in-memory database in UTC that spills to a folder of its own, removed at the end.

    `share` is how many processes share the memory and the cores.
    """
    with (
        own_scratch(workspace.scratch, "duckdb") as spill,
        duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT if share == 1 else f"{max(_LEAST_MEMORY_MB, 1000 // share)}MB",
                **({} if share == 1 else {"threads": max(1, (os.cpu_count() or 1) // share)}),
                "temp_directory": str(spill),
                # Nothing is fetched from the network, whatever a query says.
                "autoinstall_known_extensions": False,
            }
        ) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar_print = false")
        yield connection


def confine(connection: duckdb.DuckDBPyConnection, folders: Iterable[Path] = (), files: Iterable[Path] = ()) -> None:
    """From here on nothing but what is in `folders`, and `files`, can be opened, and nothing can be set: for SQL of others.

    The steps of https://duckdb.org/docs/operations_manual/securing_duckdb/overview; the last one locks the others.
    """
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_directories = {string_list(f'{folder}{os.sep}' for folder in folders)}")
    connection.execute(f"SET allowed_paths = {string_list(map(str, files))}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def string_list(values: Iterable[str]) -> str:
    """`values` as a SQL list of strings."""
    return "[" + ", ".join(literal(value) for value in values) + "]"


def first_line(error: duckdb.Error) -> str:
    """What went wrong, without the query around it."""
    return str(error).splitlines()[0]
