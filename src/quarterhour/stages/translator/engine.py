"""The Translator's DuckDB: bounded memory, times without a zone are UTC."""

from pathlib import Path

import duckdb

_MEMORY_LIMIT = "700MB"


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that spills to `scratch`; threads take cursors of it."""
    connection = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "temp_directory": str(scratch)})
    connection.execute("SET TimeZone = 'UTC'")
    # Else the parts of a file would be read one after the other; rows carry their `_record`.
    connection.execute("SET preserve_insertion_order = false")
    return connection
