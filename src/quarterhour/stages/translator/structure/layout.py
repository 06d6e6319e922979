"""Where a text's table lies: what precedes its header, the header, where the first record begins and the last one ends."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from quarterhour.stages.translator.structure.cells import Kind, column_kind, columns_of, kind_of
from quarterhour.stages.translator.structure.dialect import cells_of, detect_dialect, with_stray_quotes
from quarterhour.stages.translator.structure.footers import closing_rows
from quarterhour.stages.translator.structure.header import (
    are_row_names,
    column_names,
    empty_edges,
    ends_with_delimiter,
    header_rows,
    joined_header,
    numbered,
)
from quarterhour.stages.translator.structure.records import Dialect, Record, split_records

_COMMENTS = ("#", "//", "--", "%", ";")
# `---+---`, as under the header that psql prints.
_RULE = re.compile(rb"[\s|+:]*+(?:[-=]{3,}+[\s|+:]*+)++")
_TAIL_BYTES = 4 * 1024
_MOST_KEYS_OF_A_PREAMBLE = 12


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the text that is no record: a title, a comment, a footer."""

    line: int
    """From 1; 0 for the last lines of a long text, which are not counted."""
    text: str
    kind: str
    """`preamble`, `comment`, `rule`, `footer`, `totals` or `repeated header`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A text's first table."""

    dialect: Dialect
    names: tuple[str, ...]
    has_header: bool
    start: int
    """The place of the first record's first byte."""
    line: int
    """The physical line on which it begins, from 1."""
    end: int | None = None
    """The place after the last record, where something else follows that was seen; None: the text's end."""
    next_table: int | None = None
    """The line on which another table begins that was seen."""
    drops_last: bool = False
    """Each record ends with a delimiter: what follows it is no column."""
    kinds: tuple[Kind, ...] = ()
    """What each column's cells look like in the first records."""
    header_cells: tuple[str, ...] = ()
    needs_a_look: bool = False
    """Not every line of the body is a record as it stands: a header again, rules, a frame around the table."""
    notes: tuple[Note, ...] = field(default=())

    @property
    def width(self) -> int:
        """Fields of a record as it stands."""
        return len(self.names) + self.drops_last


def sample_rows(sample: bytes, layout: Layout, limit: int, *, is_whole: bool) -> list[list[str]]:
    """The cells of the first whole records."""
    records = split_records(
        io.BytesIO(_whole_lines(sample, is_whole)),
        layout.dialect,
        offset=layout.start,
        line=layout.line,
        end=layout.end,
    )
    rows = (
        cells_of(record)
        for record in with_stray_quotes(records, layout.dialect)
        if record.fields is not None and not is_blank(record) and not note_kind(record, layout.dialect)
    )
    width = len(layout.names)
    header = list(layout.header_cells)
    return list(islice((row[:width] for row in rows if len(row) == layout.width and row != header), limit))


def _whole_lines(sample: bytes, is_whole: bool) -> bytes:
    """The sample without its last line, which may be cut."""
    for line_end in (b"\n", b"\r"):
        if not is_whole and line_end in sample:
            return sample[: sample.rindex(line_end) + 1]
    return sample


def footer_start(text: Path, size: int, layout: Layout) -> Layout:
    """The layout with its end before the footer that the text's last lines show, if they do."""
    begin = max(layout.start, size - _TAIL_BYTES)
    with text.open("rb") as file:
        file.seek(begin)
        tail = file.read()
    first = tail.find(b"\n") + 1
    # A quoted field may begin before the tail: then its lines say nothing.
    if (
        not first
        or not layout.dialect.delimiter
        or (layout.dialect.quote and layout.dialect.quote[:1].encode() in tail)
    ):
        return layout
    rows = _rows(list(split_records(io.BytesIO(tail), layout.dialect, offset=first, line=0)))
    closing = closing_rows([row.cells for row in rows], [row.after_blank for row in rows], layout)
    if not closing or _is_table(rows[-closing:]):
        return layout
    notes = tuple(replace(_note(row, "footer"), line=0) for row in rows[-closing:])
    return replace(layout, end=begin + rows[-closing].record.offset, notes=(*layout.notes, *notes))


@dataclass(frozen=True, slots=True)
class _Row:
    record: Record
    cells: list[str]
    after_blank: bool


