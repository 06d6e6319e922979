"""Suggestions: they are TOML that loads, pass on the data that they were made of, and mean what a person would."""

from pathlib import Path
from typing import Any

import pytest
from checking import DATASET, configured, judged
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.settings import load_settings
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.checks.answers import audit
from quarterhour.stages.analyzer.checks.suggest import known_datasets, suggest_checks
from quarterhour.stages.merger import MergerService

# Names that the queries use themselves, and some that must be quoted.
ODD = (
    'SELECT i AS "a ""b""", i % 7 AS n, i AS b, \'x\' || i % 3 AS "shape", '
    'i AS w, i AS o, i AS "Größe \\ 1" FROM range(100) t(i)'
)


def _suggested(context: RecordingContext, dataset: str = DATASET) -> list[dict[str, Any]]:
    return suggest_checks(context.workspace, context.settings, dataset).checks


def _analysed(home: Path, sql: str, name: str = "bars/1.csv", **settings: Any) -> RecordingContext:
    context = RecordingContext(home, settings)
    put(context, DATASET, sql, name)
    AnalyzerService().run(context)
    MergerService().run(context)
    return context


def test_odd_names_of_columns(tmp_path: Path) -> None:
    context = _analysed(tmp_path, ODD)
    found = suggest_checks(context.workspace, context.settings, DATASET)
    path = tmp_path / "quarterhour.toml"
    path.write_text(found.toml)
    settings = load_settings(path)
    assert settings.datasets[0].files == "bars/*"
    assert {'unique(a "b")', "range(n)", "unique(Größe \\ 1)", "allowed(shape)"} <= {
        check.label for check in settings.datasets[0].checks
    }
    results = audit(context.workspace, settings, DATASET)
    assert {result.outcome for result in results} == {"passed", "skipped"}
    # The same rows once more: each is there already.
    again = RecordingContext(tmp_path, settings, run_id="20251205T123000Z-000001")
    put(again, DATASET, ODD, "bars/2.csv")
    failing = {result.name: result.failures for result in judged(again) if result.is_bad}
    assert failing == {f"unique({name})": 100 for name in ('a "b"', "b", "w", "o", "Größe \\ 1")}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("i % 12 + 1 AS month", {"check": "range", "column": "month", "min": 1, "max": 12}),
        ("i % 80 - 40 AS lat", {"check": "range", "column": "lat", "min": -90, "max": 90}),
        ("i % 5 + 1 AS stars", {"check": "range", "column": "stars", "min": 1, "max": 5, "severity": "warn"}),
        ("i * 7 % 503 AS v", {"check": "range", "column": "v", "min": 0, "max": 1500, "severity": "warn"}),
        ("(i % 50) / 100.0 - 0.1 AS v", {"check": "range", "column": "v", "min": -0.2, "max": 0.8, "severity": "warn"}),
        ("'s' || i % 2 AS v", {"check": "allowed", "column": "v", "values": ["s0", "s1"], "severity": "warn"}),
        (
            "'AB-' || (1000 + i % 400) || chr(65 + i::INTEGER % 26) AS v",
            {"check": "pattern", "column": "v", "pattern": r"[A-Z]{2}-[0-9]{4}[A-Z]", "severity": "warn"},
        ),
    ],
)
def test_what_a_column_holds_suggests_a_check(tmp_path: Path, column: str, expected: dict[str, Any]) -> None:
    context = _analysed(tmp_path, f"SELECT {column} FROM range(1000) t(i)")
    assert expected in _suggested(context)


def test_keys_fail_and_the_rest_warns(tmp_path: Path) -> None:
    context = _analysed(tmp_path, "SELECT i AS k, i * 2 AS v FROM range(100) t(i)", **configured(keys=["k"]))
    found = _suggested(context)
    assert {"check": "not_null", "columns": ["k"]} in found
    assert {"check": "unique", "columns": ["k"]} in found
    assert {"check": "not_null", "columns": ["v"], "severity": "warn"} in found


def test_a_column_that_stands_in_another_dataset_suggests_a_reference(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "codes", "SELECT 'c' || i AS code, i AS id FROM range(30) t(i)", "codes.csv")
    put(context, DATASET, "SELECT 'c' || i % 20 AS code, 'c' || i % 40 AS other FROM range(400) t(i)", "bars.csv")
    AnalyzerService().run(context)
    MergerService().run(context)
    found = [one for one in _suggested(context) if one["check"] == "foreign_key"]
    assert found == [{"check": "foreign_key", "column": "code", "references": "codes", "severity": "warn"}]
    assert known_datasets(context.workspace) == [DATASET, "codes"]


@pytest.mark.slow
def test_what_still_comes_suggests_how_fresh_and_how_many(tmp_path: Path) -> None:
    for number in range(5):
        context = RecordingContext(tmp_path, run_id=f"run {number}")
        rows = 100 + number
        put(
            context,
            DATASET,
            f"SELECT now()::TIMESTAMP - to_minutes({5 - number} * 100 - i::INTEGER) AS at FROM range({rows}) t(i)",
            f"bars-{number}.csv",
        )
        AnalyzerService().run(context)
        MergerService().run(context)
    found = _suggested(context)
    assert {"check": "freshness", "column": "at", "max_age": "1 day", "severity": "warn"} in found
    assert {"check": "row_count", "of": "file", "min": 50, "max": 300, "severity": "warn"} in found
