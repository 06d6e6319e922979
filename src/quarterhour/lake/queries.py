"""What people ask of the merged tables: lists, profiles and histories as JSON-able data.

The server calls these in a child process, since the process that serves the socket never imports DuckDB or deltalake.
"""

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from quarterhour.clock import wire_time
from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake.column_types import LINEAGE
from quarterhour.lake.tables import Table, TableError, open_table
from quarterhour.settings import DATASET_NAME, Settings
from quarterhour.workspace import Workspace

# Beyond it a JSON number is rounded by browsers.
_LARGEST_EXACT_INTEGER = 2**53


def list_datasets(workspace: Workspace, settings: Settings) -> list[dict[str, Any]]:
    """Every merged table, by name."""
    if not workspace.merged.is_dir():
        return []
    names = sorted(folder.name for folder in workspace.merged.iterdir() if re.fullmatch(DATASET_NAME, folder.name))
    tables = ((name, open_table(workspace.table(name))) for name in names)
    return [_summary(name, table, settings) for name, table in tables if table is not None]


def dataset(workspace: Workspace, settings: Settings, name: str) -> dict[str, Any]:
    """One merged table as in the list."""
    return _summary(name, open_dataset(workspace, name), settings)


def dataset_profile(workspace: Workspace, settings: Settings, name: str) -> dict[str, Any] | None:
    """The analyzer's last profile; None where the dataset was not analysed yet."""
    del settings
    _check_name(name)
    try:
        return orjson.loads(workspace.profile_file(name).read_bytes())
    except FileNotFoundError:
        open_dataset(workspace, name)
        return None


def open_dataset(workspace: Workspace, name: str, version: int | None = None) -> Table:
    """Raises UnknownDataset, and InvalidQuery for a version that the table has not, or has no longer."""
    _check_name(name)
    table = open_table(workspace.table(name))
    if table is None:
        raise UnknownDataset(f"no merged table is named {name!r}", dataset=name)
    if version is None or version == table.version:
        return table
    if not 0 <= version <= table.version:
        raise InvalidQuery(f"{name} has no version {version}: give one from 0 to {table.version}", version=version)
    no_longer = InvalidQuery(
        f"{name} has version {version} no longer: it was cleaned up; `quarterhour history {name}` shows what is kept",
        version=version,
    )
    try:
        at_version = open_table(workspace.table(name), version)
    except TableError as error:
        raise no_longer from error
    if at_version is None or at_version.missing_files():
        raise no_longer
    return at_version


def json_value(value: Any) -> Any:
    """A DuckDB value as JSON holds it without loss: what a number cannot carry is text, not-a-number is null."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _LARGEST_EXACT_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None if math.isnan(value) else str(value)
        case Decimal():
            return str(value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _check_name(name: str) -> None:
    """Before a path is made of it."""
    if not re.fullmatch(DATASET_NAME, name):
        raise UnknownDataset(f"no merged table is named {name!r}", dataset=name)


def _summary(name: str, table: Table, settings: Settings) -> dict[str, Any]:
    return {
        "name": name,
        "rows": table.rows,
        "size_bytes": table.size_bytes,
        "version": table.version,
        "updated_at": wire_time(table.updated_at()),
        "files": len(table.files),
        "columns": [{"name": column, "type": kind} for column, kind in table.columns.items() if column not in LINEAGE],
        "keys": list(settings.keys_of(name)),
    }
