"""Aggregates by time: which column is a dataset's time, how wide a bucket is, and the table of buckets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from quarterhour.files import replacing
from quarterhour.lake.duck import identifier, literal
from quarterhour.stages.analyzer.states.state import is_moment, is_number

# No more buckets than a chart shows; months and years are calendar ones.
_MOST_BUCKETS = 500
_WIDTHS: dict[str, int] = {
    "1 second": 1,
    "10 seconds": 10,
    "1 minute": 60,
    "5 minutes": 300,
    "15 minutes": 900,
    "1 hour": 3600,
    "6 hours": 6 * 3600,
    "1 day": 86_400,
    "7 days": 7 * 86_400,
    "1 month": 30 * 86_400,
    "1 year": 365 * 86_400,
    "10 years": 3650 * 86_400,
}
ROWS = "_rows"
"""The `column` of a bucket's number of rows."""


def main_timestamp(
    columns: Mapping[str, str], facts: Mapping[str, Mapping[str, Any]], keys: Sequence[str]
) -> str | None:
    """The column that is a dataset's time: a key before others, a moment before a day, then the one with the fewest nulls,
    the most distinct values, and the first. None where no column has a moment."""
    candidates = [name for name, storage in columns.items() if is_moment(storage) and facts[name]["count"]]
    return min(
        candidates,
        key=lambda name: (name not in keys, columns[name] == "DATE", facts[name]["nulls"], -facts[name]["distinct"]),
        default=None,
    )


def bucket_width(span_s: float) -> str:
    """The narrowest width that makes no more buckets than a chart shows."""
    return next((width for width, seconds in _WIDTHS.items() if span_s / seconds <= _MOST_BUCKETS), "10 years")


def write_buckets(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], time_column: str, path: Path
) -> str | None:
    """Write the buckets of `relation` to `path`; returns their width. None, and no file, where no moment is finite."""
    moment = f"TRY_CAST({identifier(time_column)} AS TIMESTAMP)"
    span = connection.execute(
        f"SELECT (max(epoch_us({moment})) - min(epoch_us({moment}))) / 1e6 FROM {relation} WHERE isfinite({moment})"
    ).fetchone()
    if span is None or span[0] is None:
        path.unlink(missing_ok=True)
        return None
    width = bucket_width(span[0])
    bucket = f"time_bucket(INTERVAL {literal(width)}, {moment}) AS bucket"
    where = f"WHERE isfinite({moment}) GROUP BY 1"
    empty = ", ".join(f"NULL::DOUBLE AS {name}" for name in ("sum", "mean", "min", "max"))
    parts = [f'SELECT {bucket}, {literal(ROWS)} AS "column", count(*) AS "count", {empty} FROM {relation} {where}']
    for name, storage in columns.items():
        if is_number(storage):
            value = f"{identifier(name)}::DOUBLE"
            finite = f"FILTER (isfinite({value}))"
            aggregates = ", ".join(
                f"{function}({value}) {finite}" for function in ("count", "sum", "avg", "min", "max")
            )
            parts.append(f"SELECT {bucket}, {literal(name)}, {aggregates} FROM {relation} {where}")
    query = f'SELECT * FROM ({" UNION ALL ".join(parts)}) ORDER BY "column", bucket'
    with replacing(path) as temporary:
        connection.execute(f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")
    return width
