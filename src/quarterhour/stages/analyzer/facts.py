"""Facts: what a profile says of columns, told from a state without reading the rows."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from quarterhour.lake.queries import json_value
from quarterhour.stages.analyzer.coverage import add_coverage
from quarterhour.stages.analyzer.states.state import ColumnState, State, has_length, is_moment, is_number, is_text

HISTOGRAM_BINS = 20
QUANTILES = {f"p{percent:02}": percent / 100 for percent in (1, 5, 10, 25, 50, 75, 90, 95, 99)}
_TOP_VALUES = 10
# Of standard deviations: one estimate in ten thousand is further off.
_DEVIATIONS = 4
# As often must a value stand in a sample to be told among the most frequent ones.
_LEAST_SIGHTINGS = 5

Facts = dict[str, dict[str, Any]]


def facts_of(connection: duckdb.DuckDBPyConnection, state: State) -> Facts:
    """The facts of each column by name. Those in its `approximate` are estimates, off by no more than `bounds` says."""
    facts: Facts = {
        name: {
            "type": column.type,
            "count": column.count,
            "nulls": state.rows - column.count,
            "bounds": {},
            "approximate": [],
        }
        for name, column in state.columns.items()
    }
    _add_distinct(connection, state, facts)
    _add_extremes(connection, state, facts)
    _add_numbers(connection, state, facts)
    _add_lengths(connection, state, facts)
    _add_top(connection, state, facts)
    add_coverage(connection, state, facts)
    for one in facts.values():
        one["approximate"] = sorted({*one["approximate"], *one["bounds"]})
    return facts


def _add_distinct(connection: duckdb.DuckDBPyConnection, state: State, facts: Facts) -> None:
    counted = _by_column(connection, f"SELECT c, count(*) FROM {state.table('counts')} GROUP BY c")
    kept = _by_column(connection, f"SELECT c, count(*) FROM {state.table('hashes')} GROUP BY c")
    for name, column in state.columns.items():
        if not column.is_sampled:
            facts[name]["distinct"] = counted.get(column.id, (0,))[0]
            continue
        (seen,) = kept.get(column.id, (0,))
        facts[name]["distinct"] = min(seen << column.distinct_shift, column.count)
        if column.distinct_shift:
            share = 1 - 0.5**column.distinct_shift
            facts[name]["bounds"]["distinct"] = _rounded_up(_DEVIATIONS * math.sqrt(share / max(seen, 1)))


def _add_extremes(connection: duckdb.DuckDBPyConnection, state: State, facts: Facts) -> None:
    found: dict[int, tuple[Any, ...]] = {}
    for storage, ids in _ids_by_type(state.columns.values()).items():
        text = "hex({})" if storage == "BLOB" else "{}::VARCHAR"
        value = f"TRY_CAST(v AS {storage})"
        found |= _by_column(
            connection,
            f"SELECT c, {text.format(f'min({value})')}, {text.format(f'max({value})')} "
            f"FROM {state.table('counts')} WHERE c IN ({ids}) GROUP BY c",
        )
    for name, column in state.columns.items():
        low, high = (column.low, column.high) if column.is_sampled else found.get(column.id, (None, None))
        facts[name] |= {"min": shown(low, column.type), "max": shown(high, column.type)}


def shown(text: str | None, storage: str) -> Any:
    """A value as JSON has it, from its text."""
    if text is None or is_text(storage):
        return text
    if storage in ("INTEGER", "BIGINT"):
        return json_value(int(text))
    if storage == "DOUBLE":
        return json_value(float(text))
    if storage == "BOOLEAN":
        return text == "true"
    if storage == "BLOB":
        return text.lower()
    if is_moment(storage):
        return text.replace(" ", "T", 1).replace("+00", "Z")
    return text


def _add_numbers(connection: duckdb.DuckDBPyConnection, state: State, facts: Facts) -> None:
    numbers = {name: column for name, column in state.columns.items() if is_number(column.type)}
    if not numbers:
        return
    counted = _ids(column for column in numbers.values() if not column.is_sampled)
    sampled = _ids(column for column in numbers.values() if column.is_sampled)
    # Values with their counts, and those of a sample, once each: what follows is the same for both.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE numbers AS FROM ("
        f"SELECT c, TRY_CAST(v AS DOUBLE) AS x, n FROM {state.table('counts')} WHERE c IN ({counted}) UNION ALL "
        f"SELECT c, x, 1 FROM {state.table('sample')} WHERE c IN ({sampled})) WHERE isfinite(x)"
    )
    means = _by_column(
        connection,
        "SELECT c, sum(n), min(x), max(x), mean, sum(n * (x - mean) * (x - mean)) FROM numbers JOIN "
        "(SELECT c, sum(x * n) / sum(n) AS mean FROM numbers GROUP BY c) USING (c) GROUP BY c, mean",
    )
    for name, column in numbers.items():
        seen, low, high, mean, squares = means.get(column.id, (0, None, None, None, None))
        finite = seen
        if column.is_sampled:
            finite, low, high = column.finite, column.finite_low, column.finite_high
            mean, squares = column.mean, column.squares
        facts[name] |= {"mean": _finite(mean), "std": _deviation(finite, squares)}
        _add_distribution(facts[name], column, finite, seen, low, high)
    _add_quantiles(connection, numbers, facts)
    _add_histograms(connection, numbers, facts)


def _add_distribution(
    one: dict[str, Any], column: ColumnState, finite: int, seen: int, low: float | None, high: float | None
) -> None:
    """The bounds of quantiles and histogram, and the histogram's frame."""
    one["quantiles"] = dict.fromkeys(QUANTILES)
    if low is not None and high is not None:
        one["histogram"] = {"from": low, "to": high, "counts": [0] * HISTOGRAM_BINS}
        one["_scale"] = finite / seen if seen else 0
    if column.is_sampled and column.sample_shift:
        bound = _rounded_up(_DEVIATIONS * 0.5 / math.sqrt(max(seen, 1)))
        one["bounds"] |= {"quantiles": bound, "histogram": bound}


