"""A wall clock that a test sets, for one server and all its workers: real processes, and no other process notices."""

import mmap
import shutil
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


class WallClock:
    """`environment` is for the processes that are to follow it; they may start before or after it is set."""

    def __init__(self, folder: Path) -> None:
        """Raises AssertionError where there is no C compiler."""
        cc = compiler()
        assert cc is not None, "there is no C compiler: install gcc"
        folder.mkdir(parents=True, exist_ok=True)
        library, offset = folder / "wall_clock.so", folder / "offset"
        if not library.exists():
            subprocess.run([cc, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, _SOURCE], check=True)
        offset.write_bytes(bytes(8))
        with offset.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8)
        self.offset = timedelta()
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(offset)}

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def jump(self, by: timedelta) -> None:
        self.offset += by
        self._page[:] = struct.pack("q", self.offset // timedelta(microseconds=1) * 1000)
