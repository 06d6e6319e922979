"""The distribution of a column as its profile tells it, for comparison over common bins. Pure.

Both sides are told by the same few facts, so that what these leave out is left out alike: of numbers the quantiles, of texts the
most frequent values.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

_MOST_CATEGORIES = 20


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers by some points of their cumulative distribution."""

    rows: float
    values: tuple[float, ...]
    """Ascending; a value that is frequent stands at several shares."""
    shares: tuple[float, ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Numbers | None":
        """None where the profile has no finite number."""
        named: Mapping[str, Any] = facts.get("quantiles") or {}
        points = [(int(name.removeprefix("p")) / 100, value) for name, value in named.items()]
        points += [(0.0, facts.get("min")), (1.0, facts.get("max"))] if points else []
        known = sorted((share, number) for share, value in points if (number := _finite(value)) is not None)
        if not known:
            return None
        # A sketch's quantiles may cross by a rounding.
        values = sorted(value for _, value in known)
        return cls(float(facts["count"]), tuple(values), tuple(share for share, _ in known))

    def share_up_to(self, value: float) -> float:
        """The share of values up to `value`; straight between the known points."""
        after = bisect_right(self.values, value)
        if after == 0:
            return 0.0
        if after == len(self.values):
            return self.shares[-1]
        low, high = self.values[after - 1], self.values[after]
        below, above = self.shares[after - 1], self.shares[after]
        return below + (above - below) * (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts by their most frequent values."""

    rows: float
    top: Mapping[str, int]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Texts | None":
        """None where the profile counts no values."""
        top: Sequence[Mapping[str, Any]] = facts.get("top") or ()
        if not top or not facts["count"]:
            return None
        return cls(float(facts["count"]), {str(one["value"]): int(one["count"]) for one in top})

    def share_of(self, value: str, expected: float) -> float:
        """Of a value that is not among the most frequent it is only known that it is not more frequent than those."""
        if value in self.top:
            return self.top[value] / self.rows
        is_whole = sum(self.top.values()) >= self.rows
        return 0.0 if is_whole else min(expected, min(self.top.values()) / self.rows)


Distribution = Numbers | Texts


def distribution(facts: Mapping[str, Any]) -> Distribution | None:
    """None where the profile tells no distribution of the column, or it has no value."""
    return Numbers.of(facts) or Texts.of(facts)


def common_shares(one: Distribution, past: Sequence[Distribution]) -> tuple[list[float], list[float]] | None:
    """The shares of `one` and of all of `past` together over common bins; None where they do not compare, or fill one bin."""
    if isinstance(one, Numbers):
        alike = [other for other in past if isinstance(other, Numbers)]
        return _over_quantiles(one, alike) if len(alike) == len(past) else None
    alike_texts = [other for other in past if isinstance(other, Texts)]
    return _over_values(one, alike_texts) if len(alike_texts) == len(past) else None


def _over_quantiles(one: Numbers, past: Sequence[Numbers]) -> tuple[list[float], list[float]] | None:
    """The bins' edges are the medians of the past runs' quantiles."""
    inner = [
        [value for value, share in zip(other.values, other.shares, strict=True) if 0 < share < 1] for other in past
    ]
    edges = sorted({median(quantile) for quantile in zip(*inner, strict=False)})
    rows = sum(other.rows for other in past)
    expected = [sum(other.share_up_to(edge) * other.rows for other in past) / rows for edge in edges]
    return _bins([one.share_up_to(edge) for edge in edges]), _bins(expected)


def _bins(cumulative: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip([0.0, *cumulative], [*cumulative, 1.0], strict=True)]


def _over_values(one: Texts, past: Sequence[Texts]) -> tuple[list[float], list[float]] | None:
    """The bins are the most frequent values of the past runs together, and all others."""
    rows = sum(other.rows for other in past)
    counted: dict[str, int] = defaultdict(int)
    for other in past:
        for value, count in other.top.items():
            counted[value] += count
    categories = sorted(counted, key=lambda value: (-counted[value], value))[:_MOST_CATEGORIES]
    expected: list[float] = []
    for value in categories:
        known = counted[value] / rows
        expected.append(sum(other.share_of(value, known) * other.rows for other in past) / rows)
    actual = [one.share_of(value, share) for value, share in zip(categories, expected, strict=True)]
    return [*actual, max(0.0, 1 - sum(actual))], [*expected, max(0.0, 1 - sum(expected))]


def _finite(value: Any) -> float | None:
    """A number of the profile; what JSON cannot hold as one stands there as text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
