"""How a file writes its records: delimiter, quote, header and names, from its first bytes."""

import io
import re
from collections import Counter

from quarterhour.stages.translator.records import Dialect, split_records

_DELIMITERS = (",", ";", "\t", "|")
_NULL_LIKE = frozenset({"", "NA", "N/A", "null", "NULL", "-", r"\N"})
_DATA_LIKE = re.compile(
    r"[-+]?[\d.,]*\d[%\d.,eE+-]*|\d{4}-\d{2}-\d{2}.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*|\d{1,2}:\d{2}.*|true|false", re.I
)


def detect_dialect(sample: bytes, is_whole: bool, known: tuple[str, ...] = ()) -> Dialect:
    """From the file's first bytes; `is_whole` says that they are the file. `known` are the dataset's columns so far."""
    if not is_whole and b"\n" in sample:
        sample = sample[: sample.rindex(b"\n") + 1]  # The last record may be cut.
    best = max(_DELIMITERS, key=lambda delimiter: _score(_records(sample, delimiter)))
    records = _records(sample, best)
    if not records:
        return Dialect(",", '"', False, ())
    width = _usual_width(records)
    header = _has_header(records, width, known)
    return Dialect(best, '"', header, column_names(records[0]) if header else _numbered(width))


def _records(sample: bytes, delimiter: str) -> list[list[str]]:
    file = io.BytesIO(sample)
    return [
        [field.decode("utf-8", "replace") for field in record.fields]
        for record in split_records(file, delimiter.encode(), b'"', skip_blank=True)
        if record.fields is not None
    ]


def _usual_width(records: list[list[str]]) -> int:
    return Counter(map(len, records)).most_common(1)[0][0]


def _score(records: list[list[str]]) -> tuple[float, int]:
    """The share of records that have the usual width, then the width; nothing is parted by the delimiter: the least."""
    if not records:
        return 0.0, 0
    width, count = Counter(map(len, records)).most_common(1)[0]
    if width == 1:
        # A ragged file parts at least its header.
        return (0.01, len(records[0])) if len(records[0]) > 1 else (0.0, 0)
    return round(count / len(records), 1), width


def _has_header(records: list[list[str]], width: int, known: tuple[str, ...]) -> bool:
    first = [field.strip() for field in records[0]]
    if known and not {name.lower() for name in first}.isdisjoint(name.lower() for name in known):
        return True
    if any(_DATA_LIKE.fullmatch(field) for field in first):
        return False
    filled = [field.lower() for field in first if field]
    if not filled or len(set(filled)) < len(filled):
        return False
    body = [record for record in records[1:] if len(record) == width]
    if not body:
        return True
    if len(first) != width:
        return True
    # Some column holds data under a name that is none, or all is text and the first record stands apart from the rest.
    if any(
        all(_DATA_LIKE.fullmatch(field.strip()) or field.strip() in _NULL_LIKE for field in column)
        and any(field.strip() not in _NULL_LIKE for field in column)
        for column in zip(*body, strict=True)
    ):
        return True
    return all(first) and not any(name in column for name, column in zip(first, zip(*body, strict=True), strict=True))


def column_names(cells: list[str]) -> tuple[str, ...]:
    """Names that differ (letter case aside), none empty, none ours."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"column_{position}"
        if name.startswith("_"):
            name = f"column{name}"
        unique, number = name, 1
        while unique.lower() in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.lower())
        names.append(unique)
    return tuple(names)


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"column_{position}" for position in range(1, width + 1))
