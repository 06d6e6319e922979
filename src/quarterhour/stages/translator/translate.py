"""One raw file to one Parquet file and one quarantine file, every record accounted for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from quarterhour.lake.arrivals import FileUnreadable
from quarterhour.lake.quarantine import QuarantinedRecord
from quarterhour.lake.translated import KnownColumn, placing
from quarterhour.settings.datasets import DatasetSettings
from quarterhour.stages.translator.content.plain_text import (
    SAMPLE_BYTES,
    ContentUnreadable,
    PlainText,
    PlainTexts,
    plain_texts,
)
from quarterhour.stages.translator.loading import EngineRefused, Loader, is_plain
from quarterhour.stages.translator.readings.columns import FileColumns
from quarterhour.stages.translator.structure.layout import Layout, Note, find_layout, footer_start, sample_rows
from quarterhour.stages.translator.structure.records import Dialect
from quarterhour.stages.translator.table import TableWork
from quarterhour.stages.translator.table_order import TableMade, TableOrder

Types = Literal["auto", "text"]
_SAMPLE_ROWS = 1000
_LEAST_SAMPLE_LINES = 20
_MOST_SAMPLE_BYTES = 4 << 20
_MOST_TABLES = 50
_COPIED_BYTES = 1 << 20
# In a text that has them, what looked plain may be something else: other quotes, escapes, comments, a lone carriage return.
_SIGNS_OF_OTHER_DIALECTS = (
    b"'",
    b"\\",
    b"\n#",
    b"\n//",
    b"\n--",
    b"\n;",
    b"\n%",
    *(quote.encode() for quote in "“”‘’„«»"),
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be translated, and where to."""

    raw: Path
    file: str
    """The file's name as people see it."""
    fingerprint: str
    output: Path
    quarantine: Path
    scratch: Path
    keys: tuple[str, ...] = ()
    types: Types = "auto"
    misfit_share: float = 0.1
    contract: DatasetSettings | None = None
    after_record: int = 0
    """Of a file that grew: its records up to this one were taken before; numbering goes on."""
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class SideTable:
    """A table that is not the file's first one, put aside as a table of its own."""

    member: str
    """Of an archive, in which it stands."""
    line: int
    """On which it begins, from 1."""
    columns: dict[str, str]
    records: int
    rows: int
    quarantined: int
    output: str


@dataclass(frozen=True, slots=True)
class Precedent:
    """How the dataset's last plain file was read: the next one most likely is like it."""

    fingerprint: str
    """Of the file."""
    header: bytes
    """The text up to its first record."""
    layout: Layout
    columns: FileColumns

    def fits(self, sample: bytes, known: Mapping[str, KnownColumn]) -> bool:
        """Whether a text that begins with `sample` has the same header, and nothing in it calls for a closer look."""
        if not sample.startswith(self.header) or any(sign in sample for sign in _SIGNS_OF_OTHER_DIALECTS):
            return False
        delimiter = self.layout.dialect.delimiter.encode()
        if sample.count(b"\r") != sample.count(b"\r\n"):
            return False
        if b" " + delimiter in sample or delimiter + b" " in sample:
            return False
        types = {name.lower(): column.type for name, column in known.items()}
        return all(types.get(name.lower()) == reading.type for name, reading in self.columns.readings.items())


@dataclass(slots=True)
class Translation:
    """What one file became. `records == rows + quarantined`."""

    encoding: str
    dialect: Dialect
    has_header: bool
    columns: dict[str, KnownColumn]
    reasons: dict[str, str]
    """Why each column is read as it is."""
    records: int
    rows: int
    quarantined: int
    repaired: int = 0
    """Of the rows, those whose record had to be mended first."""
    notes: list[str] = field(default_factory=list[str])
    """What was done otherwise than usual: shown as events, so that nothing is silent."""
    lines: list[Note] = field(default_factory=list[Note])
    """Lines of the file that are no records: titles, comments, footers."""
    tables: list[SideTable] = field(default_factory=list[SideTable])
    precedent: Precedent | None = None
    """For the next file of the dataset; None where this one was not plain."""


class BalanceOpenInFile(ContentUnreadable):
    """A file's records are not all accounted for."""


# The dataset's columns so far, asked once the file's own names are known.
KnownColumns = Callable[[], Mapping[str, KnownColumn]]


def translate(
    order: Order, connection: duckdb.DuckDBPyConnection, known: KnownColumns, precedent: Precedent | None = None
) -> Translation:
    """Raises ContentUnreadable, FileUnreadable, BalanceOpenInFile; leaves no output then."""
    order.scratch.mkdir(parents=True, exist_ok=True)
    with plain_texts(order.raw, order.scratch, order.fingerprint, order.check) as found:
        try:
            work = _Work(order, Loader(connection), found, known())
            return (work.run_as_before(precedent) if precedent else None) or work.run()
        except EngineRefused as refusal:
            raise FileUnreadable(f"{order.file}: {refusal}", file=order.file) from refusal
        finally:
            _joined_path(order).unlink(missing_ok=True)


