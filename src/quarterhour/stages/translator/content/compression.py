"""From a compressed file or an archive to the bytes within: each unpacked as a stream, within limits, whatever its name says."""

import errno
import gzip
import lzma
import struct
import sys
import zipfile
import zlib
from bz2 import BZ2File
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, cast

from quarterhour.stages.translator.content.unreadable import ContentUnreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE_BYTES = 1 << 20
# Real tables shrink by less than this; beyond it, and past a size that a small file may reach, it is a bomb.
_MAX_EXPANSION = 200
_ALWAYS_ALLOWED_BYTES = 1 << 30
_MAX_UNPACKED_BYTES = 256 << 30
_MAX_MEMBERS = 10_000
_ENCRYPTED = 0x1
_MAGIC_BYTES = 10
_NOT_CONTENT = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_OFFICE_MEMBERS = ("[Content_Types].xml", "META-INF/manifest.xml")

Check = Callable[[], None]


class Unpacked(NamedTuple):
    """One content of a compressed file."""

    path: Path
    member: str
    """Its name in the archive: a label, never a path to write to."""
    refusal: str
    """Why it was not unpacked to its end, while the other members were; empty for a content that was."""


def compression(head: bytes) -> str:
    """By the first bytes of a file: gzip, zstd, xz, bzip2, zip, or empty for none."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    # The second are the marks of a skippable frame, which parallel compressors write first.
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return "zstd"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    # Not by "BZh" alone, which a text may begin with.
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bzip2"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return ""


def compression_of(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return compression(file.read(_MAGIC_BYTES))


def unpack(raw: Path, kind: str, target: Callable[[], Path], check: Check) -> Generator[Unpacked]:
    """The contents of `raw`, which is compressed as `kind`, one by one in the archive's order. `target` gives a new path."""
    limit = _Limit(raw.stat().st_size)
    if kind == "zip":
        yield from _unpack_archive(raw, target, limit, check)
        return
    path = _unpack_stream(raw, kind, target(), limit, check)
    yield Unpacked(_unpack_inner(path, target, limit, check), "", "")


def _unpack_archive(raw: Path, target: Callable[[], Path], limit: "_Limit", check: Check) -> Generator[Unpacked]:
    with _damage_told(), zipfile.ZipFile(raw) as archive:
        members = [member for member in archive.infolist() if _is_content(member)]
        _refuse_archive(archive.namelist(), members)
        for member in members:
            path = target()
            with archive.open(member) as packed:
                _copy(cast(BinaryIO, packed), path, limit, check)
            try:
                yield Unpacked(_unpack_inner(path, target, limit, check), member.filename, "")
            except _NestedTooDeep as error:
                yield Unpacked(path, member.filename, str(error))


def _is_content(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if member.is_dir() or "__MACOSX" in name.parts:
        return False
    return name.name.lower() not in _NOT_CONTENT and not name.name.startswith("._")


def _refuse_archive(names: list[str], members: list[zipfile.ZipInfo]) -> None:
    if any(name in names for name in _OFFICE_MEMBERS):
        raise ContentUnreadable("not text: it is an Office document; save its sheet as CSV")
    if not members:
        raise ContentUnreadable("the zip archive holds no file")
    if len(members) > _MAX_MEMBERS:
        raise ContentUnreadable(f"the zip archive holds {len(members)} files, more than {_MAX_MEMBERS}: unpack it")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise ContentUnreadable(f"{member.filename!r} in the zip archive is encrypted: unpack it with its password")


class _NestedTooDeep(ContentUnreadable):
    """A content is packed in a way that is not followed."""


def _unpack_inner(path: Path, target: Callable[[], Path], limit: "_Limit", check: Check) -> Path:
    """A content that is itself compressed, such as a .csv.gz in a .zip, is unpacked too; one level, and no archives."""
    kind = compression_of(path)
    if not kind:
        return path
    if kind == "zip":
        raise _NestedTooDeep("it is a zip archive within a compressed file: unpack it")
    inner = _unpack_stream(path, kind, target(), limit, check)
    path.unlink()
    if deeper := compression_of(inner):
        inner.rename(path)
        raise _NestedTooDeep(f"it is compressed three times, at last with {deeper}: unpack it")
    return inner


def _unpack_stream(packed: Path, kind: str, path: Path, limit: "_Limit", check: Check) -> Path:
    with _damage_told(), _opened(packed, kind) as file:
        _copy(file, path, limit, check)
    return path


def _opened(path: Path, kind: str) -> BinaryIO:
    # Each reads on over the end of one stream into the next.
    if kind == "gzip":
        return cast(BinaryIO, gzip.open(path))
    if kind == "zstd":
        return cast(BinaryIO, zstd.ZstdFile(path))
    if kind == "xz":
        return cast(BinaryIO, lzma.open(path))
    return cast(BinaryIO, BZ2File(path))


class _Limit:
    """How far all contents of one file may expand together, by what was really written."""

    def __init__(self, packed_bytes: int) -> None:
        self._packed = packed_bytes
        self._allowed = min(_MAX_UNPACKED_BYTES, max(_ALWAYS_ALLOWED_BYTES, packed_bytes * _MAX_EXPANSION))
        self._written = 0

    def add(self, count: int) -> None:
        self._written += count
        if self._written > self._allowed:
            raise ContentUnreadable(
                f"{self._packed:,} compressed bytes expand to more than {self._allowed:,} bytes, the most that is allowed"
                f" ({_MAX_EXPANSION} times the size, {_ALWAYS_ALLOWED_BYTES:,} bytes always, {_MAX_UNPACKED_BYTES:,} at most):"
                " unpack it, if it is what it should be"
            )


def _copy(file: BinaryIO, path: Path, limit: _Limit, check: Check) -> None:
    with path.open("wb") as out:
        while piece := file.read(_PIECE_BYTES):
            limit.add(len(piece))
            out.write(piece)
            check()


# What zipfile lets through of an archive whose directory is damaged is ValueError (also of text) and struct.error.
_DAMAGE = (gzip.BadGzipFile, zipfile.BadZipFile, ValueError, struct.error)


@contextmanager
def _damage_told() -> Generator[None]:
    try:
        yield
    except EOFError as error:
        raise ContentUnreadable("the compressed file is cut off: send it again") from error
    except (*_DAMAGE, zlib.error, lzma.LZMAError, zstd.ZstdError) as error:
        raise ContentUnreadable(f"the compressed file is damaged or cut off: {error}; send it again") from error
    except NotImplementedError as error:
        raise ContentUnreadable(
            f"the zip archive is compressed in a way that is not read: {error}; unpack it"
        ) from error
    except OSError as error:
        # bz2 says so for damaged data, without an errno; a damaged archive points before its own beginning.
        if error.errno in (None, errno.EINVAL):
            raise ContentUnreadable(f"the compressed file is damaged: {error}; send it again") from error
        raise
