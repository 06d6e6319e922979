"""Robust statistics of what the last runs had. Pure.

Outliers: the modified z-score of B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers (ASQC, 1993): the distance from
the median in units of the median absolute deviation; 3.5 is their limit. What a value of this run varies by chance is added to
the deviation, so that after a history without any variation the least change is no drift.

Distributions: the population stability index (N. Siddiqi, Credit Risk Scorecards, Wiley, 2006: above 0.25 a population has
changed), which is the symmetrised Kullback-Leibler divergence over bins. Its chance part has the distribution of
(1/n + 1/m) · χ² with one degree of freedom fewer than there are bins (B. Yurdakul and J. Naranjo, Statistical properties of the
population stability index, Journal of Risk Model Validation 14(4), 2020).
"""

import math
from collections.abc import Sequence
from statistics import median

# Makes the median absolute deviation that of a normal distribution's standard deviation.
_MAD_TO_SIGMA = 1.4826
# The standard normal's 99.9% point.
_Z_999 = 3.0902


# Of few values it is too small: the factors of C. Croux and P. Rousseeuw, Time-efficient algorithms for two highly robust
# estimators of scale (COMPSTAT, 1992), by the number of values.
_SMALL_SAMPLES = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


def spread(values: Sequence[float]) -> float:
    """The robust standard deviation."""
    center, number = median(values), len(values)
    correction = _SMALL_SAMPLES.get(number) or number / (number - 0.8)
    return correction * _MAD_TO_SIGMA * median([abs(value - center) for value in values])


def robust_z(value: float, past: Sequence[float], chance: float) -> float:
    """How many robust standard deviations `value` lies from the median of `past`; `chance` is its own standard error."""
    scale = math.hypot(spread(past), chance)
    distance = value - median(past)
    return distance / scale if scale else math.copysign(math.inf, distance) if distance else 0.0


def stability_index(actual: Sequence[float], rows: float, expected: Sequence[float], expected_rows: float) -> float:
    """The index of two distributions over the same bins, given as shares. An empty bin counts as half a row."""
    bins = len(actual)
    one = [(share * rows + 0.5) / (rows + 0.5 * bins) for share in actual]
    other = [(share * expected_rows + 0.5) / (expected_rows + 0.5 * bins) for share in expected]
    return sum((a - e) * math.log(a / e) for a, e in zip(one, other, strict=True))


def chance_index(bins: int, rows: float, expected_rows: float) -> float:
    """What the index exceeds by chance once in a thousand."""
    return (1 / rows + 1 / expected_rows) * _chi_squared_999(bins - 1)


def _chi_squared_999(degrees: int) -> float:
    """The 99.9% point, by E. Wilson and M. Hilferty (PNAS 17, 1931): within 2% from two degrees on."""
    if degrees <= 0:
        return 0.0
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _Z_999 * math.sqrt(part)) ** 3
