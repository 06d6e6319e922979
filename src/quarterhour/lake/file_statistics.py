"""Statistics of a data file in Delta's form, made of what DuckDB's COPY reports (RETURN_STATS). Pure.

A bound is left out wherever it would not be a true bound: readers skip files by them.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from quarterhour.lake.column_types import LINEAGE

# Delta's own convention: bounds of the first 32 columns, so that wide tables keep a small log.
_INDEXED_COLUMNS = 32
# A longer text is a poor bound and a large one.
_LONGEST_TEXT = 64

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)(\+00)?")


def delta_statistics(
    rows: int, reported: Mapping[str, Mapping[str, str]], columns: Mapping[str, str], keys: Collection[str] = ()
) -> str:
    """The `stats` text of an add action. `reported` is COPY's column_statistics; `columns` are storage types by name."""
    by_name = {_unquoted(name): facts for name, facts in reported.items()}
    indexed = {*list(columns)[:_INDEXED_COLUMNS], *keys, *LINEAGE}
    null_count: dict[str, int] = {}
    lowest: dict[str, Any] = {}
    highest: dict[str, Any] = {}
    for name, storage in columns.items():
        facts = by_name.get(name)
        if facts is None or name not in indexed:
            continue
        if "null_count" in facts:
            null_count[name] = int(facts["null_count"])
        if facts.get("has_nan") == "true":
            # Delta orders NaN above all numbers, Parquet's bounds leave it out.
            continue
        low, high = _bound(facts, "min", storage), _bound(facts, "max", storage)
        if low is not None and high is not None:
            lowest[name], highest[name] = low, high
    statistics = {"numRecords": rows, "minValues": lowest, "maxValues": highest, "nullCount": null_count}
    return orjson.dumps(statistics).decode()


def _bound(facts: Mapping[str, str], which: str, storage: str) -> int | float | str | None:
    text = facts.get(which)
    if text is None or facts.get(f"{which}_is_exact") != "true":
        return None
    match storage:
        case "INTEGER" | "BIGINT":
            return int(text)
        case "DOUBLE":
            number = float(text)
            return number if math.isfinite(number) else None
        case "VARCHAR":
            return text if len(text) <= _LONGEST_TEXT else None
        case "DATE":
            return text if _DAY.fullmatch(text) else None
        case "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE":
            moment = _MOMENT.fullmatch(text)
            return f"{moment.group(1)}T{moment.group(2)}{'Z' if moment.group(3) else ''}" if moment else None
        case _:
            return None


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