def find_layout(sample: bytes, is_whole: bool, known: tuple[str, ...] = (), *, first_line: int = 1) -> Layout:
    """From the text's first bytes; `is_whole` says that they are all. `known` are the dataset's columns so far."""
    sample = _whole_lines(sample, is_whole)
    dialect = detect_dialect(sample, known)
    records = split_records(io.BytesIO(sample), dialect, line=first_line)
    rows = _rows(list(with_stray_quotes(records, dialect)))
    if not rows:
        return Layout(dialect, (), False, 0, first_line)
    rows, rules = _without_rules(dialect, rows)
    dialect, rows, notes = _without_comments(dialect, rows, known)
    notes += [_note(row, "rule") for row in rules]
    if not rows:
        return Layout(dialect, (), False, len(sample), first_line, notes=tuple(notes))
    first, last = _first_table(rows)
    table = rows[first : last + 1]
    width = _usual_width(table)
    found = _table_layout(dialect, table, width, known)
    notes += [_note(row, "preamble") for row in rows[:first]] + [n for n in found.notes if n.kind == "preamble"]
    following = rows[last + 1 :]
    if following:
        is_table = _is_table(following)
        notes += [] if is_table else [_note(row, "footer") for row in following]
        start = following[0].record
        found = replace(found, end=start.offset, next_table=start.line if is_table else None)
    if dialect.delimiter and (following or is_whole):
        kept = table[len(table) - _body_rows(found, table) :]
        closing = closing_rows([row.cells for row in kept], [row.after_blank for row in kept], found)
        if closing:
            notes += [_note(row, "footer") for row in kept[-closing:]]
            found = replace(found, end=kept[-closing].record.offset)
        found = _before_last_rule(found, kept[: len(kept) - closing], rules)
    return replace(found, notes=tuple(sorted(notes, key=lambda note: note.line)))


def _rows(records: Sequence[Record]) -> list[_Row]:
    rows: list[_Row] = []
    after_blank = False
    for record in records:
        if is_blank(record):
            after_blank = True
            continue
        rows.append(_Row(record, cells_of(record) if record.fields is not None else [], after_blank))
        after_blank = False
    return rows


def is_blank(record: Record) -> bool:
    """Whether a line holds nothing, or delimiters only: an empty row is no record."""
    if not record.raw.strip():
        return True
    # An empty field in quotes is a value that was meant.
    fields = record.fields
    return fields is not None and len(fields) > 1 and not any(fields) and b'"' not in record.raw


def note_kind(record: Record, dialect: Dialect) -> str:
    """`comment` or `rule` where a line among the records is none by how it is written; else empty."""
    if dialect.comment and record.raw.lstrip().startswith(dialect.comment.encode()):
        return "comment"
    return "rule" if dialect.delimiter and _RULE.fullmatch(record.raw) else ""


def _note(row: _Row, kind: str) -> Note:
    return Note(row.record.line, row.record.raw.decode("utf-8", "replace"), kind)


def _without_rules(dialect: Dialect, rows: list[_Row]) -> tuple[list[_Row], list[_Row]]:
    """The rows, and those that only rule the table."""
    rules = [row for row in rows if note_kind(row.record, replace(dialect, comment="")) == "rule"]
    return ([row for row in rows if row not in rules], rules) if rules else (rows, [])


def _before_last_rule(found: Layout, records: Sequence[_Row], rules: Sequence[_Row]) -> Layout:
    """The layout with its end before the rule below the last record; it says so where others are among the records."""
    last = records[-1].record.offset if records else found.start
    below = [rule.record.offset for rule in rules if rule.record.offset > last]
    among = any(found.start <= rule.record.offset < last for rule in rules)
    end = min([*below, *([found.end] if found.end is not None else [])], default=None)
    return replace(found, end=end, needs_a_look=found.needs_a_look or among)


