"""Cases of two or more faults that commonly come together."""

import codecs
from datetime import datetime
from typing import cast

from bench.dirty import names, tables
from bench.dirty.case import Case, case_of, made
from bench.dirty.kinds import cents, dated, decimal_comma, grouped
from bench.dirty.tables import Either, Table, Value
from bench.dirty.transforms import (
    Change,
    added_text,
    between,
    changed,
    compressed,
    cycled,
    delimited,
    draft_of,
    encoded,
    formatted,
    header_of,
    laid_out,
    nulls,
    over,
    padded_out,
    put,
    renamed,
    texts,
    total_of,
    under,
    unnamed,
)

_PRICES = ("Open", "High", "Low", "Close")
_UTF16 = encoded("utf-16-le", codecs.BOM_UTF16_LE)
_BOM = encoded("utf-8", codecs.BOM_UTF8)
_CRLF = laid_out(newlines=("\r\n",))
_QUOTED = laid_out(quoting="all")
_DAY_FIRST = formatted(dated("%d.%m.%Y"), "Date")
_COMMAS = formatted(decimal_comma, *_PRICES)


def _epoch(value: Value) -> str:
    return str(int(cast(datetime, value).timestamp()))


def pair_cases() -> list[Case]:
    return [*_spreadsheets(), *_databases(), *_reports(), *_crossed(), *_published()]


def _case(name: str, table: Table, *changes: Change) -> Case:
    return made("pairs", name, table, *changes)


def _spreadsheets() -> list[Case]:
    """What office programs of several countries save as CSV."""
    stocks, sales = tables.stocks(), tables.sales()
    euros = formatted(lambda v: grouped(".", ",", 2)(v) + " €", "Sales", "Profit", read=cents)
    return [
        _case(
            "semicolon, decimal comma, cp1252",
            sales,
            cycled("City", names.WESTERN),
            delimited(";"),
            formatted(decimal_comma, "Sales", "Discount", "Profit"),
            encoded("cp1252"),
            _CRLF,
        ),
        _case(
            "semicolon, decimal comma, cp1250",
            sales,
            cycled("City", names.CENTRAL),
            delimited(";"),
            formatted(decimal_comma, "Sales", "Discount", "Profit"),
            encoded("cp1250"),
            _CRLF,
        ),
        _case(
            "semicolon, decimal comma, cp1251",
            sales,
            cycled("City", names.CYRILLIC),
            delimited(";"),
            formatted(decimal_comma, "Sales", "Discount", "Profit"),
            encoded("cp1251"),
        ),
        _case("semicolon, decimal comma, day first", stocks, delimited(";"), _COMMAS, _DAY_FIRST),
        _case("semicolon, day first, BOM", stocks, delimited(";"), _DAY_FIRST, _BOM, _CRLF),
        _case(
            "semicolon, euros, cp1252", sales, cycled("City", names.WESTERN), delimited(";"), euros, encoded("cp1252")
        ),
        _case(
            "semicolon, points and commas, total",
            sales,
            delimited(";"),
            formatted(grouped(".", ",", 2), "Sales", read=cents),
            over("Summe;;;;12.345,67;;;"),
        ),
        _case("sep line, decimal comma", stocks, under("sep=;"), delimited(";"), _COMMAS),
        _case("sep line, BOM, CRLF", stocks, under("sep=\t"), delimited("\t"), _BOM, _CRLF),
        _case("unicode text: tab, utf-16", sales, cycled("City", names.MANY), delimited("\t"), _UTF16, _CRLF),
        _case(
            "tab, utf-16, thousands",
            tables.marriages(),
            delimited("\t"),
            formatted(grouped(","), "Marriages", "Population"),
            _UTF16,
        ),
        _case(
            "dollars, month first, quoted",
            stocks,
            formatted(lambda v: f"${v:,.2f}", *_PRICES, read=cents),
            formatted(dated("%m/%d/%Y"), "Date"),
            _QUOTED,
        ),
        _case("thousands, percent, CRLF", tables.gapminder(), formatted(grouped(","), "population"), _CRLF),
        _case(
            "titles and totals, semicolon",
            sales,
            delimited(";"),
            padded_out("Umsatz", ""),
            total_of("Summe", "Sales", "Quantity"),
        ),
        _case("titles and rows of delimiters", sales, padded_out("Sales", ""), over(*[",,,,,,,"] * 5)),
        _case(
            "shift-jis, tab, slashed dates",
            stocks,
            cycled("Ticker", names.JAPANESE),
            delimited("\t"),
            formatted(dated("%Y/%m/%d"), "Date"),
            encoded("shift_jis"),
            _CRLF,
        ),
        _case("gb18030, quoted", stocks, cycled("Ticker", names.CHINESE), _QUOTED, encoded("gb18030")),
        _case(
            "gb18030, title, thousands",
            stocks,
            cycled("Ticker", names.CHINESE),
            under("日线行情", ""),
            formatted(grouped(","), "Volume"),
            encoded("gb18030"),
        ),
        _case(
            "cyrillic header, semicolon, day first",
            stocks,
            delimited(";"),
            _DAY_FIRST,
            renamed(Ticker="Тикер", Date="Дата", Open="Открытие"),
            encoded("cp1251"),
        ),
    ]


