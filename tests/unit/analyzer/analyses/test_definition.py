"""What can be told of an analysis without data: its SQL, its settings, the order of several."""

from pathlib import Path
from typing import Any

import pytest

from quarterhour.errors import SettingsError
from quarterhour.settings import AnalysisSettings, Settings, load_settings
from quarterhour.stages.analyzer.analyses import check_analyses
from quarterhour.stages.analyzer.analyses.definition import Reference, View, define, in_order
from quarterhour.stages.analyzer.analyses.query import QueryError, parse_query


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 +\n  ä x +\n  FROM bars", "line 2, column 7: syntax error at or near \"+\": 'ä x +'"),
        ("SELECT 1;\n\nSELECT 2", "line 3, column 1: a second statement: give one SELECT"),
        ("  DROP TABLE bars", "line 1, column 3: a statement of kind DROP: give one SELECT"),
        ("COPY (SELECT 1) TO 'x.csv'", "line 1, column 1: a statement of kind COPY"),
        ("ATTACH 'x.db'", "a statement of kind ATTACH"),
        ("PIVOT bars ON a USING sum(b)", "a PIVOT needs its values named with IN"),
        ("WITH x AS (DELETE FROM bars RETURNING *) FROM x", "it holds a statement of kind DELETE"),
        ("FROM query_table('bars')", "query_table() hides what is read"),
        ("-- nothing", "its sql holds no statement"),
    ],
)
def test_what_is_not_one_select_is_told_by_its_place(sql: str, told: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_query("daily", sql)
    assert error.value.message.startswith("analysis 'daily': ")
    assert told in error.value.message


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ('FROM Bars JOIN "bars_NEW" USING (k)', {"bars", "bars_new"}),
        ("WITH bars AS (FROM bars), b AS (FROM bars, c) FROM b, bars, d", {"bars", "c", "d"}),
        ("WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r, q) FROM r", {"q"}),
        ("SELECT (SELECT max(x) FROM a) FROM b WHERE EXISTS (FROM c) ORDER BY (SELECT 1 FROM d)", {"a", "b", "c", "d"}),
        ("PIVOT bars ON a IN (1, 2) USING sum(b)", {"bars"}),
        ("SUMMARIZE bars", {"bars"}),
        ("SELECT ';' AS x -- no end\n;; -- an end", set[str]()),
    ],
)
def test_the_tables_that_a_query_reads(sql: str, tables: set[str]) -> None:
    assert parse_query("x", sql).tables == tables


def test_a_dataset_s_own_name_wins_over_one_that_ends_like_a_view_s() -> None:
    definition = define(AnalysisSettings(name="x", sql="FROM bars_new, bars_before, old_new, nothing"))
    found, unknown = definition.references({"bars", "old_new", "old"})
    assert found == {
        "bars_new": Reference("bars", View.NEW),
        "bars_before": Reference("bars", View.BEFORE),
        "old_new": Reference("old_new", View.ROWS),
    }
    assert unknown == ["nothing"]


def test_analyses_run_after_those_that_they_read() -> None:
    texts = {"a": "FROM b_before, c", "b": "FROM c", "c": "FROM bars", "d": "SELECT 1"}
    definitions = [define(AnalysisSettings(name=name, sql=sql)) for name, sql in texts.items()]
    order = [definition.name for definition in in_order(definitions)]
    assert order.index("c") < order.index("b") < order.index("a")
    settings = Settings(
        analyses=[{"name": "c", "sql": "FROM a"}, {"name": "a", "sql": "FROM b"}, {"name": "b", "sql": "FROM c"}]
    )  # pyright: ignore[reportArgumentType]
    with pytest.raises(SettingsError, match=r"go round in a circle: '(.)' reads '.' reads '.' reads '\1'"):
        check_analyses(settings)


def test_only_what_changes_a_result_is_in_its_digest() -> None:
    def digest(**more: Any) -> str:
        return define(AnalysisSettings(name="x", sql="SELECT 1", **more)).digest

    assert digest() == digest(timeout=5, max_rows=5, on_error="fail") != digest(mode="append")


ANALYSIS = "[[analyses]]\nname = 'x'\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ANALYSIS, r"line 1: analyses\.0: analysis 'x': give exactly one of sql, buckets, rolling, top, change"),
        (ANALYSIS + "sql = 'FROM a'\ntop = {dataset = 'a', by = 'b'}", r"change, not sql and top"),
        (ANALYSIS + "sql = ' '", r"sql is empty"),
        (ANALYSIS + "sql = 'FROM a'\nmode = 'window'", r"mode window needs to know the windows"),
        (
            ANALYSIS + "sql = 'FROM a'\nwindow = {every = '1h', into = 't'}",
            r"a window is for mode = \"window\", not for full",
        ),
        (ANALYSIS + "sql = 'FROM a'\nover = 'a'", r"over is for mode window and append"),
        (ANALYSIS + "mode = 'append'\ntop = {dataset = 'a', by = 'b'}", r"top can be kept as full, not as append"),
        (ANALYSIS + "mode = 'x'\nsql = 'FROM a'", r"line 3: analyses\.0\.mode: .*not 'x'"),
        (ANALYSIS + "buckets = {dataset = 'a', every = '1 fortnight'}", r"line 3: .*'1 fortnight' is no span of time"),
        (ANALYSIS + "buckets = {dataset = 'a', every = '1h', bye = ['b']}", r"line 3: .*there are by, dataset, every,"),
        (ANALYSIS + "rolling = {dataset = 'a', mean = ['b']}", r"give rows \(such as 20\) or span"),
        (ANALYSIS + "rolling = {dataset = 'a', rows = 3}", r"give at least one of sum, mean, min, max, std"),
        (ANALYSIS + "change = {dataset = 'x'}", r"analysis 'x' reads its own result"),
        (
            ANALYSIS + "sql = 'FROM a'\n[[datasets]]\nname = 'x'\nfiles = '*'",
            r"'x' is the name of a dataset and of an analysis",
        ),
    ],
)
def test_a_wrong_setting_is_told_by_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        load_settings(path)