def _without_comments(
    dialect: Dialect, rows: list[_Row], known: tuple[str, ...]
) -> tuple[Dialect, list[_Row], list[Note]]:
    """The rows less the comment lines. The last comment before the data that is as wide as they are is their header."""
    for prefix in _COMMENTS:
        marks = [row.record.raw.lstrip().startswith(prefix.encode()) for row in rows]
        if prefix == dialect.delimiter or not any(marks) or sum(marks) * 2 > len(rows):
            continue
        others = [row for row, mark in zip(rows, marks, strict=True) if not mark]
        width = _usual_width(others)
        first = column_kind(row.cells[0] for row in others if len(row.cells) == width)
        odd = any(len(row.cells) != width for row, mark in zip(rows, marks, strict=True) if mark)
        if not odd and first not in (Kind.NUMBER, Kind.MOMENT):
            continue
        leading = next(place for place, mark in enumerate(marks) if not mark)
        header = rows[leading - 1] if leading else None
        if header is not None and len(header.cells) == width > 1 and not header_rows([r.cells for r in others], known):
            cells = [header.cells[0].lstrip().removeprefix(prefix).strip(), *header.cells[1:]]
            marks[leading - 1] = False
            others = [_Row(header.record, cells, header.after_blank), *others]
        notes = [_note(row, "comment") for row, mark in zip(rows, marks, strict=True) if mark]
        return replace(dialect, comment=prefix), others, notes
    return dialect, rows, []


def _usual_width(rows: Sequence[_Row]) -> int:
    widths = Counter(len(row.cells) for row in rows if row.cells)
    return max(widths, key=lambda width: (widths[width] * (width > 1), widths[width], width), default=1)


def _first_table(rows: list[_Row]) -> tuple[int, int]:
    """The first and last row of the first block that is a table; empty lines and other widths part blocks."""
    blocks = _blocks(rows)
    chosen = next((place for place in range(len(blocks)) if _looks_like_table(rows, blocks, place)), None)
    if chosen is None:
        chosen = max(range(len(blocks)), key=lambda place: blocks[place][1] - blocks[place][0])
    first, last = blocks[chosen]
    width = _usual_width(rows[first : last + 1])
    for start, end in blocks[chosen + 1 :]:
        # Empty lines alone part no table.
        block = rows[start : end + 1]
        is_repeated = block[0].cells == rows[first].cells
        begins = rows[start].after_blank and not is_repeated and _begins_table(rows[first : last + 1], block)
        if _usual_width(block) != width or begins:
            break
        last = end
    return first, last


def _blocks(rows: list[_Row]) -> list[tuple[int, int]]:
    blocks: list[tuple[int, int]] = []
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place].after_blank:
            blocks += _by_width(rows, start, place - 1)
            start = place
    return blocks


def _by_width(rows: list[_Row], start: int, end: int) -> list[tuple[int, int]]:
    """A block in parts where its first rows are narrower titles or keys, or its last ones another table."""
    second = _second_header(rows, start, end)
    if second is not None:
        return [*_by_width(rows, start, second - 1), (second, end)]
    width = _usual_width(rows[start : end + 1])
    first = start
    while first <= end and not _may_begin(rows[first], width):
        first += 1
    if first in (start, end + 1) or width == 1:
        return [(start, end)]
    return [(start, first - 1), (first, end)]


def _second_header(rows: list[_Row], start: int, end: int) -> int | None:
    """Where the block's last rows, of another width than the ones before, begin with names above values."""
    width, first = len(rows[end].cells), end
    while first > start and len(rows[first - 1].cells) == width:
        first -= 1
    before = rows[start:first]
    if width < 2 or end - first < 2 or len(before) < 3 or len({len(row.cells) for row in before}) > 1:
        return None
    names, values = rows[first].cells, columns_of([row.cells for row in rows[first + 1 : end + 1]], width)
    are_names = all(kind_of(cell) is Kind.TEXT for cell in names)
    is_typed = any(column_kind(column) in (Kind.NUMBER, Kind.MOMENT) for column in values)
    return first if are_names and is_typed and len(before[0].cells) > 1 else None


def _may_begin(row: _Row, width: int) -> bool:
    """Whether a table of this width may begin with the row: it is as wide, or nearly, and not one title with empty cells."""
    filled = sum(bool(cell.strip()) for cell in row.cells)
    if abs(len(row.cells) - width) > 1 or (len(row.cells) != width and len(row.cells) < 3):
        return False
    return filled > 1 or width < 3