def _databases() -> list[Case]:
    """What databases and their tools unload."""
    flights, said = tables.flights(), texts("name", {2: 'the "Lady"', 50: 'a "b", c', 70: r"C:\temp"})
    airports = tables.airports()
    missing = nulls(r"\N", "dep_delay", "arr_delay", "dep_time")
    gaps = put("arr_delay", dict.fromkeys(range(0, 200, 9), (r"\N", None)))
    return [
        _case("tab, backslash N", flights, delimited("\t"), missing, gaps),
        _case("tab, backslash N, no header", flights, delimited("\t"), missing, gaps, unnamed),
        _case("x01, backslash N, no header", flights, delimited("\x01"), missing, gaps, unnamed),
        _case("x1f, no header, gz", flights, delimited("\x1f"), unnamed, compressed("gz")),
        _case("pipe, trailing, no header", tables.stocks(), delimited("|"), laid_out(trailing=(0, 1)), unnamed),
        _case("two pipes, no header", airports, delimited("||"), unnamed),
        _case("two pipes, quoted", tables.titanic(), delimited("||"), _QUOTED),
        _case("tilde pipe tilde, CRLF", airports, delimited("~|~"), _CRLF),
        _case(
            "quoted, backslash escapes, CRLF", tables.titanic(), said, laid_out(backslash=True, quoting="all"), _CRLF
        ),
        _case(
            "semicolon, backslash escapes",
            tables.titanic(),
            said,
            laid_out(backslash=True, quoting="text", delimiter=";"),
        ),
        _case(
            "quoted, newlines, CRLF",
            airports,
            texts("name", {i: f"Line\n{i}, end" for i in range(0, 150, 7)}),
            _QUOTED,
            _CRLF,
        ),
        _case(
            "semicolon, newlines in quotes",
            airports,
            texts("name", {i: f"Line\n{i}; end" for i in range(0, 150, 7)}),
            delimited(";"),
        ),
        _case(
            "NULL words, quoted texts",
            flights,
            nulls("NULL", "dep_delay"),
            put("arr_delay", dict.fromkeys(range(0, 200, 9), ("NULL", None))),
            laid_out(quoting="text"),
        ),
        _case(
            "rows affected, NULL, pipe",
            flights,
            put("arr_delay", dict.fromkeys(range(0, 200, 9), ("NULL", None))),
            delimited("|"),
            over("", "(200 rows affected)"),
        ),
        _case(
            "psql: padded pipes and row count",
            tables.stocks(),
            delimited("|"),
            laid_out(widths=True, pad=(" ", "")),
            over("(150 rows)"),
        ),
        _case("stamps with offset, tab, gz", tables.sea(), delimited("\t"), compressed("gz")),
        _case(
            "yes no, semicolon",
            tables.titanic(),
            delimited(";"),
            formatted(lambda v: "yes" if v else "no", "survived", read=bool),
        ),
        _case("leading zeros, quoted", tables.stocks(), added_text("zip", lambda i: f"{i * 31:05}"), _QUOTED),
        _case("leading zeros, no header", tables.stocks(), added_text("zip", lambda i: f"{i * 31:05}"), unnamed),
        _case(
            "month names, no header, pipe",
            tables.stocks(),
            formatted(dated("%d-%b-%Y"), "Date"),
            delimited("|"),
            unnamed,
        ),
    ]


