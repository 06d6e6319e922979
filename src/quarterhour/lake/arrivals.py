"""Raw files: which are there, which still move, which dataset each belongs to, and the fingerprint of their content.

Imports no data engine: the web server asks it too.
"""

import fnmatch
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import RawIOBase
from pathlib import Path
from typing import NamedTuple

from quarterhour.errors import QuarterhourError, StageCancelled
from quarterhour.lake.ledger import Sighting
from quarterhour.lake.writers import open_for_writing
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
# Gzip, bzip2, xz, zip, zstd.
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")
# What would break a line of a log, or steer a terminal.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_READ_BYTES = 1 << 20
_DIGITS = 32


class ArrivalState(StrEnum):
    """Where a raw file stands before the Translator looks into it."""

    SETTLING = "settling"
    """It may still be written: its size or time moved within `inputs.settle`, another process has it open for writing, or
    its marker is not there.
    """
    WAITING = "waiting"
    KNOWN = "known"
    """Its size and time are those under which its content was read."""


class FileUnreadable(QuarterhourError):
    """A raw file cannot be read now; a later run tries again."""


class Arrival(NamedTuple):
    """A raw file as a look at the folder found it. A tuple: a hundred thousand of them are made in a scan."""

    name: str
    """The path below data/raw as people see it, with forward slashes; what cannot be shown is spelled."""
    location: str
    """Where it is, as the system spells it."""
    size: int
    mtime_ns: int
    state: ArrivalState
    marker: str
    """Where its marker is; empty without one."""
    names: "DatasetNames"

    # Both on demand: for all files they cost more than the rest of a scan.
    @property
    def path(self) -> Path:
        return Path(self.location)

    @property
    def dataset(self) -> str:
        return self.names.of(self.name)

    def sighting(self, fingerprint: str) -> Sighting:
        return Sighting(self.name, self.size, self.mtime_ns, fingerprint)

    def has_moved(self) -> bool:
        """Whether the file is not as it was found."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return True
        return (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns)


class _Look(NamedTuple):
    name: str
    path: str
    size: int
    mtime_ns: int
    marker: str


def arrivals(
    workspace: Workspace,
    settings: Settings,
    sightings: Mapping[str, Sighting],
    now: datetime,
    pause: Callable[[float], None] | None = None,
    *,
    with_known: bool = True,
) -> list[Arrival]:
    """The raw files, by name; those that are known can be left out.

    A file whose time lies ahead of `now` is settling until `pause` (such as time.sleep), given the settle time, has let a second
    look find it unmoved; without `pause` there is no second look.
    """
    now_ns = int(now.timestamp() * 1e9)
    settle_ns = int(settings.inputs.settle * 1e9)
    marker = settings.inputs.marker
    found: list[tuple[_Look, ArrivalState]] = []
    ahead: list[_Look] = []
    for look in _looks(workspace, marker):
        seen = sightings.get(look.name)
        if seen is not None and seen.size == look.size and seen.mtime_ns == look.mtime_ns:
            if not with_known:
                continue
            state = ArrivalState.KNOWN
        elif marker:
            state = ArrivalState.WAITING if look.marker else ArrivalState.SETTLING
        elif look.mtime_ns > now_ns:
            ahead.append(look)
            continue
        else:
            state = ArrivalState.SETTLING if now_ns - look.mtime_ns < settle_ns else ArrivalState.WAITING
        found.append((look, state))
    found += _second_look(ahead, settings.inputs.settle, pause)
    still_written = open_for_writing(look.path for look, state in found if state is ArrivalState.WAITING)
    names = DatasetNames(settings)
    return sorted(
        # Names differ: nothing after them is compared.
        Arrival(
            look.name,
            look.path,
            look.size,
            look.mtime_ns,
            ArrivalState.SETTLING if look.path in still_written else state,
            look.marker,
            names,
        )
        for look, state in found
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


def _looks(workspace: Workspace, marker: str) -> Iterator[_Look]:
    """Every regular file below data/raw that has a finished name. A link that leads out of the folder is not followed."""
    root = str(workspace.raw)
    folders = [("", root)]
    while folders:
        prefix, folder = folders.pop()
        try:
            listing = os.scandir(folder)
        except FileNotFoundError:
            continue  # Removed since its parent was listed.
        with listing:
            entries = list(listing) if marker else listing
            beside = {entry.name for entry in entries} if marker else set[str]()
            for entry in entries:
                if not is_finished(entry.name) or (marker and entry.name.endswith(marker)):
                    continue
                name = prefix + readable(entry.name)
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
                    found = _marker_of(entry.name, marker, beside)
                    place = entry.path[: -len(entry.name)] + found if found else ""
                    yield _Look(name, entry.path, status.st_size, status.st_mtime_ns, place)


def is_finished(name: str) -> bool:
    """Whether a name has nothing by which programs mark what they still write."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED_SUFFIXES)


