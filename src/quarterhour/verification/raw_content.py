"""Where each input's raw content lies by now, by its fingerprint: in data/raw or data/archive, under its name or another."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from quarterhour.lake.arrivals import readable
from quarterhour.lake.ledger import Input
from quarterhour.workspace import Workspace

_READ_BYTES = 1 << 20


class RawContents:
    """One look at all raw files; contents are read when they are asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self._by_name: defaultdict[str, list[Path]] = defaultdict(list)
        self._by_size: defaultdict[int, list[Path]] = defaultdict(list)
        for name, path in _raw_files(workspace):
            self._by_name[name].append(path)
            self._by_size[path.lstat().st_size].append(path)

    def find(self, entry: Input, names: Sequence[str]) -> Path | None:
        """A file that holds the input's content, or begins with it."""
        by_name = (path for name in dict.fromkeys((entry.name, *names)) for path in self._by_name[name])
        candidates = dict.fromkeys((*by_name, *self._by_size[entry.size]))
        return next((path for path in candidates if _begins_with(path, entry)), None)


def _raw_files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """Each with its name as the ledger has it; the newest copies first."""
    folders = [workspace.raw]
    if workspace.archive.is_dir():
        folders += sorted((path for path in workspace.archive.iterdir() if path.is_dir()), reverse=True)
    for folder in folders:
        for parent, _, files in os.walk(folder):
            for file in files:
                path = Path(parent, file)
                yield readable(path.relative_to(folder).as_posix()), path


def _begins_with(path: Path, entry: Input) -> bool:
    digest, left = sha256(), entry.size
    try:
        if path.stat().st_size < left:
            return False
        with path.open("rb") as file:
            while left > 0 and (piece := file.read(min(left, _READ_BYTES))):
                digest.update(piece)
                left -= len(piece)
    except OSError:
        # Whoever cannot be read has nothing; the input is told to be missing.
        return False
    return not left and digest.hexdigest().startswith(entry.fingerprint)


def exactly(path: Path, entry: Input, scratch: Path) -> Path:
    """A file with the input's content and no more: `path` itself, or a copy of its beginning."""
    if path.stat().st_size == entry.size:
        return path
    target = scratch / f"{entry.fingerprint}.raw"
    with path.open("rb") as source, target.open("wb") as copy:
        left = entry.size
        while left > 0 and (piece := source.read(min(left, _READ_BYTES))):
            copy.write(piece)
            left -= len(piece)
        shutil.copystat(path, target)
    return target
