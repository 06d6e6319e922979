"""One table's way from text to Parquet: straight through the engine where the text is plain, record by record where it is not."""

import heapq
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from quarterhour.lake.quarantine import QuarantinedRecord
from quarterhour.lake.translated import KnownColumn
from quarterhour.stages.translator.loading import (
    MOST_TYPED_COLUMNS,
    WIDE,
    EngineRefused,
    Loader,
    RecordLeftOut,
    Selection,
    Source,
    anew,
    is_plain,
    straight,
)
from quarterhour.stages.translator.mending.mender import SHAPED_ROWS, Mender
from quarterhour.stages.translator.readings.columns import FileColumns, Misfits
from quarterhour.stages.translator.readings.printed import LETTERS, PrintedTable
from quarterhour.stages.translator.structure.body import BodyRead, Place, read_body
from quarterhour.stages.translator.structure.counting import Body, Counted, Part, count_records
from quarterhour.stages.translator.structure.records import Record, split_records
from quarterhour.stages.translator.table_order import TableMade, TableOrder

# A file of twice this size is read in parts side by side; more parts than cores, so that no core is left idle at the end.
LEAST_PART_BYTES = 32 << 20
_PARTS_A_CORE = 4
# Below it the query that proves the engine's own reading costs more than the reading saves.
LEAST_PRINTED_BYTES = 8 << 20
_LEAST_SHORT_RECORDS = 5
_SHORT_SHARE = 0.05


@dataclass(slots=True)
class _Stretch:
    """A part of the body: read by the engine as it stands or, once there is `read`, from a copy."""

    part: Part
    first_number: int = 1
    copy: Path | None = None
    read: BodyRead | None = None

    @property
    def records(self) -> int:
        return self.read.records if self.read else self.part.records


@dataclass(slots=True)
class _Ragged:
    """What became of the records that are not as wide as the table."""

    unmended: list[Place] = field(default_factory=list[Place])
    mended: int = 0
    copy: Path | None = None


