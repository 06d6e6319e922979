"""Files that are there whole or not at all: durable writes, and their Windows twins."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":

    def fdatasync(descriptor: int) -> None:
        """Windows has no fdatasync; fsync (FlushFileBuffers) gives more."""
        os.fsync(descriptor)

    def fsync_folder(folder: Path) -> None:
        """Windows cannot open a folder; NTFS journals its entries by itself."""

else:

    def fdatasync(descriptor: int) -> None:
        """The content is on the disk when this returns."""
        os.fdatasync(descriptor)

    def fsync_folder(folder: Path) -> None:
        """The folder's entries are on the disk when this returns."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def replacing(path: Path, temporary: Path | None = None, *, is_private: bool = False) -> Generator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path`, durably, if the block ends well.

    The block must have closed what it wrote. The same name is used each time, so that what a kill left is written over.
    `is_private`: its owner alone may read it. Windows: as the folder's rights are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary or path.with_name(f".{path.name}.tmp")
    try:
        if is_private:
            temporary.unlink(missing_ok=True)
            temporary.touch(mode=0o600, exist_ok=False)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        fsync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write `content` to `path`: afterwards it holds all of it, or what it held before."""
    with replacing(path, is_private=is_private) as temporary:
        temporary.write_bytes(content)


def set_aside(path: Path) -> Path:
    """Rename a damaged file, so that it can be looked at and is in nobody's way. Returns its new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    return aside
