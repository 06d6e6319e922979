"""Which encoding a file's bytes are in, told from the bytes alone, and the same text written as UTF-8."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from quarterhour.stages.translator.content.legacy import resembles
from quarterhour.stages.translator.content.unreadable import ContentUnreadable

_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20
_SAMPLE_BYTES = 256 * 1024
_CELL_ENDS = b'\r\n\t,;"'
_CELL_END = re.compile(rb'[\r\n\t,;"]')
_STRANGE_CELL = re.compile(rb'[\x80-\xff][^\r\n\t,;"]{0,512}')
_BEFORE_STRANGE_BYTES = 64
_BINARY_SHARE = 0.05
_UNASSIGNED_SHARE = 0.02
_LEAST_LIKENESS = -6.5
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_MAGIC = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document; save its sheet as CSV"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"SQLite format 3\x00", "a SQLite database"),
    (0, b"\x7fELF", "a program"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (0, b"Rar!\x1a\x07", "a RAR archive; unpack it"),
    (257, b"ustar", "a tar archive; unpack it"),
)

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name, and the bytes of the byte order mark that comes before the text."""

    codec: str
    mark: bytes = b""

    @property
    def is_plain(self) -> bool:
        return self.codec == "utf-8" and not self.mark


def detect_encoding(path: Path, check: Check) -> Encoding:
    """Raises ContentUnreadable where it is no text."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        for mark, codec in _BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return Encoding(codec, mark)
        for place, magic, what in _MAGIC:
            if head.startswith(magic, place):
                raise ContentUnreadable(f"not text: it is {what}")
        if codec := _utf16_without_mark(head):
            return Encoding(codec)
        if _strange_controls(head) > len(head) * _BINARY_SHARE:
            raise ContentUnreadable("not text: it holds binary data")
        file.seek(0)
        if _is_utf8(file, check):
            return Encoding("utf-8")
        return Encoding(_mixed_or_legacy(_strange_cells(file, path.stat().st_size, check)))


def _utf16_without_mark(head: bytes) -> str:
    """Digits and line ends have a zero byte in UTF-16, whatever the script; a stray NUL in a text stands beside no line end."""
    in_even, in_odd = head[0::2].count(0), head[1::2].count(0)
    if not head or min(in_even, in_odd) * 10 > max(in_even, in_odd):
        return ""
    codec = "utf-16-le" if in_odd > in_even else "utf-16-be"
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return ""
    line_ends = head.count(b"\n") + head.count(b"\r")
    if line_ends >= 2 * (text.count("\n") + text.count("\r")) and (line_ends or max(in_even, in_odd) * 4 < len(head)):
        return ""
    strange = sum(not character.isprintable() and not character.isspace() for character in text)
    return codec if strange <= len(text) * _UNASSIGNED_SHARE else ""


def _is_utf8(file: BinaryIO, check: Check) -> bool:
    cut = b""  # The beginning of a character that the next piece ends.
    while piece := file.read(_PIECE_BYTES):
        check()
        if not cut and piece.isascii():
            continue
        text = cut + piece if cut else piece
        try:
            _, used = codecs.utf_8_decode(text, "strict", False)
        except UnicodeDecodeError:
            return False
        cut = text[used:]
    return not cut


def _strange_cells(file: BinaryIO, size: int, check: Check) -> list[bytes]:
    """The different cells that hold bytes beyond ASCII, from the whole file: each piece gives its share of the sample."""
    cells: dict[bytes, None] = {}
    left = _SAMPLE_BYTES
    pieces = max(1, -(-size // _PIECE_BYTES))
    first = True
    file.seek(0)
    while left > 0 and (piece := file.read(_PIECE_BYTES)):
        check()
        if not piece.isascii():
            whole = _whole_cells(piece, first, last=file.tell() >= size)
            left -= _add_cells(cells, whole, max(left // max(1, pieces), _BEFORE_STRANGE_BYTES))
        pieces -= 1
        first = False
    return list(cells)


def _whole_cells(piece: bytes, first: bool, last: bool) -> bytes:
    """Without the cells that the piece's two ends cut, and with them a character maybe."""
    if not first:
        end = _CELL_END.search(piece)
        piece = piece[end.start() :] if end else b""
    return piece if last else piece[: max(piece.rfind(end) for end in _CELL_ENDS) + 1]


def _add_cells(cells: dict[bytes, None], piece: bytes, share: int) -> int:
    taken = place = 0
    while taken < share and (found := _STRANGE_CELL.search(piece, place)):
        before = piece[max(place, found.start() - _BEFORE_STRANGE_BYTES) : found.start()]
        start = found.start() - len(before) + max(before.rfind(end) for end in _CELL_ENDS) + 1
        cells[piece[start : found.end()]] = None
        taken += found.end() - start
        # A cell that was too long to be taken whole is left: its rest may begin within a character.
        end = _CELL_END.search(piece, found.end())
        place = end.start() if end else len(piece)
    return taken


def _mixed_or_legacy(cells: list[bytes]) -> str:
    """A file of UTF-8 with invalid bytes in it stays UTF-8: the records with them are put aside one by one."""
    text = b"\n".join(cells).decode("utf-8", "surrogateescape")
    invalid = sum("\udc80" <= character <= "\udcff" for character in text)
    valid = sum(character > "\x7f" for character in text) - invalid
    if valid > invalid:
        return "utf-8"
    reading = resembles(cells)
    # An alphabet's bytes hardly ever look like UTF-8: its lines come from elsewhere, and another encoding would garble them.
    if valid > 1 and valid * 4 > invalid and not reading.ideographs:
        return "utf-8"
    return "utf-8" if reading.likeness < _LEAST_LIKENESS else reading.encoding


def _keep_invalid(error: UnicodeError) -> tuple[str, int]:
    """What the encoding does not know stays as it is, and is invalid in UTF-8 too; of a wide character, one byte FF."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    invalid = error.object[error.start : error.end]
    if error.encoding.lower().startswith("utf"):
        return "\udcff", error.end
    return "".join(chr(byte if byte < 0x80 else 0xDC00 + byte) for byte in invalid), error.end


codecs.register_error("quarterhour.keep-invalid", _keep_invalid)


def recode(source: Path, target: Path, encoding: Encoding, check: Check) -> None:
    """Copies the text to `target` as UTF-8 without a mark, its line ends untouched."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("quarterhour.keep-invalid")
    plain = encoding.codec == "utf-8"
    with source.open("rb", buffering=0) as file, target.open("wb", buffering=0) as out:
        file.seek(len(encoding.mark))
        while piece := file.read(_PIECE_BYTES):
            out.write(piece if plain else decoder.decode(piece).encode("utf-8", "surrogateescape"))
            check()
        out.write(b"" if plain else decoder.decode(b"", True).encode("utf-8", "surrogateescape"))


def _strange_controls(head: bytes) -> int:
    """Control characters, less those of one kind, which may be the delimiter."""
    counts = [head.count(bytes([control])) for control in _CONTROL if control]
    return sum(counts) - max(counts) + head.count(b"\0")
