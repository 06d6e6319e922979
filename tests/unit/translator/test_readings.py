"""Readings: which a column's texts call for, and that Python and SQL agree on every text and its exact value."""

from collections.abc import Generator, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.stages.translator.readings.choosing import choose
from quarterhour.stages.translator.readings.forms import UnknownReading
from quarterhour.stages.translator.readings.reading import Reading, widen

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


VALUES = [
    ("BIGINT", "", {"5": 5, " 5 ": 5, "+5": 5, "-5": -5, "0": 0}),
    ("BIGINT", "1,234.56", {"1,234": 1234, "-1,234,567": -1234567, "12": 12}),
    ("DECIMAL(38,0)", "", {"9" * 38: Decimal("9" * 38)}),
    (
        "DECIMAL(18,2)",
        "",
        {"1.5": Decimal("1.50"), "1.500": Decimal("1.5"), ".5": Decimal("0.5"), "-0.05": Decimal("-0.05")},
    ),
    ("DECIMAL(18,2)", "1.234,56", {"-1.234,5": Decimal("-1234.5")}),
    ("DECIMAL(18,2)", "1'234.56", {"1’234.50": Decimal("1234.5")}),
    ("DECIMAL(18,2)", "($1,234.56)", {"($1,234.50)": Decimal("-1234.5"), "$ 5": Decimal(5), "-$5": Decimal(-5)}),
    ("DECIMAL(18,2)", "1234.56-", {"5.25-": Decimal("-5.25"), "5": Decimal(5)}),
    ("DECIMAL(18,2)", "1234,56 €", {"5,25€": Decimal("5.25"), "-5\u00a0€": Decimal(-5)}),
    ("DECIMAL(18,3)", "1234.56%", {"12.5%": Decimal("0.125"), "-5 %": Decimal("-0.05")}),
    ("DECIMAL(18,2)", "12,34,567.89", {"12,34,567.8": Decimal("1234567.8")}),
    (
        "DOUBLE",
        "",
        {"1.5": 1.5, "1e5": 1e5, "-.5": -0.5, "5.": 5.0, "inf": float("inf"), "0.1234567890123456": 0.1234567890123456},
    ),
    ("DOUBLE", "", {"1.000000000000000056e-01": 0.1, "1.00000000000000000000": 1.0, "5e-324": 5e-324, " -2.5": -2.5}),
    ("DOUBLE", "1234,56", {"1,5": 1.5, "-0,25": -0.25}),
    ("BOOLEAN", "", {"TRUE": True, "false": False, " True ": True}),
    ("BOOLEAN", "y/n", {"Y": True, "n": False}),
    ("DATE", "", {"2024-02-29": date(2024, 2, 29), "2024-1-5": date(2024, 1, 5), " 0001-01-01 ": date(1, 1, 1)}),
    ("DATE", "%d/%m/%Y", {"1/2/2024": date(2024, 2, 1)}),
    ("DATE", "%d/%m/%y", {"31/01/69": date(1969, 1, 31), "31/01/68": date(2068, 1, 31)}),
    ("DATE", "%B %d, %Y", {"May 5, 2024": date(2024, 5, 5)}),
    ("DATE", "%Y%m%d", {"20240131": date(2024, 1, 31)}),
    ("TIMESTAMP", "", {"2024-01-31": datetime(2024, 1, 31), "2024-01-31 24:00:00": datetime(2024, 2, 1)}),  # noqa: DTZ001
    ("TIMESTAMP", "", {"2024-01-31T05:06:07,5": datetime(2024, 1, 31, 5, 6, 7, 500000)}),  # noqa: DTZ001
    ("TIMESTAMP", "%m/%d/%Y %I:%M:%S %p", {"01/31/2024 12:06 am": datetime(2024, 1, 31, 0, 6)}),  # noqa: DTZ001
    (TZ, "", {"2024-07-01 05:00 Europe/Paris": datetime(2024, 7, 1, 3, tzinfo=UTC)}),
    (TZ, "", {"2024-07-01T05:00:00.5 -0330": datetime(2024, 7, 1, 8, 30, 0, 500000, tzinfo=UTC)}),
    (TZ, "%d/%m/%Y %H:%M:%S%z", {"01/07/2024 05:00Z": datetime(2024, 7, 1, 5, tzinfo=UTC)}),
    (TZ, "epoch_ms", {"1700000000123": datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)}),
    (TZ, "epoch_ns", {"1700000000123456000": datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)}),
    ("TIME", "", {"5:06": time(5, 6), " 05:06:07.25 ": time(5, 6, 7, 250000)}),
    ("TIME", "%I:%M:%S %p", {"05:06 PM": time(17, 6)}),
]


