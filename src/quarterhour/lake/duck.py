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

_SCRATCH_NAME = re.compile(r"\.?[a-z]+-(\d+)-.*")


@contextmanager
def connect(workspace: Workspace) -> Generator[duckdb.DuckDBPyConnection]:
    """An in-memory database in UTC that spills to a folder of its own, removed at the end."""
    with (
        own_scratch(workspace.scratch, "duckdb") as spill,
        duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(spill),
                # Nothing is fetched from the network, whatever a query says.
                "autoinstall_known_extensions": False,
            }
        ) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar_print = false")
        yield connection


@contextmanager
def own_scratch(parent: Path, kind: str) -> Generator[Path]:
    """A folder of this process below `parent`, removed at the block's end; those that killed processes left go first."""
    _remove_scratch_of_the_dead(parent)
    folder = tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_scratch_of_the_dead(scratch: Path) -> None:
    """What a killed process left is removed; a living one's (also under a reused id) stays."""
    for path in scratch.iterdir():
        owner = _SCRATCH_NAME.fullmatch(path.name)
        if not owner or psutil.pid_exists(int(owner.group(1))):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def string_list(values: Iterable[str]) -> str:
    """`values` as a SQL list of strings."""
    return "[" + ", ".join(literal(value) for value in values) + "]"
