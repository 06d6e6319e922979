"""Which columns look like references to other datasets: of the same name as a column there that holds no value twice."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import orjson

from quarterhour.lake.duck import identifier
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.subject import Subject, open_subject
from quarterhour.workspace import Workspace

_NEARLY = 0.95


def references(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    settings: Settings,
    subject: Subject,
    whole: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Candidates: that all values stand there is for their check to say."""
    for path in sorted(workspace.analyzed.glob("*/profile.json")):
        other = path.parent.name
        if other == subject.dataset:
            continue
        theirs: Mapping[str, Any] = orjson.loads(path.read_bytes())["whole"]["columns"]
        shared = [
            name for name in whole["columns"] if name in theirs and _can_refer(whole["columns"][name], theirs[name])
        ]
        if shared and (opened := open_subject(connection, workspace, settings, other, [], prefix="other ")) is not None:
            for name in shared:
                if name in opened.columns and _is_unique(opened, name):
                    yield {"check": "foreign_key", "column": name, "references": other, "severity": "warn"}


def _can_refer(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    kinds = ("VARCHAR", "INTEGER", "BIGINT")
    return (
        mine["type"] in kinds
        and theirs["type"] in kinds
        and (mine["type"] == "VARCHAR") == (theirs["type"] == "VARCHAR")
        and theirs["count"] > 1
        and theirs["distinct"] >= _NEARLY * theirs["count"]
        and mine["count"] > 0
        # What is unique on both sides is more likely the same thing told twice.
        and mine["distinct"] < _NEARLY * mine["count"]
    )


def _is_unique(other: Subject, name: str) -> bool:
    column = identifier(name)
    found = other.connection.execute(
        f"SELECT 1 FROM {other.whole} WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found is None