class TableWork:
    """Makes one Parquet file, and tells the records that are not in it."""

    def __init__(self, order: TableOrder, loader: Loader, columns: FileColumns) -> None:
        self._order = order
        self._layout = order.layout
        self._loader = loader
        self._stretches: list[_Stretch] = []
        self._counted: Counted | None = None
        self._ragged = _Ragged()
        self._columns = columns
        self._notes: list[str] = []

    def run_straight(self, parquet: Path) -> TableMade | None:
        """The table where every record is a row as the text stands; else None."""
        self._stretches, may_be_straight = self._find_stretches()
        return self._made(self._expected(), 0, 0) if may_be_straight and self._is_written(parquet) else None

    def run(self, parquet: Path, put_aside: Callable[[QuarantinedRecord], None]) -> TableMade:
        """Raises EngineRefused, FileUnreadable, ContentUnreadable."""
        self._loader.prepare_for(len(self._layout.names))
        if self._is_too_wide():
            self._notes.append(
                f"all {len(self._layout.names)} columns are left as text: more than {MOST_TYPED_COLUMNS}"
            )
        self._stretches, may_be_straight = self._find_stretches()
        if not may_be_straight:
            self._read_anew(self._stretches)
        rows = self._expected() if self._is_written(parquet) else self._write_with_care(parquet)
        quarantined = repaired = 0
        for record in self._not_as_they_stood():
            put_aside(record)
            repaired += record.mended is not None
            quarantined += record.mended is None
        return self._made(rows, quarantined, repaired)

    def _made(self, rows: int, quarantined: int, repaired: int) -> TableMade:
        as_text = self._order.as_text or self._is_too_wide()
        types = self._columns.types(as_text=as_text)
        formats = ("" if as_text else self._columns.readings[name].format for name in self._columns.names)
        return TableMade(
            columns={n: KnownColumn(t, f) for n, t, f in zip(self._columns.names, types, formats, strict=True)},
            reasons=self._columns.reasons,
            records=self._expected(),
            rows=rows,
            quarantined=quarantined,
            repaired=repaired,
            notes=[*self._columns.notes, *self._notes],
            lines=[note for stretch in self._stretches if stretch.read for note in stretch.read.notes],
            next_table=next((s.read.next_table for s in self._stretches if s.read and s.read.next_table), None),
        )

    def _find_stretches(self) -> tuple[list[_Stretch], bool]:
        """The body's parts, and whether the engine may read them as they stand."""
        order, layout = self._order, self._layout
        end = order.size if layout.end is None else layout.end
        if not is_plain(layout):
            return [_Stretch(Part(order.text, 0, layout.start, 0, layout.line))], False
        counted = count_records(
            Body(order.text, layout.start, end, layout.line),
            layout.dialect.quote,
            order.scratch,
            max(LEAST_PART_BYTES, order.size // (_PARTS_A_CORE * (os.cpu_count() or 1))),
            order.check,
            LETTERS if self._printed() else b"",
        )
        self._counted = counted
        stretches = [_Stretch(part) for part in counted.parts]
        self._number(stretches)
        return stretches, True

    def _number(self, stretches: list[_Stretch]) -> None:
        first_number = 1
        for stretch in stretches:
            stretch.first_number = first_number
            first_number += stretch.records

    def _is_too_wide(self) -> bool:
        return len(self._layout.names) > MOST_TYPED_COLUMNS and not self._order.is_sample_whole

    def _printed(self) -> PrintedTable | None:
        """How the columns are read where the engine's reader is to make what values it can."""
        order, layout = self._order, self._layout
        if order.size < LEAST_PRINTED_BYTES or order.as_text or order.after_record or layout.drops_last:
            return None
        return self._columns.printed if layout.width <= WIDE else None

    @property
    def _may_miscount(self) -> bool:
        """Whether quotes may have been misread where the records were counted.

        Then a record that is left out could make up for one that was not counted: none may be left out unseen.
        """
        return self._counted is None or self._counted.quotes > 0

    def _selection(
        self, *, is_first_try: bool = False, is_strict: bool = False, printed: PrintedTable | None = None
    ) -> Selection:
        order = self._order
        is_verified = order.is_sample_whole and len(self._layout.names) > WIDE
        return Selection.of(
            self._columns,
            order.keys,
            as_text=order.as_text or self._is_too_wide(),
            is_verified=is_verified,
            is_first_try=is_first_try,
            is_strict=is_strict,
            printed=printed,
        )

    def _source(
        self,
        stretches: list[_Stretch],
        *,
        with_mended: bool = False,
        is_strict: bool = False,
        printed: PrintedTable | None = None,
    ) -> Source:
        width = len(self._layout.names)
        queries = [
            anew(s.copy, s.first_number, width)
            if s.copy
            else straight(s.part, s.first_number, self._layout, printed, is_strict=is_strict)
            for s in stretches
        ]
        if with_mended and self._ragged.copy:
            queries.append(anew(self._ragged.copy, 1, width))
        return Source.union(queries, self._order.after_record)

    def _expected(self) -> int:
        return max(0, sum(stretch.records for stretch in self._stretches) - self._order.after_record)

    def _write(self, parquet: Path, *, is_first_try: bool = False) -> int:
        is_strict = is_first_try and self._may_miscount
        source = self._source(self._stretches, with_mended=True, is_strict=is_strict)
        selection = self._selection(is_first_try=is_first_try, is_strict=is_strict)
        return self._loader.write(source, selection, self._order.fingerprint, parquet)

    def _is_written(self, parquet: Path) -> bool:
        """Whether every record is a row, as the text stands."""
        if self._is_proven(parquet):
            return True
        rejected = self._loader.rejected() if self._may_miscount else 0
        try:
            is_balanced = self._write(parquet, is_first_try=True) == self._expected()
            return is_balanced and not (self._may_miscount and self._loader.rejected() > rejected)
        except RecordLeftOut:
            return False
        except EngineRefused as refusal:
            self._notes.append(f"read record by record: {refusal}")
            self._read_anew([stretch for stretch in self._stretches if not stretch.read])
            return False

    def _is_proven(self, parquet: Path) -> bool:
        """As `_is_written`, where the engine's reader made values itself, and all of them are what their texts say."""
        printed, counted = self._printed(), self._counted
        if not printed or not counted or counted.line_end_bytes is None:
            return False
        source = self._source(self._stretches, printed=printed)
        rejected = self._loader.rejected() if counted.quotes else 0
        try:
            rows = self._loader.write(source, self._selection(printed=printed), self._order.fingerprint, parquet)
        except EngineRefused:
            rows = -1
        if rows == counted.records and not (counted.quotes and self._loader.rejected() > rejected):
            layout = self._layout
            quotes = counted.quotes * len(layout.dialect.quote.encode())
            delimiters = counted.records * (layout.width - 1) * len(layout.dialect.delimiter.encode())
            texts = counted.size - quotes - delimiters - counted.line_end_bytes
            totals = self._loader.printed_totals(parquet, printed, has_quotes=counted.quotes > 0)
            if totals == (texts, counted.letters, 0):
                return True
        # What this file's first rows did not show is not hoped for in the dataset's next file.
        self._columns.printed = None
        return False

    def _write_with_care(self, parquet: Path) -> int:
        """Some records are misshapen, or some texts do not fit: find which, widen, mend, and tell the rest."""
        self._read_anew([s for s in self._stretches if not s.read and self._misses_records(s)])
        self._drop_what_follows()
        if not any(stretch.read for stretch in self._stretches) and self._write(parquet) == self._expected():
            return self._expected()
        if not self._order.as_text and not self._is_too_wide():
            self._widen()
        selection = self._selection()
        self._read_anew([s for s in self._stretches if not s.read and self._misses_records(s, selection)])
        self._mend_ragged()
        return self._write(parquet)

    def _misses_records(self, stretch: _Stretch, selection: Selection | None = None) -> bool:
        before = max(0, min(stretch.records, self._order.after_record - stretch.first_number + 1))
        rejected = self._loader.rejected()
        try:
            rows = self._loader.count(self._source([stretch], is_strict=self._may_miscount), selection)
        except RecordLeftOut:
            return True
        return rows != stretch.records - before or self._loader.rejected() > rejected

    def _read_anew(self, stretches: list[_Stretch]) -> None:
        for stretch in stretches:
            copy = self._order.scratch / f"{stretch.part.skipped}.records"
            stretch.read = read_body(stretch.part, self._layout, copy, self._order.check)
            stretch.copy = copy
        self._number(self._stretches)

    def _drop_what_follows(self) -> None:
        """What stands after another table's beginning is that table's."""
        for place, stretch in enumerate(self._stretches):
            if stretch.read and stretch.read.next_table:
                del self._stretches[place + 1 :]
                return

    def _widen(self) -> None:
        source = self._source(self._stretches).where("_mended = 0")
        while misfits := self._loader.misfits(source, self._columns):
            if self._is_header_again(misfits):
                self._read_anew([stretch for stretch in self._stretches if not stretch.read])
                source = self._source(self._stretches).where("_mended = 0")
                continue
            if not self._columns.learn(misfits, self._expected()):
                return

    def _is_header_again(self, misfits: Mapping[str, Misfits]) -> bool:
        """Whether what does not fit a column is its name: then the header stands among the records once more."""
        cells = dict(zip(self._layout.names, self._layout.header_cells, strict=False))
        return any(cells.get(name) in found.texts for name, found in misfits.items()) and any(
            not stretch.read for stretch in self._stretches
        )

    def _mend_ragged(self) -> None:
        """Take the ragged records that can be mended in one way; remember the others."""
        self._ragged = _Ragged()
        if not any(stretch.read and stretch.read.ragged for stretch in self._stretches):
            return
        contract, order = self._order.contract, self._order
        copied = self._source([stretch for stretch in self._stretches if stretch.copy])
        rows = self._loader.rows(copied, len(self._layout.names), SHAPED_ROWS) or self._order.sample
        rule = contract.ragged if contract else "repair"
        mender = Mender(rule, self._columns, rows, self._layout.dialect.delimiter, self._left_out_from())
        copy = order.scratch / "mended.records"
        with copy.open("wb") as out:
            for stretch in self._stretches:
                for place in stretch.read.ragged if stretch.read else ():
                    number = place.record + stretch.first_number - 1
                    if number <= order.after_record:
                        continue
                    record = self._record(stretch, place.line, place.offset)
                    texts = None if record.reason else mender.mended(_cells(record))
                    if texts is None:
                        self._ragged.unmended.append(Place(number, place.line, place.offset))
                        continue
                    self._ragged.mended += 1
                    fields = '","'.join(text.replace('"', '""') for text in texts)
                    out.write(f'{number},{place.line},{place.offset},1,"{fields}"\n'.encode())
        self._ragged.copy = copy if self._ragged.mended else None

    def _left_out_from(self) -> int:
        """The first of the last columns that many records leave out, as exporters do that cut what is empty at the end."""
        widths = sum((s.read.widths for s in self._stretches if s.read), Counter[int]())
        often = max(_LEAST_SHORT_RECORDS, self._expected() * _SHORT_SHARE)
        return min(
            (width for width, count in widths.items() if width > 1 and count >= often), default=self._layout.width
        )

    def _record(self, stretch: _Stretch, line: int, offset: int) -> Record:
        """A record again, from its place in the text."""
        with stretch.part.path.open("rb") as file:
            return next(split_records(file, self._layout.dialect, offset=offset - stretch.part.skipped, line=line))

    def _not_as_they_stood(self) -> Iterator[QuarantinedRecord]:
        """Every record that is not a row, or one only after it was mended, in the file's order."""
        if not any(stretch.read for stretch in self._stretches):
            return
        source, selection = self._source(self._stretches, with_mended=True), self._selection()
        yield from heapq.merge(
            (self._aside(place, None, None, None) for place in self._ragged.unmended),
            self._loader_refusals(source, selection),
            self._mended_records(source, selection),
            key=lambda record: record.record,
        )

    def _loader_refusals(self, source: Source, selection: Selection) -> Iterator[QuarantinedRecord]:
        for r in self._loader.refused(source, selection):
            yield self._aside(Place(r.record, r.line, r.offset), r.column, r.value, r.reason)

    def _mended_records(self, source: Source, selection: Selection) -> Iterator[QuarantinedRecord]:
        for m in self._loader.mended(source, selection):
            yield replace(self._aside(Place(m.record, m.line, m.offset), None, None, None), mended=m.texts)

    def _aside(self, place: Place, column: str | None, value: str | None, reason: str | None) -> QuarantinedRecord:
        stretch = next(s for s in self._stretches if place.record < s.first_number + s.records)
        record = self._record(stretch, place.line, place.offset)
        raw = record.raw.decode("utf-8", "replace")
        why = reason or record.reason or self._misshape(record)
        return QuarantinedRecord(self._order.file, place.record, place.line, place.offset, column, value, why, raw)

    def _misshape(self, record: Record) -> str:
        if not record.raw.isascii():
            try:
                record.raw.decode("utf-8")
            except UnicodeDecodeError as error:
                return f"not UTF-8 at byte {error.start} of the record"
        return f"{len(record.fields or ())} fields where the table has {self._layout.width}"


def _cells(record: Record) -> list[str]:
    return [field.decode("utf-8", "replace") for field in record.fields or ()]
