"""From a raw file to plain UTF-8 text: compression, encoding, byte order marks, and what is no text at all."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from charset_normalizer import from_bytes

from quarterhour.errors import QuarterhourError
from quarterhour.lake.arrivals import reading

SAMPLE_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20
# Real tables shrink by less than this; beyond it, and past a size that a small file may reach, it is a bomb.
_MAX_EXPANSION = 200
_ALWAYS_ALLOWED_BYTES = 1 << 30
_BINARY_SHARE = 0.05
# The encodings that exporters really write; among all that there are, rare ones would win by chance.
_LEGACY_ENCODINGS = ("cp1252", "cp1250", "cp1251", "shift_jis", "gb18030")
_LEAST_BYTES_TO_GUESS_FROM = 200
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class ContentUnreadable(QuarterhourError):
    """The content of a file is no table that can be read; another run would find the same."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A raw file's text in UTF-8, records ending in LF or CRLF."""

    path: Path
    encoding: str
    """The encoding that the raw file had."""
    size: int


@contextmanager
def plain_text(raw: Path, scratch: Path, name: str, check: Callable[[], None]) -> Generator[PlainText]:
    """A block in which the raw file's text can be read: from the file itself where it is so already, else from a copy."""
    with ExitStack() as stack:
        stack.enter_context(reading(raw))
        path, opened = raw, _opener(raw)
        if opened is not None:
            path = scratch / f"{name}.unpacked"
            stack.callback(path.unlink, missing_ok=True)
            _unpack(raw, opened, path, check)
        encoding, mark = _encoding(path, check)
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
        bare_cr = b"\r" in sample and b"\n" not in sample
        if encoding != "utf-8" or mark or bare_cr:
            recoded = scratch / f"{name}.utf8"
            stack.callback(recoded.unlink, missing_ok=True)
            _recode(path, recoded, encoding, mark, bare_cr, check)
            path = recoded
        yield PlainText(path, encoding, path.stat().st_size)


def _opener(raw: Path) -> Callable[[Path], BinaryIO] | None:
    with raw.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return lambda path: cast(BinaryIO, gzip.open(path))
    if head.startswith(b"BZh"):
        return lambda path: cast(BinaryIO, bz2.open(path))
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda path: cast(BinaryIO, lzma.open(path))
    if head.startswith(b"PK\x03\x04"):
        return _open_only_member
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        raise ContentUnreadable("compressed with zstd, which is not read yet: unpack it, or compress with gzip")
    return None


def _open_only_member(path: Path) -> BinaryIO:
    archive = zipfile.ZipFile(path)
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        archive.close()
        raise ContentUnreadable(f"the zip archive holds {len(members)} files, not one: unpack it")
    return cast(BinaryIO, archive.open(members[0]))


def _unpack(raw: Path, opened: Callable[[Path], BinaryIO], target: Path, check: Callable[[], None]) -> None:
    allowed = max(_ALWAYS_ALLOWED_BYTES, raw.stat().st_size * _MAX_EXPANSION)
    written = 0
    with target.open("wb") as out:
        try:
            with opened(raw) as file:
                while piece := file.read(_PIECE_BYTES):
                    written += len(piece)
                    if written > allowed:
                        raise ContentUnreadable(f"expands to more than {_MAX_EXPANSION} times its size")
                    out.write(piece)
                    check()
        except EOFError as error:
            raise ContentUnreadable("the compressed file is cut off: send it again") from error
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError) as error:
            raise ContentUnreadable(f"the compressed file is damaged: {error}") from error
        except OSError as error:
            # bz2 says so for damaged data, without an errno.
            if error.errno is None:
                raise ContentUnreadable(f"the compressed file is damaged: {error}") from error
            raise


def _encoding(path: Path, check: Callable[[], None]) -> tuple[str, bytes]:
    """The encoding and the byte order mark that the text begins with."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding, mark
    if sample and (guess := _utf16_without_mark(sample)):
        return guess, b""
    if sample and sum(map(sample.count, (bytes([c]) for c in _CONTROL))) > len(sample) * _BINARY_SHARE:
        raise ContentUnreadable("not text: it holds binary data")
    strange = _first_invalid_utf8(path, check)
    if strange is None:
        return "utf-8", b""
    return _legacy_encoding(sample, strange), b""


def _utf16_without_mark(sample: bytes) -> str | None:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _first_invalid_utf8(path: Path, check: Callable[[], None]) -> bytes | None:
    """The text around the first bytes that are not UTF-8."""
    tail = b""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            check()
            if not tail and piece.isascii():
                continue
            text = tail + piece
            try:
                text.decode("utf-8")
                tail = b""
            except UnicodeDecodeError as error:
                # A character may be cut by the piece's end.
                if error.reason != "unexpected end of data" or len(text) - error.start > 3:
                    return text[max(0, error.start - SAMPLE_BYTES // 2) : error.start + SAMPLE_BYTES // 2]
                tail = text[error.start :]
    return tail or None


def _legacy_encoding(sample: bytes, strange: bytes) -> str:
    text = strange if strange in sample else sample + strange
    valid = len(text.decode("utf-8", "ignore").encode()) - sum(byte < 0x80 for byte in text)
    invalid = len(text) - len(text.decode("utf-8", "ignore").encode())
    if valid > invalid:
        return "utf-8"  # Mixed: its records with invalid bytes are put aside one by one.
    if len(text) < _LEAST_BYTES_TO_GUESS_FROM:
        return "cp1252"
    best = from_bytes(text, cp_isolation=list(_LEGACY_ENCODINGS)).best()
    return best.encoding if best is not None else "cp1252"


def _recode(source: Path, target: Path, encoding: str, mark: bytes, bare_cr: bool, check: Callable[[], None]) -> None:
    if encoding == "utf-8":
        with source.open("rb") as file, target.open("wb") as out:
            file.seek(len(mark))
            while piece := file.read(_PIECE_BYTES):
                out.write(piece.replace(b"\r", b"\n") if bare_cr else piece)
                check()
        return
    try:
        with (
            source.open("r", encoding=encoding, newline="") as file,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            if mark:
                file.read(1)
            while text := file.read(_PIECE_BYTES):
                out.write(text.replace("\r", "\n") if bare_cr else text)
                check()
    except UnicodeError as error:
        raise ContentUnreadable(f"neither UTF-8 nor {encoding}, which it resembles most: {error}") from error