def _add_quantiles(connection: duckdb.DuckDBPyConnection, numbers: Mapping[str, ColumnState], facts: Facts) -> None:
    """The least value that has the share of values at or below it."""
    shares = ", ".join(f"min(x) FILTER (below >= {share!r} * total)" for share in QUANTILES.values())
    found = _by_column(
        connection,
        f"SELECT c, {shares} FROM (SELECT c, x, sum(n) OVER (PARTITION BY c ORDER BY x) AS below, "
        "sum(n) OVER (PARTITION BY c) AS total FROM numbers) GROUP BY c",
    )
    for name, column in numbers.items():
        if column.id in found:
            facts[name]["quantiles"] = dict(zip(QUANTILES, map(json_value, found[column.id]), strict=True))


def _add_histograms(connection: duckdb.DuckDBPyConnection, numbers: Mapping[str, ColumnState], facts: Facts) -> None:
    """Equal bins from the least to the greatest finite value."""
    names = {column.id: name for name, column in numbers.items() if "histogram" in facts[name]}
    frames = ", ".join(
        # Halves keep the width of a range as wide as all doubles finite; a single value stands in the first bin.
        f"({c}, {frame['from'] / 2!r}::DOUBLE, {frame['to'] / 2 - frame['from'] / 2 or 1.0!r}::DOUBLE)"
        for c, name in names.items()
        if (frame := facts[name]["histogram"])
    )
    if not frames:
        return
    place = f"floor((x / 2 - half_low) / half_width * {HISTOGRAM_BINS})"
    counted = connection.execute(
        f"SELECT c, greatest(0, least({HISTOGRAM_BINS - 1}, {place}))::INTEGER AS place, sum(n)::BIGINT FROM numbers "
        f"JOIN (VALUES {frames}) AS f (c, half_low, half_width) USING (c) GROUP BY ALL"
    ).fetchall()
    for c, bin_, n in counted:
        facts[names[c]]["histogram"]["counts"][bin_] = n
    for name in names.values():
        scale, histogram = facts[name].pop("_scale"), facts[name]["histogram"]
        if scale != 1:
            histogram["counts"] = _scaled(histogram["counts"], scale)


