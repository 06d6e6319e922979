"""The built-ins on real tables, compared with what pandas and Polars make of the same files."""

import gzip
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from analysis_runs import STOCKS, Runs
from polars.testing import assert_frame_equal

from real_tables import flights_csv

pytestmark = pytest.mark.slow

SORTED = {"check_row_order": False, "check_dtypes": False, "check_column_order": False}


def built_in(name: str, **body: Any) -> dict[str, Any]:
    return {"name": name, **body}


@pytest.fixture(scope="module")
def stocks(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Real prices in two runs, each year's odd months first; every built-in over them."""
    analyses = [
        built_in(
            "weekly",
            buckets={
                "dataset": "stocks",
                "every": "1w",
                "by": ["Ticker"],
                "ohlc": "Close",
                "volume": "Volume",
                "mean": ["Open"],
                "sum": ["Open"],
                "min": ["Low"],
                "max": ["High"],
            },
        ),
        built_in("monthly", buckets={"dataset": "stocks", "every": "1mo", "by": ["Ticker"], "sum": ["Volume"]}),
        built_in(
            "rows20", rolling={"dataset": "stocks", "rows": 20, "by": ["ticker"], "mean": ["Close"], "std": ["Close"]}
        ),
        built_in(
            "days30",
            rolling={
                "dataset": "stocks",
                "span": "30d",
                "by": ["Ticker"],
                "sum": ["Close"],
                "max": ["High"],
                "min_rows": 5,
            },
        ),
        built_in("busiest", top={"dataset": "stocks", "n": 3, "by": "Volume", "per": ["Ticker"]}),
        built_in("least", top={"dataset": "stocks", "n": 2, "by": "Volume", "of": ["Ticker"], "order": "least"}),
        built_in("change", change={"dataset": "stocks", "by": ["Ticker"], "mean": ["Close"], "max": ["Date"]}),
    ]
    runs = Runs(tmp_path_factory.mktemp("stocks"), {"analyses": analyses})
    read = f"SELECT * FROM read_csv('{STOCKS}') WHERE month(Date) % 2 = "
    runs.run(("stocks", f"{read} 1", "odd"))
    found = runs.run(("stocks", f"{read} 0", "even"))
    assert {one["outcome"] for one in found.values()} == {"computed"}
    return runs


@pytest.fixture(scope="module")
def frame() -> polars.DataFrame:
    with gzip.open(STOCKS) as file:
        return polars.read_csv(file.read(), try_parse_dates=True).with_columns(
            polars.col("Date").cast(polars.Datetime("us"))
        )


def test_buckets_are_those_of_polars(stocks: Runs, frame: polars.DataFrame) -> None:
    close, volume = polars.col("Close"), polars.col("Volume")
    expected = (
        frame.sort("Ticker", "Date")
        .group_by("Ticker", polars.col("Date").dt.truncate("1w").alias("bucket"))
        .agg(
            polars.len().alias("rows"),
            close.first().alias("open"),
            close.max().alias("high"),
            close.min().alias("low"),
            close.last().alias("close"),
            volume.sum().alias("volume"),
            ((close * volume).sum() / volume.sum()).alias("vwap"),
            polars.col("Open").mean().alias("mean_Open"),
            polars.col("Open").sum().alias("sum_Open"),
            polars.col("Low").min().alias("min_Low"),
            polars.col("High").max().alias("max_High"),
        )
    )
    assert_frame_equal(stocks.table("weekly"), expected, **SORTED)  # pyright: ignore[reportArgumentType]
    by_month = frame.group_by("Ticker", polars.col("Date").dt.truncate("1mo").alias("bucket")).agg(
        polars.len().alias("rows"), volume.sum().alias("sum_Volume")
    )
    assert_frame_equal(stocks.table("monthly"), by_month, **SORTED)  # pyright: ignore[reportArgumentType]


def test_rolling_windows_are_those_of_pandas(stocks: Runs) -> None:
    frame = pandas.read_csv(STOCKS, parse_dates=["Date"]).sort_values(["Ticker", "Date"])
    keys = ["Ticker", "Date"]
    rows20 = stocks.table("rows20").to_pandas().sort_values(keys)
    close = frame.groupby("Ticker")["Close"]
    rolled = close.rolling(20, min_periods=1)
    for column, expected in (("mean_Close", rolled.mean()), ("std_Close", rolled.std())):
        pandas.testing.assert_series_equal(
            rows20[column].reset_index(drop=True), expected.reset_index(drop=True), check_names=False, rtol=1e-6
        )
    days30 = stocks.table("days30").to_pandas().sort_values(keys)
    by_time = frame.set_index("Date").groupby("Ticker")
    for column, expected in (
        ("sum_Close", by_time["Close"].rolling("30D", min_periods=5).sum()),
        ("max_High", by_time["High"].rolling("30D", min_periods=5).max()),
    ):
        pandas.testing.assert_series_equal(
            days30[column].reset_index(drop=True), expected.reset_index(drop=True), check_names=False
        )


def test_the_top_is_that_of_polars(stocks: Runs, frame: polars.DataFrame) -> None:
    expected = frame.group_by("Ticker").agg(polars.col("Volume").top_k(3).alias("Volume")).explode("Volume")
    found = stocks.table("busiest")
    assert_frame_equal(found.select("Ticker", "Volume"), expected, **SORTED)  # pyright: ignore[reportArgumentType]
    assert sorted(found["rank"].to_list()) == sorted([1, 2, 3] * frame["Ticker"].n_unique())
    totals = frame.group_by("Ticker").agg(polars.col("Volume").sum().alias("sum_Volume"), polars.len().alias("rows"))
    assert stocks.table("least").sort("rank").drop("rank").rows() == totals.sort("sum_Volume").head(2).rows()


def test_the_change_is_against_the_run_before(stocks: Runs, frame: polars.DataFrame) -> None:
    def figures(rows: polars.DataFrame) -> polars.DataFrame:
        return rows.group_by("Ticker").agg(polars.len().alias("rows"), polars.col("Close").mean().alias("mean_Close"))

    before = figures(frame.filter(polars.col("Date").dt.month() % 2 == 1))
    expected = figures(frame).join(before, on="Ticker", suffix="_before")
    expected = expected.with_columns(
        rows_change=polars.col("rows").cast(polars.Int64) - polars.col("rows_before"),
        mean_Close_ratio=polars.col("mean_Close") / polars.col("mean_Close_before") - 1,
    )
    found = stocks.table("change").select(expected.columns)
    assert_frame_equal(found, expected, **SORTED)  # pyright: ignore[reportArgumentType]
    assert "max_Date_before" in stocks.table("change").columns


def test_the_busiest_routes_of_real_flights(tmp_path: Path) -> None:
    raw = tmp_path / "flights.csv"
    raw.write_bytes(flights_csv())
    top = {"dataset": "flights", "n": 2, "by": "distance", "of": ["dest"], "per": ["origin"], "measure": "count"}
    by = {"dataset": "flights", "every": "1d", "time": "time_hour", "by": ["origin"], "mean": ["dep_delay"]}
    runs = Runs(tmp_path / "home", {"analyses": [built_in("routes", top=top), built_in("delays", buckets=by)]})
    runs.run(("flights", f"SELECT * FROM read_csv('{raw}', nullstr = ['', 'NA'])", "flights"))
    frame = polars.from_pandas(pandas.read_csv(raw, usecols=["origin", "dest", "dep_delay", "time_hour"]))
    frame = frame.with_columns(polars.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    counted = frame.group_by("origin", "dest").len()
    expected = (
        counted.group_by("origin").agg(polars.col("len").top_k(2).alias("count_distance")).explode("count_distance")
    )
    found = runs.table("routes").select("origin", "count_distance")
    assert_frame_equal(found, expected, **SORTED)  # pyright: ignore[reportArgumentType]
    delays = frame.group_by("origin", polars.col("time_hour").dt.truncate("1d").alias("bucket")).agg(
        polars.len().alias("rows"), polars.col("dep_delay").mean().alias("mean_dep_delay")
    )
    assert_frame_equal(runs.table("delays"), delays, **SORTED)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"top": {"dataset": "bars", "by": "x"}}, "bars has no column 'x'; it has k, a, b, s"),
        ({"buckets": {"dataset": "bars", "every": "1h"}}, "which column is the time of bars? it has a, b: give time"),
        ({"buckets": {"dataset": "bars", "every": "1h", "time": "s"}}, "bars.s is VARCHAR, not a time"),
        ({"buckets": {"dataset": "bars", "every": "1h", "time": "a", "sum": ["s"]}}, "bars.s is VARCHAR, not a number"),
        ({"top": {"dataset": "bars", "by": "s", "of": ["k"]}}, "bars.s is VARCHAR, not a number"),
    ],
)
def test_what_a_built_in_cannot_use_is_named(tmp_path: Path, body: dict[str, Any], told: str) -> None:
    runs = Runs(tmp_path, {"analyses": [built_in("x", **body)]})
    row = "SELECT 1 AS k, TIMESTAMP '2024-01-01' AS a, TIMESTAMP '2024-01-02' AS b, 'x' AS s"
    assert told in runs.run(("bars", row, "a"))["x"]["message"]
