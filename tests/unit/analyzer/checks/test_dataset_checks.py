"""Checks against the rest of the dataset and against others, and of the dataset as a whole."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from checking import DATASET, configured, found, judged
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.holds import HoldLedger
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.checks.answers import audit
from quarterhour.stages.analyzer.checks.order import checked_always, waves
from quarterhour.stages.merger import MergerService

NOON = datetime(2024, 5, 2, 12, tzinfo=UTC)


def _rows(*values: object, name: str = "v") -> str:
    return f"SELECT unnest([{', '.join(map(str, values))}]) AS {name}"


def test_what_stands_and_the_earlier_file_come_first(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, configured({"check": "unique", "column": "v"}))
    put(context, DATASET, _rows(1, 2), "old")
    MergerService().run(context)
    put(context, DATASET, _rows(3, 2, "NULL", "NULL"), "first")
    put(context, DATASET, _rows(4, 3, 4), "second")
    (result,) = judged(context)
    assert [(row.file, row.record) for row in result.examples] == [("first", 2), ("second", 2), ("second", 3)]


def test_a_row_that_takes_the_place_of_its_own_is_no_second_one(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, configured({"check": "unique", "column": "v"}, keys=["k"]))
    put(context, DATASET, "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(k, v)", "old")
    MergerService().run(context)
    put(context, DATASET, "SELECT * FROM (VALUES (1, 'a'), (2, 'c'), (3, 'a')) t(k, v)", "new")
    (result,) = judged(context)
    assert [(row.record, row.key) for row in result.examples] == [(3, {"k": 3})]


def test_of_the_keys_only_a_file_can_have_one_twice(tmp_path: Path) -> None:
    results = found(tmp_path, [{"check": "unique", "column": "v"}], _rows(1, 2), _rows(2, 3, 3), keys=["v"])
    assert [(row.file, row.record) for row in results[0].examples] == [("file 1", 3)]


def test_a_file_that_is_held_back_is_not_what_others_are_compared_with(tmp_path: Path) -> None:
    checks = [
        {"check": "unique", "column": "v"},
        {"check": "range", "column": "v", "max": 9},
        {"check": "row_count", "max": 2},
    ]
    unique, outside, count = found(tmp_path, checks, _rows(1, 10), _rows(1, 2))
    assert (unique.outcome, outside.outcome, count.outcome) == ("passed", "failed", "passed")
    assert count.observed == {"rows": 2}
    checks[1]["on_failure"] = "report"
    unique, outside, count = found(tmp_path / "other", checks, _rows(1, 10), _rows(1, 2))
    assert (unique.outcome, outside.outcome, count.outcome) == ("failed", "failed", "passed")


def test_a_reference_is_looked_up_in_what_is_merged_and_what_waits(tmp_path: Path) -> None:
    check = {"check": "foreign_key", "columns": ["code", "n"], "references": "codes", "referenced": ["id", "n"]}
    context = RecordingContext(tmp_path, configured(check, codes={"keys": ["id"]}))
    put(context, "codes", "SELECT 'a' AS id, 1 AS n", "merged codes")
    MergerService().run(context)
    put(context, "codes", "SELECT 'b' AS id, 2 AS n", "waiting codes")
    held = put(context, "codes", "SELECT 'c' AS id, 3 AS n", "held codes")
    with HoldLedger(context.workspace.ledger_file) as ledger:
        ledger.hold([held], {held: "why"}, context.run_id)
    rows = "SELECT * FROM (VALUES ('a', 1.0::DOUBLE), ('b', 2), ('c', 3), ('a', 2), (NULL, 1)) t(code, n)"
    put(context, DATASET, rows, "new")
    (result,) = judged(context)
    assert [row.record for row in result.examples] == [3, 4]
    assert "stands in codes(id, n)" in result.message


def test_a_reference_to_the_dataset_itself_and_one_of_another_type(tmp_path: Path) -> None:
    checks = [
        {"check": "foreign_key", "column": "boss", "references": DATASET, "referenced": ["id"]},
        {"check": "foreign_key", "column": "name", "references": DATASET, "referenced": ["id"]},
    ]
    own, other = found(tmp_path, checks, "SELECT * FROM (VALUES (1, 2, 'x'), (2, 3, 'y')) t(id, boss, name)")
    assert [row.record for row in own.examples] == [2]
    assert "column 'name' is VARCHAR and 'id', to which it refers, is INTEGER" in other.message


def test_datasets_that_others_refer_to_are_checked_first() -> None:
    def dataset(name: str, *references: str) -> dict[str, Any]:
        checks = [{"check": "foreign_key", "column": "c", "references": one, "name": one} for one in references]
        return {"name": name, "files": "*", "checks": checks}

    settings = Settings(datasets=[dataset("a", "b", "gone"), dataset("b", "c", "b"), dataset("c"), dataset("d")])
    assert waves(settings, ["a", "b", "c", "d"]) == [["c", "d"], ["b"], ["a"]]
    circle = Settings(datasets=[dataset("a", "b"), dataset("b", "a")])
    assert waves(circle, ["a", "b"]) == [["a", "b"]]


@pytest.mark.parametrize(
    ("newest", "zone", "check", "told"),
    [
        ("TIMESTAMP '2024-05-02 11:30:00'", "UTC", {"max_age": "1 hour"}, ""),
        ("TIMESTAMP '2024-05-02 11:30:00'", "UTC", {"max_age": "29 minutes"}, "more than 29 minutes ago"),
        ("TIMESTAMP '2024-05-02 13:30:00'", "Europe/Paris", {"max_age": "1 hour"}, ""),
        ("TIMESTAMP '2024-05-02 13:30:00'", "UTC", {"max_ahead": "1 hour"}, "more than 1 hour in the future"),
        ("TIMESTAMPTZ '2024-05-02 13:30:00+02'", "America/New_York", {"max_age": "30m", "max_ahead": "1 s"}, ""),
        ("DATE '2024-05-01'", "UTC", {"max_age": "12 hours"}, ""),
        ("DATE '2024-05-01'", "UTC", {"max_age": "11 hours"}, "more than 11 hours ago"),
        ("DATE '2024-05-03'", "UTC", {"max_ahead": "12 hours"}, ""),
        ("TIMESTAMP 'infinity'", "UTC", {"max_age": "1 hour"}, "at has no moment in any row"),
        ("TIMESTAMP '200000-01-01'", "UTC", {"max_ahead": "1 week"}, "in the future"),
        ("'today'", "UTC", {"max_age": "1 hour"}, "column 'at' is VARCHAR: it has no moments"),
    ],
)
def test_freshness(tmp_path: Path, newest: str, zone: str, check: dict[str, str], told: str) -> None:
    checks = [{"check": "freshness", "column": "at", "time_zone": zone, **check}]
    (result,) = found(tmp_path, checks, f"SELECT {newest} AS at", now=NOON)
    assert result.outcome == ("failed" if told else "passed"), result
    assert told in result.message


def test_a_file_whose_times_lie_hours_ahead_is_held_back(tmp_path: Path) -> None:
    """P6: UTC that was taken for New York's time is the future; its file is refused by name, and the others are merged."""
    context = RecordingContext(tmp_path, configured({"check": "freshness", "column": "at", "max_ahead": "1 hour"}))
    now = datetime.now(UTC)
    put(context, DATASET, f"SELECT TIMESTAMPTZ '{now + timedelta(hours=5)}' AS at", "converted twice")
    (result,) = judged(context)
    assert result.outcome == "failed"
    assert "more than 1 hour in the future" in result.message
    assert [one.file for one in result.files] == ["converted twice"]


