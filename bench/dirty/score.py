"""How much of the clean table a reader got back: cells, rows, names; one rule for all readers."""

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

from bench.dirty.case import Case
from bench.dirty.tables import Either

_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d{1,3})?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?")
_ISO_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_INVENTED = re.compile(r"(?i)(column|field|f|c|unnamed|unknown)?[:_ ]*\d*")
_NAN = "NaN"
_DIGITS_OF_A_FLOAT = 17
# How far the rows between two that agree may be shifted to fit best.
_MOST_SHIFT = 25


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader made of a file."""

    names: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    header: bool | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Shares from 0 to 1."""

    cells: float
    rows: float
    names: float
    whole: bool
    """Every cell and name, and not a row or column more."""
    remark: str = ""


NOTHING = Score(0.0, 0.0, 0.0, False)


def canonical(value: Any) -> Hashable:
    """Values that say the same in other types or plain text have the same form; stamps without a zone are taken as UTC."""
    if isinstance(value, str):
        return _canonical_text(value)
    if value is None or isinstance(value, bool):
        return value if value is None else ("bool", value)
    if isinstance(value, float) and not math.isfinite(value):
        return _NAN if math.isnan(value) else ("infinity", value > 0)
    if isinstance(value, float):
        return _number(repr(value))
    if isinstance(value, int | Decimal):
        return _NAN if isinstance(value, Decimal) and value.is_nan() else ("number", Decimal(value))
    if isinstance(value, datetime):
        return ("stamp", value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value)
    if isinstance(value, date):
        return ("stamp", datetime(value.year, value.month, value.day))  # noqa: DTZ001
    if isinstance(value, time):
        return ("time", value)
    return ("text", str(value))


def _number(text: str) -> Hashable:
    return ("number", Decimal(text))


def _canonical_text(text: str) -> Hashable:
    if not text:
        return None
    try:
        if any(map(str.isdigit, text)):
            if _PLAIN_NUMBER.fullmatch(text):
                return _number(text)
            if _ISO_DATE.fullmatch(text):
                return canonical(datetime.fromisoformat(text))
            if _ISO_TIME.fullmatch(text):
                return canonical(time.fromisoformat(text))
    except (ValueError, InvalidOperation):
        return ("text", text)
    if text.lower() in ("true", "false"):
        return ("bool", text.lower() == "true")
    if text.lstrip("+-").lower() in ("inf", "infinity"):
        return ("infinity", not text.startswith("-"))
    return _NAN if text.lower() == "nan" else ("text", text)


def same(expected: Any, got: Any) -> bool:
    """Whether a cell was recovered."""
    if isinstance(expected, Either):
        return any(same(value, got) for value in expected.values)
    if isinstance(expected, str) and expected:
        return _same_text(expected, got)
    if (
        isinstance(expected, Decimal)
        and isinstance(got, float)
        and len(expected.as_tuple().digits) <= _DIGITS_OF_A_FLOAT
    ):
        return float(expected) == got
    wanted, found = canonical(expected), canonical(got)
    # pandas has no other null in a column of floats.
    return wanted == found or (wanted is None and isinstance(got, float) and found == _NAN)


def _same_text(expected: str, got: Any) -> bool:
    """A text may come as another type only if that writes it just so: 123 is '123', but not '0123' or '1E2'."""
    if isinstance(got, str) or got is None:
        return got == expected
    if isinstance(got, date | time):
        return canonical(expected) == canonical(got)
    return str(got).lower() == expected.lower() or (isinstance(got, float) and str(got) == f"{expected}.0")


def same_name(expected: str, got: str, names: tuple[str, ...]) -> bool:
    """Where the file gives no name, any invented one will do; a name's second column may be numbered in any way."""
    if expected == " ".join(got.split("\n")):
        return True
    if re.fullmatch(r"column_\d+", expected):
        return bool(_INVENTED.fullmatch(got))
    if (numbered := re.fullmatch(r"(.*)_\d+", expected)) and numbered[1] in names:
        return bool(re.fullmatch(re.escape(numbered[1]) + r"[._ ]?(duplicated_)?\d*", got))
    return False


