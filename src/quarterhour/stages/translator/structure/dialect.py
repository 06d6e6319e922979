"""How a text parts its fields: delimiter, quote and escape, by trying the likely ones on its first bytes. Pure.

As in van den Burg, Nazabal and Sutton, "Wrangling messy CSV files by detecting row and type patterns" (2019), a dialect is as
good as the rows it makes are alike, times the share of cells that look like values.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from quarterhour.stages.translator.structure.cells import Kind, column_kind, columns_of, is_atomic, kind_of
from quarterhour.stages.translator.structure.records import TEXT_AFTER_QUOTE, Dialect, Record, Splitter, split_records

_TRIED_RECORDS = 200
_USUAL = (",", ";", "\t", "|")
# What parts fields only where nothing likelier does, and then with a header and numbers to prove it.
_DOUBTFUL = (" ", ":")
# Punctuation that stands in values too often to be a delimiter by itself.
_NO_DELIMITERS = frozenset("._-/\\\"'()[]{}<>+&@%$?=*“”‘’«»#")
# Where these stand twice, a field between them is empty.
_NEVER_LONG = frozenset(",;\t ")
_QUOTE_PAIRS = ('"', "'", "“”", "‘’", "«»", "„“")
_LEAST_SHARE_OF_LINES = 0.5
_STRAY_QUOTES_WEIGH = 0.3
_WHOLE_MAY_SCORE_LESS = 0.6
_PADDED_SHARE = 0.8
_ALIGNED_SHARE = 0.95
_ENDS_OF_LONG_DELIMITERS = re.compile(r"[^\w\s\"'.,;|+\-()\x00-\x1f]")
_RUN_OF_SIGNS = re.compile(r"[|~^#@$%&*!<>=§¦]{2,4}")
_ONLY_IN_TIMES = re.compile(r"(?:[^:]|(?<=\d):(?=\d\d))*")
_PLAIN_TEXT = re.compile(r"[\w .,'’&()/+\-:*#@!?%°\"=\[\]–—]*")


@dataclass(frozen=True, slots=True)
class Trial:
    """A dialect, the sample's records by it, and how good they are."""

    dialect: Dialect
    records: Sequence[Record]
    score: float
    is_whole: bool = False
    """Each of the records, titles and all, has the same number of fields, more than one."""


def cells_of(record: Record) -> list[str]:
    return [field.decode("utf-8", "replace") for field in record.fields or ()]


def detect_dialect(sample: bytes, known: Sequence[str] = ()) -> Dialect:
    """The dialect of a text that begins with `sample`, whole records. `known` are the names that its header may have."""
    text = sample.decode("utf-8", "replace")
    lines = [line for line in re.split(r"\r\n|\n|\r", text) if line.strip()][: 2 * _TRIED_RECORDS]
    if not lines:
        return Dialect(delimiter="")
    # A header that the dataset has had before tells its delimiter.
    delimiter = next((sign for sign in _USUAL if len(known) > 1 and lines[0].split(sign) == list(known)), None)
    candidates = list(_candidates(text, lines, delimiter))
    bare = sample.count(b"\r") - sample.count(b"\r\n")
    if bare:
        by_cr = [replace(dialect, bare_cr=True) for dialect in candidates]
        # Where it is the usual line end, a few others among it are none that could part the records alone.
        candidates = by_cr if bare > sample.count(b"\n") else by_cr + candidates
    trials = [_try(sample, dialect) for dialect in candidates]
    best = max(trials, key=lambda trial: trial.score)
    # Signs within values look like delimiters too, but not in the header.
    whole = [trial for trial in trials if trial.is_whole and trial.score >= best.score * _WHOLE_MAY_SCORE_LESS]
    return max(whole, key=lambda trial: trial.score).dialect if whole and not best.is_whole else best.dialect


def _candidates(text: str, lines: list[str], known: str | None) -> Iterator[Dialect]:
    if known is None:
        yield Dialect(delimiter="", quote=_quote_for("", text))
    for delimiter in [known] if known is not None else _delimiters(lines):
        quote = _quote_for(delimiter, text)
        padded = delimiter != " " and _is_padded(delimiter, lines)
        plain = Dialect(delimiter, quote, quote if len(quote) < 2 else "", padded)
        yield plain
        escaped = f"\\{quote[-1:]}" if quote else f"\\{delimiter}"
        if escaped in text or f"\\{delimiter}" in text:
            yield replace(plain, escape="\\")
        if delimiter == " " and any("  " in line.strip() for line in lines):
            yield replace(plain, repeated=True)


def _delimiters(lines: list[str]) -> list[str]:
    """What may part the fields: signs that stand in most lines, made longer where they always come in company."""
    found = Counter(sign for line in lines for sign in set(line))
    least = len(lines) * _LEAST_SHARE_OF_LINES
    signs = [
        sign
        for sign, count in found.items()
        if count >= least
        and not sign.isalnum()
        and sign not in _NO_DELIMITERS
        and (sign in _USUAL or sign in _DOUBTFUL or sign < " " or (sign.isprintable() and not sign.isspace()))
    ]
    signs += [sign for sign in _USUAL if sign in found and sign not in signs]
    doubled = [
        2 * sign for sign in signs if sign not in _NEVER_LONG and sum(2 * sign in line for line in lines) >= least
    ]
    return list(dict.fromkeys([*(_lengthened(sign, lines) for sign in signs), *doubled, *_runs_of_signs(lines)]))


