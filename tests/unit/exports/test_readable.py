"""The merged tables are read as they lie by DuckDB, Polars and pandas: after appends, upserts and a new column."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pytest
from deltalake import DeltaTable
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.merger import MergerService

DATASETS = {"datasets": [{"name": "bars", "files": "*", "keys": ["k"]}]}
EXPECTED = [
    (1, "a", Decimal("1.50"), datetime(2024, 1, 1, tzinfo=UTC), None),
    (2, "changed", Decimal("2.50"), datetime(2024, 1, 2, tzinfo=UTC), True),
    (3, None, None, None, False),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    context = RecordingContext(tmp_path_factory.mktemp("readable"), DATASETS)
    first = "(1::BIGINT, 'a', 1.50::DECIMAL(9,2), TIMESTAMPTZ '2024-01-01 00:00:00Z'), (2, 'b', 2, NULL)"
    put(context, "bars", f"SELECT * FROM (VALUES {first}) t(k, s, d, moment)", "one")
    MergerService().run(context)
    second = "(2::BIGINT, 'changed', 2.50::DECIMAL(9,2), TIMESTAMPTZ '2024-01-02 00:00:00Z', true), (3, NULL, NULL, NULL, false)"
    put(context, "bars", f"SELECT * FROM (VALUES {second}) t(k, s, d, moment, added)", "two")
    MergerService().run(context)
    return context.workspace.table("bars")


def test_polars_reads_the_table_and_its_past(table: Path) -> None:
    columns = ["k", "s", "d", "moment", "added"]
    assert polars.read_delta(str(table)).select(columns).sort("k").rows() == EXPECTED
    assert polars.scan_delta(str(table)).filter(polars.col("added")).select("k").collect().rows() == [(2,)]
    past = next(v for v in range(5) if polars.read_delta(str(table), version=v).height == 2)
    assert polars.read_delta(str(table), version=past).sort("k")["s"].to_list() == ["a", "b"]


def test_pandas_reads_the_table(table: Path) -> None:
    frame = DeltaTable(table).to_pandas().sort_values("k")
    assert frame["k"].tolist() == [1, 2, 3]
    assert frame["s"].fillna("").tolist() == ["a", "changed", ""]
    assert frame["moment"].dropna().dt.tz_convert("UTC").tolist() == [EXPECTED[0][3], EXPECTED[1][3]]
    assert [value for value in frame["d"] if value is not None] == [Decimal("1.50"), Decimal("2.50")]


def test_duckdb_reads_the_table(table: Path) -> None:
    """By its files as the log names them, and over Arrow; its own extension for Delta would have to be fetched."""
    delta = DeltaTable(table)
    columns = "k, s, d, moment, added"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        files = [str(table / name) for name in delta.get_add_actions()["path"].to_pylist()]
        query = f"SELECT {columns} FROM read_parquet(?, union_by_name = true) ORDER BY k"
        by_files = connection.execute(query, [files]).fetchall()
        connection.register("bars", delta.to_pyarrow_dataset())
        over_arrow = connection.execute(f"SELECT {columns} FROM bars ORDER BY k").fetchall()
    assert [(*row[:3], row[3] and row[3].astimezone(UTC), row[4]) for row in by_files] == EXPECTED
    assert over_arrow == by_files
