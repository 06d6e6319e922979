"""Raw files: which are there, which still move, which dataset each belongs to, and the fingerprint of their content.

Imports no data engine: the web server asks it too.
"""

import fnmatch
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from quarterhour.errors import QuarterhourError
from quarterhour.lake.ledger import Sighting
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

# What browsers, copy tools and exporters append to a name while they write.
_UNFINISHED_SUFFIXES = (
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".crdownload",
    ".download",
    ".filepart",
    ".swp",
    ".lock",
    "~",
)
# Not part of a dataset's name: compression and text formats.
_FORMAT_SUFFIXES = (".gz", ".bz2", ".xz", ".zip", ".zst", ".csv", ".tsv", ".tab", ".psv", ".txt", ".dat")
_TRAILING_MARK = re.compile(
    r"[-_. ]*(?:\d{4}[-_.]?\d{2}[-_.]?\d{2}(?:[T_ -]?\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?Z?)?|(?<=[-_. ])\d+|\(\d+\))$"
)
_READ_BYTES = 1 << 20


class ArrivalState(StrEnum):
    """Where a raw file stands before the Translator looks into it."""

    SETTLING = "settling"
    """It may still be written: its size or time moved within `inputs.settle`."""
    WAITING = "waiting"
    KNOWN = "known"
    """Its size and time are those under which its content was read."""


class FileUnreadable(QuarterhourError):
    """A raw file cannot be read now; a later run tries again."""


class Arrival(NamedTuple):
    """A raw file as a look at the folder found it. A tuple: a hundred thousand of them are made in a scan."""

    name: str
    """The path below data/raw, with forward slashes."""
    location: str
    dataset: str
    size: int
    mtime_ns: int
    state: ArrivalState

    @property
    def path(self) -> Path:
        # Made on demand: parsing the paths of all files costs as much as the rest of a scan.
        return Path(self.location)


class _Look(NamedTuple):
    name: str
    path: str
    size: int
    mtime_ns: int


def arrivals(
    workspace: Workspace,
    settings: Settings,
    sightings: Mapping[str, Sighting],
    now: datetime,
    pause: Callable[[float], None] | None = None,
) -> list[Arrival]:
    """All raw files, by name. A file whose time lies ahead of `now` is settling until `pause` (such as time.sleep), given the
    settle time, has let a second look find it unmoved; without `pause` there is no second look.
    """
    now_ns = int(now.timestamp() * 1e9)
    settle_ns = int(settings.inputs.settle * 1e9)
    found: list[tuple[_Look, ArrivalState]] = []
    ahead: list[_Look] = []
    for look in _looks(workspace):
        seen = sightings.get(look.name)
        if seen is not None and seen.size == look.size and seen.mtime_ns == look.mtime_ns:
            state = ArrivalState.KNOWN
        elif look.mtime_ns > now_ns:
            ahead.append(look)
            continue
        else:
            state = ArrivalState.SETTLING if now_ns - look.mtime_ns < settle_ns else ArrivalState.WAITING
        found.append((look, state))
    found += _second_look(ahead, settings.inputs.settle, pause)
    names = DatasetNames(settings)
    return sorted(
        (Arrival(look.name, look.path, names.of(look.name), look.size, look.mtime_ns, state) for look, state in found),
        key=lambda arrival: arrival.name,
    )


def _second_look(
    ahead: list[_Look], settle_s: float, pause: Callable[[float], None] | None
) -> Iterator[tuple[_Look, ArrivalState]]:
    """A clock that runs ahead (another machine, a copied file) must not keep a file out for ever."""
    if ahead and pause is not None:
        pause(settle_s)
    for look in ahead:
        unmoved = False
        if pause is not None:
            try:
                again = Path(look.path).stat()
            except FileNotFoundError:
                continue
            unmoved = again.st_size == look.size and again.st_mtime_ns == look.mtime_ns
        yield look, ArrivalState.WAITING if unmoved else ArrivalState.SETTLING


