"""Checks that a profile suggests: what has no nulls, what is unique, which numbers are usual, how fresh, how many rows. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from quarterhour.settings.checks import show_duration
from quarterhour.stages.analyzer.states.state import is_number

# Below it a column's values say little of those to come.
_FEW_ROWS = 10
_FEW_RUNS = 5
_FEW_FILES = 5
_MOST_CODES = 366
_ROWS_PER_CODE = 20
_DAY_S = 86_400.0
# From it on a bound has no decimals.
_LARGE = 10
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "lat": (-90, 90),
    "latitude": (-90, 90),
    "lon": (-180, 180),
    "lng": (-180, 180),
    "longitude": (-180, 180),
}

Candidate = dict[str, Any]
Facts = Mapping[str, Any]


def of_columns(whole: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Candidate]:
    """`whole` is the profile of all rows. What holds by the nature of a column fails, what only held so far warns."""
    columns: Mapping[str, Facts] = whole["columns"]
    if whole["rows"] < _FEW_ROWS:
        return
    full = [name for name, facts in columns.items() if not facts["nulls"]]
    if always := [name for name in full if name in keys]:
        yield {"check": "not_null", "columns": always}
        yield {"check": "unique", "columns": list(keys)}
    if others := [name for name in full if name not in keys]:
        yield {"check": "not_null", "columns": others, "severity": "warn"}
    unique = [name for name in columns if _looks_unique(columns[name])]
    if not keys:
        yield from ({"check": "unique", "column": name, "severity": "warn"} for name in unique)
    for name, facts in columns.items():
        if is_number(facts["type"]) and name not in unique:
            yield from _range(name, facts)


def of_whole(profile: Mapping[str, Any], file_rows: Sequence[int], runs: int, now: datetime) -> Iterator[Candidate]:
    """`file_rows` are those of each file so far, `runs` is the length of the history."""
    columns: Mapping[str, Facts] = profile["whole"]["columns"]
    yield from _row_counts(file_rows)
    if (column := profile.get("main_timestamp")) is not None:
        yield from _freshness(column, columns[column], now)
    yield from _drifts(columns, runs)


def _looks_unique(facts: Facts) -> bool:
    return facts["type"] in ("VARCHAR", "INTEGER", "BIGINT") and facts["distinct"] >= 0.95 * facts["count"] > 0


def _range(name: str, facts: Facts) -> Iterator[Candidate]:
    """Of what every calendar and map bounds, that; of codes, theirs; of measures, twice as far from zero as they reach."""
    low, high = _number(facts["min"]), _number(facts["max"])
    if low is None or high is None:
        return
    by_nature = _BOUNDS.get(name.lower())
    if by_nature is not None and by_nature[0] <= low and high <= by_nature[1]:
        yield {"check": "range", "column": name, "min": by_nature[0], "max": by_nature[1]}
        return
    if low == high:
        return
    is_whole = facts["type"] in ("INTEGER", "BIGINT")
    if is_whole and high - low + 1 == facts["distinct"] <= min(_MOST_CODES, facts["count"] / _ROWS_PER_CODE):
        bounds: tuple[float, float] = int(low), int(high)
    else:
        bounds = -_rounded_up(-2 * low), _rounded_up(2 * high)
        if is_whole or max(map(abs, bounds)) >= _LARGE:
            bounds = int(bounds[0]), int(bounds[1])
    yield {"check": "range", "column": name, "min": bounds[0] or 0, "max": bounds[1] or 0, "severity": "warn"}


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _rounded_up(value: float) -> float:
    """With one significant digit, or 1.5: a bound that a person would have chosen."""
    if value <= 0:
        return 0.0
    scale = 10.0 ** math.floor(math.log10(value))
    first = next(step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * scale >= value * (1 - 1e-9))
    return float(f"{first * scale:.3g}")


def _row_counts(file_rows: Sequence[int]) -> Iterator[Candidate]:
    if len(file_rows) >= _FEW_FILES and max(file_rows):
        least, most = max(1, min(file_rows) // 2), int(_rounded_up(2.0 * max(file_rows)))
        yield {"check": "row_count", "of": "file", "min": least, "max": most, "severity": "warn"}


def _freshness(column: str, facts: Facts, now: datetime) -> Iterator[Candidate]:
    """Only where data still come: the newest moment is not much older than the largest gap so far."""
    usual, newest = facts.get("usual_spacing_s"), facts.get("max")
    if not usual or not isinstance(newest, str):
        return
    try:
        moment = datetime.fromisoformat(newest)
    except ValueError:
        return
    age_s = (now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
    largest_s = max([usual, *(gap["seconds"] for gap in facts.get("gaps", ()))])
    allowed_s = max(_DAY_S, 2 * largest_s)
    if -_DAY_S <= age_s <= allowed_s:
        days = math.ceil(allowed_s / _DAY_S)
        yield {
            "check": "freshness",
            "column": column,
            "max_age": show_duration(timedelta(days=days)),
            "severity": "warn",
        }


def _drifts(columns: Mapping[str, Facts], runs: int) -> Iterator[Candidate]:
    """Without a few runs there is nothing yet to compare with, but the volume."""
    yield {"check": "drift", "of": "volume", "severity": "warn"}
    if runs < _FEW_RUNS:
        return
    if some := [name for name, facts in columns.items() if facts["nulls"] and facts["count"]]:
        yield {"check": "drift", "of": "null_share", "columns": some, "severity": "warn"}
    if measured := [name for name, facts in columns.items() if is_number(facts["type"]) and not _looks_unique(facts)]:
        yield {"check": "drift", "of": "distribution", "columns": measured, "severity": "warn"}
