"""A filter can look at the rows and at nothing else, and where it is wrong it says where."""

import resource
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery
from quarterhour.lake.exports.filters import checked
from quarterhour.lake.exports.making import check_export, make_export
from quarterhour.lake.exports.plan import planned
from quarterhour.lake.exports.request import ExportError, ExportRequest

COLUMNS = {"a": "BIGINT", "s": "VARCHAR", "t": "TIMESTAMP WITH TIME ZONE", "error": "VARCHAR", "Ä b": "DOUBLE"}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        opened.execute("SET errors_as_json = true")
        yield opened


@pytest.mark.parametrize(
    "where",
    [
        "a > 3",
        "s LIKE 'a%' AND NOT (a BETWEEN 1 AND 2 OR a IN (1, 2) OR a IS NULL)",
        "a > 3 -- a remark",
        "flights.a > 1",
        "CASE WHEN a > 1 THEN true ELSE false END",
        "t >= '2013-01-01' AND date_trunc('day', t) = '2013-01-01' AND extract(hour FROM t AT TIME ZONE 'UTC') = 1",
        "split_part(s, 'a', 1) = 'x' AND coalesce(nullif(a, 0), 1) = 2 AND regexp_matches(s, '^a')",
        '"Ä b" > 1 AND "error" = \'today\'',
        "try_cast(s AS INTEGER) > 1",
        "repeat(s, 2) = 'xx'",
        "NULL",
    ],
)
def test_expressions_over_the_columns_are_taken(connection: duckdb.DuckDBPyConnection, where: str) -> None:
    found = checked(connection, "flights", COLUMNS, where)
    assert (found.text, found.is_steady) == (where, True)


