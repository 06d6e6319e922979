"""The profile of a relation: what its columns hold. Distinct counts and quantiles are approximate (DuckDB's sketches)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb

from quarterhour.lake.duck import identifier
from quarterhour.lake.queries import json_value

HISTOGRAM_BINS = 20
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_TOP_VALUES = 10
_LARGEST_GAPS = 10
# Columns that share one scan: enough to save reading, few enough to report between two scans.
GROUP = 16

_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")


def is_number(storage: str) -> bool:
    return storage in ("INTEGER", "BIGINT", "DOUBLE") or storage.startswith("DECIMAL")


def is_moment(storage: str) -> bool:
    return storage in _MOMENTS


def profile(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], report: Callable[[], None]
) -> dict[str, Any]:
    """Rows, and for each of `columns` (storage types) its facts. `report` is called after each group of columns."""
    found = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    rows = int(found[0]) if found else 0
    profiles: dict[str, dict[str, Any]] = {}
    for group in groups(columns):
        part = {name: columns[name] for name in group}
        facts = _facts(connection, relation, part, rows)
        _add_histograms(connection, relation, part, facts)
        for name, storage in part.items():
            if storage == "VARCHAR":
                facts[name]["top"] = _top_values(connection, relation, name)
            elif is_moment(storage):
                facts[name] |= _coverage(connection, relation, name)
        profiles |= facts
        report()
    return {"rows": rows, "columns": profiles}


def groups(columns: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The names of `columns`, as many at a time as share one scan."""
    names = list(columns)
    return (tuple(names[start : start + GROUP]) for start in range(0, len(names), GROUP))


def _facts(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], rows: int
) -> dict[str, dict[str, Any]]:
    expressions: list[tuple[str, str, str]] = []
    for name, storage in columns.items():
        column = identifier(name)
        expressions += [
            (name, "count", f"count({column})"),
            (name, "distinct", f"approx_count_distinct({column})"),
            (name, "min", f"min({column})"),
            (name, "max", f"max({column})"),
        ]
        if is_number(storage):
            # Not-a-number and infinity stand in min and max, and would make the rest meaningless.
            finite = f"FILTER (isfinite({column}::DOUBLE))"
            expressions += [
                (name, "mean", f"avg({column}::DOUBLE) {finite}"),
                (name, "quantiles", f"approx_quantile({column}::DOUBLE, {list(QUANTILES.values())}) {finite}"),
                (name, "_low", f"min({column}::DOUBLE) {finite}"),
                (name, "_high", f"max({column}::DOUBLE) {finite}"),
            ]
        elif storage == "VARCHAR":
            expressions += [
                (name, "min_length", f"min(length({column}))"),
                (name, "max_length", f"max(length({column}))"),
            ]
    values = connection.execute(f"SELECT {', '.join(sql for _, _, sql in expressions)} FROM {relation}").fetchone()
    facts: dict[str, dict[str, Any]] = {name: {"type": storage} for name, storage in columns.items()}
    for (name, fact, _), value in zip(expressions, values or (), strict=True):
        if fact == "quantiles":
            facts[name][fact] = dict(zip(QUANTILES, map(json_value, value or [None] * len(QUANTILES)), strict=True))
        else:
            facts[name][fact] = json_value(value)
    for fact in facts.values():
        fact["nulls"] = rows - fact["count"]
        # The sketch may exceed what it counts.
        fact["distinct"] = min(fact["distinct"], fact["count"])
    return facts


def _add_histograms(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], facts: dict[str, dict[str, Any]]
) -> None:
    """Equal bins from the least to the greatest finite value; one scan for the group."""
    bounds: dict[str, tuple[float, float]] = {}
    for name in columns:
        low, high = facts[name].pop("_low", None), facts[name].pop("_high", None)
        if low is not None and high is not None:
            bounds[name] = (float(low), float(high))
    if not bounds:
        return
    expressions: list[str] = []
    for name, (low, high) in bounds.items():
        value = f"{identifier(name)}::DOUBLE"
        # Halves keep the width of a range as wide as all doubles finite; a single value stands in the first bin.
        half_width = high / 2 - low / 2 or 1.0
        place = f"floor(({value} / 2 - {low / 2!r}) / {half_width!r} * {HISTOGRAM_BINS})"
        expressions.append(
            f"histogram(greatest(0, least({HISTOGRAM_BINS - 1}, {place}))::INTEGER) FILTER (isfinite({value}))"
        )
    counted = connection.execute(f"SELECT {', '.join(expressions)} FROM {relation}").fetchone()
    for (name, (low, high)), bins in zip(bounds.items(), counted or (), strict=True):
        facts[name]["histogram"] = {
            "from": low,
            "to": high,
            "counts": [int((bins or {}).get(place, 0)) for place in range(HISTOGRAM_BINS)],
        }


def _top_values(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> list[dict[str, Any]]:
    """The most frequent values, exactly counted."""
    column = identifier(name)
    counted = connection.execute(
        f"SELECT {column}, count(*) AS n FROM {relation} WHERE {column} IS NOT NULL "
        f"GROUP BY {column} ORDER BY n DESC, {column} LIMIT {_TOP_VALUES}"
    ).fetchall()
    return [{"value": value, "count": count} for value, count in counted]


def _coverage(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> dict[str, Any]:
    """The most frequent distance of neighbouring moments in seconds, and the largest distances that exceed it."""
    column = identifier(name)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE distances AS "
        f"SELECT m, lead(m) OVER (ORDER BY m) AS after, epoch_us(after) - epoch_us(m) AS distance_us "
        f"FROM (SELECT DISTINCT {column}::TIMESTAMP AS m FROM {relation} WHERE isfinite({column}))"
    )
    found = connection.execute("SELECT mode(distance_us ORDER BY distance_us) FROM distances").fetchone()
    usual_us = found[0] if found else None
    if usual_us is None:
        return {"usual_spacing_s": None, "gaps": []}
    gaps = connection.execute(
        "SELECT m, after, distance_us FROM distances WHERE distance_us > ? ORDER BY distance_us DESC, m LIMIT ?",
        [usual_us, _LARGEST_GAPS],
    ).fetchall()
    return {
        "usual_spacing_s": usual_us / 1e6,
        "gaps": [
            {"from": json_value(start), "to": json_value(end), "seconds": distance_us / 1e6}
            for start, end, distance_us in gaps
        ],
    }
