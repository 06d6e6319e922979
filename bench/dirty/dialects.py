"""Cases of delimiters, quotes, escapes, record ends, comments."""

from bench.dirty import tables
from bench.dirty.case import Case, made
from bench.dirty.tables import Either
from bench.dirty.transforms import (
    Change,
    between,
    broken,
    compressed,
    delimited,
    laid_out,
    put,
    texts,
    under,
)

_DELIMITERS = {
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "colon": ":",
    "caret": "^",
    "x01": "\x01",
    "x1e": "\x1e",
    "x1f": "\x1f",
    "two pipes": "||",
    "two colons": "::",
    "tilde pipe tilde": "~|~",
    "semicolon space": "; ",
}
_LINES = {3: "One\nTwo", 7: "A street\n12345 A town\nA country", 60: "ends with a line\n"}
_INCHES = {5: '5" disk', 30: '19" rack, black', 77: 'monitor 24"'}


def dialect_cases() -> list[Case]:
    return [*_delimiters(), *_quotes(), *_record_ends(), *_broken_quotes(), *_spaces(), *_lines()]


def _case(name: str, table: tables.Table, *changes: Change) -> Case:
    return made("dialect", name, table, *changes)


def _delimiters() -> list[Case]:
    cases = [_case(name, tables.stocks(), delimited(delimiter)) for name, delimiter in _DELIMITERS.items()]
    return [
        *cases,
        *(
            _case(f"{name} airports", tables.airports(), delimited(_DELIMITERS[name]))
            for name in ("tab", "pipe", "x01")
        ),
        _case("semicolon with commas in text", tables.titanic(), delimited(";")),
        _case("tab with commas in text", tables.titanic(), delimited("\t")),
        _case("pipe with commas in text", tables.titanic(), delimited("|")),
        _case("two pipes with pipes in text", tables.titanic(), texts("name", {9: "a|b", 70: "c|d"}), delimited("||")),
        _case("space", tables.iris(), delimited(" ")),
        _case(
            "space quoted",
            tables.penguins(),
            texts("island", {4: "Isla Nueva"}),
            delimited(" "),
            laid_out(quoting="text"),
        ),
        _case("space stocks", tables.stocks(), delimited(" ")),
        _case("columns of spaces", tables.iris(), delimited(" "), laid_out(widths=True)),
        _case("comma in nearly all texts", tables.titanic()),
        _case("tsv name", tables.stocks(), delimited("\t"), laid_out(suffix=".tsv")),
        _case("txt name", tables.stocks(), delimited("|"), laid_out(suffix=".txt")),
        _case("tsv gz", tables.airports(), delimited("\t"), laid_out(suffix=".tsv"), compressed("gz")),
        _case("excel sep line", tables.sales(), delimited(";"), under("sep=;")),
    ]


def _quotes() -> list[Case]:
    said = texts("name", {2: 'the "Lady" of all', 50: '"quoted"', 99: 'a "b", c'})
    comma_said = texts("name", {2: "the 'Lady', of all", 50: "it's, so"})
    typographic = laid_out(open_quote="“", close_quote="”")
    return [
        _case("all quoted", tables.sales(), laid_out(quoting="all")),
        _case("texts quoted", tables.sales(), laid_out(quoting="text")),
        _case("single quotes", tables.titanic(), laid_out(open_quote="'", close_quote="'")),
        _case("single quotes all", tables.sales(), laid_out(open_quote="'", close_quote="'", quoting="all")),
        _case("single quotes doubled", tables.titanic(), comma_said, laid_out(open_quote="'", close_quote="'")),
        _case("typographic quotes", tables.titanic(), typographic),
        _case("typographic quotes all", tables.titanic(), typographic, laid_out(quoting="all")),
        _case("doubled quotes", tables.titanic(), said),
        _case("backslash quotes", tables.titanic(), said, laid_out(backslash=True, quoting="text")),
        _case("backslash delimiters", tables.titanic(), laid_out(backslash=True, quoting="none")),
        _case("backslash in text", tables.titanic(), texts("name", {2: r"C:\temp\new", 50: r"\\server\x, y"})),
        _case(
            "no quotes tab",
            tables.titanic(),
            texts("name", {2: 'the "Lady" of all', 50: '"Lady" A', 99: 'a "b", c'}),
            delimited("\t"),
            laid_out(quoting="none"),
        ),
        _case("no quotes pipe", tables.titanic(), texts("name", {7: "'t Hart", 80: "O'Brien"}), delimited("|")),
        _case("apostrophes", tables.airports(), texts("name", {5: "O'Hare", 9: "'t Zand", 60: "Coeur d'Alene'"})),
        _case("delimiters in quotes", tables.stocks(), texts("Ticker", dict.fromkeys(range(0, 150, 2), "A,B,C;D"))),
        _case(
            "empty quoted",
            tables.planes(),
            put("model", dict.fromkeys((3, 4, 50), ("", None))),
            laid_out(quoting="all"),
        ),
    ]


