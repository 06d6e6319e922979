"""The files of the event log: plain while they grow, compressed (zstd) once they are old, and known by the plain name either way.

Both are there only where a process was killed between two steps: the plain one is whole then, and counts.
"""

import gzip
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from quarterhour.errors import EventLogError
from quarterhour.files import fsync_folder, replacing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EVENT_FILE = re.compile(r"(?:pipeline_(?P<run_id>.+)|system_\d{4}-\d{2}-\d{2}|removals)\.jsonl")
_ENDING = ".zst"
_BUFFER_BYTES = 1 << 17
_PIECE_BYTES = 1 << 20
# A frame's header is no longer (RFC 8878, 3.1.1.1).
_HEADER_BYTES = 18
# A compressed file that is read backwards is held in memory up to this size, beyond it in a temporary file.
_HELD_BYTES = 32 << 20
_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileStat:
    """Of an event file what does not change when it is compressed."""

    size: int
    """Bytes of its events."""
    mtime_ns: int
    """When the last of them was written."""


def stored_bytes(path: Path) -> int:
    """What a file takes on the disk, in either form."""
    return _in_its_form(path, lambda plain: plain.stat().st_size, lambda compressed: compressed.stat().st_size)


def remove(path: Path) -> None:
    """In either form; not yet durable."""
    path.unlink(missing_ok=True)
    compressed_path(path).unlink(missing_ok=True)


def compressed_path(path: Path) -> Path:
    """Where the events of `path` are once they are compressed."""
    return path.with_name(path.name + _ENDING)


def event_files(folder: Path) -> dict[str, bool]:
    """The event files by their plain names, in the order of these, and whether each is compressed."""
    found = _listed(folder)
    # A file that is being compressed has no entry that a listing must meet; two that are alike have missed none.
    while (again := _listed(folder)).keys() != found.keys():
        found = again
    return dict(sorted(again.items()))


def _listed(folder: Path) -> dict[str, bool]:
    found: dict[str, bool] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.removesuffix(_ENDING)
            if EVENT_FILE.fullmatch(name):
                found[name] = found.get(name, True) and name != entry.name
    return found


def remove_doubles(folder: Path) -> None:
    """Remove each compressed file that stands beside a plain one, as a kill leaves it. For the owner of the home."""
    there = {entry.name for entry in os.scandir(folder)}
    for name in there:
        if name.endswith(_ENDING) and EVENT_FILE.fullmatch(plain := name.removesuffix(_ENDING)) and plain in there:
            (folder / name).unlink()


def _in_its_form(path: Path, plain: Callable[[Path], T], compressed: Callable[[Path], T]) -> T:
    try:
        return plain(path)
    except FileNotFoundError:
        pass
    try:
        return compressed(compressed_path(path))
    except FileNotFoundError:
        # It may have been made plain again between these two looks.
        return plain(path)


def stat_of(path: Path) -> FileStat:
    """Raises FileNotFoundError, EventLogError where what is compressed does not say its size."""
    return _in_its_form(path, _plain_stat, _compressed_stat)


def _plain_stat(path: Path) -> FileStat:
    found = path.stat()
    return FileStat(found.st_size, found.st_mtime_ns)


def _compressed_stat(path: Path) -> FileStat:
    with path.open("rb") as file:
        return FileStat(_size_told(path, file.read(_HEADER_BYTES)), os.fstat(file.fileno()).st_mtime_ns)


def _size_told(path: Path, head: bytes) -> int:
    try:
        size = cast("int | None", zstd.get_frame_info(head).decompressed_size)
    except zstd.ZstdError as error:
        raise _damaged(path, "it does not begin as such a file does") from error
    if size is None:
        raise _damaged(path, "its header lacks the size")
    return size


def _damaged(path: Path, why: object) -> EventLogError:
    return EventLogError(
        f"{path}: the compressed events are damaged or cut off ({why}). Put it back from a backup, or move it out of the "
        "folder to go on without it."
    )


class Unpacked(io.BufferedReader):
    """The events of a compressed file, unpacked as they are read. To go back in it, it is read anew. Raises EventLogError."""


class _Unpacking(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = zstd.ZstdFile(path)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._file.readinto(buffer)
        except (EOFError, zstd.ZstdError) as error:
            raise _damaged(self._path, error) from error

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (EOFError, zstd.ZstdError) as error:
            raise _damaged(self._path, error) from error

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def _unpacked(path: Path) -> io.BufferedReader:
    _compressed_stat(path)
    return Unpacked(_Unpacking(path), _BUFFER_BYTES)


def opened(path: Path) -> io.BufferedReader:
    """The events of a file, plain or `Unpacked`. Raises FileNotFoundError."""
    return _in_its_form(path, lambda plain: plain.open("rb"), _unpacked)


@contextmanager
def opened_to_read_back(path: Path) -> Generator[IO[bytes]]:
    """The same, to be read from its end without being unpacked again and again. Raises FileNotFoundError, EventLogError."""
    with opened(path) as file:
        if not isinstance(file, Unpacked):
            yield file
            return
        with tempfile.SpooledTemporaryFile(_HELD_BYTES) as held:
            shutil.copyfileobj(file, held, _PIECE_BYTES)
            yield held


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


class LeftOff(Exception):
    """Whoever asked wants it no longer; nothing was changed."""


def write_compressed(path: Path, is_wanted: Callable[[], bool]) -> os.stat_result:
    """Put a compressed copy of a plain file beside it, durably; what the file was. It is read back before it counts.

    Raises LeftOff, OSError, EventLogError where the copy is not as the file.
    """
    target = compressed_path(path)
    with path.open("rb") as file, replacing(target) as temporary:
        before = os.fstat(file.fileno())
        compressor = zstd.ZstdCompressor(options=_OPTIONS)
        compressor.set_pledged_input_size(before.st_size)
        left = before.st_size
        with temporary.open("wb") as out:
            while left:
                if not is_wanted():
                    raise LeftOff
                piece = file.read(min(left, _PIECE_BYTES))
                if not piece:
                    raise EventLogError(f"{path}: it was cut while it was compressed")
                left -= len(piece)
                out.write(compressor.compress(piece))
            out.write(compressor.flush())
        file.seek(0)
        with _unpacked(temporary) as copy:
            if any(piece != file.read(len(piece)) for piece in _pieces(copy)) or file.tell() != before.st_size:
                raise EventLogError(f"{temporary}: the compressed copy is not as {path.name}, which stays as it is")
        os.utime(temporary, ns=(before.st_mtime_ns, before.st_mtime_ns))
    return before


def remove_plain(path: Path) -> None:
    """The compressed copy, which is there, is all that remains. Durable."""
    path.unlink()
    fsync_folder(path.parent)


def unpack(path: Path) -> None:
    """Make a compressed file plain again, durably. Raises EventLogError where it is damaged."""
    with opened(path) as file, replacing(path) as temporary:
        with temporary.open("wb") as out:
            shutil.copyfileobj(file, out, _PIECE_BYTES)
        mtime_ns = stat_of(path).mtime_ns
        os.utime(temporary, ns=(mtime_ns, mtime_ns))
    compressed_path(path).unlink()
    fsync_folder(path.parent)


def opened_to_write(path: Path, name: str) -> IO[bytes]:
    """A new file, compressed as `name` ends: .gz, .zst, or neither."""
    if name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "wb"))
    return cast(IO[bytes], zstd.ZstdFile(path, "w", options=_OPTIONS)) if name.endswith(_ENDING) else path.open("wb")
