"""Cases of types: how numbers, money, booleans, dates, times and missing values are written."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from bench.dirty import tables
from bench.dirty.case import Case, made
from bench.dirty.tables import Either, Table, Value
from bench.dirty.transforms import Change, added, added_text, delimited, formatted, nulls, put, texts

_PRICES = ("Open", "High", "Low", "Close")
_NEW_YORK = ZoneInfo("America/New_York")


def type_cases() -> list[Case]:
    return [*_numbers(), *_money(), *_booleans(), *_dates(), *_times(), *_stamps(), *_epochs(), *_nulls(), *_widened()]


def _case(name: str, table: Table, *changes: Change) -> Case:
    return made("types", name, table, *changes)


def number(value: Value) -> Decimal:
    return Decimal(str(value))


def grouped(thousands: str, point: str = ".", places: int | None = None) -> Callable[[Value], str]:
    """A number with separators between its thousands."""

    def write(value: Value) -> str:
        text = f"{number(value):,}" if places is None else f"{number(value):,.{places}f}"
        return text.replace(",", "\0").replace(".", point).replace("\0", thousands)

    return write


def decimal_comma(value: Value) -> str:
    return str(value).replace(".", ",")


def cents(value: Value) -> Value:
    """Two decimal places, as the file then has them."""
    return number(f"{number(value):.2f}")


def scientific(value: Value) -> str:
    return f"{float(number(value)):.6E}"


def dated(pattern: str) -> Callable[[Value], str]:
    """A date or a time by its pattern; a dash takes the leading zero away: %-d."""
    return lambda value: cast("date | time", value).strftime(pattern)


def _numbers() -> list[Case]:
    stocks = tables.stocks()
    huge = added("hash", lambda i: (text := str(18446744073709551615 + 982451653 * i), int(text)))
    longest = added("hash", lambda i: (text := str(10**29 + 7**30 + i), int(text)))
    lossy = added("id", lambda i: (text := str(9007199254740993 + 2 * i), int(text)))
    exact = added("rate", lambda i: (text := f"0.{123456789012345678 + i * 7919}", Decimal(text)))
    return [
        _case("integers", tables.flights()),
        _case("negative integers", tables.airports()),
        _case(
            "decimals of one scale",
            stocks,
            formatted(grouped(""), "Volume"),
            formatted(lambda v: f"{v:.2f}", *_PRICES, read=cents),
        ),
        _case(
            "floats with exponents",
            tables.gapminder(),
            formatted(scientific, "life_expectancy", read=lambda v: Decimal(scientific(v))),
        ),
        _case("plus signs", tables.sales(), formatted(lambda v: f"{number(v):+}", "Profit")),
        _case("points without zeros", tables.sales(), formatted(lambda v: str(v).replace("0.", "."), "Discount")),
        _case("integers beyond 64 bits", stocks, huge),
        _case("integers of thirty digits", stocks, longest),
        _case("integers beyond a float", stocks, lossy),
        _case("decimals of eighteen places", stocks, exact),
        _case("thousands with commas", stocks, formatted(grouped(","), "Volume")),
        _case(
            "thousands with commas, decimals", tables.sales(), formatted(grouped(",", places=2), "Sales", read=cents)
        ),
        _case(
            "thousands with points",
            tables.marriages(),
            delimited(";"),
            formatted(grouped(".", ","), *tables.marriages().names[1:]),
        ),
        _case("thousands with spaces", tables.marriages(), formatted(grouped(" "), "Marriages", "Population")),
        _case(
            "thousands with hard spaces", tables.marriages(), formatted(grouped("\u00a0"), "Marriages", "Population")
        ),
        _case(
            "thousands with narrow spaces", tables.marriages(), formatted(grouped("\u202f"), "Marriages", "Population")
        ),
        _case("thousands with apostrophes", tables.marriages(), formatted(grouped("'"), "Marriages", "Population")),
        _case("decimal commas", stocks, delimited(";"), formatted(decimal_comma, *_PRICES)),
        _case("decimal commas quoted", stocks, formatted(decimal_comma, *_PRICES)),
        _case(
            "decimal commas tab",
            tables.gapminder(),
            delimited("\t"),
            formatted(decimal_comma, "fertility", "life_expectancy"),
        ),
        _case(
            "not a number and infinity",
            stocks,
            put("Open", {3: ("NaN", float("nan")), 70: ("inf", float("inf")), 90: ("-inf", float("-inf"))}),
        ),
        _case(
            "infinity spelt out",
            stocks,
            put("Open", {70: ("Infinity", float("inf")), 90: ("-Infinity", float("-inf"))}),
        ),
        _case("leading zeros", stocks, added_text("code", lambda i: f"{i * 37:05}")),
        _case("leading zeros in few", stocks, added_text("zip", lambda i: "07030" if i == 120 else str(10001 + i))),
        _case("codes like numbers", stocks, added_text("code", lambda i: (f"{i}E{i % 9}", f"{i}D4", f"0x{i}")[i % 3])),
        _case("phone numbers", stocks, added_text("phone", lambda i: f"+1 212 555 {i:04}")),
        _case("versions", stocks, added_text("version", lambda i: f"{i % 3}.{i % 12}.{i % 7}")),
        _case("numbers with spaces", tables.sales(), formatted(lambda v: f" {v} ", "Profit", "Quantity")),
    ]


def _money() -> list[Case]:
    sales, money = tables.sales(), ("Sales", "Profit")

    def dollars(value: Value) -> str:
        return ("-" if number(value) < 0 else "") + "$" + grouped(",", places=2)(abs(number(value)))

    def percent(value: Value) -> Value:
        return Either((value, number(value) / 100))

    rates = tables.penguins()
    return [
        _case("dollars", sales, formatted(dollars, *money, read=cents)),
        _case("dollars, no thousands", sales, formatted(lambda v: f"${number(v):.2f}", "Sales", read=cents)),
        _case("euros", sales, delimited(";"), formatted(lambda v: grouped(".", ",", 2)(v) + " €", *money, read=cents)),
        _case(
            "euros before",
            sales,
            delimited(";"),
            formatted(lambda v: "€ " + grouped(".", ",", 2)(v), *money, read=cents),
        ),
        _case("pounds", sales, formatted(lambda v: f"£{number(v):.2f}", "Sales", read=cents)),
        _case("currency codes", sales, formatted(lambda v: f"{number(v):.2f} USD", "Sales", read=cents)),
        _case("yen", sales, formatted(lambda v: f"¥{number(v):,.0f}", "Sales", read=lambda v: round(number(v)))),
        _case("money of two places", sales, formatted(lambda v: f"{number(v):.2f}", *money, read=cents)),
        _case("percent", rates, formatted(lambda v: f"{v}%", "bill_length_mm", read=percent)),
        _case("percent with space", rates, formatted(lambda v: f"{v} %", "bill_length_mm", read=percent)),
        _case(
            "percent, decimal comma",
            rates,
            delimited(";"),
            formatted(decimal_comma, "bill_depth_mm"),
            formatted(lambda v: decimal_comma(v) + " %", "bill_length_mm", read=percent),
        ),
    ]


def _booleans() -> list[Case]:
    pairs = (
        ("true", "false"),
        ("TRUE", "FALSE"),
        ("True", "False"),
        ("yes", "no"),
        ("Yes", "No"),
        ("Y", "N"),
        ("T", "F"),
    )
    return [
        *(_case(f"booleans {yes} {no}", *_survival(yes, no)) for yes, no in pairs),
        _case(
            "booleans with nulls", *_survival("true", "false"), put("survived", dict.fromkeys((4, 50, 51), ("", None)))
        ),
        _case("booleans zero one", tables.titanic()),
    ]


def _survival(yes: str, no: str) -> tuple[Table, Change]:
    return tables.titanic(), formatted(lambda v: yes if v else no, "survived", read=bool)


def _dates() -> list[Case]:
    patterns = {
        "day first": "%d/%m/%Y",
        "month first": "%m/%d/%Y",
        "day first, points": "%d.%m.%Y",
        "day first, points, no zeros": "%-d.%-m.%Y",
        "month first, no zeros": "%-m/%-d/%Y",
        "day first, dashes": "%d-%m-%Y",
        "year first, slashes": "%Y/%m/%d",
        "day first, short year": "%d/%m/%y",
        "month first, short year": "%m/%d/%y",
        "month names": "%d-%b-%Y",
        "month names, short year": "%d-%b-%y",
        "month names first": "%b %d, %Y",
        "whole month names": "%-d %B %Y",
    }
    stocks = tables.stocks()
    daily = tables.stocks(slice(0, 150))
    early = [date(2013, 1 + i % 12, 1 + i % 11) for i in range(150)]
    ambiguous = {i: f"{day:%d/%m/%Y}" for i, day in enumerate(early)}
    once = {i: (f"{day:%d/%m/%Y}", cast(Value, day)) for i, day in enumerate(early)} | {
        149: ("25/12/2013", date(2013, 12, 25))
    }
    compact = formatted(dated("%Y%m%d"), "Date", read=lambda d: Either((d, int(cast(date, d).strftime("%Y%m%d")))))
    return [
        _case("dates ISO", daily),
        *(_case(f"dates {name}", stocks, formatted(dated(pattern), "Date")) for name, pattern in patterns.items()),
        _case("dates ambiguous", stocks, texts("Date", ambiguous)),
        _case("dates day first by the last row", stocks, put("Date", once)),
        _case("dates ISO basic", daily, compact),
        _case("dates with nulls", stocks, put("Date", dict.fromkeys((5, 80), ("", None)))),
        _case(
            "dates day first with nulls",
            stocks,
            formatted(dated("%d/%m/%Y"), "Date"),
            put("Date", dict.fromkeys((5, 80), ("N/A", None))),
        ),
        _case(
            "dates before 1970 and after 2038",
            stocks,
            put("Date", {3: ("1899-12-31", date(1899, 12, 31)), 4: ("2099-01-01", date(2099, 1, 1))}),
        ),
        _case(
            "dates and one impossible", stocks, formatted(dated("%Y-%m-%d"), "Date"), texts("Date", {77: "2013-02-30"})
        ),
    ]


def _times() -> list[Case]:
    def clocked(pattern: str) -> Change:
        def write(index: int) -> tuple[str, Value]:
            moment = time(index * 7 % 24, index * 13 % 60, index * 29 % 60 if "%S" in pattern else 0)
            return moment.strftime(pattern), moment

        return added("at", write)

    patterns = {
        "": "%H:%M:%S",
        " of minutes": "%H:%M",
        " of twelve hours": "%I:%M %p",
        " of twelve hours, seconds": "%I:%M:%S %p",
    }
    return [_case(f"times{name}", tables.stocks(), clocked(pattern)) for name, pattern in patterns.items()]


def _stamps() -> list[Case]:
    local = {
        "ISO": "%Y-%m-%d %H:%M:%S",
        "ISO T": "%Y-%m-%dT%H:%M:%S",
        "ISO minutes": "%Y-%m-%d %H:%M",
        "ISO fractions": "%Y-%m-%d %H:%M:%S.%f",
        "day first": "%d/%m/%Y %H:%M",
        "day first, points": "%d.%m.%Y %H:%M:%S",
        "month first": "%m/%d/%Y %H:%M:%S",
        "month first, twelve hours": "%m/%d/%Y %I:%M:%S %p",
        "month names": "%d %b %Y %H:%M",
    }
    sea = tables.sea()

    def naive(value: Value) -> Value:
        return cast(datetime, value).replace(tzinfo=None)

    def there(value: Value) -> datetime:
        return cast(datetime, value).astimezone(_NEW_YORK)

    name = "time (UTC)"
    spring = datetime(2013, 3, 10, 0, 0, tzinfo=_NEW_YORK).astimezone(UTC)
    gap = {i: spring + timedelta(minutes=10 * i) for i in range(len(sea.rows))}
    unreal = {i: datetime.fromisoformat("2013-03-10") + timedelta(minutes=10 * i) for i in range(len(sea.rows))}
    return [
        _case("stamps UTC", sea),
        *(_case(f"stamps {each}", sea, formatted(dated(pattern), name, read=naive)) for each, pattern in local.items()),
        _case("stamps with offset", sea, formatted(lambda v: there(v).isoformat(), name)),
        _case("stamps with space and offset", sea, formatted(lambda v: there(v).isoformat(" "), name)),
        _case("stamps with short offset", sea, formatted(lambda v: there(v).strftime("%Y-%m-%d %H:%M:%S%z"), name)),
        _case(
            "stamps with offset over a DST gap", sea, put(name, {i: (there(v).isoformat(), v) for i, v in gap.items()})
        ),
        _case(
            "stamps with zone name", sea, formatted(lambda v: f"{there(v):%Y-%m-%d %H:%M:%S} America/New_York", name)
        ),
        _case("stamps local over a DST gap", sea, put(name, {i: (str(v), v) for i, v in unreal.items()})),
    ]


def _epochs() -> list[Case]:
    units = {"s": 1, "ms": 1_000, "µs": 1_000_000, "ns": 1_000_000_000}
    return [
        _case(
            f"epoch {unit}",
            tables.weather(),
            formatted(lambda v, n=n: str(int(cast(datetime, v).timestamp()) * n), "time_hour"),
        )
        for unit, n in units.items()
    ]


def _nulls() -> list[Case]:
    def missing(token: str) -> tuple[Change, ...]:
        gone = put("dep_time", dict.fromkeys(range(5, 200, 17), (token, None)))
        return gone, nulls(token, "dep_delay", "arr_delay"), put("arr_delay", {60: (token, None), 61: (token, None)})

    tokens = ("NA", "N/A", "null", "NULL", "-", r"\N", "n/a", "#N/A", "None")
    return [
        _case("nulls empty", tables.flights(slice(400, 600)), *missing("")),
        *(
            _case(f"nulls {token.replace(chr(92), 'backslash ')}", tables.flights(), *missing(token))
            for token in tokens
        ),
        _case(
            "nulls of several kinds",
            tables.flights(),
            put("arr_delay", {i: (token, None) for i, token in enumerate(tokens, 20)}),
        ),
        _case(
            "nulls in dates",
            tables.stocks(),
            put("Date", {i: (token, None) for i, token in enumerate(("NA", "-", "NULL"), 20)}),
        ),
        _case("words like nulls", tables.sales(), texts("City", {3: "None", 9: "Nan", 50: "Null Island"})),
    ]


def _widened() -> list[Case]:
    flights = tables.flights(slice(0, 300))
    words = formatted(lambda v: "yes" if v else "no", "survived", read=lambda v: "yes" if v else "no")
    return [
        _case("decimal after integers", flights, put("arr_delay", {290: ("12.5", Decimal("12.5"))})),
        _case("text after integers", flights, texts("flight", {295: "1545A", 299: "DL47"})),
        _case("text after numbers", tables.weather(), texts("temp", {145: "broken sensor"})),
        _case("large integer after small", flights, put("distance", {290: ("99999999999", 99999999999)})),
        _case(
            "stamp after dates",
            tables.stocks(),
            put("Date", {149: ("2013-03-01 16:30:00", datetime.fromisoformat("2013-03-01 16:30:00"))}),
        ),
        _case("text after dates", tables.stocks(), texts("Date", {140: "last Friday"})),
        _case("text after booleans", tables.titanic(), words, texts("survived", {140: "unknown"})),
        _case("leading zero after integers", flights, texts("flight", {290: "0047"})),
    ]
