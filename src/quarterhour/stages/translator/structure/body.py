"""The reader for texts that are not plain: each record is written anew in the plainest form; notes and tables are told apart."""

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from quarterhour.stages.translator.structure.counting import Part
from quarterhour.stages.translator.structure.footers import closing_rows, is_totals
from quarterhour.stages.translator.structure.layout import Layout, Note, is_blank, is_other_header, note_kind
from quarterhour.stages.translator.structure.records import Record, Splitter, split_records

# Rows that wait until it is known whether they are the footer; more than a footer has.
_DELAYED_ROWS = 24
_LEAST_ROWS_OF_A_TABLE = 2
_CHECKED_RECORDS = 10_000
_KEPT_NOTES = 1000


class _Row(NamedTuple):
    record: Record
    fields: list[bytes] | None
    """None where the record is not as wide as the table."""
    is_mended: bool
    after_blank: bool
    reason: str = ""


class Place(NamedTuple):
    """Where a record stands in the text."""

    record: int
    line: int
    offset: int


class Places:
    """Places of records, packed: there may be as many as the text has lines."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def add(self, place: Place) -> None:
        self._numbers.extend(place)

    def __len__(self) -> int:
        return len(self._numbers) // 3

    def __iter__(self) -> Iterator[Place]:
        for start in range(0, len(self._numbers), 3):
            yield Place(*self._numbers[start : start + 3])


@dataclass(slots=True)
class BodyRead:
    """What the body's lines are: each is a record that was written anew, a ragged record, or a note."""

    records: int = 0
    written: int = 0
    ragged: Places = field(default_factory=Places)
    widths: Counter[int] = field(default_factory=Counter[int])
    """Fields of the ragged records."""
    notes: list[Note] = field(default_factory=list[Note])
    next_table: tuple[int, int] | None = None
    """Offset and line where another table begins."""


def read_body(part: Part, layout: Layout, target: Path, check: Callable[[], None]) -> BodyRead:
    """Write each record that has the table's width to `target` as `number,line,offset,mended,"field",…`; count all.

    Numbers are from 1 in the part; lines and offsets are the text's.
    """
    with part.path.open("rb") as source, target.open("wb") as out:
        return _BodyReader(source, part, layout, out).read(check)


