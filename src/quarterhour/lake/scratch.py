"""Folders for what is made on the way: each process has its own, and those of killed ones are removed."""

import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from quarterhour.identity import is_marked_alive, process_mark

_SCRATCH_NAME = re.compile(r"\.?[a-z]+-(\d+\.\d+)-.*")


@contextmanager
def own_scratch(parent: Path, kind: str) -> Generator[Path]:
    """A folder of this process below `parent`, removed at the block's end; those that killed processes left go first."""
    remove_scratch_of_the_dead(parent)
    folder = tempfile.mkdtemp(prefix=f"{kind}-{process_mark()}-", dir=parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_scratch_of_the_dead(scratch: Path) -> int:
    """What killed processes left is removed and counted, also where another process has its owner's id now."""
    count = 0
    for path in scratch.iterdir():
        owner = _SCRATCH_NAME.fullmatch(path.name)
        if not owner or is_marked_alive(owner.group(1)):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        count += not path.exists()
    return count