def _reports() -> list[Case]:
    """What reporting systems and instruments write."""
    weather, stocks = tables.weather(), tables.stocks()
    units = ("", "", "", "", "", "(°F)", "(%)", "(deg)", "(mph)", "(hPa)", "(UTC)")
    metadata = ("Station: EWR", "Period: 2013", "")
    return [
        _case(
            "preamble, footer, utf-16",
            stocks,
            under("Daily prices", ""),
            over("", "Source: the exchange"),
            _UTF16,
            _CRLF,
        ),
        _case(
            "preamble, footer, cp1252",
            tables.sales(),
            cycled("City", names.WESTERN),
            under("Umsätze", ""),
            over("", "Quelle: Büro Köln"),
            encoded("cp1252"),
        ),
        _case("preamble, semicolon, decimal comma", stocks, under("Kurse", ""), delimited(";"), _COMMAS),
        _case("preamble, comments, tab", weather, under(*metadata), between({70: ("# new sensor",)}), delimited("\t")),
        _case("preamble, units", weather, under(*metadata), header_of(weather.names, units)),
        _case(
            "preamble, units, latin-1", weather, under(*metadata), header_of(weather.names, units), encoded("latin-1")
        ),
        _case("comments, spaces", stocks, under("# prices"), laid_out(pad=(" ", ""))),
        _case("comments, space delimiter", tables.iris(), under("# iris"), delimited(" ")),
        _case("comments, no header", stocks, under("# prices", "# Ticker Date Open"), unnamed),
        _case(
            "columns of spaces, preamble", tables.iris(), under("Iris data", ""), delimited(" "), laid_out(widths=True)
        ),
        _case(
            "blank lines, CRLF, totals",
            tables.sales(),
            between({50: ("",), 100: ("", "")}),
            total_of("Total", "Sales"),
            _CRLF,
        ),
        _case("header again, blank lines", stocks, between({75: ("", "Ticker,Date,Open,High,Low,Close,Volume")})),
        _case(
            "two tables, semicolon, decimal comma",
            stocks,
            delimited(";"),
            _COMMAS,
            over("", "carrier;name", "9E;Endeavor Air Inc.", "AA;American"),
        ),
        _case("two tables, utf-16", stocks, over("", "carrier,name", "9E,Endeavor Air Inc.", "AA,American"), _UTF16),
        _case(
            "trailing semicolons, cp1252",
            tables.sales(),
            cycled("City", names.WESTERN),
            delimited(";"),
            laid_out(trailing=(1, 1)),
            encoded("cp1252"),
        ),
        _case(
            "epoch, no header",
            weather,
            formatted(_epoch, "time_hour", read=lambda v: Either((v, int(_epoch(v))))),
            unnamed,
        ),
    ]


def _crossed() -> list[Case]:
    """Each of some dialects with each of some faults."""
    dialects: dict[str, Change] = {
        "semicolon": delimited(";"),
        "tab": delimited("\t"),
        "pipe": delimited("|"),
        "single quotes": laid_out(open_quote="'", close_quote="'", quoting="text"),
        "CR": laid_out(newlines=("\r",)),
    }
    faults: dict[str, Change] = {
        "blank lines": between({20: ("",), 90: ("",)}),
        "title": under("Daily prices", ""),
        "footer": over("", "Source: the exchange"),
        "day first": formatted(dated("%d/%m/%Y"), "Date"),
        "NA": put("Open", dict.fromkeys(range(3, 150, 11), ("NA", None))),
    }
    return [
        _case(f"{dialect}, {fault}", tables.stocks(), change, spoil)
        for dialect, change in dialects.items()
        for fault, spoil in faults.items()
    ]


def _published() -> list[Case]:
    """Files as their publishers wrote them."""
    files = {
        "anscombe.csv": ("number",) * 8,
        "antibiotics.csv": ("text", "number", "number", "number", "text"),
        "sprint.csv": ("text", "text", "text", "number", "int"),
    }
    return [
        case_of(
            "pairs",
            f"published {file}",
            changed(draft_of(tables.as_published(file, *kinds)), laid_out(suffix="")),
            tables.published(file),
        )
        for file, kinds in files.items()
    ]
