"""Cases of headers, preambles, footers, ragged and empty rows and columns, and of very small and very wide files."""

from dataclasses import replace
from decimal import Decimal

from bench.dirty import tables
from bench.dirty.case import Case, made
from bench.dirty.tables import Table
from bench.dirty.transforms import (
    Change,
    Draft,
    added,
    between,
    broken,
    delimited,
    header_of,
    laid_out,
    named,
    over,
    padded_out,
    put,
    texts,
    total_of,
    under,
    unnamed,
)

_SALES = ("Segment", "City", "State", "Category", "Sales", "Quantity", "Discount", "Profit")
_UNITS = ("", "", "", "", "", "(°F)", "(%)", "(deg)", "(mph)", "(hPa)", "(UTC)")


def shape_cases() -> list[Case]:
    return [*_headers(), *_preambles(), *_footers(), *_empties(), *_ragged(), *_several(), *_small(), *_wide()]


def _case(name: str, table: Table, *changes: Change) -> Case:
    return made("shape", name, table, *changes)


def _headers() -> list[Case]:
    weather = tables.weather()
    groups = ("Place", "When", "When", "When", "When", "Air", "Air", "Wind", "Wind", "Air", "When")
    penguins = ("species", "island", "bill", "bill", "flipper", "body", "sex")
    parts = ("", "", "length", "depth", "length", "mass", "")
    duplicates = ("Segment", "Name", "Name", "Category", "Amount", "Quantity", "Amount", "Amount")
    numbered = ("Segment", "Name", "Name_2", "Category", "Amount", "Quantity", "Amount_2", "Amount_3")
    years = tuple(str(year) for year in range(2010, 2017))
    return [
        _case("no header", tables.stocks(), unnamed),
        _case("no header flights", tables.flights(), unnamed),
        _case("no header semicolon", tables.sales(), unnamed, delimited(";")),
        _case("no header texts only", tables.airlines(), unnamed),
        _case("no header quoted", tables.sales(), unnamed, laid_out(quoting="all")),
        _case("header of texts only", tables.airlines()),
        _case("header quoted, rows not", tables.stocks(), laid_out(header_quoting="all")),
        _case("header of two lines", weather, header_of(groups, weather.names)),
        _case("header with units", weather, header_of(weather.names, _UNITS)),
        _case(
            "header of three lines", tables.penguins(), header_of(penguins, parts, ("", "", "mm", "mm", "mm", "g", ""))
        ),
        _case(
            "header of two lines, first names the table",
            weather,
            under("Weather of the airports"),
            header_of(groups, weather.names),
        ),
        _case("duplicate names", tables.sales(), named(*duplicates, expected=numbered)),
        _case(
            "empty names",
            tables.sales(),
            named("", *_SALES[1:4], "", *_SALES[5:], expected=("column_1", *_SALES[1:4], "column_5", *_SALES[5:])),
        ),
        _case(
            "first name empty",
            tables.stocks(),
            named(
                "",
                "Date",
                "Open",
                "High",
                "Low",
                "Close",
                "Volume",
                expected=("column_1", "Date", "Open", "High", "Low", "Close", "Volume"),
            ),
        ),
        _case(
            "names are years",
            tables.planes().only("tailnum", "year", "engines", "seats", "model", "type", "engine"),
            named("tailnum", *years[1:]),
        ),
        _case(
            "names with spaces and quotes",
            tables.sales(),
            named(
                "Customer Segment",
                'The "City"',
                "State, Province",
                "Category",
                "Sales ($)",
                "Quantity",
                "Discount %",
                "Profit/Loss",
            ),
        ),
        _case(
            "names with newlines",
            tables.sales(),
            named("Segment\nof customer", *_SALES[1:], expected=("Segment of customer", *_SALES[1:])),
        ),
        _case(
            "header again in the middle", tables.stocks(), between({75: ("Ticker,Date,Open,High,Low,Close,Volume",)})
        ),
    ]