@pytest.mark.parametrize(("type_name", "format_name", "expected"), VALUES)
def test_a_value_is_exactly_what_the_text_means(
    db: duckdb.DuckDBPyConnection, type_name: str, format_name: str, expected: dict[str, Any]
) -> None:
    reading = Reading.of(type_name, format_name)
    found = read(db, reading, expected)
    assert [value for value, _ in found] == list(expected.values())
    assert all(fits and reading.holds(text) for (_, fits), text in zip(found, expected, strict=True))


MISFITS = [
    ("BIGINT", "", ["1.5", "1e3", "007", "-0", "1_000", "0x1F", "9223372036854775808", "1.0", "--5", "true", "١"]),
    ("INTEGER", "", ["2147483648", "01"]),
    ("DECIMAL(18,2)", "", ["1.555", "1e2", "007", "1_0.00", "12345678901234567.00", "nan"]),
    (
        "DOUBLE",
        "",
        ["1e400", "1e-400", "0.12345678901234567", "9007199254740993", "12345678901234567890", "007.5", "1_0.5"],
    ),
    ("DOUBLE", "", ["-9007199254740993", "123456789012345678", "00", "1e5e", "Inf5", "5e-325"]),
    ("DATE", "", ["2024-02-30", "2024-01-31 05:00", "0000-01-01", "infinity", "epoch", "2024-01", "99999-01-01"]),
    ("DATE", "%d/%m/%Y", ["30/02/2024", "01/13/2024", "31/01/24", "29/02/2023"]),
    (
        "TIMESTAMP",
        "",
        ["2024-01-31 05:00:00+02", "2024-01-31 05:00 PM", "2024-01-31 05:00:00.1234567", "epoch", "2024-02-30 05:00"],
    ),
    ("TIMESTAMP", "", ["2024-01-31 05:00+02", "2024-01-31 23:59:60", "0000-01-01 05:00:00"]),
    (TZ, "", ["2024-01-31 05:00:00", "2024-01-31 05:00:00+15:30", "2024-01-31"]),
    (TZ, "epoch_s", ["5", "1700000000123"]),
    ("TIME", "", ["24:00", "24:00:00", "25:00", "05:00:00.1234567", "05:00+02", "2013-01-01 05:00:00"]),
    ("BOOLEAN", "", ["1", "t", "yes"]),
    ("BIGINT", "1,234.56", ["1,23", "1,2345", ",123", "1.5", "0,123"]),
    ("DECIMAL(18,2)", "($1,234.56)", ["(5)", "5", "€5"]),
    ("DECIMAL(18,3)", "1234.56%", ["12.55%", "12"]),
]


@pytest.mark.parametrize(("type_name", "format_name", "texts"), MISFITS)
def test_what_the_engine_would_alter_does_not_fit(
    db: duckdb.DuckDBPyConnection, type_name: str, format_name: str, texts: list[str]
) -> None:
    reading = Reading.of(type_name, format_name)
    assert read(db, reading, texts) == [(None, False)] * len(texts)
    assert not any(map(reading.holds, texts))


def test_a_local_time_that_a_zone_skips_or_has_twice_is_no_instant(db: duckdb.DuckDBPyConnection) -> None:
    texts = ["2024-03-31 02:30:00 Europe/Paris", "2024-10-27 02:30:00 Europe/Paris", "2024-10-27 02:30:00 Nowhere/City"]
    assert read(db, Reading.of(TZ), texts) == [(None, False)] * 3