class _BodyReader:
    def __init__(self, source: BinaryIO, part: Part, layout: Layout, out: BinaryIO) -> None:
        self._source = source
        self._part = part
        # A copied stretch ends where it ends; the text itself, where what follows its table begins.
        self._end = None if part.skipped else layout.end
        self._layout = layout
        self._out = out
        self._split = Splitter(layout.dialect)
        self._header = [cell.encode() for cell in layout.header_cells]
        self._delayed: deque[_Row] = deque()
        self._read = BodyRead()
        self._restart: tuple[int, int] | None = (part.start, part.line)

    def read(self, check: Callable[[], None]) -> BodyRead:
        after_blank = False
        empty: list[Record] = []
        seen = 0
        while self._restart is not None and self._read.next_table is None:
            offset, line = self._restart
            self._restart = None
            for record in split_records(self._source, self._layout.dialect, offset=offset, line=line, end=self._end):
                seen += 1
                if seen % _CHECKED_RECORDS == 0:
                    check()
                if is_blank(record):
                    after_blank = True
                    empty.append(record)
                    continue
                # In a table of one column an empty line is a record without a value, but for those at the end.
                if not self._layout.dialect.delimiter:
                    for each in empty:
                        self._delay(_Row(each, [b""], False, False))
                    after_blank = False
                empty.clear()
                if kind := note_kind(record, self._layout.dialect):
                    self._note(record, kind)
                    continue
                row = self._row(record, after_blank)
                after_blank = False
                if row is None:
                    self._note(record, "repeated header")
                elif self._begins_table(row):
                    self._read.next_table = self._table_start(row)
                    break
                else:
                    self._delay(row)
                if self._restart is not None:
                    break
        self._finish()
        return self._read

    def _row(self, record: Record, after_blank: bool) -> _Row | None:
        """The record's fields, mended where only quotes went astray; None for the header once more."""
        width, fields, mended = self._layout.width, record.fields, False
        if fields is not None and fields == self._header and self._header:
            return None
        if fields is None and record.raw and self._split.opening and "longer than" not in record.reason:
            fields, mended = self._split.lenient(record.raw), True
        if fields is not None and len(fields) != width and b"\n" in record.raw:
            fields, record = self._single_line(record, fields)
            mended = True
        if fields is None or not self._fits(fields):
            return _Row(record, None, False, after_blank, record.reason or self._misshape(fields))
        if not record.raw.isascii() and (fault := _undecodable(record.raw)):
            return _Row(record, None, False, after_blank, fault)
        return _Row(record, fields[:-1] if self._layout.drops_last else fields, mended, after_blank)

    def _single_line(self, record: Record, fields: list[bytes]) -> tuple[list[bytes], Record]:
        """A record of several lines that is misshapen may be one of a single line, whose quote went astray."""
        first, _, _ = record.raw.partition(b"\n")
        alone = self._split.lenient(first.removesuffix(b"\r"))
        if len(alone) != self._layout.width:
            return fields, record
        self._restart = (record.offset + len(first) + 1, record.line + 1)
        return alone, record._replace(raw=first.removesuffix(b"\r"), end=self._restart[0])

    def _fits(self, fields: list[bytes]) -> bool:
        if len(fields) != self._layout.width:
            return False
        return not (self._layout.drops_last and fields[-1].strip())

    def _misshape(self, fields: list[bytes] | None) -> str:
        names = len(self._layout.names)
        return f"{len(fields or ())} fields where the table has {names}"

    def _begins_table(self, row: _Row) -> bool:
        """Whether a table of another make begins at this row, or with the ones that wait before it."""
        if row.fields is not None:
            if not row.after_blank or not self._layout.kinds:
                return False
            cells = [cell.decode("utf-8", "replace") for cell in row.fields]
            following = self._peek(row.record)
            return following is not None and is_other_header(cells, following, self._layout.kinds)
        width = len(row.record.fields or ())
        if width < 2:
            return False
        run = self._run_before(width)
        return len(run) + 1 >= _LEAST_ROWS_OF_A_TABLE and bool(run) and run[0].after_blank

    def _peek(self, record: Record) -> list[str] | None:
        place = self._source.tell()
        following = next(
            split_records(self._source, self._layout.dialect, offset=record.end, line=0, end=self._end), None
        )
        self._source.seek(place)
        return [f.decode("utf-8", "replace") for f in following.fields] if following and following.fields else None

    def _run_before(self, width: int) -> list[_Row]:
        run: list[_Row] = []
        for row in reversed(self._delayed):
            if row.fields is not None or len(row.record.fields or ()) != width:
                break
            run.insert(0, row)
            if row.after_blank:
                break
        return run

    def _table_start(self, row: _Row) -> tuple[int, int]:
        if row.fields is None:
            run = self._run_before(len(row.record.fields or ()))
            for _ in run:
                self._delayed.pop()
            row = run[0]
        return self._part.skipped + row.record.offset, row.record.line

    def _delay(self, row: _Row) -> None:
        self._delayed.append(row)
        if len(self._delayed) > _DELAYED_ROWS:
            self._take(self._delayed.popleft())

    def _take(self, row: _Row) -> None:
        self._read.records += 1
        record = row.record
        number, offset = self._read.records, self._part.skipped + record.offset
        if row.fields is None:
            self._read.ragged.add(Place(number, record.line, offset))
            self._read.widths[len(record.fields or ())] += 1
            return
        self._read.written += 1
        fields = b'","'.join(value.replace(b'"', b'""') for value in row.fields)
        self._out.write(b'%d,%d,%d,%d,"%b"\n' % (number, record.line, offset, row.is_mended, fields))

    def _finish(self) -> None:
        rows = list(self._delayed)
        closing = 0
        may_close = self._part.is_last and self._layout.end is None and self._layout.dialect.delimiter
        if may_close and self._read.next_table is None:
            cells = [[c.decode("utf-8", "replace") for c in row.record.fields or ()] for row in rows]
            closing = closing_rows(cells, [row.after_blank for row in rows], self._layout)
        for row in rows[: len(rows) - closing]:
            self._take(row)
        for row in rows[len(rows) - closing :]:
            cells_of_row = [c.decode("utf-8", "replace") for c in row.record.fields or ()]
            self._note(row.record, "totals" if is_totals(cells_of_row, self._layout) else "footer")

    def _note(self, record: Record, kind: str) -> None:
        if len(self._read.notes) < _KEPT_NOTES:
            self._read.notes.append(Note(record.line, record.raw.decode("utf-8", "replace"), kind))


def _undecodable(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start} of the record"
    return ""
