"""Out of the quarantine: mended records as a small raw file of their own, and whole files to be read again, each once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from quarterhour.errors import InvalidQuery
from quarterhour.identity import process_mark
from quarterhour.lake.arrivals import FileUnreadable, fingerprint
from quarterhour.lake.ledger import InputState
from quarterhour.lake.put_aside import chosen_record
from quarterhour.lake.quarantine import QuarantinedRecord, read_quarantine
from quarterhour.lake.raw_files import RawFiles
from quarterhour.lake.retries import WHOLE, Chosen, NotRetriable, RetryLedger, UnknownQuarantineId, item_id
from quarterhour.lake.translated import read_schema
from quarterhour.settings import Settings
from quarterhour.stages.translator.content.plain_text import ContentUnreadable, plain_text, plain_texts
from quarterhour.stages.translator.mending.mended_csv import (
    as_it_stands,
    check_width,
    count_records,
    fields_of,
    with_values,
    written_anew,
)
from quarterhour.stages.translator.structure.layout import Layout, find_layout
from quarterhour.workspace import Workspace

_HEAD_BYTES = 1 << 20
_FORMATS = frozenset((".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".gz", ".zip", ".zst", ".xz", ".bz2"))
_EARLIER_MARK = re.compile(r"\.retry-[0-9a-f-]+$")
# A name may have 255 bytes, of which the mark and the ending take a part.
_MAX_STEM_BYTES = 180
_DIGITS = 32
_NOT_DECODED = "\ufffd"


@dataclass(frozen=True, slots=True)
class SentBack:
    """What will happen to an item of the quarantine."""

    id: str
    file: str
    """The file below data/raw that the next run reads."""
    records: int | None
    """How many records are sent; None for a whole file."""
    message: str


def send_back(
    workspace: Workspace, settings: Settings, item: str, raw: str | None = None, values: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Send an item back; a record may be given a new text, or some new values.

    Raises UnknownQuarantineId, NotRetriable, InvalidQuery.
    """
    with RetryLedger(workspace.ledger_file) as ledger:
        return asdict(_Sending(workspace, settings, ledger, ledger.choose(item)).send(raw, values))


def send_back_file(workspace: Workspace, settings: Settings, item: str, file: Path) -> dict[str, Any]:
    """Send a mended file in an item's place. Raises as `send_back`, and FileUnreadable."""
    with RetryLedger(workspace.ledger_file) as ledger:
        return asdict(_Sending(workspace, settings, ledger, ledger.choose(item)).send_file(file))


def editable_csv(workspace: Workspace, settings: Settings, item: str) -> bytes:
    """An item's header and records as they stand in the raw file, in UTF-8, to be mended in an editor."""
    with RetryLedger(workspace.ledger_file) as ledger:
        return _Sending(workspace, settings, ledger, ledger.choose(item)).editable()