def _preambles() -> list[Case]:
    metadata = ("Station: EWR, JFK, LGA", "Period: 2013-01-01 to 2013-12-31", "Exported by: desk 7", "")
    return [
        _case("title", tables.stocks(), under("Daily prices")),
        _case("title and blank line", tables.stocks(), under("Daily prices", "")),
        _case("titles with commas", tables.sales(), under("Sales, all regions, 2013", "Confidential", "")),
        _case("key: value metadata", tables.weather(), under(*metadata)),
        _case("key,value metadata", tables.weather(), under("Station,EWR", "Period,2013", "Exported by,desk 7", "")),
        _case("key,value metadata, no blank line", tables.weather(), under("Station,EWR", "Period,2013", "Unit,°F")),
        _case(
            "key = value metadata, tabs", tables.weather(), delimited("\t"), under("station = EWR", "period = 2013", "")
        ),
        _case("title filled with delimiters", tables.sales(), padded_out("Sales of all regions", "")),
        _case(
            "titles filled with semicolons",
            tables.sales(),
            delimited(";"),
            padded_out("Sales of all regions", "Year 2013", ""),
        ),
        _case(
            "long preamble",
            tables.flights(),
            under(*(f"Line {n} of the terms of use; see page {n}." for n in range(1, 21)), ""),
        ),
        _case("blank lines above", tables.stocks(), under("", "", "")),
        _case("preamble and no header", tables.stocks(), under("Daily prices", ""), unnamed),
        _case("preamble of dates", tables.stocks(), under("2013-03-01", "12:30:00", "")),
    ]


def _footers() -> list[Case]:
    return [
        _case("footer", tables.stocks(), over("", "Source: the exchange")),
        _case("footer, no blank line", tables.stocks(), over("Source: the exchange")),
        _case("rows affected", tables.flights(), over("", "(200 rows affected)")),
        _case("end of report", tables.flights(), over("*** End of report ***")),
        _case(
            "footer with commas",
            tables.weather(),
            over("", "Source: NOAA, ASOS, and others", "Retrieved 2013-12-31, 12:30"),
        ),
        _case("totals", tables.sales(), total_of("Total", "Sales", "Quantity", "Profit")),
        _case("grand total after blank line", tables.sales(), over(""), total_of("Grand Total", "Sales", "Profit")),
        _case("totals semicolon", tables.sales(), delimited(";"), total_of("Total", "Sales", "Quantity")),
        _case("trailer record", tables.flights(), over("TRAILER,200")),
        _case("preamble and footer", tables.stocks(), under("Daily prices", ""), over("", "Source: the exchange")),
        _case(
            "preamble, footer and totals",
            tables.sales(),
            under("Sales", ""),
            total_of("Total", "Sales"),
            over("", "desk 7"),
        ),
    ]


def _empties() -> list[Case]:
    stocks, sales = tables.stocks(), tables.sales()
    blank = {20: ("",), 70: ("", ""), 130: ("",)}
    no_values = {20: (",,,,,,",), 70: (",,,,,,", ",,,,,,")}
    return [
        _case("blank lines", stocks, between(blank)),
        _case("blank lines CRLF", stocks, between(blank), laid_out(newlines=("\r\n",))),
        _case("blank lines at the end", stocks, over("", "", "")),
        _case("every other line blank", stocks, between(dict.fromkeys(range(150), ("",)))),
        _case("lines of spaces", stocks, between({20: ("   ",), 70: ("\t",)})),
        _case("rows of delimiters", stocks, between(no_values)),
        _case("rows of delimiters at the end", stocks, over(*[",,,,,,"] * 10)),
        _case("empty column with name", sales, added("Note", lambda _: ("", None))),
        _case(
            "empty column without name",
            _with_empty(sales, 2, "column_3"),
            named(*_SALES[:2], "", *_SALES[2:], expected=(*_SALES[:2], "column_3", *_SALES[2:])),
        ),
        _case(
            "empty column at first",
            _with_empty(stocks, 0, "column_1"),
            named("", *stocks.names, expected=("column_1", *stocks.names)),
        ),
        _case(
            "mostly empty column", sales, added("Note", lambda index: ("late", "late") if index == 140 else ("", None))
        ),
        _case(
            "numbers late in an empty column",
            tables.flights(),
            added("delay", lambda i: ("12.5", 12.5) if i > 190 else ("", None)),
        ),
        _case("ctrl-z at the end", stocks, over("\x1a"), laid_out(final_newline=False)),
    ]


def _with_empty(table: Table, place: int, name: str) -> Table:
    return Table(
        (*table.names[:place], name, *table.names[place:]),
        tuple((*row[:place], None, *row[place:]) for row in table.rows),
        tuple((*cells[:place], "", *cells[place:]) for cells in table.written),
    )


