"""The independent count of a plain text's records, and the parts in which a long text is read side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PIECE_BYTES = 1 << 20
_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Part:
    """A run of whole records in a file: all of a text's body, or a copy of a stretch of it."""

    path: Path
    records: int
    start: int
    """Its first byte's place in the file at `path`."""
    skipped: int
    """Bytes of the text that precede the file at `path`."""
    line: int
    """The physical line of the text on which it begins, from 1."""
    is_last: bool = True

    @property
    def skip_lines(self) -> int:
        """Lines that precede its first record in the file at `path`."""
        return self.line - 1 if self.start else 0


@dataclass(frozen=True, slots=True)
class Body:
    """Where a text's records lie: bytes from `start` to `end`, the first on physical line `line` (from 1)."""

    path: Path
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A body in parts."""

    parts: tuple[Part, ...]
    has_quotes: bool
    """Without any, the count of the records is certain."""

    @property
    def records(self) -> int:
        return sum(part.records for part in self.parts)


def count_records(body: Body, quote: str, folder: Path, part_bytes: int, check: Callable[[], None]) -> Counted:
    """Count by the line ends outside of quotes: right where quotes are paired, and no empty line stands between records.

    A long body is also copied to parts of `part_bytes` or more in `folder`, to be read side by side. It is cut only where no
    quote is near: one that is quoted throughout stays whole.
    """
    count = _Count(quote.encode())
    lasts_to_end = body.end == body.path.stat().st_size
    with body.path.open("rb", buffering=0) as file:
        file.seek(body.start)
        pieces = _Pieces(file.read, body.end - body.start, check)
        if lasts_to_end and body.end - body.start < 2 * part_bytes:
            while piece := pieces.next():
                count.take(piece)
            parts = (Part(body.path, count.records(), body.start, 0, body.line),)
        else:
            parts = tuple(_copied_parts(pieces, count, folder, part_bytes, body))
    return Counted(parts, count.has_quotes)


def _copied_parts(pieces: "_Pieces", count: "_Count", folder: Path, part_bytes: int, body: Body) -> list[Part]:
    parts: list[Part] = []
    skipped, line, before = body.start, body.line, 0
    piece = pieces.next()
    while piece or not parts:
        path = folder / f"{len(parts)}.csv"
        lines = 0
        with path.open("wb") as out:
            while piece:
                end = count.first_end(piece) if out.tell() >= part_bytes else 0
                taken, rest = (piece[:end], piece[end:]) if 0 < end < len(piece) else (piece, b"")
                count.take(taken)
                out.write(taken)
                lines += taken.count(b"\n")
                piece = rest or pieces.next()
                if rest:
                    break
            size = out.tell()
        parts.append(Part(path, count.records() - before, 0, skipped, line, is_last=not piece))
        skipped, line, before = skipped + size, line + lines, count.records()
    return parts


class _Pieces:
    def __init__(self, read: Callable[[int], bytes], size: int, check: Callable[[], None]) -> None:
        self._read = read
        self._left = size
        self._check = check

    def next(self) -> bytes:
        self._check()
        piece = self._read(min(_PIECE_BYTES, self._left))
        self._left -= len(piece)
        return piece


class _Count:
    """Counts records in a text that comes in pieces."""

    def __init__(self, quote: bytes) -> None:
        self._quote = quote
        self.has_quotes = False
        self._total = 0
        self._inside = False
        self._tail = b"\n"

    def first_end(self, piece: bytes) -> int:
        """Where the first record that ends in this next piece ends; 0 where a quote might make that a guess."""
        return 0 if self._inside or (self._quote and self._quote in piece) else piece.find(b"\n") + 1

    def take(self, piece: bytes) -> None:
        quote = self._quote
        if quote and (self._inside or quote in piece):
            self.has_quotes = True
            parts = piece.split(quote)
            self._total += sum(part.count(b"\n") for part in parts[self._inside :: 2])
            self._inside ^= (len(parts) - 1) % 2 == 1
        else:
            self._total += piece.count(b"\n")
        self._tail = piece[-_TAIL_BYTES:] if len(piece) >= _TAIL_BYTES else (self._tail + piece)[-_TAIL_BYTES:]

    def records(self) -> int:
        """The records so far, empty lines between them included, those at the end left out."""
        ending = self._tail[len(self._tail.rstrip(b"\r\n")) :]
        return max(0, self._total - max(0, ending.count(b"\n") - 1) + (not self._tail.endswith(b"\n")))
