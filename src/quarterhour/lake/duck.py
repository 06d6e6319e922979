"""DuckDB as quarterhour uses it: connections with bounded memory that spill below the scratch folder, and SQL quoting."""

import os
import re
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil

from quarterhour.workspace import Workspace

# What a connection may hold before it spills: it leaves room on a small machine for the server and a browser.
MEMORY_LIMIT = "1GB"

_SPILL_FOLDER = re.compile(r"duckdb-(\d+)-.*")


@contextmanager
def connect(workspace: Workspace) -> Generator[duckdb.DuckDBPyConnection]:
    """An in-memory database in UTC that spills to a folder of its own, removed at the end."""
    _remove_spill_of_the_dead(workspace.scratch)
    spill = tempfile.mkdtemp(prefix=f"duckdb-{os.getpid()}-", dir=workspace.scratch)
    try:
        with duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": spill,
                # Nothing is fetched from the network, whatever a query says.
                "autoinstall_known_extensions": False,
            }
        ) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar_print = false")
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _remove_spill_of_the_dead(scratch: Path) -> None:
    """A killed process leaves its folder; a living one's (also under a reused id) stays."""
    for folder in scratch.iterdir():
        owner = _SPILL_FOLDER.fullmatch(folder.name)
        if owner and not psutil.pid_exists(int(owner.group(1))):
            shutil.rmtree(folder, ignore_errors=True)


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def string_list(values: Iterable[str]) -> str:
    """`values` as a SQL list of strings."""
    return "[" + ", ".join(literal(value) for value in values) + "]"
