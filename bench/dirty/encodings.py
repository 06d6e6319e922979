"""Cases of encodings and of compression."""

import codecs

from bench.dirty import names, tables
from bench.dirty.case import Case, made
from bench.dirty.tables import Either
from bench.dirty.transforms import Change, compressed, cycled, encoded, laid_out, put, renamed

_LE, _BE = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def encoding_cases() -> list[Case]:
    return [*_unicode(), *_legacy(), *_mixed(), *_compressed()]


def _case(name: str, table: tables.Table, *changes: Change) -> Case:
    return made("encoding", name, table, *changes)


def _unicode() -> list[Case]:
    many = cycled("City", names.MANY)
    return [
        _case("utf-8", tables.sales(), many),
        _case("utf-8 BOM", tables.sales(), many, encoded("utf-8", codecs.BOM_UTF8)),
        _case("utf-8 BOM ascii", tables.stocks(), encoded("utf-8", codecs.BOM_UTF8)),
        _case("utf-8 towns", tables.cities(36, 44, 26, 45)),
        _case("utf-8 late", tables.airports(), put("name", {149: ("Tromsø Lufthavn", "Tromsø Lufthavn")})),
        _case("utf-8 names", tables.sales(), renamed(City="Città", State="État", Sales="Umsatz (€)", Profit="利益")),
        _case("utf-16 LE BOM", tables.sales(), many, encoded("utf-16-le", _LE)),
        _case("utf-16 BE BOM", tables.sales(), many, encoded("utf-16-be", _BE)),
        _case("utf-16 LE", tables.stocks(), encoded("utf-16-le")),
        _case("utf-16 BE", tables.stocks(), encoded("utf-16-be")),
        _case("utf-16 LE cyrillic", tables.sales(), cycled("City", names.CYRILLIC), encoded("utf-16-le")),
        _case("utf-16 LE CRLF", tables.flights(), encoded("utf-16-le", _LE), laid_out(newlines=("\r\n",))),
        _case("utf-32 LE BOM", tables.stocks(), encoded("utf-32-le", codecs.BOM_UTF32_LE)),
    ]


def _legacy() -> list[Case]:
    western = tables.cities(36, 60, -10, 12, encoding="latin-1")
    central = tables.cities(46, 55, 13, 25, encoding="cp1250")
    return [
        _case("latin-1 towns", western, encoded("latin-1")),
        _case("latin-1 few", tables.sales(), put("City", {99: ("Besançon", "Besançon")}), encoded("latin-1")),
        _case("latin-1 names", tables.sales(), renamed(City="Città", State="Região"), encoded("latin-1")),
        _case("cp1252 towns", tables.cities(36, 60, -10, 12, encoding="cp1252"), encoded("cp1252")),
        _case("cp1252 symbols", tables.sales(), cycled("City", names.SYMBOLS), encoded("cp1252")),
        _case("cp1252 euro", tables.sales(), renamed(Sales="Umsatz in €"), encoded("cp1252")),
        _case("cp1252 short", tables.airlines()[0:4], cycled("name", names.WESTERN), encoded("cp1252")),
        _case("cp1250 towns", central, encoded("cp1250")),
        _case("cp1250 cities", tables.sales(), cycled("City", names.CENTRAL), encoded("cp1250")),
        _case("cp1250 people", tables.titanic(), cycled("name", names.PEOPLE), encoded("cp1250")),
        _case("cp1251 cities", tables.sales(), cycled("City", names.CYRILLIC), encoded("cp1251")),
        _case(
            "cp1251 names", tables.stocks(), renamed(Ticker="Тикер", Date="Дата", Open="Открытие"), encoded("cp1251")
        ),
        _case("shift-jis cities", tables.sales(), cycled("City", names.JAPANESE), encoded("shift_jis")),
        _case(
            "shift-jis names",
            tables.stocks(),
            cycled("Ticker", names.JAPANESE),
            renamed(Ticker="銘柄", Date="日付", Open="始値", Close="終値"),
            encoded("shift_jis"),
        ),
        _case("gb18030 cities", tables.sales(), cycled("City", names.CHINESE), encoded("gb18030")),
        _case(
            "gb18030 names",
            tables.stocks(),
            cycled("Ticker", names.CHINESE),
            renamed(Ticker="代码", Date="日期", Volume="成交量"),
            encoded("gb18030"),
        ),
    ]


def _mixed() -> list[Case]:
    """Text of one encoding that has bytes of another in it: these mean what the other says, or are put aside."""
    mixed = put("City", {40: ("Malaga!", "Málaga"), 90: ("Koeln!", "Köln")})
    spliced = laid_out(spliced=((b"Malaga!", "Málaga".encode("cp1252")), (b"Koeln!", "Köln".encode("cp1252"))))
    return [
        _case(
            "utf-8 with latin-1 rows",
            tables.sales(),
            cycled("City", names.MANY),
            mixed,
            spliced,
            laid_out(may_quarantine=frozenset({40, 90})),
        ),
        _case(
            "utf-8 with a stray byte",
            tables.sales(),
            cycled("City", names.CYRILLIC),
            put("City", {60: ("Tomsk!", Either(("Tomsk", "Tomskÿ")))}),
            laid_out(spliced=((b"Tomsk!", b"Tomsk\xff"),), may_quarantine=frozenset({60})),
        ),
        _case(
            "utf-8 with a cut character",
            tables.sales(),
            cycled("City", names.JAPANESE),
            put("City", {60: ("Osaka!", "大阪")}),
            laid_out(spliced=((b"Osaka!", "大阪".encode()[:-1]),), may_quarantine=frozenset({60})),
        ),
    ]


def _compressed() -> list[Case]:
    return [
        *(_case(how, tables.stocks(), compressed(how)) for how in ("gz", "bz2", "xz", "zst", "zip", "zip of two")),
        _case("gz semicolon", tables.sales(), laid_out(delimiter=";"), compressed("gz")),
        _case("zst utf-16", tables.sales(), cycled("City", names.MANY), encoded("utf-16-le", _LE), compressed("zst")),
        _case("zip cp1250", tables.sales(), cycled("City", names.CENTRAL), encoded("cp1250"), compressed("zip")),
    ]