class _Sending:
    def __init__(self, workspace: Workspace, settings: Settings, ledger: RetryLedger, chosen: Chosen) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._chosen = chosen
        self._entry = chosen.entry
        self._raw_files = RawFiles(workspace, settings, ledger)
        if self._entry.is_rejected and chosen.record is not None:
            raise NotRetriable(f"{self._entry.name} was put aside whole: its id is {item_id(self._entry.fingerprint)}")

    def send(self, raw: str | None, values: Mapping[str, str] | None) -> SentBack:
        if self._chosen.record is None:
            if raw is not None or values is not None:
                raise InvalidQuery("a text or values mend one record: name it, or send a mended file")
            return self._read_again() if self._may_be_read_again() else self._send_waiting()
        if raw is not None and values is not None:
            raise InvalidQuery("give a text or values, not both")
        record, layout = self._record(), self._layout()
        if raw is not None:
            fields = fields_of(raw, layout)
            check_width(fields, layout)
        elif values is not None:
            fields = with_values(_fields_or_none(record, layout), values, layout)
        else:
            return self._send_as_they_stand([record], layout)
        content = written_anew([fields], layout)
        self._check_count(content, layout, 1)
        return self._place(content, [record.record], 1)

    def send_file(self, file: Path) -> SentBack:
        if self._entry.is_rejected:
            return self._place(file, [WHOLE], None)
        records, layout = self._records(), self._layout()
        with plain_text(file, self._workspace.scratch, self._scratch_name(), _go_on) as text:
            content = text.path.read_bytes()
        sent = count_records(content, layout, self._known())
        if not sent:
            raise InvalidQuery(f"{file.name} holds no records")
        if sent > len(records):
            # More would be rows that are in the tables already.
            raise InvalidQuery(
                f"{file.name} holds {sent} records, where {len(records)} were put aside: send these alone"
            )
        return self._place(content, [record.record for record in records], sent)

    def editable(self) -> bytes:
        if self._entry.is_rejected:
            raise NotRetriable(
                f"{self._entry.name} was put aside whole: mend a copy of data/raw/{self._entry.name} itself"
            )
        return as_it_stands([record.raw for record in self._records()], self._layout())

    def _records(self) -> list[QuarantinedRecord]:
        return self._waiting() if self._chosen.record is None else [self._record()]

    def _record(self) -> QuarantinedRecord:
        record = chosen_record(self._workspace, self._chosen)
        if record.mended is not None:
            raise NotRetriable(f"record {record.record} of {record.file} was mended: it is a row already")
        self._ledger.check_unsent(self._entry.fingerprint, [record.record])
        return record

    def _waiting(self) -> list[QuarantinedRecord]:
        """The input's records that are in no table and were not sent back."""
        entry = self._entry
        retries = self._ledger.retries_of(entry.fingerprint)
        try:
            aside = list(read_quarantine(self._workspace.quarantine_file(entry.dataset, entry.fingerprint)))
        except FileNotFoundError as error:
            raise UnknownQuarantineId(f"nothing of {entry.name} is in quarantine") from error
        if not (found := [one for one in aside if one.mended is None and one.record not in retries]):
            raise NotRetriable(f"nothing is left to send back of {entry.name}")
        return found

    def _may_be_read_again(self) -> bool:
        """Whether no row of the file was taken, and none of its records sent back by itself."""
        entry = self._entry
        is_untouched = entry.is_rejected or not self._ledger.retries_of(entry.fingerprint)
        return entry.state is InputState.QUARANTINED and is_untouched

    def _read_again(self) -> SentBack:
        entry = self._entry
        self._ledger.check_unsent(entry.fingerprint, [WHOLE])
        name = self._raw_files.put_back(entry)
        self._ledger.forget(entry.fingerprint)
        # Before that, a run may have moved it to the archive again.
        self._raw_files.put_back(entry)
        return SentBack(item_id(entry.fingerprint), name, None, f"the next run reads {name} again")

    def _send_waiting(self) -> SentBack:
        return self._send_as_they_stand(self._waiting(), self._layout())

    def _send_as_they_stand(self, records: Sequence[QuarantinedRecord], layout: Layout) -> SentBack:
        rows = [_fields_as_they_stand(record, layout) for record in records]
        if all(len(row) == len(layout.names) for row in rows):
            content = written_anew(rows, layout)
        else:
            # A record that is too short or too long can be judged in its own dialect only.
            content = as_it_stands([record.raw for record in records], layout)
        try:
            self._check_count(content, layout, len(records))
        except InvalidQuery as error:
            raise NotRetriable(f"as it stands, {error.message}: send it mended") from error
        return self._place(content, [record.record for record in records], len(records))

    def _check_count(self, content: bytes, layout: Layout, count: int) -> None:
        if (seen := count_records(content, layout, self._known())) != count:
            raise InvalidQuery(f"it would be read as {seen} records, not {count}")

    def _place(self, content: Path | bytes, records: Sequence[int], sent: int | None) -> SentBack:
        """Drop a file in the records' place. `sent` is how many it holds, if that is known."""
        entry = self._entry
        mark = fingerprint(content) if isinstance(content, Path) else sha256(content).hexdigest()[:_DIGITS]
        if mark == entry.fingerprint:
            return self._read_again()
        if (known := self._ledger.find(mark)) is not None:
            raise NotRetriable(f"a file with this very content was read before, as {known.name}")
        item = item_id(entry.fingerprint, self._chosen.record)
        name = self._raw_files.free_name(entry, f"{_stem(entry.name)}.retry-{item.replace(':', '-')}.csv")
        with self._ledger.sending(entry.fingerprint, records, name):
            self._raw_files.place(name, content)
        what = "the mended file" if sent is None else f"{sent} record{'' if sent == 1 else 's'}"
        left = len(records) - (sent or len(records))
        given_up = f"; {left} that it does not hold count as given up" if left else ""
        return SentBack(item, name, sent, f"the next run reads {what} as {name}{given_up}")

    def _layout(self) -> Layout:
        """How the raw file is written, found as the Translator found it."""
        entry = self._entry
        if (raw := self._raw_files.find(entry)) is None:
            raise NotRetriable(
                f"{entry.name} is neither in data/raw nor in data/archive as it was, so that its header is not known: "
                "drop it there again, and retry"
            )
        try:
            with (
                plain_texts(raw, self._workspace.scratch, self._scratch_name(), _go_on) as found,
                found.texts[0].path.open("rb") as file,
            ):
                head = file.read(_HEAD_BYTES)
                return find_layout(head, found.texts[0].size <= len(head), self._known())
        except (ContentUnreadable, FileUnreadable) as error:
            raise NotRetriable(f"{entry.name} cannot be read: {error.message}") from error

    def _known(self) -> tuple[str, ...]:
        return tuple(read_schema(self._workspace.schema_file(self._entry.dataset)))

    def _scratch_name(self) -> str:
        return f"retry-{process_mark()}-{self._entry.fingerprint}"


def _go_on() -> None:
    """Nothing cancels it."""


def _fields_or_none(record: QuarantinedRecord, layout: Layout) -> list[str] | None:
    try:
        return None if record.is_raw_cut else fields_of(record.raw, layout)
    except InvalidQuery:
        return None


def _fields_as_they_stand(record: QuarantinedRecord, layout: Layout) -> list[str]:
    """Raises NotRetriable where the text is not known to the last byte, or could not be read in any way."""
    if record.is_raw_cut or _NOT_DECODED in record.raw:
        raise NotRetriable(f"record {record.record}: {record.reason}: its text was not kept exactly: send it mended")
    try:
        return fields_of(record.raw, layout)
    except InvalidQuery as error:
        raise NotRetriable(f"record {record.record}: {error.message}: send it mended") from error


def _stem(name: str) -> str:
    path = Path(name.rpartition("/")[2])
    while path.suffix.lower() in _FORMATS:
        path = path.with_suffix("")
    return _EARLIER_MARK.sub("", path.name).encode()[:_MAX_STEM_BYTES].decode(errors="ignore")