def _joined_path(order: Order) -> Path:
    return order.scratch / f"{order.fingerprint}.joined"


@dataclass(frozen=True, slots=True)
class _FirstRows:
    cells: list[list[str]]
    are_all: bool
    """Whether the text has no others."""


def _sample(text: Path, offset: int) -> bytes:
    """The text's first bytes: more of them where its lines are long."""
    with text.open("rb") as file:
        file.seek(offset)
        sample = file.read(SAMPLE_BYTES)
        while sample.count(b"\n") + sample.count(b"\r") < _LEAST_SAMPLE_LINES and len(sample) < _MOST_SAMPLE_BYTES:
            if not (more := file.read(len(sample))):
                break
            sample += more
    return sample


class _Work:
    def __init__(self, order: Order, loader: Loader, found: PlainTexts, known: Mapping[str, KnownColumn]) -> None:
        self._order = order
        self._loader = loader
        self._found = found
        self._known = known
        self._tables: list[SideTable] = []
        self._columns: FileColumns | None = None

    def run_as_before(self, precedent: Precedent) -> Translation | None:
        """The translation where the text turns out to be just like the precedent's; else None, and nothing is left."""
        order, text = self._order, self._found.texts[0]
        with text.path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
        is_alone = len(self._found.texts) == 1 and not self._found.skipped
        if not is_alone or order.after_record or text.encoding != "utf-8" or not precedent.fits(sample, self._known):
            return None
        start = replace(precedent.layout, start=len(precedent.header), line=1 + precedent.header.count(b"\n"), notes=())
        if footer_start(text.path, text.size, start).end is not None:
            return None
        columns = precedent.columns.again(start.names)
        made: TableMade | None = None
        with TemporaryDirectory(prefix=f"{order.fingerprint}.", dir=order.scratch) as folder:
            parquet = Path(folder) / "straight.parquet"
            work = self._table_work(text, start, _FirstRows([], False), columns, Path(folder), is_main=True)
            if made := work.run_straight(parquet):
                with placing(order.output) as unfinished:
                    parquet.replace(unfinished)
        if columns.printed is None:
            precedent.columns.printed = None
        return self._translation(text, start, made, precedent) if made else None

    def run(self) -> Translation:
        order = self._order
        text, others = self._main_text()
        layout, sample = self._layout(text, 0, 1, tuple(self._known))
        self._check_columns(layout)
        made = self._table(text, layout, sample, order.output, order.quarantine, self._known)
        self._side_tables(text, made.next_table or (layout.end or 0, layout.next_table))
        for other in others:
            self._side_tables(other, (0, 1))
        return self._translation(text, layout, made, self._precedent(text, layout))

    def _translation(
        self, text: PlainText, layout: Layout, made: TableMade, precedent: Precedent | None
    ) -> Translation:
        lines = sorted([*layout.notes, *made.lines], key=lambda note: note.line)
        seen: dict[tuple[int, str], Note] = {(note.line, note.text): note for note in lines}
        skipped = (f"left out: {each}" for each in self._found.skipped)
        return Translation(
            encoding=text.encoding,
            dialect=layout.dialect,
            has_header=layout.has_header,
            columns=made.columns,
            reasons=made.reasons,
            records=made.records,
            rows=made.rows,
            quarantined=made.quarantined,
            repaired=made.repaired,
            notes=[*made.notes, *(_told(table) for table in self._tables), *skipped],
            lines=list(seen.values()),
            tables=self._tables,
            precedent=precedent,
        )

    def _precedent(self, text: PlainText, layout: Layout) -> Precedent | None:
        is_usual = (
            layout.has_header and layout.dialect.delimiter and layout.dialect.quote == '"' and not layout.drops_last
        )
        if self._columns is None or not is_usual or not is_plain(layout) or layout.notes or layout.end is not None:
            return None
        with text.path.open("rb") as file:
            return Precedent(self._order.fingerprint, file.read(layout.start), layout, self._columns)

    def _main_text(self) -> tuple[PlainText, list[PlainText]]:
        """The first text with the others of an archive that go on with its table; and those that are tables of their own."""
        first, *rest = self._found.texts
        if not rest:
            return first, []
        layout, _ = self._layout(first, 0, 1, tuple(self._known))
        same: list[tuple[PlainText, Layout]] = []
        others: list[PlainText] = []
        for text in rest:
            found, _ = self._layout(text, 0, 1, layout.names)
            goes_on = layout.has_header and found.names == layout.names and found.dialect == layout.dialect
            same += [(text, found)] if goes_on else []
            others += [] if goes_on else [text]
        return (self._joined(first, layout, same) if same else first), others

    def _joined(self, first: PlainText, layout: Layout, same: list[tuple[PlainText, Layout]]) -> PlainText:
        """One text of the members of an archive that have the same columns: the first whole, of the others the records."""
        path = _joined_path(self._order)
        with path.open("wb") as out:
            for text, (start, end) in [(first, (0, layout.end)), *((t, (f.start, f.end)) for t, f in same)]:
                with text.path.open("rb") as file:
                    file.seek(start)
                    left = (text.size if end is None else end) - start
                    last = b"\n"
                    while piece := file.read(min(left, _COPIED_BYTES)):
                        out.write(piece)
                        left -= len(piece)
                        last = piece[-1:]
                        self._order.check()
                if last != b"\n":
                    out.write(b"\n")
        return replace(first, path=path, size=path.stat().st_size)

    def _layout(self, text: PlainText, offset: int, line: int, known: tuple[str, ...]) -> tuple[Layout, "_FirstRows"]:
        """The table that begins at `offset`, and its first records."""
        sample = _sample(text.path, offset)
        is_whole = offset + len(sample) == text.size
        layout = find_layout(sample, is_whole, known, first_line=line)
        if self._order.types == "text":
            layout = replace(layout, dialect=replace(layout.dialect, keeps_spaces=True))
        rows = sample_rows(sample, layout, _SAMPLE_ROWS, is_whole=is_whole) if layout.names else []
        if offset:
            end = None if layout.end is None else layout.end + offset
            layout = replace(layout, start=layout.start + offset, end=end)
        if not is_whole and layout.end is None and layout.names:
            layout = footer_start(text.path, text.size, layout)
        return layout, _FirstRows(rows, is_whole and len(rows) < _SAMPLE_ROWS)

    def _check_columns(self, layout: Layout) -> None:
        order = self._order
        if not layout.names:
            return
        lower = {name.lower() for name in layout.names}
        has = f"is not in the file, which has {', '.join(layout.names)}"
        for key in order.keys:
            if key.lower() not in lower:
                raise ContentUnreadable(f"the key column {key!r} {has}")
        for column in order.contract.columns if order.contract else ():
            if column.required and column.name.lower() not in lower:
                raise ContentUnreadable(f"the column {column.name!r}, which the contract requires, {has}")

    def _table(
        self,
        text: PlainText,
        layout: Layout,
        sample: _FirstRows,
        output: Path,
        quarantine: Path,
        known: Mapping[str, KnownColumn],
    ) -> TableMade:
        order, is_main = self._order, output is self._order.output
        contract = order.contract if is_main else None
        columns = FileColumns(layout.names, sample.cells, known, contract, order.misfit_share)
        if is_main:
            self._columns = columns
        with (
            TemporaryDirectory(prefix=f"{order.fingerprint}.", dir=order.scratch) as folder,
            placing(output) as parquet,
            placing(quarantine) as unfinished,
            unfinished.open("wb") as aside,
        ):
            work = self._table_work(text, layout, sample, columns, Path(folder), is_main=is_main)

            def put_aside(record: QuarantinedRecord) -> None:
                aside.write(record.line_of_json())

            made = work.run(parquet, put_aside)
            if made.records != made.rows + made.quarantined:
                raise BalanceOpenInFile(
                    f"{made.records} records, but {made.rows} rows and {made.quarantined} quarantined: "
                    "nothing of it was taken",
                    records=made.records,
                    rows=made.rows,
                    quarantined=made.quarantined,
                )
        if not made.quarantined and not made.repaired:
            quarantine.unlink()
        return made

    def _table_work(
        self, text: PlainText, layout: Layout, sample: _FirstRows, columns: FileColumns, scratch: Path, *, is_main: bool
    ) -> TableWork:
        order = self._order
        table = TableOrder(
            text=text.path,
            size=text.size,
            layout=layout,
            file=order.file,
            fingerprint=order.fingerprint,
            scratch=scratch,
            contract=order.contract if is_main else None,
            keys=tuple(order.keys) if is_main else (),
            as_text=order.types == "text",
            sample=sample.cells,
            is_sample_whole=sample.are_all,
            after_record=order.after_record if is_main else 0,
            check=order.check,
        )
        return TableWork(table, self._loader, columns)

    def _side_tables(self, text: PlainText, following: tuple[int, int | None]) -> None:
        """Put aside the tables of a text from one on that begins at an offset and line."""
        while following[1] is not None and len(self._tables) < _MOST_TABLES:
            layout, sample = self._layout(text, following[0], following[1], ())
            if not layout.names:
                return
            aside = self._order.quarantine
            stem = aside.name.removesuffix(".jsonl").removesuffix(".quarantine")
            output = aside.with_name(f"{stem}.table_{len(self._tables) + 2}.parquet")
            made = self._table(text, layout, sample, output, output.with_suffix(".jsonl"), {})
            types = {name: column.type for name, column in made.columns.items()}
            self._tables.append(
                SideTable(text.member, layout.line, types, made.records, made.rows, made.quarantined, str(output))
            )
            following = made.next_table or (layout.end or 0, layout.next_table)


def _told(table: SideTable) -> str:
    place = f"in {table.member}" if table.member else "after the first one"
    return (
        f"another table stands {place}: {table.records} records of {', '.join(table.columns)} are put aside "
        f"as {Path(table.output).name}"
    )
