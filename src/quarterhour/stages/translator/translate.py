"""One raw file to one Parquet file and one quarantine file, every record accounted for."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from quarterhour.lake.arrivals import FileUnreadable
from quarterhour.lake.quarantine import QuarantinedRecord
from quarterhour.lake.translated import placing
from quarterhour.settings import DatasetSettings
from quarterhour.stages.translator.content import SAMPLE_BYTES, ContentUnreadable, PlainText, plain_text
from quarterhour.stages.translator.dialect import detect_dialect
from quarterhour.stages.translator.loading import EngineRefused, Loader, Source, anew, straight
from quarterhour.stages.translator.records import Dialect, Part, count_records
from quarterhour.stages.translator.types import TEXT, ColumnCounts, choose_type

Types = Literal["auto", "text"]
# A file of twice this size is read in parts side by side; more parts than cores, so that no core is left idle at the end.
_LEAST_PART_BYTES = 32 << 20
_PARTS_A_CORE = 4


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
    widen_share: float = 0.01
    contract: DatasetSettings | None = None
    after_record: int = 0
    """Of a file that grew: its records up to this one were taken before; numbering goes on."""
    check: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Translation:
    """What one file became. `records == rows + quarantined`."""

    encoding: str
    dialect: Dialect
    columns: dict[str, str]
    records: int
    rows: int
    quarantined: int
    repaired: int = 0
    """Of the rows, those whose record had to be mended first."""
    notes: list[str] = field(default_factory=list[str])
    """What was done otherwise than usual: shown as events, so that nothing is silent."""


# The dataset's columns so far, asked once the file's own names are known.
KnownColumns = Callable[[], Mapping[str, str]]


def translate(order: Order, connection: duckdb.DuckDBPyConnection, known: KnownColumns) -> Translation:
    """Raises ContentUnreadable, FileUnreadable, BalanceOpen; leaves no output then."""
    order.scratch.mkdir(parents=True, exist_ok=True)
    with plain_text(order.raw, order.scratch, order.fingerprint, order.check) as text:
        columns = known()
        with text.path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
        dialect = detect_dialect(sample, len(sample) == text.size, tuple(columns))
        missing = [key for key in order.keys if key not in dialect.names]
        if missing and dialect.names:
            raise ContentUnreadable(
                f"the key column {missing[0]!r} is not in the file, which has {', '.join(dialect.names)}"
            )
        return _Work(order, Loader(connection), text, dialect, columns).run()


class _Work:
    def __init__(
        self, order: Order, loader: Loader, text: PlainText, dialect: Dialect, known: Mapping[str, str]
    ) -> None:
        self._order = order
        self._loader = loader
        self._text = text
        self._dialect = dialect
        # Letter case aside: a header that changed only its case names the same column.
        self._known = {name.lower(): type_name for name, type_name in known.items()}
        self._keys = order.keys if dialect.names else ()
        self._notes: list[str] = []

    def run(self) -> Translation:
        with placing(self._order.output) as parquet:
            try:
                return self._straight(parquet) or self._anew(parquet)
            except EngineRefused as refusal:
                raise FileUnreadable(f"{self._order.file}: {refusal}", file=self._order.file) from refusal

    def _straight(self, parquet: Path) -> Translation | None:
        """Read by the engine as the file stands, if then no record is missing."""
        if not self._dialect.names:
            return None
        order, dialect = self._order, self._dialect
        part_bytes = max(_LEAST_PART_BYTES, self._text.size // (_PARTS_A_CORE * (os.cpu_count() or 1)))
        with TemporaryDirectory(prefix=f"{order.fingerprint}.", dir=order.scratch) as folder:
            counted, parts = count_records(self._text.path, dialect, Path(folder), part_bytes, order.check)
            return self._from_parts(parts, counted, parquet)

    def _from_parts(self, parts: list[Part], counted: int, parquet: Path) -> Translation | None:
        source = straight(parts, self._dialect)
        try:
            types = self._types(self._loader.counts(straight(parts[:1], self._dialect).sample())[1])
            rows = self._write(source, types, parquet)
            if rows != counted:
                found, counts = self._loader.counts(source)
                wider = self._types(counts)
                if found == counted and wider != types:
                    types = self._widened(types, wider)
                    rows = self._write(source, types, parquet)
        except EngineRefused as refusal:
            self._notes.append(f"read record by record: {refusal}")
            return None
        if rows != counted or self._loader.rejected():
            self._notes.append(f"read record by record: {counted} records counted, {rows} fit as they stand")
            return None
        return self._done(types, counted, rows, 0)

    def _anew(self, parquet: Path) -> Translation:
        order, copy = self._order, self._order.scratch / f"{self._order.fingerprint}.records"
        quarantined = 0
        try:
            with placing(order.quarantine) as unfinished, unfinished.open("wb") as aside:

                def put_aside(record: QuarantinedRecord) -> None:
                    nonlocal quarantined
                    aside.write(record.line_of_json())
                    quarantined += 1

                source, records = anew(self._text.path, self._dialect, copy, order.file, put_aside, order.check)
                types = self._types(self._loader.counts(source)[1])
                rows = self._write(source, types, parquet)
                if types:
                    for record in self._loader.misfits(
                        source, types, self._keys, order.file, self._text.path, self._dialect
                    ):
                        put_aside(record)
        finally:
            copy.unlink(missing_ok=True)
        if not quarantined:
            order.quarantine.unlink()
        return self._done(types, records, rows, quarantined)

    def _write(self, source: Source, types: dict[str, str], parquet: Path) -> int:
        order = self._order
        return self._loader.write(source, types, self._keys, order.fingerprint, parquet, order.types == "text")

    def _types(self, counts: Mapping[str, ColumnCounts]) -> dict[str, str]:
        if self._order.types == "text":
            return dict.fromkeys(self._dialect.names, TEXT)
        return {
            name: self._known.get(name.lower()) or choose_type(counts[name], self._order.widen_share)
            for name in self._dialect.names
        }

    def _widened(self, before: Mapping[str, str], after: dict[str, str]) -> dict[str, str]:
        for name, type_name in after.items():
            if before[name] != type_name:
                self._notes.append(f"column {name!r} is {type_name}, not {before[name]} as its first rows are")
        return after

    def _done(self, types: dict[str, str], records: int, rows: int, quarantined: int) -> Translation:
        if records != rows + quarantined:
            raise BalanceOpenInFile(
                f"{records} records, but {rows} rows and {quarantined} quarantined: nothing of it was taken",
                records=records,
                rows=rows,
                quarantined=quarantined,
            )
        return Translation(self._text.encoding, self._dialect, types, records, rows, quarantined, notes=self._notes)


class BalanceOpenInFile(ContentUnreadable):
    """A file's records are not all accounted for."""