def score(case: Case, read: Read | Exception, as_text: bool = False) -> Score:
    """`as_text`: every cell is to be the text that stands in the file."""
    if isinstance(read, Exception):
        return Score(0.0, 0.0, 0.0, False, f"{type(read).__name__}: {read}".split("\n")[0][:200])
    expected: Sequence[tuple[Any, ...]] = case.written if as_text else case.rows
    got = _columns_in_place(case.names, read)
    pairs = _aligned(expected, got)
    all_cells = right_cells = right_rows = all_rows = 0
    remark = ""
    for index, row in enumerate(expected):
        match = pairs.get(index)
        if match is None and index in case.may_quarantine:
            continue
        right = (
            [_right(value, cell, as_text) for value, cell in zip(row, got[match], strict=True)]
            if match is not None
            else []
        )
        all_rows, all_cells = all_rows + 1, all_cells + len(row)
        right_rows, right_cells = right_rows + (bool(right) and all(right)), right_cells + sum(right)
        remark = remark or _first_wrong(case, index, row, right, got[match] if match is not None else None)
    right_names = sum(same_name(name, each, case.names) for name, each in zip(case.names, read.names, strict=False))
    names = right_names / len(case.names)
    superfluous = len(got) - len(pairs)
    columns = f"columns {read.names}" if names < 1 else ""
    extra = f"{superfluous} rows too many, e.g. {_superfluous(got, pairs)}" if superfluous else ""
    cells = right_cells / all_cells if all_cells else float(names == 1 and not superfluous)
    # Rows that are none cost as much as rows that are lost.
    cells *= all_rows / (all_rows + superfluous) if all_rows else 1
    rows = right_rows / (all_rows + superfluous) if all_rows else float(names == 1 and not superfluous)
    whole = cells == 1 and names == 1 and not _has_extra_columns(case, read)
    return Score(cells, rows, names, whole, "; ".join(filter(None, (columns, extra, remark))))


def _right(expected: Any, got: Any, as_text: bool) -> bool:
    if not as_text:
        return same(expected, got)
    # Spaces around a delimiter may be the file's or the value's.
    return (got or "") == expected or (isinstance(got, str) and got.strip() == str(expected).strip())


def _first_wrong(case: Case, index: int, row: tuple[Any, ...], right: list[bool], got: tuple[Any, ...] | None) -> str:
    if got is None:
        return f"record {index + 1} is missing"
    if all(right):
        return ""
    place = right.index(False)
    return f"record {index + 1}, {case.names[place]}: {row[place]!r} came as {got[place]!r}"


def _superfluous(got: Sequence[tuple[Any, ...]], pairs: dict[int, int]) -> str:
    return str(got[min(set(range(len(got))) - set(pairs.values()))])[:150]


def _has_extra_columns(case: Case, read: Read) -> bool:
    """A column more that has no value is no harm."""
    return any(any(canonical(cell) not in (None, _NAN) for cell in row[len(case.names) :]) for row in read.rows)


def _columns_in_place(names: tuple[str, ...], read: Read) -> list[tuple[Any, ...]]:
    """Rows of as many cells as there are names; columns are found by place, or by name where their number differs."""
    if len(read.names) == len(names):
        return list(read.rows)
    places: list[int | None] = [None] * len(names)
    for block in SequenceMatcher(None, names, read.names, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            places[block.a + step] = block.b + step
    if all(place is None for place in places):
        places = [place if place < len(read.names) else None for place in range(len(names))]
    return [tuple(None if place is None else row[place] for place in places) for row in read.rows]


def _aligned(expected: Sequence[tuple[Any, ...]], got: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    """Which row stands for which, in their order: first those that agree throughout, then what is between them."""
    keys = [tuple(map(_key, row)) for row in expected]
    found = [tuple(map(_key, row)) for row in got]
    pairs: dict[int, int] = {}
    at = at_got = 0
    for block in SequenceMatcher(None, keys, found, autojunk=False).get_matching_blocks():
        pairs |= _shifted(keys, found, range(at, block.a), range(at_got, block.b))
        pairs |= {block.a + step: block.b + step for step in range(block.size)}
        at, at_got = block.a + block.size, block.b + block.size
    return pairs


def _key(value: Any) -> Hashable:
    key = canonical(value.values[0] if isinstance(value, Either) else value)
    return None if key == _NAN else key


def _shifted(keys: list[Any], found: list[Any], rows: range, got: range) -> dict[int, int]:
    """Rows of which none agrees throughout: one after another, shifted so that most cells agree."""
    if not rows or not got:
        return {}

    def pairs(shift: int) -> dict[int, int]:
        return {
            row: row - rows.start + got.start + shift for row in rows if row - rows.start + shift in range(len(got))
        }

    def agreeing(shift: int) -> int:
        return sum(
            one == other
            for row, match in pairs(shift).items()
            for one, other in zip(keys[row], found[match], strict=True)
        )

    # In doubt the least shift.
    return pairs(max(sorted(range(-_MOST_SHIFT, _MOST_SHIFT + 1), key=abs), key=agreeing))
