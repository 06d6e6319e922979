"""Parquet files by themselves: their columns, and whether they can be read."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from quarterhour.errors import QuarterhourError
from quarterhour.lake.duck import first_line, literal, string_list


class DamagedFile(QuarterhourError):
    """A Parquet file cannot be read."""


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """The DuckDB types of a Parquet file's columns, by name. Raises DamagedFile where it is none, or is not there."""
    try:
        described = connection.execute(f"DESCRIBE FROM read_parquet({literal(str(path))})").fetchall()
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise DamagedFile(first_line(error)) from error
    return {str(name): str(kind) for name, kind, *_ in described}


def parquet_columns_by_file(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """As `parquet_columns`, of many files in one query."""
    if not paths:
        return {}
    columns: dict[Path, dict[str, str]] = {path: {} for path in paths}
    for file, name, kind in connection.execute(
        f"SELECT file_name, name, duckdb_type FROM parquet_schema({string_list(str(path) for path in paths)}) "
        "WHERE num_children IS NULL ORDER BY file_name, column_id"
    ).fetchall():
        columns[Path(file)][str(name)] = str(kind)
    return columns


def find_damaged(connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> dict[Path, str]:
    """Those of the files that cannot be read, each with why. Reads every value of all of them."""
    damaged: dict[Path, str] = {}
    for path in paths:
        try:
            connection.execute(f"SELECT bit_xor(hash(t)) FROM read_parquet({literal(str(path))}) t").fetchall()
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            damaged[path] = first_line(error)
    return damaged