def _record_ends() -> list[Case]:
    lines = texts("name", _LINES)
    return [
        _case("CRLF", tables.flights(), laid_out(newlines=("\r\n",))),
        _case("CR", tables.flights(), laid_out(newlines=("\r",))),
        _case("LF and CRLF", tables.flights(), laid_out(newlines=("\n", "\r\n"))),
        _case("LF CRLF CR", tables.flights(), laid_out(newlines=("\n", "\r\n", "\r", "\n"))),
        _case("CRLF once", tables.flights(), laid_out(newlines=("\n",) * 70 + ("\r\n",))),
        _case("no final newline", tables.flights(), laid_out(final_newline=False)),
        _case("no final newline CRLF", tables.flights(), laid_out(final_newline=False, newlines=("\r\n",))),
        _case("newlines in quotes", tables.airports(), lines),
        _case("LF in quotes, CRLF records", tables.airports(), lines, laid_out(newlines=("\r\n",))),
        _case("CRLF in quotes, LF records", tables.airports(), texts("name", {3: "One\r\nTwo", 90: "a\r\n\r\nb"})),
        _case("newlines in many quotes", tables.airports(), texts("name", {i: f"line\n{i}\nend" for i in range(150)})),
        _case(
            "comma lines in quotes", tables.airports(), texts("name", {3: "a,b\nc,d,e\nf", 90: "x\n1,2,3,4,5,6,7,8\ny"})
        ),
        _case("empty lines in quotes", tables.airports(), texts("name", {8: "above\n\n\nbelow", 80: "\n"})),
    ]


def _broken_quotes() -> list[Case]:
    def unclosed(line: str) -> str:
        before, name, after = line.split(",", 2)
        return f'{before},"{name},{after}'

    def opened(*indexes: int) -> Change:
        names = tables.airports().written
        return put("name", {i: (names[i][1], Either((names[i][1], '"' + names[i][1]))) for i in indexes})

    return [
        _case("unclosed quote", tables.airports(), opened(60), broken(unclosed, 60)),
        _case("unclosed quote in the last record", tables.airports(), opened(149), broken(unclosed, 149)),
        _case("unclosed quote in the first record", tables.airports(), opened(0), broken(unclosed, 0)),
        _case("three unclosed quotes", tables.airports(), opened(20, 75, 120), broken(unclosed, 20, 75, 120)),
        _case("inches", tables.titanic(), texts("sex", _INCHES | {30: '19" rack'})),
        _case(
            "inches unquoted",
            tables.planes(),
            texts("model", {5: '5" disk', 77: 'monitor 24"'}),
            laid_out(quoting="none"),
        ),
        _case(
            "inches unquoted tab", tables.planes(), texts("model", _INCHES), laid_out(quoting="none", delimiter="\t")
        ),
        _case(
            "quotes not doubled",
            tables.airports(),
            texts("name", {9: 'The "Best" Airport', 90: 'An "Old" Field'}),
            broken(lambda line: line.replace('""', '"'), 9, 90),
        ),
        _case(
            "quotes not doubled, all quoted",
            tables.airports(),
            laid_out(quoting="all"),
            texts("name", {9: 'The "Best" Airport', 90: 'An 5" Field'}),
            broken(lambda line: line.replace('""', '"'), 9, 90),
        ),
        _case(
            "nickname begins a field",
            tables.airports(),
            texts("name", {9: '"Doc" Smith Field', 90: '"X" Airport'}),
            broken(lambda line: line.replace('"""', '"').replace('""', '"').replace('",', ",", 1), 9, 90),
        ),
    ]


def _spaces() -> list[Case]:
    return [
        _case("space after delimiter", tables.sales(), laid_out(pad=(" ", ""))),
        _case("spaces around delimiter", tables.sales(), laid_out(pad=(" ", " "))),
        _case("spaces around semicolon", tables.stocks(), laid_out(pad=(" ", " "), delimiter=";")),
        _case("spaces around pipe", tables.stocks(), laid_out(pad=(" ", " "), delimiter="|")),
        _case("spaces before quotes", tables.titanic(), laid_out(pad=(" ", ""), quoting="text")),
        _case("columns of equal width", tables.penguins(), laid_out(widths=True)),
        _case("columns of equal width pipe", tables.penguins(), laid_out(widths=True, delimiter="|", pad=(" ", ""))),
    ]


def _lines() -> list[Case]:
    return [
        _case("comments above", tables.stocks(), under("# Prices, as of 2013-03-01", "# source: bokeh sample data")),
        _case("comments between", tables.stocks(), between({0: ("# first",), 70: ("# half, of it", "# done")})),
        _case("comments slashes", tables.stocks(), under("// exported by the desk"), between({40: ("// next page",)})),
        _case(
            "comments with quotes", tables.stocks(), under('# the desk\'s "own" prices'), between({9: ('# 5" rule',)})
        ),
        _case("hash in text", tables.sales(), texts("City", {3: "#1 Town", 50: "Apt #5"}), texts("Segment", {9: "#9"})),
        _case("trailing delimiters", tables.sales(), laid_out(trailing=(1, 1))),
        _case("trailing delimiters in rows", tables.sales(), laid_out(trailing=(0, 1))),
        _case("trailing semicolons", tables.stocks(), laid_out(trailing=(3, 3), delimiter=";")),
        _case("trailing pipes no quotes", tables.stocks(), laid_out(trailing=(1, 1), delimiter="|", quoting="none")),
    ]
