"""Drift against the last runs: silent on what varies by chance, and heard where something changed."""

import random
from pathlib import Path
from typing import Any

import pytest
from checking import DATASET, configured
from hypothesis import given
from hypothesis import strategies as st
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.settings.checks import DriftCheck
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.checks.drift import measure_drift
from quarterhour.stages.analyzer.checks.keeping import read_results
from quarterhour.stages.analyzer.checks.robust import chance_index, robust_z, stability_index
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.merger import MergerService

CHECKS: list[dict[str, Any]] = [
    {"check": "drift", "of": "volume", "severity": "warn"},
    {"check": "drift", "of": "null_share", "column": "v", "severity": "warn"},
    {"check": "drift", "of": "mean", "column": "v", "severity": "warn"},
    {"check": "drift", "of": "distribution", "columns": ["v", "s"], "severity": "warn"},
]


def _usual(run: int, rows: int) -> str:
    """Rows as any run has them: by chance, but the same in each test."""

    def chance(use: int) -> str:
        return f"(hash({run}, i, {use}) / 18446744073709551616.0)"

    normal = f"sqrt(-2 * ln(1 - {chance(1)})) * cos(6.2832 * {chance(2)})"
    return (
        f"SELECT CASE WHEN {chance(3)} < 0.02 THEN NULL ELSE 100 + 10 * {normal} END AS v, "
        f"CASE WHEN {chance(4)} < 0.7 THEN 'up' WHEN {chance(4)} < 0.85 THEN 'down' ELSE 'flat' END AS s "
        f"FROM range({rows}) t(i)"
    )


def _runs(home: Path, *files: str) -> list[dict[str, Any]]:
    """One run for each file; the results of the last one."""
    for number, sql in enumerate(files):
        context = RecordingContext(home, configured(*CHECKS), run_id=f"run {number}")
        put(context, DATASET, sql, f"file {number}")
        AnalyzerService().run(context)
        MergerService().run(context)
    return read_results(context.workspace.checks_file(DATASET))["results"]


@pytest.mark.slow
def test_chance_is_silent_and_a_change_is_heard(tmp_path: Path) -> None:
    usual = [_usual(number, 1000 + 20 * number) for number in range(6)]
    silent = _runs(tmp_path, *usual)
    assert [one["outcome"] for one in silent] == ["passed"] * 4, silent
    changed = _runs(
        tmp_path,
        *usual,
        f"SELECT CASE WHEN hash(v) % 10 < 3 THEN NULL ELSE v + 8 END AS v, 'flat' AS s FROM ({_usual(6, 5000)})",
    )
    assert [one["outcome"] for one in changed] == ["warned"] * 4
    volume, nulls, mean, distribution = (one["message"] for one in changed)
    assert "rows is 5000, where the median of the last 6 runs is 1050" in volume
    assert "null share of v is 0.3" in nulls
    assert "robust standard deviations above" in mean
    assert "the distribution of v has changed" in distribution
    assert "the distribution of s has changed" in distribution


def test_too_few_runs_say_nothing_yet(tmp_path: Path) -> None:
    results = _runs(tmp_path, "SELECT 1 AS v, 'a' AS s", "SELECT 100000 AS v, 'b' AS s FROM range(1000)")
    assert {one["outcome"] for one in results} == {"skipped"}
    assert results[0]["message"] == "says nothing yet: 1 of 5 runs before this one"


def _part(rows: int, **facts: Any) -> dict[str, Any]:
    return {"rows": rows, "columns": {"v": {"type": "BIGINT", "count": rows, "nulls": 0} | facts}}


def test_counts_that_never_vary_may_vary_by_chance() -> None:
    check = DriftCheck(check="drift", of="volume")
    past = [_part(1000)] * 10
    assert measure_drift(check, _part(1050), past).fault == ""
    assert "rows is 1200" in measure_drift(check, _part(1200), past).fault
    # Only the last ones count.
    assert measure_drift(check, _part(1200), [*past, *[_part(1200)] * 20]).fault == ""


@given(st.integers(0, 2**32), st.integers(20, 5000), st.sampled_from([2, 3, 8]))
def test_samples_of_one_distribution_seldom_exceed_what_chance_allows(seed: int, rows: int, bins: int) -> None:
    rng = random.Random(seed)
    shares = [rng.randint(1, 9) for _ in range(bins)]

    def sample() -> list[float]:
        drawn = rng.choices(range(bins), shares, k=rows)
        return [drawn.count(place) / rows for place in range(bins)]

    indices = [stability_index(sample(), rows, sample(), rows) for _ in range(5)]
    # All of five beyond the 99.9% point is no chance.
    assert min(indices) <= chance_index(bins, rows, rows)


def test_the_index_and_the_score_are_the_textbooks() -> None:
    # (0.5 - 0.25) ln(0.5 / 0.25) twice over.
    assert stability_index([0.5, 0.5], 1e12, [0.25, 0.75], 1e12) == pytest.approx(0.2747, abs=1e-4)
    # The distance 4 from the median 10, where the deviations' median is 1; 1.206 is the factor of five values.
    assert robust_z(14, [8, 9, 10, 11, 12], 0) == pytest.approx(0.6745 * 4 / 1.206, rel=1e-4)


@pytest.mark.parametrize(("of", "kind"), [("mean", "VARCHAR"), ("mean", "DATE"), ("distribution", "BOOLEAN")])
def test_what_a_column_never_has_is_not_passed_over(of: Any, kind: str) -> None:
    check = DriftCheck(check="drift", of=of, columns=("v",))
    with pytest.raises(Unjudgeable, match=f"column 'v' is {kind}"):
        measure_drift(check, _part(10, type=kind), [])


def test_frequent_values_do_not_look_like_a_drift() -> None:
    check = DriftCheck(check="drift", of="distribution", columns=("v",))
    quantiles = dict.fromkeys(("p05", "p25", "p50"), 0.0) | {"p75": 1.0, "p95": 1.0}
    past = [_part(1000, quantiles=quantiles, min=0, max=1)] * 6
    assert measure_drift(check, past[0], past).fault == ""
    other = _part(1000, quantiles=dict.fromkeys(("p05", "p25", "p50", "p75", "p95"), 1.0), min=0, max=1)
    assert "the distribution of v has changed" in measure_drift(check, other, past).fault
