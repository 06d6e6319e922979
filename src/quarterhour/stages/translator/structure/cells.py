"""What a cell's text looks like, as far as finding a file's structure needs it; types proper are `readings`. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import islice

from quarterhour.stages.translator.readings.number_texts import CURRENCIES

NULL_LIKE = frozenset({"", "na", "n/a", "null", "none", "nan", "-", "--", r"\n", "#n/a", "<na>"})

_SIGN = f"(?:{'|'.join(map(re.escape, CURRENCIES))})"
_NUMBER = re.compile(
    rf"[-+(]?{_SIGN}?\s?[-+]?(?:\d+(?:[.,']\d+)*|\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}})+(?:[.,]\d+)?|[.,]\d+)"
    rf"(?:[eE][-+]?\d+)?\s?(?:%|{_SIGN})?[-)]?|[-+]?inf(?:inity)?",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}\.?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\s?[ap]\.?m\.?)?"
_DAY = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})"
    rf"|\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{1,2}}[- ]{_MONTH}[- ,]+\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})"
)
_ZONE = r"(?:\s?(?:z|utc|gmt|[-+]\d{2}(?::?\d{2})?)|\s[a-z]+/[a-z_]+)"
_MOMENT = re.compile(rf"(?:{_DAY}(?:[t ,]+{_CLOCK}{_ZONE}?)?|{_CLOCK}{_ZONE}?)", re.IGNORECASE)
_BOOLEAN = frozenset({"true", "false"})
_ATOMIC = re.compile(
    r"https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


_SHORT = 40


class Kind(StrEnum):
    """What a cell holds."""

    NULL = "null"
    NUMBER = "number"
    MOMENT = "moment"
    BOOLEAN = "boolean"
    TEXT = "text"


def kind_of(cell: str) -> Kind:
    """Remembered for short texts: columns repeat theirs."""
    return _short_kind(cell) if len(cell) < _SHORT else _kind(cell)


@lru_cache(maxsize=1 << 15)
def _short_kind(cell: str) -> Kind:
    return _kind(cell)


def _kind(cell: str) -> Kind:
    text = cell.strip()
    if text.lower() in NULL_LIKE:
        return Kind.NULL
    if _NUMBER.fullmatch(text):
        return Kind.NUMBER
    if _MOMENT.fullmatch(text):
        return Kind.MOMENT
    return Kind.BOOLEAN if text.lower() in _BOOLEAN else Kind.TEXT


def is_atomic(cell: str) -> bool:
    """Whether the whole text is one value that only seems to have delimiters in it: a number, a time, an address."""
    kind = kind_of(cell)
    return kind in (Kind.NUMBER, Kind.MOMENT) or _ATOMIC.fullmatch(cell.strip()) is not None


# Cells that show what a column holds: more of them tell no more.
_LOOKED_AT = 200
# The share of a column's values that must be of one kind: the rest may be what is wrong with the file.
_TYPED_SHARE = 0.8


def column_kind(cells: Iterable[str]) -> Kind:
    """The kind of nearly all of a column's cells: TEXT where they are mixed, NULL where there are no values."""
    kinds = Counter(map(kind_of, islice(cells, _LOOKED_AT)))
    kinds.pop(Kind.NULL, None)
    total = kinds.total()
    if not total:
        return Kind.NULL
    kind, count = kinds.most_common(1)[0]
    return kind if count >= total * _TYPED_SHARE else Kind.TEXT


_CLASSES = str.maketrans(
    {
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
        **dict.fromkeys("0123456789", "9"),
    }
)
_RUNS = re.compile(r"(.)\1+")


def shape(cell: str) -> str:
    """The text with each run of small letters, capitals, digits or one sign as one character: `N123 ab` is `A9 a`."""
    return _RUNS.sub(r"\1", cell.strip().translate(_CLASSES))


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The cells column by column, of the rows that have the width."""
    fitting = [row for row in rows if len(row) == width]
    return [[row[place] for row in fitting] for place in range(width)]