def _scaled(counts: list[int], scale: float) -> list[int]:
    """Whole numbers in the proportion of `counts`, whose sum is theirs times `scale`."""
    total = round(sum(counts) * scale)
    made = [math.floor(count * scale) for count in counts]
    by_rest = sorted(range(len(counts)), key=lambda place: counts[place] * scale - made[place], reverse=True)
    for place in by_rest[: total - sum(made)]:
        made[place] += 1
    return made


def _add_lengths(connection: duckdb.DuckDBPyConnection, state: State, facts: Facts) -> None:
    columns = {name: column for name, column in state.columns.items() if has_length(column.type)}
    found: dict[int, tuple[Any, ...]] = {}
    for storage, ids in _ids_by_type(columns.values()).items():
        length = "length(v)" if is_text(storage) else "octet_length(TRY_CAST(v AS BLOB))"
        found |= _by_column(
            connection,
            f"SELECT c, min({length}), max({length}), sum({length} * n) "
            f"FROM {state.table('counts')} WHERE c IN ({ids}) GROUP BY c",
        )
    for name, column in columns.items():
        least, greatest, total = found.get(column.id, (None, None, 0))
        if column.is_sampled:
            least, greatest, total = column.least_length, column.greatest_length, column.total_length
        mean = int(total) / column.count if column.count else None
        facts[name] |= {"min_length": least, "max_length": greatest, "mean_length": mean}


def _add_top(connection: duckdb.DuckDBPyConnection, state: State, facts: Facts) -> None:
    """The most frequent values; of a sample only those that it has seen often enough to tell."""
    names = {column.id: name for name, column in state.columns.items()}
    shifts = {column.id: column.sample_shift for column in state.columns.values() if column.is_sampled}
    texts = _ids(column for column in state.columns.values() if column.is_sampled and is_text(column.type))
    ranked = connection.execute(
        f"SELECT c, v, n FROM (FROM {state.table('counts')} UNION ALL "
        f"SELECT c, v, count(*) FROM {state.table('sample')} WHERE c IN ({texts}) GROUP BY ALL) "
        f"QUALIFY row_number() OVER (PARTITION BY c ORDER BY n DESC, v) <= {_TOP_VALUES} ORDER BY c, n DESC, v"
    ).fetchall()
    for name, column in state.columns.items():
        if not column.is_sampled or is_text(column.type):
            facts[name]["top"] = []
    for c, value, n in ranked:
        one, shift = facts[names[c]], shifts.get(c, 0)
        if not shift or n >= _LEAST_SIGHTINGS:
            one["top"].append({"value": shown(value, one["type"]), "count": n << shift})
        if shift and n >= _LEAST_SIGHTINGS:
            # Of the rarest that is told.
            one["bounds"]["top"] = _rounded_up(_DEVIATIONS / math.sqrt(n))


def _ids(columns: Iterable[ColumnState]) -> str:
    """A SQL list, never empty."""
    return ", ".join(str(column.id) for column in columns) or "-1"


def _ids_by_type(columns: Iterable[ColumnState]) -> dict[str, str]:
    """Of the columns whose values are all kept."""
    ids: dict[str, list[str]] = {}
    for column in columns:
        if not column.is_sampled:
            ids.setdefault(column.type, []).append(str(column.id))
    return {storage: ", ".join(some) for storage, some in ids.items()}


def _by_column(connection: duckdb.DuckDBPyConnection, query: str) -> dict[int, tuple[Any, ...]]:
    return {int(c): tuple(rest) for c, *rest in connection.execute(query).fetchall()}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _deviation(count: int, squares: float | None) -> float | None:
    """The standard deviation of the values as a sample of others."""
    return _finite(math.sqrt(squares / (count - 1))) if squares is not None and count > 1 else None


def _rounded_up(bound: float) -> float:
    return min(1.0, math.ceil(bound * 1000) / 1000)