def _looks_like_table(rows: list[_Row], blocks: list[tuple[int, int]], place: int) -> bool:
    start, end = blocks[place]
    block = rows[start : end + 1]
    width = _usual_width(block)
    later = [_usual_width(rows[s : e + 1]) for s, e in blocks[place + 1 :]]
    sizes = [e - s + 1 for s, e in blocks[place + 1 :]]
    wider = any(other > width and size >= 2 for other, size in zip(later, sizes, strict=True))
    if width == 1:
        return not any(other > 1 for other in later)
    if later and not any(_may_begin(row, width) for row in block):
        return False
    if len(block) > 1 and later and sum(len(row.cells) == width for row in block) < 2:
        return False
    if len(block) == 1 and later:
        # A header that an empty line parts from its records.
        is_key = width == 2 and wider
        return later[0] == width and kind_of(block[0].cells[-1]) is Kind.TEXT and not is_key
    if width == 2 and wider and len(block) <= _MOST_KEYS_OF_A_PREAMBLE:
        return _has_typed_column(block[1:], width)
    return True


def _has_typed_column(block: Sequence[_Row], width: int) -> bool:
    columns = columns_of([row.cells for row in block], width)
    return len(block) > 1 and any(column_kind(c) in (Kind.NUMBER, Kind.MOMENT) and len(set(c)) > 1 for c in columns)


def _begins_table(table: Sequence[_Row], block: Sequence[_Row]) -> bool:
    """Whether rows after an empty line, as wide as the table's, have a header of their own."""
    if len(block) < 2:
        return False
    width = _usual_width(table)
    kinds = [column_kind(column) for column in columns_of([row.cells for row in table[1:]], width)]
    if len(block[0].cells) != width:
        return False
    return is_other_header(block[0].cells, block[1].cells, kinds)


def is_other_header(cells: Sequence[str], following: Sequence[str], kinds: Sequence[Kind]) -> bool:
    """Whether cells are names where the table has values of a kind, and the next ones are values again."""
    typed = [place for place, kind in enumerate(kinds) if kind in (Kind.NUMBER, Kind.MOMENT)]
    if not typed or len(cells) != len(kinds) or len(following) != len(kinds):
        return False
    names = all(kind_of(cell) is Kind.TEXT for cell in cells)
    return names and any(kind_of(cell) in (Kind.NUMBER, Kind.MOMENT) for cell in following)


def _is_table(rows: Sequence[_Row]) -> bool:
    width = _usual_width(rows)
    return width > 1 and sum(len(row.cells) == width for row in rows) > 1


def _table_layout(dialect: Dialect, table: list[_Row], width: int, known: tuple[str, ...]) -> Layout:
    cells = [row.cells for row in table]
    count = header_rows(cells, known)
    edges = empty_edges([row for row in cells if len(row) == width], has_header=count > 0)
    if any(edges):
        dialect = replace(dialect, edges=edges)
        cells = [row[edges[0] : width - edges[1]] if len(row) == width else row for row in cells]
        width -= sum(edges)
        count = header_rows(cells, known)
    body = [row for row in cells[count:] if len(row) == width]
    header = joined_header(cells[:count]) if count else []
    drops_last = ends_with_delimiter(header, body, width) and dialect.delimiter != ""
    if drops_last:
        header = header[: width - 1]
    columns = width - drops_last
    while len(header) > columns and not header[-1].strip():
        header.pop()
    if count and len(header) == columns - 1 and are_row_names([row[0] for row in body]):
        header = ["", *header]  # As R writes them.
    names = column_names([*header, *[""] * (columns - len(header))]) if count else numbered(columns)
    body = [row for row in body if count != 1 or row != cells[0]]
    kinds = tuple(column_kind(column) for column in columns_of(body, width)[:columns])
    begin = table[count].record if count < len(table) else None
    return Layout(
        dialect=dialect,
        names=names,
        has_header=count > 0,
        start=begin.offset if begin else table[-1].record.end,
        line=begin.line if begin else table[-1].record.line + 1,
        drops_last=drops_last,
        kinds=kinds,
        header_cells=tuple(cells[0]) if count == 1 else (),
        needs_a_look=any(edges) or (count == 1 and cells[0] in cells[1:]),
    )


def _body_rows(found: Layout, table: Sequence[_Row]) -> int:
    return sum(row.record.offset >= found.start for row in table)
