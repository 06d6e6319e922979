"""Folders for what is made on the way: each process has its own, and those of killed ones are removed."""

import os
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

_SCRATCH_NAME = re.compile(r"\.?[a-z]+-(\d+)-.*")


@contextmanager
def own_scratch(parent: Path, kind: str) -> Generator[Path]:
    """A folder of this process below `parent`, removed at the block's end; those that killed processes left go first."""
    remove_scratch_of_the_dead(parent)
    folder = tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_scratch_of_the_dead(scratch: Path, *, is_start: bool = False) -> int:
    """What killed processes left is removed and counted; a living one's (also under a reused id) stays.

    At its start a process has none yet: what bears its id, which in a container is the same each time, is a dead one's.
    """
    count = 0
    for path in scratch.iterdir():
        owner = _SCRATCH_NAME.fullmatch(path.name)
        if not owner or not _is_dead(int(owner.group(1)), is_start=is_start):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        count += not path.exists()
    return count


def _is_dead(pid: int, *, is_start: bool) -> bool:
    return (is_start and pid == os.getpid()) or not psutil.pid_exists(pid)
