"""Where records begin and end: an independent count of them, and a splitter that accounts for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# A longer record is put aside: no table has one, and memory is bounded by it.
MAX_RECORD_BYTES = 8 << 20
# How many lines a quoted value may run on before its quote counts as never closed.
_MAX_LINES_OF_A_RECORD = 1000
_PIECE_BYTES = 1 << 20
_KEPT_BYTES_OF_A_LONG_RECORD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the records are written. No quote character: `quote` is empty."""

    delimiter: str
    quote: str
    header: bool
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands. `fields` is None where it has none that can be told apart; `reason` then says why."""

    line: int
    offset: int
    raw: bytes
    fields: list[bytes] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of whole records in a file of its own; `before` counts the records that precede it, the header aside."""

    path: Path
    before: int


def count_records(
    path: Path, dialect: Dialect, folder: Path, part_bytes: int, check: Callable[[], None]
) -> tuple[int, list[Part]]:
    """The records of the text without its header, by counting line ends outside of quotes; right where quotes are paired.

    A long text is also copied to parts of `part_bytes` or more in `folder`, to be read side by side. It is cut only where no
    quote is near: one that is quoted throughout stays whole.
    """
    count = _Count(dialect)
    if path.stat().st_size < 2 * part_bytes:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE_BYTES):
                check()
                count.take(piece)
        return count.records(), [Part(path, 0)]
    parts: list[Part] = []
    with path.open("rb", buffering=0) as file:
        piece = file.read(_PIECE_BYTES)
        while piece:
            parts.append(Part(folder / f"{len(parts)}.csv", count.records() if parts else 0))
            with parts[-1].path.open("wb") as out:
                while piece:
                    check()
                    end = count.first_end(piece) if out.tell() >= part_bytes else 0
                    if 0 < end < len(piece):
                        count.take(piece[:end])
                        out.write(piece[:end])
                        piece = piece[end:]
                        break
                    count.take(piece)
                    out.write(piece)
                    piece = file.read(_PIECE_BYTES)
    return count.records(), parts


class _Count:
    """Counts records in a text that comes in pieces."""

    def __init__(self, dialect: Dialect) -> None:
        self._quote = dialect.quote.encode()
        self._blank_counts = dialect.width == 1
        self._header = dialect.header
        self._total = 0
        self._inside = False
        self._last = b"\n"

    def first_end(self, piece: bytes) -> int:
        """Where the first record that ends in this next piece ends; 0 where a quote might make that a guess."""
        return 0 if self._inside or (self._quote and self._quote in piece) else piece.find(b"\n") + 1

    def take(self, piece: bytes) -> None:
        quote, outside = self._quote, piece
        if quote and (self._inside or quote in piece):
            parts = piece.split(quote)
            outside = quote.join(parts[self._inside :: 2]) if len(parts) > 1 else (b"" if self._inside else piece)
            self._inside ^= (len(parts) - 1) % 2 == 1
            # A quote is no line end: it parts two line ends that only seem to meet.
            outside = (
                (quote if self._last != b"\n" or piece.startswith(quote) else b"")
                + outside
                + quote * (self._inside or piece.endswith(quote))
            )
        self._total += outside.count(b"\n")
        if not self._blank_counts:
            self._total -= _blank_lines(self._last, outside)
        if outside:
            self._last = (self._last + outside)[-2:] if outside.endswith(b"\r") else outside[-1:]

    def records(self) -> int:
        """The records so far, the header aside."""
        return max(0, self._total + (self._last[-1:] != b"\n") - self._header)


def _blank_lines(last: bytes, text: bytes) -> int:
    """Line ends in `text` that end an empty line, `last` being what stood before it."""
    joined = last + text
    if b"\n\n" not in joined and b"\n\r\n" not in joined:
        return 0
    lines = joined.split(b"\n")
    return sum(line in (b"", b"\r") for line in lines[1:-1])


def split_records(file: BinaryIO, delimiter: bytes, quote: bytes, *, skip_blank: bool) -> Iterator[Record]:
    """Every record of the text in turn. A record whose quote is never closed ends with its line: the next ones are not lost."""
    lines = _Lines(file)
    while (first := lines.next()) is not None:
        number, offset, text, whole = first
        if not whole:
            yield Record(number, offset, text, None, f"the record is longer than {MAX_RECORD_BYTES} bytes")
            continue
        if not text.strip(b"\r") and skip_blank:
            continue
        if not quote or quote not in text:
            yield Record(number, offset, text, text.removesuffix(b"\r").split(delimiter))
            continue
        fields, reason, raw = _quoted_record(lines, text, delimiter, quote)
        yield Record(number, offset, raw, fields, reason)


def _quoted_record(
    lines: "_Lines", first: bytes, delimiter: bytes, quote: bytes
) -> tuple[list[bytes] | None, str, bytes]:
    taken: list[tuple[int, int, bytes, bool]] = []
    text = first
    while True:
        fields = split_fields(text.removesuffix(b"\r"), delimiter, quote)
        if fields is not None and not isinstance(fields, str):
            return fields, "", text
        reason = fields or "a quote is never closed"
        following = None
        if fields is None and len(taken) < _MAX_LINES_OF_A_RECORD and len(text) < MAX_RECORD_BYTES:
            # Only a further quote can close it: gather lines up to one.
            following = lines.next()
            while following is not None and following[3] and quote not in following[2]:
                taken.append(following)
                text += b"\n" + following[2]
                if len(taken) >= _MAX_LINES_OF_A_RECORD or len(text) >= MAX_RECORD_BYTES:
                    break
                following = lines.next()
        if following is None or not following[3] or following in taken:
            if following is not None and following not in taken:
                taken.append(following)
            lines.give_back(taken)
            return None, reason, first
        taken.append(following)
        text += b"\n" + following[2]


def split_fields(text: bytes, delimiter: bytes, quote: bytes) -> list[bytes] | str | None:
    """The fields of one record; None while a quote is open at its end; a text that says what is wrong."""
    fields: list[bytes] = []
    start, step = 0, len(delimiter)
    while True:
        if text.startswith(quote, start):
            end = start + 1
            while (end := text.find(quote, end)) >= 0 and text.startswith(quote, end + 1):
                end += 2
            if end < 0:
                return None
            fields.append(text[start + 1 : end].replace(quote * 2, quote))
            end += 1
            if end == len(text):
                return fields
            if not text.startswith(delimiter, end):
                return "text follows a closing quote"
        else:
            end = text.find(delimiter, start)
            if end < 0:
                fields.append(text[start:])
                return fields
            fields.append(text[start:end])
        start = end + step


class _Lines:
    """Physical lines: number, offset, text without its LF, and whether it is whole (not cut at MAX_RECORD_BYTES)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._number = 0
        self._offset = 0
        self._returned: list[tuple[int, int, bytes, bool]] = []

    def give_back(self, lines: list[tuple[int, int, bytes, bool]]) -> None:
        self._returned.extend(reversed(lines))

    def next(self) -> tuple[int, int, bytes, bool] | None:
        if self._returned:
            return self._returned.pop()
        text = self._file.readline(MAX_RECORD_BYTES)
        if not text:
            return None
        self._number += 1
        number, offset = self._number, self._offset
        self._offset += len(text)
        if text.endswith(b"\n"):
            return number, offset, text[:-1], True
        if len(text) < MAX_RECORD_BYTES:
            return number, offset, text, True
        kept = text[:_KEPT_BYTES_OF_A_LONG_RECORD]
        while text and not text.endswith(b"\n"):
            text = self._file.readline(_PIECE_BYTES)
            self._offset += len(text)
        return number, offset, kept, False
