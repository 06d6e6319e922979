"""Checks of rows: each equals a plain Python evaluation, on random tables and on real ones."""

import math
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from checking import found
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.errors import SettingsError

NUMBERS = st.one_of(st.none(), st.integers(-4, 4), st.sampled_from([0.5, -0.5, math.nan, math.inf]))
TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "A", "ab", "é", "a\nb", "10", "9"]))
ROW = st.tuples(st.one_of(st.none(), st.integers(0, 4)), NUMBERS, TEXTS)


class Row(NamedTuple):
    i: int | None
    d: float | None
    t: str | None


TABLE = st.lists(st.lists(ROW, min_size=1, max_size=8), min_size=1, max_size=3)


def _sql(rows: list[tuple[Any, ...]]) -> str:
    def literal(value: Any, kind: str) -> str:
        return f"NULL::{kind}" if value is None else f"'{value}'::{kind}"

    values = ", ".join(
        f"({literal(i, 'INTEGER')}, {literal(d, 'DOUBLE')}, {literal(t, 'VARCHAR')})" for i, d, t in rows
    )
    return f"SELECT * FROM (VALUES {values}) AS t(i, d, t)"


def _repeated(rows: list[tuple[int, int, Any]], *, within_file: bool) -> set[tuple[int, int]]:
    seen: set[Any] = set()
    again: set[tuple[int, int]] = set()
    for file, record, value in rows:
        place = (file, value) if within_file else value
        if None in value:
            continue
        if place in seen:
            again.add((file, record))
        seen.add(place)
    return again


CHECKS: list[dict[str, Any]] = [
    {"check": "not_null", "columns": ["i", "t"]},
    {"check": "range", "column": "i", "min": 0.5, "max": 3},
    {"check": "range", "column": "d", "min": -0.5, "max": 2},
    {"check": "range", "name": "one side", "column": "d", "min": -1},
    {"check": "range", "column": "t", "max": "a"},
    {"check": "allowed", "column": "i", "values": [1, 2.0, 2.5]},
    {"check": "allowed", "column": "t", "values": ["a", 10]},
    {"check": "pattern", "column": "t", "pattern": "(?i)a.?"},
    {"check": "unique", "columns": ["i", "t"], "within": "file"},
    {"check": "unique", "name": "all", "columns": ["i", "t"]},
]


@pytest.mark.slow
@settings(max_examples=12)
@given(TABLE)
def test_checks_equal_a_plain_evaluation(tmp_path_factory: pytest.TempPathFactory, files: list[list[Any]]) -> None:
    rows = [(file, record, row) for file, table in enumerate(files) for record, row in enumerate(table, 1)]

    def failing(is_bad: Any) -> set[tuple[int, int]]:
        return {(file, record) for file, record, row in rows if is_bad(Row(*row))}

    expected = [
        failing(lambda row: row.i is None or row.t is None),
        failing(lambda row: row.i is not None and not 1 <= row.i <= 3),
        failing(lambda row: row.d is not None and not -0.5 <= row.d <= 2),
        failing(lambda row: row.d is not None and not row.d >= -1),
        failing(lambda row: row.t is not None and row.t > "a"),
        failing(lambda row: row.i is not None and row.i not in (1, 2)),
        failing(lambda row: row.t is not None and row.t not in ("a", "10")),
        failing(lambda row: row.t is not None and not re.fullmatch("(?i)a.?", row.t)),
        _repeated([(file, record, (i, t)) for file, record, (i, d, t) in rows], within_file=True),
        _repeated([(file, record, (i, t)) for file, record, (i, d, t) in rows], within_file=False),
    ]
    for one in CHECKS:
        one["on_failure"] = "report"
    results = found(tmp_path_factory.mktemp("home"), CHECKS, *map(_sql, files))
    for result, bad in zip(results, expected, strict=True):
        assert result.failures == len(bad), result
        assert {(int(row.file.split()[1]), row.record) for row in result.examples} == set(sorted(bad)[:10]), result
        by_file = {one.file: one.failures for one in result.files}
        assert by_file == {f"file {file}": sum(f == file for f, _ in bad) for file, _ in bad}
        assert result.outcome == ("failed" if bad else "passed")


def _at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  TOML has moments without a zone


