"""The independent count of a plain text's records, and the parts in which a long text is read side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    quotes: int
    """Quote characters. Without any, the count of the records is certain."""
    line_end_bytes: int | None
    """Of the line ends between records; None where a carriage return stands elsewhere too."""
    size: int
    """Bytes of the whole body."""
    letters: int
    """How many of the letters that were asked for stand in it."""

    @property
    def records(self) -> int:
        return sum(part.records for part in self.parts)


def count_records(
    body: Body, quote: str, folder: Path, part_bytes: int, check: Callable[[], None], letters: bytes = b""
) -> Counted:
    """Count by the line ends outside of quotes: right where quotes are paired, and no empty line stands between records.

    Other bytes are counted on the way: quotes, and each of `letters`.

    A long body is also copied to parts of `part_bytes` or more in `folder`, to be read side by side. It is cut only where no
    quote is near: one that is quoted throughout stays whole.
    """
    count = _Count(quote.encode(), letters)
    lasts_to_end = body.end == body.path.stat().st_size
    with body.path.open("rb", buffering=0) as file:
        file.seek(body.start)
        pieces = _Pieces(file.read, body.end - body.start, check)
        if lasts_to_end and body.end - body.start < 2 * part_bytes:
            while piece := pieces.next():
                count.take(piece)
            parts = (Part(body.path, count.records(), body.start, 0, body.line),)
        else:
            with ThreadPoolExecutor(1, "copy") as copier:
                parts = tuple(_copied_parts(pieces, count, folder, part_bytes, body, copier))
    return Counted(parts, count.quotes, count.line_end_bytes, body.end - body.start, count.letters)


def _copied_parts(
    pieces: "_Pieces", count: "_Count", folder: Path, part_bytes: int, body: Body, copier: ThreadPoolExecutor
) -> list[Part]:
    parts: list[Part] = []
    skipped, before, lines_before = body.start, 0, 0
    piece = pieces.next()
    while piece or not parts:
        path = folder / f"{len(parts)}.csv"
        with path.open("wb") as out:
            while piece:
                end = count.first_end(piece) if out.tell() >= part_bytes else 0
                taken, rest = (piece[:end], piece[end:]) if 0 < end < len(piece) else (piece, b"")
                # To count takes as long as to copy.
                copied = copier.submit(out.write, taken)
                count.take(taken)
                copied.result()
                piece = rest or pieces.next()
                if rest:
                    break
            size = out.tell()
        records, line = count.records() - before, body.line + lines_before
        parts.append(Part(path, records, 0, skipped, line, is_last=not piece))
        skipped, before, lines_before = skipped + size, before + records, count.lines
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
    """Counts records, and bytes of some kinds, in a text that comes in pieces."""

    def __init__(self, quote: bytes, letters: bytes) -> None:
        self._quote = quote
        self._letters = [letters[place : place + 1] for place in range(len(letters))]
        self.quotes = 0
        self.letters = 0
        self._ends = 0
        self._line_feeds_inside = 0
        self._returns = 0
        self._returns_at_end = 0
        self._inside = False
        self._tail = b"\n"

    def first_end(self, piece: bytes) -> int:
        """Where the first record that ends in this next piece ends; 0 where a quote might make that a guess."""
        return 0 if self._inside or (self._quote and self._quote in piece) else piece.find(b"\n") + 1

    def take(self, piece: bytes) -> None:
        quote = self._quote
        if quote and (self._inside or quote in piece):
            parts = piece.split(quote)
            self.quotes += len(parts) - 1
            self._ends += sum(part.count(b"\n") for part in parts[self._inside :: 2])
            self._line_feeds_inside += sum(part.count(b"\n") for part in parts[not self._inside :: 2])
            self._inside ^= (len(parts) - 1) % 2 == 1
        else:
            self._ends += piece.count(b"\n")
        self._count_returns(piece)
        # Most texts have few of them, and to look for a byte is far quicker than to count it.
        self.letters += sum(piece.count(letter) for letter in self._letters if letter in piece)
        self._tail = piece[-_TAIL_BYTES:] if len(piece) >= _TAIL_BYTES else (self._tail + piece)[-_TAIL_BYTES:]

    def _count_returns(self, piece: bytes) -> None:
        if b"\r" in piece:
            self._returns += piece.count(b"\r")
            self._returns_at_end += piece.count(b"\r\n")
        if piece[:1] == b"\n" and self._tail[-1:] == b"\r":
            self._returns_at_end += 1

    @property
    def line_end_bytes(self) -> int | None:
        if not self._returns:
            return self._ends
        are_all_at_ends = self._returns == self._returns_at_end and not self._line_feeds_inside
        return self._ends + self._returns if are_all_at_ends else None

    @property
    def lines(self) -> int:
        """Line feeds so far."""
        return self._ends + self._line_feeds_inside

    def records(self) -> int:
        """The records so far, empty lines between them included, those at the end left out."""
        ending = self._tail[len(self._tail.rstrip(b"\r\n")) :]
        return max(0, self._ends - max(0, ending.count(b"\n") - 1) + (not self._tail.endswith(b"\n")))
