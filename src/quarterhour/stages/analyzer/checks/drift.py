"""Drift: what is new in this run against what was new in the last runs, as their profiles have it. Statistics: robust.py."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from quarterhour.settings.checks import DriftCheck
from quarterhour.stages.analyzer.checks.distributions import Distribution, common_shares, distribution
from quarterhour.stages.analyzer.checks.robust import chance_index, robust_z, spread, stability_index
from quarterhour.stages.analyzer.checks.subject_rows import column_of
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.analyzer.checks.whole_checks import Measured
from quarterhour.stages.analyzer.states.state import is_number

Part = Mapping[str, Any]
"""A profile of what is new in a run: its rows, and for each column its facts."""
Facts = Mapping[str, Any]

_Z_LIMIT = 3.5
_INDEX_LIMIT = 0.25
# Between the two quartiles of a normal distribution lie so many standard deviations.
_QUARTILES_TO_SIGMA = 1.349


def measure_drift(check: DriftCheck, new: Part, past: Sequence[Part]) -> Measured:
    """`past` is what the last runs had, oldest first. Raises Unjudgeable for a missing column, or one of another kind."""
    runs = past[-check.last :]
    if check.of == "volume":
        counts = [float(run["rows"]) for run in runs]
        rows = float(new["rows"])
        return _judged(check, "rows", rows, counts, math.sqrt(max(1.0, median(counts))) if counts else 1.0)
    parts = [_of_column(check, column_of(list(new["columns"]), name), new, runs) for name in check.columns]
    faults = [part.fault for part in parts if part.fault and not part.is_skipped]
    return Measured(
        "; ".join(faults or [part.fault for part in parts if part.fault]),
        {name: value for part in parts for name, value in part.observed.items()},
        is_skipped=not faults and all(part.is_skipped for part in parts),
    )


def _of_column(check: DriftCheck, name: str, new: Part, runs: Sequence[Part]) -> Measured:
    facts: Facts = new["columns"][name]
    _check_type(check, name, facts["type"])
    past: list[tuple[Part, Facts]] = [(run, run["columns"][name]) for run in runs if name in run["columns"]]
    match check.of:
        case "null_share":
            shares = [_null_share(run, one) for run, one in past if run["rows"]]
            share = _null_share(new, facts)
            return _judged(check, f"null share of {name}", share, shares, _share_error(share, new["rows"], shares))
        case "mean":
            means = [float(one["mean"]) for _, one in past if _has_mean(one)]
            if not _has_mean(facts):
                return Measured(f"{name} has no mean in this run", is_skipped=True)
            return _judged(check, f"mean of {name}", float(facts["mean"]), means, _mean_error(facts))
        case _:
            return _judged_distribution(check, name, facts, [one for _, one in past])


def _check_type(check: DriftCheck, name: str, storage: str) -> None:
    """Raises Unjudgeable where no run will ever have what is compared."""
    if check.of == "mean" and not is_number(storage):
        raise Unjudgeable(f"column {name!r} is {storage}: it has no mean")
    if check.of == "distribution" and not is_number(storage) and storage != "VARCHAR":
        raise Unjudgeable(f"column {name!r} is {storage}: distributions are compared of numbers and texts")


def _judged(check: DriftCheck, what: str, value: float, past: Sequence[float], chance: float) -> Measured:
    if len(past) < check.min_runs:
        return Measured(_too_few(len(past), check), {what: value}, is_skipped=True)
    z = robust_z(value, past, chance)
    observed = {what: value, f"{what} before": median(past), f"{what} z": round(z, 2) if math.isfinite(z) else str(z)}
    if abs(z) <= (check.threshold or _Z_LIMIT):
        return Measured(observed=observed)
    return Measured(
        f"{what} is {value:g}, where the median of the last {len(past)} runs is {median(past):g} "
        f"({abs(z):.1f} robust standard deviations {'above' if z > 0 else 'below'})",
        observed,
    )


def _judged_distribution(check: DriftCheck, name: str, facts: Facts, past: Sequence[Facts]) -> Measured:
    new = distribution(facts)
    runs = [found for found in map(distribution, past) if found is not None and type(found) is type(new)]
    if new is None:
        return Measured(f"{name} has no values in this run whose distribution is known", is_skipped=True)
    if len(runs) < check.min_runs:
        return Measured(_too_few(len(runs), check), is_skipped=True)
    index, chance = _index(new, runs)
    # What the runs before differ from each other is no drift.
    usual = [_index(run, [other for other in runs if other is not run])[0] for run in runs]
    limit = max(check.threshold or _INDEX_LIMIT, chance, median(usual) + _Z_LIMIT * spread(usual))
    observed = {f"index of {name}": round(index, 4), f"limit of {name}": round(limit, 4)}
    if index <= limit:
        return Measured(observed=observed)
    return Measured(
        f"the distribution of {name} has changed against the last {len(runs)} runs: "
        f"population stability index {index:.2f}, above {limit:.2f}",
        observed,
    )


def _index(one: Distribution, past: Sequence[Distribution]) -> tuple[float, float]:
    """The index, and what it may be by chance."""
    found = common_shares(one, past)
    if found is None:
        return 0.0, 0.0
    actual, expected = found
    rows = sum(other.rows for other in past)
    return stability_index(actual, one.rows, expected, rows), chance_index(len(actual), one.rows, rows)


def _too_few(runs: int, check: DriftCheck) -> str:
    return f"says nothing yet: {runs} of {check.min_runs} runs before this one"


def _null_share(run: Part, facts: Facts) -> float:
    return facts["nulls"] / run["rows"] if run["rows"] else 0.0


def _share_error(share: float, rows: int, past: Sequence[float]) -> float:
    """The binomial standard error of a share of `rows`, after Laplace: not even a share of none is certain."""
    expected = median(past) if past else share
    smoothed = (expected * rows + 1) / (rows + 2)
    return math.sqrt(smoothed * (1 - smoothed) / max(1, rows))


def _has_mean(facts: Facts) -> bool:
    return isinstance(facts.get("mean"), int | float)


def _mean_error(facts: Facts) -> float:
    """The mean's standard error; the deviation is that of the quartiles, which outliers leave alone."""
    quantiles: Mapping[str, Any] = facts.get("quantiles") or {}
    low, high = quantiles.get("p25"), quantiles.get("p75")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return 0.0
    return (high - low) / _QUARTILES_TO_SIGMA / math.sqrt(max(1, facts["count"]))