def test_bounds_are_compared_in_the_columns_own_type(tmp_path: Path) -> None:
    rows = (
        "SELECT DATE '2024-01-02' AS day, TIMESTAMP '2024-01-01 12:00' AS at, TIMESTAMPTZ '2024-01-01 12:00+02' AS zoned, "
        "0.30::DECIMAL(9,2) AS price, 9007199254740993 AS large, '09:30:00' AS clock, true AS flag"
    )
    passes: list[dict[str, Any]] = [
        {"check": "range", "column": "day", "min": _at(2024, 1, 1, 12), "max": date(2024, 1, 2)},
        {"check": "range", "column": "AT", "min": "2024-01-01T14:00:00+02:00", "max": "2024-01-01 12:00"},
        {"check": "range", "column": "zoned", "min": _at(2024, 1, 1, 10), "max": "2024-01-01T10:00:00Z"},
        {"check": "range", "column": "price", "min": 0.3, "max": 0.3},
        {"check": "range", "column": "large", "min": 9007199254740993, "max": 9007199254740993},
        {"check": "range", "column": "clock", "min": "09:00:00"},
        {"check": "allowed", "column": "flag", "values": [True]},
        {"check": "allowed", "column": "price", "values": [0.3]},
        {"check": "allowed", "column": "day", "values": [date(2024, 1, 2)]},
    ]
    fails: list[dict[str, Any]] = [
        {"check": "range", "column": "day", "max": _at(2024, 1, 1, 12)},
        {"check": "range", "column": "at", "min": "2024-01-01T14:00:01+02:00"},
        {"check": "range", "column": "zoned", "max": _at(2024, 1, 1, 9, 59)},
        {"check": "range", "column": "price", "min": 0.301},
        {"check": "range", "column": "large", "min": 9007199254740994},
        {"check": "allowed", "column": "price", "values": [0.305]},
    ]
    results = found(tmp_path, [dict(one, name=str(number)) for number, one in enumerate(passes + fails)], rows)
    assert [result.outcome for result in results] == ["passed"] * len(passes) + ["failed"] * len(fails), results


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ({"check": "range", "column": "t", "min": 0}, "column 't' is VARCHAR: it does not compare with '0'"),
        ({"check": "range", "column": "flag", "min": True}, "is BOOLEAN, which has no order"),
        ({"check": "range", "column": "i", "min": "nan"}, "column 'i' is INTEGER: it does not compare with 'nan'"),
        ({"check": "range", "column": "i", "min": "soon"}, "does not compare with 'soon'"),
        ({"check": "not_null", "column": "missing"}, "there is no column 'missing'; there are i, t, flag"),
        ({"check": "foreign_key", "column": "i", "references": "others"}, "dataset 'others' .* has no rows yet"),
    ],
)
def test_what_cannot_be_judged_has_not_passed(tmp_path: Path, check: dict[str, Any], why: str) -> None:
    (result,) = found(tmp_path, [check], "SELECT 1 AS i, 'x' AS t, true AS flag")
    assert result.outcome == "failed"
    assert re.search(why, result.message)
    assert [one.file for one in result.files] == ["file 0"]
    (warning,) = found(tmp_path / "warns", [{**check, "severity": "warn"}], "SELECT 1 AS i, 'x' AS t, true AS flag")
    assert warning.outcome == "warned"


def test_a_pattern_that_only_re2_refuses_is_a_settings_error(tmp_path: Path) -> None:
    check = {"check": "pattern", "column": "t", "pattern": "ab{2000}"}
    with pytest.raises(
        SettingsError, match=r"check 'pattern\(t\)': .*invalid repetition size: \{2000\}, at character 3"
    ):
        found(tmp_path, [check], "SELECT 'x' AS t")


def test_a_share_of_rows_may_fail(tmp_path: Path) -> None:
    checks = [{"check": "not_null", "column": "i", "max_failures": "10%"}]
    rows = "SELECT CASE WHEN i < {} THEN NULL ELSE i END AS i FROM range(100) t(i)"
    (result,) = found(tmp_path, checks, rows.format(10), rows.format(11))
    assert (result.outcome, result.failures) == ("failed", 21)
    assert [(one.file, one.failures, one.is_over) for one in result.files] == [
        ("file 0", 10, False),
        ("file 1", 11, True),
    ]
    (passed,) = found(tmp_path / "other", checks, rows.format(10))
    assert (passed.outcome, passed.failures) == ("passed", 10)


def test_a_failing_row_is_named_by_file_record_key_and_value(tmp_path: Path) -> None:
    checks = [{"check": "range", "column": "v", "max": 10, "examples": 2}]
    (result,) = found(tmp_path, checks, "SELECT 'k' || i AS k, i * 5 AS v FROM range(6) t(i)", keys=["k"])
    assert [(row.file, row.record, row.key, row.values) for row in result.examples] == [
        ("file 0", 4, {"k": "k3"}, {"v": 15}),
        ("file 0", 5, {"k": "k4"}, {"v": 20}),
    ]
    assert result.message == (
        "bars: check range(v) (at most 10): 3 of 6 rows of file 0 do not pass; first: record 4 (k = k3, v = 15)"
    )