def _ragged() -> list[Case]:
    def cut(fields: int) -> Change:
        return lambda draft: broken(lambda line: line.rsplit(draft.delimiter, fields)[0], *_CUT)(
            _emptied(draft, fields)
        )

    commas = {9: "Newark, Liberty", 70: "Burlington, Vermont"}
    titanic = tables.titanic()
    plain = {i: text.replace(",", "") for i, (text, *_) in enumerate(titanic.written)}
    return [
        _case("short rows by one", tables.stocks(), cut(1)),
        _case("short rows by three", tables.stocks(), cut(3)),
        _case("short rows, text missing", tables.sales().only("Sales", "Quantity", "City", "State"), cut(1)),
        _case(
            "trailing empty fields left out",
            tables.planes(),
            added("note", lambda i: ("checked", "checked") if i % 7 == 0 else ("", None)),
            _without_empty_tail,
        ),
        _case("one field left", tables.airports(), broken(lambda line: line.split(",")[0], 60), _unread(60)),
        _case("long rows: comma in text", tables.airports(), texts("name", commas), broken(_unquoted, 9, 70)),
        _case(
            "long rows: comma in name",
            titanic,
            texts("name", plain),
            texts("name", {9: "Andrews, Mr Thomas"}),
            broken(_unquoted, 9),
        ),
        _case("long rows: commas in many names", titanic, broken(_unquoted, *range(0, 33, 3))),
        _case(
            "long rows: decimal comma",
            tables.weather(),
            put("temp", {30: ("39,92", Decimal("39.92"))}),
            broken(_unquoted, 30),
        ),
        _case("long rows: empty extra field", tables.stocks(), broken(lambda line: line + ",", 30, 90)),
        _case("long rows: extra values", tables.stocks(), broken(lambda line: line + ",x,y", 30)),
    ]


_CUT = (12, 55, 120)


def _unquoted(line: str) -> str:
    return line.replace('"', "")


def _unread(index: int) -> Change:
    """The record's cells after the first were cut off."""
    return lambda draft: replace(
        draft,
        rows=tuple((row[0], *[None] * (len(row) - 1)) if i == index else row for i, row in enumerate(draft.rows)),
        cells=tuple((row[0], *[""] * (len(row) - 1)) if i == index else row for i, row in enumerate(draft.cells)),
    )


def _emptied(draft: Draft, fields: int) -> Draft:
    for name in draft.names[-fields:]:
        draft = put(name, dict.fromkeys(_CUT, ("", None)))(draft)
    return draft


def _without_empty_tail(draft: Draft) -> Draft:
    short = [index for index, cells in enumerate(draft.cells) if not cells[-1]]
    return broken(lambda line: line.rstrip(","), *short, lost=False)(draft)


def _several() -> list[Case]:
    airlines = [",".join(cells) for cells in (("carrier", "name"), *tables.airlines().written)]
    sea = [",".join(cells) for cells in (("time", "temperature"), *tables.sea(slice(0, 20)).written)]
    return [
        _case("two tables", tables.flights(), over("", *airlines)),
        _case("two tables, two blank lines", tables.stocks(), over("", "", *sea)),
        _case("three tables", tables.stocks(), over("", *airlines, "", *sea)),
        _case("two tables with titles", tables.stocks(), under("Prices"), over("", "Airlines", *airlines)),
    ]


def _small() -> list[Case]:
    codes = tables.airports().only("name")
    return [
        _case("single column texts", codes),
        _case("single column numbers", tables.sea().only("temperature (celsius)")),
        _case("single column integers", tables.flights().only("distance")),
        _case("single column dates", tables.stocks().only("Date")),
        _case("single column no header", tables.flights().only("distance"), unnamed),
        _case("single column quoted", tables.titanic().only("name"), laid_out(quoting="all")),
        _case("single row", tables.stocks()[0:1]),
        _case("single row no header", tables.stocks()[0:1], unnamed),
        _case("single row no final newline", tables.flights()[0:1], laid_out(final_newline=False)),
        _case("two rows", tables.sales()[0:2]),
        _case("three rows semicolon", tables.stocks()[0:3], delimited(";")),
        _case("five rows tab", tables.airports()[0:5], delimited("\t")),
        _case("five rows pipe no header", tables.weather()[0:5], delimited("|"), unnamed),
        _case("header only", tables.stocks()[0:0]),
        _case("two columns", tables.sea()),
        _case("one row two columns", tables.sea()[0:1]),
    ]


def _wide() -> list[Case]:
    return [
        _case("ten thousand columns", _turned(10_000, 5)),
        _case("ten thousand columns tab no header", _turned(10_000, 3), delimited("\t"), unnamed),
        _case("a thousand columns", _turned(1_000, 20)),
    ]


def _turned(width: int, height: int) -> Table:
    """Hours as columns: the weather's temperatures, one row of them after another."""
    cells = tables.weather(slice(0, 25_000)).only("temp").written
    values = [text for (text,) in cells if text]
    names = tuple(f"hour {number}" for number in range(1, width + 1))
    written = [[values[(row * width + place) % len(values)] for place in range(width)] for row in range(height)]
    return tables.typed(names, ("number",) * width, written)