def _runs_of_signs(lines: list[str]) -> list[str]:
    """Runs of several signs that stand in each line equally often: `@#@`."""
    runs = set(_RUN_OF_SIGNS.findall(lines[0]))
    return [run for run in sorted(runs) if len({line.count(run) for line in lines}) == 1]


def _lengthened(sign: str, lines: list[str]) -> str:
    """`||` for `|` and `~|~` for `|`, where it never stands otherwise."""
    delimiter = sign
    if enclosed := _enclosed(sign, lines):
        return enclosed
    if sign in _NEVER_LONG:
        runs = _all_runs(sign, lines) if sign != " " else 0
        # Twice in each line: one empty column alone has the sign twice too.
        return sign * runs if runs and all(line.count(sign * runs) > 1 for line in lines) else sign
    while len(delimiter) < 4:
        around = {pair for line in lines for pair in _around(delimiter, line)}
        before, after = {pair[0] for pair in around}, {pair[1] for pair in around}
        run = {sign}
        if len(delimiter) == 1 and _all_runs(sign, lines):
            return sign * _all_runs(sign, lines)
        if len(before) == 1 and (before <= run or _ENDS_OF_LONG_DELIMITERS.fullmatch(next(iter(before)))):
            delimiter = next(iter(before)) + delimiter
        elif len(after) == 1 and (after <= run or _ENDS_OF_LONG_DELIMITERS.fullmatch(next(iter(after)))):
            delimiter += next(iter(after))
        else:
            break
    return delimiter


def _enclosed(sign: str, lines: list[str]) -> str:
    """`|~|` for `|`, where the sign never stands otherwise."""
    found = re.search(rf"{re.escape(sign)}([^\w\s\"']){re.escape(sign)}", lines[0])
    if found is None or found[1] == sign:
        return ""
    parts = [line.split(found[0]) for line in lines]
    return found[0] if all(len(part) > 2 and not any(sign in cell for cell in part) for part in parts) else ""


def _around(delimiter: str, line: str) -> Iterator[tuple[str, str]]:
    start = line.find(delimiter)
    while start >= 0:
        end = start + len(delimiter)
        yield line[start - 1 : start], line[end : end + 1]
        start = line.find(delimiter, end)


def _all_runs(sign: str, lines: list[str]) -> int:
    """The length of which all runs of the sign are multiples, if it is more than one; else 0."""
    runs = {len(run) for line in lines for run in re.findall(re.escape(sign) + "+", line)}
    shortest = min(runs, default=0)
    return shortest if shortest > 1 and all(run % shortest == 0 for run in runs) else 0


def _quote_for(delimiter: str, text: str) -> str:
    """The quote pair that stands around most fields; none where `"` is used otherwise; `"` where nothing is quoted."""
    parted = re.escape(delimiter) + r"\r\n" if delimiter else r"\r\n"
    before, after = rf"(?:(?<=[{parted}])|^) *", rf"(?= *(?:[{parted}]|$))"
    if len(delimiter) > 1:
        part = re.escape(delimiter)
        before, after = rf"(?:(?<={part})|(?<=[\r\n])|^) *", rf"(?= *(?:{part}|[\r\n]|$))"
    counts: dict[str, int] = {}
    for pair in _QUOTE_PAIRS:
        if pair[0] not in text:
            counts[pair] = 0
            continue
        opening, closing = re.escape(pair[0]), re.escape(pair[-1])
        starts = len(re.findall(before + opening, text))
        ends = len(re.findall(closing + after, text)) if starts else 0
        counts[pair] = min(starts, ends)
        if pair != '"' and starts:
            # An apostrophe begins and ends words too: only fields that have both count, and nearly all must.
            whole = len(
                re.findall(rf"{before}{opening}[^{closing}]*(?:{closing}{closing}[^{closing}]*)*{closing}{after}", text)
            )
            counts[pair] = whole if whole * 10 >= 9 * max(starts, ends) else 0
    best = max(counts, key=lambda pair: counts[pair])
    if counts[best] == 0:
        return "" if '"' in text and not re.search(before + '"', text) else '"'
    return '"' if counts['"'] * 4 >= counts[best] else best


def _is_padded(delimiter: str, lines: list[str]) -> bool:
    places = [pair for line in lines for pair in _around(delimiter, line)]
    spaced = sum(" " in pair for pair in places)
    return spaced >= max(1, len(places) * _PADDED_SHARE) or (spaced > 0 and _are_aligned(delimiter, lines))