def test_null_texts_are_null_and_a_null_text_may_look_like_a_value(db: duckdb.DuckDBPyConnection) -> None:
    reading = Reading.of("BIGINT", "", ("", "NA", "-999"))
    assert read(db, reading, ["NA", " NA ", "", "  ", "-999", "5", "x"]) == [(None, True)] * 5 + [
        (5, True),
        (None, False),
    ]
    text = choose("x", ["a", "NULL", r"\N", "NA", " a ", ""]).reading
    assert [value for value, _ in read(db, text, ["a", "NULL", r"\N", "NA", " a ", "", " "])] == [
        "a",
        None,
        None,
        "NA",
        " a ",
        None,
        " ",
    ]


WIDENED = [
    ("BIGINT", ("BIGINT", ""), ("BIGINT", "")),
    ("DOUBLE", ("BIGINT", "1,234.56"), ("DOUBLE", "1,234.56")),
    ("BIGINT", ("DOUBLE", ""), ("DOUBLE", "")),
    ("DECIMAL(18,2)", ("BIGINT", ""), ("DECIMAL(18,2)", "")),
    ("DECIMAL(18,2)", ("DOUBLE", ""), ("DECIMAL(18,2)", "")),
    ("DECIMAL(18,2)", ("DECIMAL(18,4)", ""), ("DECIMAL(20,4)", "")),
    ("DOUBLE", ("DECIMAL(18,2)", ""), ("DOUBLE", "")),
    ("DOUBLE", ("DECIMAL(18,3)", "1234.56%"), None),
    ("TIMESTAMP", ("DATE", "%d/%m/%Y"), ("TIMESTAMP", "%d/%m/%Y %H:%M:%S")),
    ("DATE", ("TIMESTAMP", ""), ("TIMESTAMP", "")),
    ("VARCHAR", ("DATE", ""), ("VARCHAR", "")),
    ("DATE", ("VARCHAR", ""), None),
    ("DATE", ("BIGINT", ""), None),
    ("BIGINT", (TZ, "epoch_s"), ("BIGINT", "")),
]


@pytest.mark.parametrize(("known", "found", "expected"), WIDENED)
def test_a_known_column_takes_what_it_holds_exactly(
    known: str, found: tuple[str, str], expected: tuple[str, str] | None
) -> None:
    reading = widen(known, Reading(*found, nulls=("", "-")))
    assert (reading and (reading.type, reading.format)) == expected
    assert reading is None or reading.nulls == ("", "-")


def test_a_known_column_becomes_wider_where_its_type_was_shown_not_to_hold() -> None:
    found = Reading("BIGINT")
    assert widen("DECIMAL(18,2)", found, {("DECIMAL(18,2)", "")}) == Reading("DECIMAL(21,2)")
    assert widen("BIGINT", found, {("BIGINT", "")}) is None


