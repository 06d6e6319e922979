"""Where a raw file's content is by now: in data/raw under one of its names, or in the archive, from where it can be put back."""

import os
import shutil
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from quarterhour.files import replacing, write_whole
from quarterhour.lake.arrivals import DatasetNames
from quarterhour.lake.ledger import Input
from quarterhour.lake.retries import NotRetriable, RetryLedger
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

_READ_BYTES = 1 << 20
# Beyond the settle time: what is renamed into place whole need not settle.
_FINISHED_AGO_S = 1.0


class RawFiles:
    """The raw files of one home, for what is to be read once more."""

    def __init__(self, workspace: Workspace, settings: Settings, ledger: RetryLedger) -> None:
        self._workspace = workspace
        self._settings = settings
        self._ledger = ledger

    def find(self, entry: Input) -> Path | None:
        """A file that holds the input's content, or begins with it."""
        in_raw = (self._workspace.raw / name for name in self._names(entry))
        return next((path for path in (*in_raw, *self._archived(entry)) if _begins_with(path, entry)), None)

    def put_back(self, entry: Input) -> str:
        """The name in data/raw under which the input's content stands, if need be again. Raises NotRetriable."""
        for name in self._names(entry):
            path = self._workspace.raw / name
            if _holds(path, entry):
                self._mark(path)
                return name
        target = self._workspace.raw / entry.name
        if target.exists():
            raise NotRetriable(f"data/raw/{entry.name} has other content by now, which is read as a file of its own")
        archived = next((path for path in self._archived(entry) if _holds(path, entry)), None)
        if archived is None:
            raise NotRetriable(
                f"{entry.name} is neither in data/raw nor in data/archive: drop it there again, and retry"
            )
        with replacing(target) as temporary:
            shutil.copy2(archived, temporary)
        self._mark(target)
        return entry.name

    def place(self, name: str, content: Path | bytes) -> None:
        """Put a new file into data/raw, whole, so that the next run takes it."""
        target = self._workspace.raw / name
        finished_s = time.time() - self._settings.inputs.settle - _FINISHED_AGO_S
        with replacing(target) as temporary:
            if isinstance(content, bytes):
                temporary.write_bytes(content)
            else:
                shutil.copyfile(content, temporary)
            os.utime(temporary, (finished_s, finished_s))
        self._mark(target)

    def free_name(self, entry: Input, name: str) -> str:
        """`name` with a folder in which it belongs to the input's dataset. Raises NotRetriable."""
        names = DatasetNames(self._settings)
        folder = entry.name.rpartition("/")[0]
        for candidate in (f"{entry.dataset}/{name}", f"{folder}/{name}" if folder else name):
            if names.of(candidate) == entry.dataset:
                return candidate
        raise NotRetriable(
            f"no file of data/raw/{entry.dataset} is of the dataset {entry.dataset!r}: [[datasets]] gives it to another one"
        )

    def _names(self, entry: Input) -> list[str]:
        others = [] if entry.grew_from else self._ledger.names_of(entry.fingerprint)
        return list(dict.fromkeys((entry.name, *others)))

    def _archived(self, entry: Input) -> Iterator[Path]:
        for folder in sorted(self._workspace.archive.iterdir(), reverse=True):
            for name in self._names(entry):
                yield folder / name

    def _mark(self, path: Path) -> None:
        """A file waits for its marker where one is configured."""
        if marker := self._settings.inputs.marker:
            write_whole(path.with_name(path.name + marker), b"")


def _begins_with(path: Path, entry: Input) -> bool:
    digest, left = sha256(), entry.size
    try:
        with path.open("rb") as file:
            while left > 0 and (piece := file.read(min(left, _READ_BYTES))):
                digest.update(piece)
                left -= len(piece)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    return not left and digest.hexdigest().startswith(entry.fingerprint)


def _holds(path: Path, entry: Input) -> bool:
    try:
        return path.stat().st_size == entry.size and _begins_with(path, entry)
    except (FileNotFoundError, NotADirectoryError):
        return False
