"""Records put aside, and records that were mended: one JSON object a line, enough to find each in its raw file and to mend it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

# A record's text is kept up to this many characters: one can be as long as its file.
MAX_RAW_CHARACTERS = 64 * 1024
MAX_VALUE_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A record that is in no table, or in it only after it was mended, and why."""

    file: str
    record: int
    """Its number in the file, from 1; a header has none."""
    line: int
    """The physical line on which it begins, from 1."""
    byte_offset: int
    """Where it begins in the file's text as UTF-8, after decompression, without a byte order mark."""
    column: str | None
    value: str | None
    """The text that did not fit, where one column is to blame."""
    reason: str
    raw: str
    mended: list[str | None] | None = None
    """The texts that it was taken with, in the columns' order; None where it was not taken."""

    @property
    def is_raw_cut(self) -> bool:
        """Whether more of its text stands in the raw file than was kept."""
        return len(self.raw) >= MAX_RAW_CHARACTERS

    def line_of_json(self) -> bytes:
        fields = asdict(self)
        fields["raw"] = self.raw[:MAX_RAW_CHARACTERS]
        fields["value"] = self.value and self.value[:MAX_VALUE_CHARACTERS]
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


class NotAtRecord(ValueError):
    """A place in a quarantine file is no record's beginning."""


def read_quarantine(path: Path) -> Iterator[QuarantinedRecord]:
    """The records of one quarantine file, in the order of the raw file."""
    for _, record in read_quarantine_from(path, 0):
        yield record


def read_quarantine_from(path: Path, offset: int) -> Iterator[tuple[int, QuarantinedRecord]]:
    """As `read_quarantine`, from a byte offset that an earlier reading gave; each with the offset of what follows it.

    Raises NotAtRecord.
    """
    with path.open("rb") as file:
        if offset:
            file.seek(offset - 1)
            if file.read(1) != b"\n":
                raise NotAtRecord(f"{path}: no record begins at byte {offset}")
        for line in file:
            offset += len(line)
            yield offset, QuarantinedRecord(**orjson.loads(line))


def find_quarantined(path: Path, number: int) -> QuarantinedRecord | None:
    """The record with this number."""
    for record in read_quarantine(path):
        if record.record >= number:
            return record if record.record == number else None
    return None