def _marker_of(name: str, marker: str, beside: Set[str]) -> str:
    """The marker of a file: its name with the ending added, or in place of its format's; empty where neither is there."""
    if not marker:
        return ""
    stem = name
    while stem + marker not in beside:
        if not stem.lower().endswith(_FORMAT_SUFFIXES):
            return ""
        stem = stem[: stem.rindex(".")]
    return stem + marker


def _stays_below(path: str, root: str) -> bool:
    real = os.path.realpath(path)
    return real == root or real.startswith(root + os.sep)


def readable(name: str) -> str:
    """A name of the system as text for people, events and the ledger: on one line, in Unicode.

    Bytes that are no UTF-8, and controls, are spelled with a backslash.
    """
    if name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return _CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


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


@dataclass(frozen=True, slots=True)
class Content:
    """What one reading of a file's bytes tells."""

    fingerprint: str
    """The first 32 hex digits of the content's SHA-256."""
    head: str | None
    """The fingerprint of the first bytes as far as they were asked for, where the file is plain text and they end with a line."""


def fingerprint(path: Path, *, check: Callable[[], None] = lambda: None) -> str:
    """The first 32 hex digits of the content's SHA-256. Raises as `read_content` does."""
    return read_content(path, check=check).fingerprint


def read_content(path: Path, *, head_bytes: int = 0, check: Callable[[], None] = lambda: None) -> Content:
    """Read the file once. `check` is called between two pieces, and may raise.

    Raises FileUnreadable where the file vanished, may not be read, or changed while it was read.
    """
    digest = hashlib.sha256()
    first, end, rest = b"", b"", b""
    with reading(path), path.open("rb", buffering=0) as file:
        # Not past the size at the start: a file that grows as fast as it is read would never end.
        size = os.fstat(file.fileno()).st_size
        for piece in _pieces(file, min(head_bytes, size), check):
            digest.update(piece)
            first, end = first or piece[:6], (end + piece[-4:])[-4:]
        head = digest.hexdigest()
        for piece in _pieces(file, size - min(head_bytes, size), check):
            digest.update(piece)
            rest = rest or piece[:4]
    is_whole_lines = _ends_with_line(end, rest) and not first.startswith(_COMPRESSED)
    return Content(digest.hexdigest()[:_DIGITS], head[:_DIGITS] if is_whole_lines else None)


def _pieces(file: RawIOBase, count: int, check: Callable[[], None]) -> Iterator[bytes]:
    while count > 0 and (piece := file.read(min(count, _READ_BYTES))):
        yield piece
        count -= len(piece)
        check()


def _ends_with_line(end: bytes, rest: bytes) -> bool:
    # In UTF-16 and UTF-32 zeros stand around a line end.
    end, rest = end.rstrip(b"\0"), rest.lstrip(b"\0")
    return end.endswith(b"\n") or (end.endswith(b"\r") and not rest.startswith(b"\n"))


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
        # A file that moved meanwhile is the cause of whatever was found wrong with it.
        is_suspect = isinstance(error, QuarterhourError) and not isinstance(error, StageCancelled)
        if (error is None or is_suspect) and self._stamp() != self._before:
            raise self._error("changed while it was read; it is read again in the next run") from error

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
        return self._error(why)

    def _error(self, why: str) -> FileUnreadable:
        return FileUnreadable(f"{readable(self._path.name)}: {why}", file=readable(str(self._path)))
