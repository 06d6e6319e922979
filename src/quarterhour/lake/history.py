"""The versions of merged tables: what made each, by which run or command, of which files, and whether it can still be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson

from quarterhour.clock import wire_time
from quarterhour.errors import InvalidQuery
from quarterhour.lake.column_types import LINEAGE, from_delta
from quarterhour.lake.ledger import InputLedger
from quarterhour.lake.queries import open_dataset
from quarterhour.lake.tables import Table, TableError, open_table
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

MAX_VERSIONS = 1000
_FILES_NAMED = 20
_COUNTS = ("inserted", "updated", "unchanged", "removed", "restored", "added", "reassigned")
# What the Delta library calls the commits that are not ours to name.
_OPERATIONS = {
    "CREATE TABLE": "create",
    "ADD COLUMN": "add_columns",
    "OPTIMIZE": "compaction",
    "RESTORE": "restore",
}


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    info: dict[str, Any]
    is_kept: bool
    """Whether all its data files are still there."""
    columns: dict[str, str] | None
    """Delta's types by column where its commit says them."""


def dataset_history(
    workspace: Workspace, settings: Settings, name: str, limit: int = 50, before: int | None = None
) -> dict[str, Any]:
    """A page of a merged table's versions, newest first; `before` is the `next` of the page before.

    Raises UnknownDataset, InvalidQuery.
    """
    del settings
    if not 1 <= limit <= MAX_VERSIONS:
        raise InvalidQuery(f"limit {limit}: give one from 1 to {MAX_VERSIONS}")
    table = open_dataset(workspace, name)
    found: list[_Version] = []
    total = 0
    described: list[_Version] = []
    for version in _versions(table):
        total += 1
        if version.columns is not None:
            described.append(version)
        if len(found) <= limit and (before is None or version.number < before):
            found.append(version)
    with InputLedger(workspace.ledger_file) as ledger:
        changes = _column_changes(described)
        items = [_item(table, version, ledger, changes.get(version.number, [])) for version in found[:limit]]
    return {"items": items, "next": found[limit - 1].number if len(found) > limit else None, "total": total}


def _versions(table: Table) -> Iterator[_Version]:
    """Backwards through the log: a version has the files of the one after it, less what that added, and what that removed."""
    gone: set[str] = set()
    for entry in table.log():
        yield _Version(entry.version, entry.info, is_kept=not gone, columns=entry.columns)
        gone -= entry.added
        gone |= {name for name in entry.removed if not (table.path / name).exists()}


def _column_changes(described: Sequence[_Version]) -> dict[int, list[dict[str, str | None]]]:
    """By version, newest first as given: the columns that came, went, or got another type with it."""
    changes: dict[int, list[dict[str, str | None]]] = {}
    for after, before in pairwise(described):
        new, old = _types(after), _types(before)
        changes[after.number] = [
            {"name": name, "before": old.get(name), "after": new.get(name)}
            for name in dict.fromkeys([*new, *old])
            if name not in LINEAGE and old.get(name) != new.get(name)
        ]
    return changes


def _types(version: _Version) -> dict[str, str]:
    return {name: from_delta(kind) or kind for name, kind in (version.columns or {}).items()}


def _item(
    table: Table, version: _Version, ledger: InputLedger, columns: Sequence[Mapping[str, str | None]]
) -> dict[str, Any]:
    info = version.info
    marks = list(orjson.loads(info.get("inputs") or info.get("moved") or "{}"))
    entries = (ledger.find(mark) for mark in marks[:_FILES_NAMED])
    return {
        "version": version.number,
        "timestamp": wire_time(datetime.fromtimestamp(int(info.get("timestamp", 0)) / 1000, UTC)),
        "operation": _operation(info),
        "run_id": info.get("run_id"),
        "inputs": len(marks),
        "files": sorted(entry.name for entry in entries if entry is not None),
        "counts": {kind: int(info[kind]) for kind in _COUNTS if kind in info},
        "rows": _rows(table, version),
        "is_kept": version.is_kept,
        "columns": columns,
    }


def _operation(info: Mapping[str, Any]) -> str:
    """`merge`, `retract`, `put_back`, `restore`, `compaction`, `create`, `add_columns`, or what another writer says."""
    if "kind" in info:
        return str(info["kind"])
    if "inputs" in info:
        return "merge"
    operation = str(info.get("operation", ""))
    return _OPERATIONS.get(operation, operation.lower().replace(" ", "_"))


def _rows(table: Table, version: _Version) -> int | None:
    """From the commit itself where it says so; None where neither it nor the log tells any more."""
    if "rows" in version.info:
        return int(version.info["rows"])
    try:
        opened = open_table(table.path, version.number)
    except TableError:
        return None
    return opened.rows if opened else None
