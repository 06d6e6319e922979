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

    def line_of_json(self) -> bytes:
        fields = asdict(self)
        fields["raw"] = self.raw[:MAX_RAW_CHARACTERS]
        fields["value"] = self.value and self.value[:MAX_VALUE_CHARACTERS]
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def read_quarantine(path: Path) -> Iterator[QuarantinedRecord]:
    """The records of one quarantine file, in the order of the raw file."""
    with path.open("rb") as file:
        for line in file:
            yield QuarantinedRecord(**orjson.loads(line))