def _looks(workspace: Workspace) -> Iterator[_Look]:
    """Every regular file below data/raw that has a finished name. A link that leads out of the folder is not followed."""
    root = str(workspace.raw)
    folders = [("", root)]
    while folders:
        prefix, folder = folders.pop()
        try:
            entries = os.scandir(folder)
        except FileNotFoundError:
            continue  # Removed since its parent was listed.
        with entries:
            for entry in entries:
                if not _is_finished(entry.name):
                    continue
                name = prefix + entry.name
                if entry.is_symlink() and not _stays_below(entry.path, root):
                    continue
                # A linked folder would be walked twice, or in a circle.
                if entry.is_dir(follow_symlinks=False):
                    folders.append((name + "/", entry.path))
                    continue
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield _Look(name, entry.path, status.st_size, status.st_mtime_ns)


def _is_finished(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED_SUFFIXES)


def _stays_below(path: str, root: str) -> bool:
    real = os.path.realpath(path)
    return real == root or real.startswith(root + os.sep)


class DatasetNames:
    """Which dataset a raw file's name belongs to: `[[datasets]]` first, else the folder, else the file's own name."""

    def __init__(self, settings: Settings) -> None:
        # Compiled once: a scan names 100,000 files.
        self._patterns = [
            (re.compile(fnmatch.translate(dataset.files)).match, dataset.name) for dataset in settings.datasets
        ]
        self._folders: dict[str, str] = {}

    def of(self, name: str) -> str:
        for match, dataset in self._patterns:
            if match(name):
                return dataset
        folder, slash, _ = name.partition("/")
        if slash:
            if folder not in self._folders:
                self._folders[folder] = _normalised(folder)
            return self._folders[folder]
        return _normalised(_bare(name))


def _bare(name: str) -> str:
    """A file name less its format suffixes and less its trailing date and number."""
    while name.lower().endswith(_FORMAT_SUFFIXES):
        name = name[: name.rindex(".")]
    while (shorter := _TRAILING_MARK.sub("", name)) not in (name, ""):
        name = shorter
    return name


def _normalised(name: str) -> str:
    """As settings.DATASET_NAME wants it."""
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not text:
        # Nothing in it can be spelled in ASCII: distinct names must stay distinct datasets.
        text = "data_" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    if not text[0].isalpha():
        text = "data_" + text
    return text[:63]


def fingerprint(path: Path, *, check: Callable[[], None] = lambda: None) -> str:
    """The first 32 hex digits of the content's SHA-256. `check` is called between two pieces, and may raise.

    Raises FileUnreadable where the file vanished, may not be read, or changed while it was read.
    """
    digest = hashlib.sha256()
    with reading(path), path.open("rb", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size
        # Not past the size at the start: a file that grows as fast as it is read would never end.
        while left > 0 and (piece := file.read(min(left, _READ_BYTES))):
            digest.update(piece)
            left -= len(piece)
            check()
    return digest.hexdigest()[:32]


class reading:  # noqa: N801 - used as a block, like contextlib.closing
    """A block in which a file is read: raises FileUnreadable for the machine's refusals, and where the file moved meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._before = self._stamp()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if (
            isinstance(error, OSError)
            and error.filename is not None
            and Path(os.fsdecode(error.filename)) == self._path
        ):
            raise self._unreadable(error) from error
        if error is None and self._stamp() != self._before:
            raise FileUnreadable(
                f"{self._path.name}: changed while it was read; it is read again in the next run", file=str(self._path)
            )

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise self._unreadable(error) from error
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _unreadable(self, error: OSError) -> FileUnreadable:
        if isinstance(error, FileNotFoundError):
            why = "it was removed while it was to be read"
        elif isinstance(error, PermissionError):
            why = "permission denied: let the user that runs quarterhour read it"
        else:
            why = f"cannot be read: {error.strerror}"
        return FileUnreadable(f"{self._path.name}: {why}", file=str(self._path))