@pytest.mark.parametrize(
    "where", ["t > now() - INTERVAL 1 DAY", "t > current_timestamp", "t::DATE = current_date", "t::DATE < today()"]
)
def test_a_filter_that_looks_at_the_clock_is_known(connection: duckdb.DuckDBPyConnection, where: str) -> None:
    assert not checked(connection, "flights", COLUMNS, where).is_steady


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("a >", "line 1, column 4: it ends too early"),
        ("a = 1 andd s = 'x'", 'line 1, column 7: syntax error at or near "andd"'),
        ("s = 'éé'\n  AND bb > 3", 'line 2, column 7: Referenced column "bb" not found'),
        ("s = 'x", "line 1, column 5: unterminated string"),
        ("sum(a) > 1", "line 1, column 1: WHERE clause cannot contain aggregates"),
        ("a > 1 AND foo(a)", "line 1, column 11: Scalar Function with name foo does not exist"),
        ("a + 1", "it gives BIGINT, not true or false"),
        ("s", "it gives VARCHAR, not true or false"),
        ("a > 3; DROP TABLE t", "line 1, column 6: syntax error"),
        (f"{'md5(' * 600}s{')' * 600} <> ''", "it is nested too deeply"),
    ],
)
def test_a_wrong_filter_is_told_with_its_place(connection: duckdb.DuckDBPyConnection, where: str, told: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        checked(connection, "flights", COLUMNS, where)
    assert told in caught.value.message


@pytest.mark.parametrize(
    "where",
    [
        "a IN (SELECT 1)",
        "EXISTS (FROM read_text('/etc/passwd'))",
        "a > ALL (SELECT 1)",
        "(SELECT count(*) FROM duckdb_settings()) > 0",
        "read_text('/etc/passwd') IS NULL",
        "true) UNION ALL SELECT (1",
        "true) UNION ALL SELECT content FROM read_text('/etc/passwd') WHERE (true",
        "true) LIMIT 5 --",
        "true) ORDER BY (a",
        "true) GROUP BY (a",
        "true) HAVING (true",
        "true) QUALIFY (true",
        "row_number() OVER () > 1",
        "columns(*) > 1",
        "unnest([true])",
        "? = 1",
        "#1 = 1",
        "random() > 0.5",
        "sleep_ms(5) IS NULL",
        "pg_sleep(5) IS NULL",
        "nextval('x') > 1",
        "setseed(0.1) IS NULL",
        "write_log('x') IS NULL",
        "current_setting('memory_limit') = ''",
        "getvariable('x') = 1",
        "error('x')",
        "getenv('HOME') = ''",
        "pg_get_viewdef(1) IS NULL",
        "current_query() = ''",
        "query('SELECT 1')",
    ],
)
def test_what_reaches_beyond_the_row_is_refused(connection: duckdb.DuckDBPyConnection, where: str) -> None:
    with pytest.raises(InvalidQuery, match="where: "):
        checked(connection, "flights", COLUMNS, where)


_PIECES = [
    "a",
    "s",
    "t",
    ")",
    "(",
    "'",
    '"',
    "--",
    "/*",
    "*/",
    ";",
    "SELECT",
    "FROM",
    "UNION ALL",
    "WHERE",
    "AND",
    "OR",
]
_PIECES += [
    "LIMIT 1",
    "ORDER BY",
    "GROUP BY",
    "true",
    "1",
    "=",
    ">",
    ",",
    "\n",
    "read_text('/etc/hostname')",
    "now()",
    "$1",
]
_PIECES += [
    "EXISTS",
    "IN",
    "CASE WHEN",
    "END",
    "::",
    "INTEGER",
    "[",
    "]",
    "x ->",
    "*",
    "COPY",
    "ATTACH",
    "é",
    "\0",
    "OVER ()",
]


@pytest.fixture(scope="module")
def one_row(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(
        "CREATE TABLE one AS SELECT 1::BIGINT AS a, 'x' AS s, now() AS t, '' AS error, 1::DOUBLE AS \"Ä b\""
    )
    return connection


@settings(max_examples=150)
@given(where=st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join))
def test_any_text_is_a_filter_or_is_refused(one_row: duckdb.DuckDBPyConnection, where: str) -> None:
    try:
        found = checked(one_row, "flights", COLUMNS, where)
    except InvalidQuery:
        return
    query = f"SELECT count(*) FROM one AS flights{found.sql}"
    try:
        [(rows,)] = one_row.execute(query).fetchall()
    except duckdb.Error as error:
        told = found.error(error, query)
        assert told is None or told.message.startswith("where: line ")
    else:
        assert rows in (0, 1)


def test_a_value_that_breaks_the_filter_is_told_with_its_place(troubles: RecordingContext) -> None:
    for kind in ("csv", "arrow", "xlsx"):
        request = ExportRequest("troubles", kind, where='k > 0 AND\n  "a, text"::INTEGER > 1')
        with pytest.raises(InvalidQuery, match=r"^where: line 2, column 12: Could not convert string") as caught:
            make_export(troubles.workspace, troubles.settings, request)
        # The table's two files are read side by side: the first value that fails is that of either.
        assert "'plain'" in caught.value.message or "'äöü 漢字" in caught.value.message


def test_the_connection_reaches_the_table_alone_and_cannot_be_unlocked(
    troubles: RecordingContext, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    out = tmp_path / "out.csv"
    with planned(troubles.workspace, ExportRequest("troubles", "csv"), [out]) as plan:
        assert plan.count() == 9
        for query in (
            f"SELECT * FROM read_csv('{secret}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'else.csv'}'",
            f"ATTACH '{tmp_path / 'x.db'}'",
            "INSTALL httpfs",
            "SELECT * FROM read_parquet('https://example.org/x.parquet')",
            "SET enable_external_access = true",
            "SET memory_limit = '10GB'",
        ):
            with pytest.raises(duckdb.Error):
                plan.connection.execute(query)
        plan.connection.execute(f"COPY (SELECT 1) TO '{out}'")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory for a while")
@pytest.mark.parametrize("where", ["length(repeat('x', k * 500000000)) > 0", "len(range(k * 500000000)) > 0"])
def test_a_value_that_grows_without_end_gets_no_more_memory(troubles: RecordingContext, where: str) -> None:
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(ExportError, match="more memory than an export may take"):
        check_export(troubles.workspace, troubles.settings, ExportRequest("troubles", "csv", where=where))
    assert resource.getrlimit(resource.RLIMIT_DATA) == limit
    assert check_export(troubles.workspace, troubles.settings, ExportRequest("troubles", "csv")).rows == 9