@pytest.mark.parametrize(
    ("type_name", "given_format", "canonical"),
    [("DATE", "%Y-%m-%d", ""), ("TIMESTAMP", "%Y-%m-%dT%H:%M", ""), (TZ, "%Y-%m-%dT%H:%M:%SZ", ""), ("DOUBLE", "1234.56", ""),
     ("TIMESTAMP", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"), ("DECIMAL(18,2)", "1.234,56€", "1.234,56 €")],
)  # fmt: skip
def test_a_contract_may_name_a_format_in_more_than_one_way(type_name: str, given_format: str, canonical: str) -> None:
    assert Reading.of(type_name, given_format).format == canonical


@pytest.mark.parametrize(
    "reading",
    [("DATE", "%d/%m"), ("DATE", "1,234.56"), ("BIGINT", "%Y"), ("MONEY", ""), ("DECIMAL(50,2)", ""), ("VARCHAR", "x")],
)
def test_an_unknown_reading_is_refused(reading: tuple[str, str]) -> None:
    with pytest.raises(UnknownReading):
        Reading.of(*reading)


# Generated texts: near to values and values.

_blank = st.sampled_from(["", "", "", " ", "  "])
_digits = st.text("0123456789", min_size=0, max_size=20)
_integers = st.one_of(
    st.integers(-(2**66), 2**66).map(str), st.tuples(st.sampled_from(["", "+", "-"]), _digits).map("".join)
)
_plain = st.one_of(
    _integers,
    st.tuples(
        _integers, st.sampled_from([".", "", "._"]), _digits, st.sampled_from(["", "e5", "E-300", "e+308", "e"])
    ).map("".join),
    st.floats().map(repr),
    st.floats().map("{:.17g}".format),
    st.floats().map("{:.18e}".format),
    st.text("0123456789.e-+_ x١", max_size=8),
)
_days = st.one_of(
    st.dates(date(1, 1, 1)).map(date.isoformat),
    st.text("0123456789-/ ١", min_size=6, max_size=11),
    st.just("2023-02-29"),
)
_clocks = st.one_of(
    st.times().map(time.isoformat), st.text("0123456789:.,+ ZPM١", min_size=3, max_size=10), st.just("24:00:00")
)
_zones = st.sampled_from(["", "Z", "+00:00", "+02", "-0330", " UTC", "GMT", "+15:00", " Europe/Paris"])
_moments = st.tuples(_days, st.sampled_from([" ", "T", ""]), st.one_of(_clocks, st.just("")), _zones).map("".join)
_grouped = st.one_of(
    st.integers(-(10**12), 10**12).map("{:,}".format),
    st.decimals(-(10**9), 10**9, places=2).map("{:,}".format),
    st.text("0123456789,.-()$ ١", max_size=10),
)

KINDS = [
    ("BIGINT", "", _plain),
    ("DECIMAL(18,2)", "", _plain),
    ("DECIMAL(38,10)", "", _plain),
    ("DOUBLE", "", _plain),
    ("DATE", "", _moments),
    ("TIMESTAMP", "", _moments),
    (TZ, "", _moments.filter(lambda text: "Paris" not in text)),
    ("TIME", "", _clocks),
    ("BIGINT", "1,234.56", _grouped),
    ("DECIMAL(18,2)", "1,234.56", _grouped),
    ("DECIMAL(18,2)", "($1,234.56)", _grouped),
    ("DATE", "%Y/%m/%d", _days.map(lambda text: text.replace("-", "/"))),
    ("DATE", "%d/%m/%Y", st.dates().map("{:%d/%m/%Y}".format) | st.text("0123456789/ ", min_size=8, max_size=10)),
]


@pytest.mark.parametrize(("type_name", "format_name", "texts"), KINDS)
def test_python_and_sql_agree_on_every_text(
    db: duckdb.DuckDBPyConnection, type_name: str, format_name: str, texts: st.SearchStrategy[str]
) -> None:
    reading = Reading.of(type_name, format_name)

    @settings(max_examples=10)
    @given(st.lists(st.tuples(_blank, texts, _blank).map("".join), min_size=20, max_size=40))
    def agree(values: list[str]) -> None:
        for text, (value, fits) in zip(values, read(db, reading, values), strict=True):
            assert fits == reading.holds(text), text
            if value is not None:
                assert_means(text.strip(), value)

    agree()


def assert_means(text: str, value: Any) -> None:
    """The value by another way than the readings': Python's own."""
    number = text.replace(",", "").replace("$", "").replace(" ", "")
    match value:
        case float() if value == value and abs(value) != float("inf"):
            assert float(text) == value
            assert len(str(Decimal(text).normalize().as_tuple().digits)) <= 15 * 3 or any(
                Decimal(form) == Decimal(text)
                for form in (repr(value), f"{value:.17g}", f"{value:.18e}", f"{value:.15e}")
            )
        case int() | Decimal():
            assert Decimal(number.replace("(", "-").replace(")", "")) == value
        case datetime() if not value.tzinfo:
            moment = text.replace(",", ".")
            if " 24:" in moment or "T24:" in moment:
                assert value == datetime.fromisoformat(moment[:10]) + timedelta(days=1)
            elif moment[4] == "-" and len(moment) in (10, 16, 19, 23, 26):
                assert value == datetime.fromisoformat(moment)
        case date() if not isinstance(value, datetime):
            parts = [int(part) for part in text.replace("/", "-").split("-")]
            assert (value.year, value.month, value.day) == tuple(parts if parts[0] > 31 or "-" in text else parts[::-1])
        case _:
            pass