def test_rows_are_counted_of_each_file_and_of_the_dataset(tmp_path: Path) -> None:
    checks = [{"check": "row_count", "of": "file", "min": 2, "max": 3}, {"check": "row_count", "min": 10}]
    files, whole = found(tmp_path, checks, _rows(1), _rows(1, 2), _rows(1, 2, 3, 4))
    assert [one.file for one in files.files] == ["file 0", "file 2"]
    assert "file 0 has 1 row, fewer than 2, file 2 has 4 rows, more than 3" in files.message
    # Of the file that is left.
    assert (whole.observed, [one.file for one in whole.files]) == ({"rows": 2}, ["file 1"])


def test_an_audit_sees_what_is_merged_and_what_waits_but_not_what_is_held_back(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, configured({"check": "range", "column": "v", "max": 9}))
    put(context, DATASET, _rows(1, 10), "merged")
    MergerService().run(context)
    held = put(context, DATASET, _rows(11, 12, 13), "held")
    with HoldLedger(context.workspace.ledger_file) as ledger:
        ledger.hold([held], {held: "why"}, context.run_id)
    MergerService().run(context)
    put(context, DATASET, _rows(14, 2), "waiting")
    (result,) = audit(context.workspace, context.settings, DATASET)
    assert (result.rows, [(one.file, one.failures) for one in result.files]) == (4, [("merged", 1), ("waiting", 1)])
    # Rows whose file the ledger does not know any more are no less wrong.
    with closing(sqlite3.connect(context.workspace.ledger_file, isolation_level=None)) as ledger:
        ledger.execute("DELETE FROM inputs WHERE name = 'merged'")
    (result,) = audit(context.workspace, context.settings, DATASET)
    assert (result.outcome, result.failures, result.examples[1].values) == ("failed", 2, {"v": 10})


def test_only_what_is_fresh_or_not_is_checked_without_anything_new() -> None:
    fresh = {"name": "a", "files": "*", "checks": [{"check": "freshness", "column": "c", "max_age": "1 day"}]}
    other = {"name": "b", "files": "*", "checks": [{"check": "not_null", "column": "c"}]}
    assert checked_always(Settings(datasets=[fresh, other])) == ["a"]
