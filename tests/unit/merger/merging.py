"""Merging in tests: one run of the merger, whose balance must close, and rows as SQL."""

from typing import Any

from stage_context import RecordingContext

from quarterhour.stages.merger import MergerService


def merge(context: RecordingContext) -> dict[str, Any]:
    """One run of the merger; the balance closes for the run and for each dataset."""
    data = MergerService().run(context).data
    for account in (data, *data["datasets"].values()):
        assert account["rows"] == sum(account[kind] for kind in ("inserted", "updated", "unchanged", "held_back"))
    assert data["rows"] == sum(account["rows"] for account in data["datasets"].values())
    return data


def counts(data: dict[str, Any]) -> tuple[int, int, int, int]:
    return data["inserted"], data["updated"], data["unchanged"], data["held_back"]


def values(*rows: tuple[object, ...], columns: str = "k, v") -> str:
    """SQL of rows given as SQL texts or numbers."""
    listed = ", ".join("(" + ", ".join("NULL::INTEGER" if v is None else str(v) for v in row) + ")" for row in rows)
    return f"SELECT * FROM (VALUES {listed}) t({columns})"


def keyed(conflict: str = "newest", keys: str = "k") -> dict[str, Any]:
    return {"datasets": [{"name": "bars", "files": "bars/*", "keys": keys.split(), "conflict": conflict}]}