def _are_aligned(delimiter: str, lines: list[str]) -> bool:
    """Whether the delimiters of all lines stand below one another, so that spaces fill the columns."""
    parted = [line for line in lines if delimiter in line]
    columns = Counter(tuple(match.start() for match in re.finditer(re.escape(delimiter), line)) for line in parted)
    (places, count), *_ = columns.most_common(1) or [((), 0)]
    lengths = {len(cell) for line in parted for cell in line.split(delimiter)}
    return len(places) > 1 and count >= len(parted) * _ALIGNED_SHARE and len(parted) > 2 and len(lengths) > 1


def _try(sample: bytes, dialect: Dialect) -> Trial:
    found = [r for r in islice(split_records(io.BytesIO(sample), dialect), _TRIED_RECORDS) if r.raw.strip()]
    records = [*with_stray_quotes(found, dialect)]
    strays = sum(before is not after for before, after in zip(found, records, strict=True))
    score = _score(dialect, records) * (1 - _STRAY_QUOTES_WEIGH * strays / max(len(found), 1))
    widths = {len(record.fields or ()) for record in records}
    is_whole = len(widths) == 1 and min(widths) > 1 and dialect.delimiter not in _DOUBTFUL
    return Trial(dialect, records, score, is_whole)


def with_stray_quotes(records: Iterable[Record], dialect: Dialect) -> Iterator[Record]:
    """The records, with fields also where quotes went astray."""
    split = Splitter(dialect)
    for record in records:
        lost = record.fields is None and split.opening and record.reason == TEXT_AFTER_QUOTE
        yield record._replace(fields=split.lenient(record.raw)) if lost else record


def _score(dialect: Dialect, records: Sequence[Record]) -> float:
    rows = [cells_of(record) for record in records if record.fields is not None]
    if not rows:
        return 0.0
    widths = Counter(map(len, rows))
    if not dialect.delimiter:
        return 1.0 if _is_column_of_values([row[0] for row in rows]) else 0.2 * _known_share(rows)
    widths.pop(1, None)
    if not widths:
        return 0.0
    width = max(widths, key=lambda w: (widths[w] * (1 - 1 / w), w))
    first, last = _span(records, width)
    alike = widths[width] / (last - first + 1)
    # Titles and footers are no rows: what surrounds the table counts for less than what interrupts it.
    covered = (last - first + 1) / len(records)
    fitting = [row for row in rows if len(row) == width]
    score = alike**1.5 * covered**0.5 * _known_share(fitting) * (1 - 0.8 / width) * _filled_share(fitting, width)
    if dialect.delimiter in _DOUBTFUL or (dialect.delimiter[0] not in _USUAL and dialect.delimiter[0] >= " "):
        score *= _doubt(dialect, fitting, width, alike)
    return score


def _is_column_of_values(cells: Sequence[str]) -> bool:
    """Whether the lines after the first are single values, though delimiters seem to stand in them: not if in the first too."""
    body = cells[1:] or cells
    inside = {sign for cell in body for sign in _USUAL if sign in cell}
    return all(is_atomic(cell) or not cell for cell in body) and not any(sign in cells[0] for sign in inside)


def _span(records: Sequence[Record], width: int) -> tuple[int, int]:
    """The first and the last record of the width."""
    places = [
        place for place, record in enumerate(records) if record.fields is not None and len(record.fields) == width
    ]
    return places[0], places[-1]


def _filled_share(rows: Sequence[Sequence[str]], width: int) -> float:
    """Less where whole columns are empty: as they are between the halves of a delimiter of two signs."""
    empty = sum(not any(cell.strip() for cell in column) for column in columns_of(rows, width))
    return 1 - 0.5 * empty / width


def _doubt(dialect: Dialect, rows: list[list[str]], width: int, alike: float) -> float:
    if dialect.delimiter not in _DOUBTFUL:
        return 0.9
    if alike < 1.0 and dialect.delimiter == " ":
        return 0.1
    if dialect.delimiter == ":" and all(_ONLY_IN_TIMES.fullmatch(":".join(row)) for row in rows[1:]):
        return 0.1
    # What stands in every line is likelier to part them than a space or a colon is.
    if any(all(any(sign in cell for cell in row) for row in rows) for sign in _USUAL):
        return 0.1
    body = rows[1:] or rows
    typed = sum(column_kind(column) in (Kind.NUMBER, Kind.MOMENT) for column in columns_of(body, width))
    return 0.8 if typed and len(rows) > 1 else 0.3


def _known_share(rows: Sequence[Sequence[str]]) -> float:
    """The share of cells that look like values, not like several of them in one."""
    total = sum(map(len, rows))
    return sum(_known(cell) for row in rows for cell in row) / total if total else 0.0


def _known(cell: str) -> float:
    kind = kind_of(cell)
    if kind is Kind.NULL:
        return 0.9
    if kind is not Kind.TEXT:
        return 1.0
    if cell[:1] in "\"'" and cell[:1] != cell[-1:]:
        return 0.2
    return (
        0.9 if _PLAIN_TEXT.fullmatch(cell) else 0.5 if not re.search(r"[;\t|\x00-\x08\x0b\x0c\x0e-\x1f]", cell) else 0.1
    )
