"""Maintenance of the merged tables: small data files are joined, old versions forgotten, and files of none are removed.

It runs beside the pipeline and never stands in a run's way: rows are joined without a lock, and only the commit waits for a merge
that is under way, as a merge waits for it. What it removes belongs to no version that can still be read.
"""

import os
import re
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
from filelock import FileLock

from quarterhour.errors import QuarterhourError
from quarterhour.files import fsync_folder
from quarterhour.lake import duck
from quarterhour.lake.derived import is_derived
from quarterhour.lake.table_commits import TARGET_FILE_BYTES, WrittenFile, commit, sync_file, write_files
from quarterhour.lake.tables import DataFile, Table, TableChanged, open_table
from quarterhour.settings import DATASET_NAME, Settings
from quarterhour.workspace import Workspace

# Data files of one level are alike in size; so many neighbours of one are joined into one of the next.
_FANOUT = 8
_SMALLEST_LEVEL_BYTES = 16 * 2**10
# A file of this size is large enough.
_LARGE_BYTES = TARGET_FILE_BYTES * 3 // 4
# What one step reads at most, so that the time budget is kept.
_STEP_BYTES = 4 * TARGET_FILE_BYTES
# Old versions are forgotten in lots: each costs two checkpoints.
_LEAST_FORGOTTEN = 50
# Files that no version has may be those of a merge that is under way.
_ORPHAN_AGE_S = 24 * 3600.0
_DAY_S = 24 * 3600.0

_LOG_FILE = re.compile(r"(\d{20})\.(json|checkpoint\..*)")
_OURS_IN_LOG = re.compile(r"_commit_.*\.tmp|\.tmp.*")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done for one table."""

    dataset: str
    joined: int = 0
    """Data files that were joined."""
    into: int = 0
    """Data files that they became."""
    forgotten_versions: int = 0
    removed_files: int = 0
    removed_bytes: int = 0
    error: str = ""

    @property
    def did_something(self) -> bool:
        return bool(self.joined or self.forgotten_versions or self.removed_files or self.error)


@contextmanager
def table_lock(workspace: Workspace, dataset: str) -> Generator[None]:
    """While the block lasts no maintenance commits to the dataset's table. The system frees the lock of a dead holder."""
    path = workspace.lock(f"table-{dataset}")
    with FileLock(path, timeout=-1, fallback_to_soft=False, preserve_lock_file=True):
        yield


def maintain(workspace: Workspace, settings: Settings, dataset: str | None = None) -> list[dict[str, Any]]:
    """Do what is due for all tables, or one, within the time budget; what was done for each where anything was."""
    deadline_s = time.monotonic() + settings.maintenance.budget
    names = sorted(folder.name for folder in workspace.merged.iterdir() if re.fullmatch(DATASET_NAME, folder.name))
    done = [_maintain(workspace, settings, name, deadline_s) for name in names if dataset in (None, name)]
    return [asdict(one) for one in done if one.did_something]


def maintain_quietly(workspace: Workspace, settings: Settings) -> list[dict[str, Any]]:
    """As `maintain`, in a process that leaves the processor to others."""
    _yield_processor()
    return maintain(workspace, settings)


if os.name == "nt":
    import psutil

    def _yield_processor() -> None:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)  # pyright: ignore[reportAttributeAccessIssue]

else:

    def _yield_processor() -> None:
        os.nice(10)


def _maintain(workspace: Workspace, settings: Settings, dataset: str, deadline_s: float) -> Upkeep:
    path = workspace.table(dataset)
    keep_s = settings.maintenance.keep_days * _DAY_S
    try:
        table = open_table(path)
        if table is None:
            return Upkeep(dataset)
        joined, into = _join_files(workspace, dataset, table, deadline_s)
        forgotten = _forget_versions(path, time.time() - keep_s)
        removed, removed_bytes = _remove_orphans(path, time.time() - _ORPHAN_AGE_S)
    # A table that cannot be maintained does not keep the others from it.
    except (QuarterhourError, duckdb.Error, OSError) as error:
        return Upkeep(dataset, error=f"{dataset}: not maintained: {error}")
    return Upkeep(dataset, joined, into, forgotten, removed, removed_bytes)


def _join_files(workspace: Workspace, dataset: str, table: Table, deadline_s: float) -> tuple[int, int]:
    joined = into = 0
    # An analysis's table is written anew by its own run, which must find it as it left it.
    current: Table | None = None if is_derived(table) else table
    while current and time.monotonic() < deadline_s and (group := next_group(current.files)):
        files = len(current.files)
        current = _join(workspace, dataset, current, group)
        if current is not None:
            joined, into = joined + len(group), into + len(current.files) - (files - len(group))
    return joined, into


def level(size: int) -> int:
    """Each level's files are up to so many times as large as those below it."""
    found = 0
    while size >= _SMALLEST_LEVEL_BYTES and size < _LARGE_BYTES:
        size //= _FANOUT
        found += 1
    return found if size < _LARGE_BYTES else 99


def next_group(files: Sequence[DataFile]) -> list[DataFile]:
    """Neighbours that are to be joined, of the lowest level that has enough of them; with any smaller ones between."""
    levels = [level(file.size) for file in files]
    for wanted in sorted({found for found in levels if found < 99}):
        group: list[DataFile] = []
        alike = 0
        for file, found in [*zip(files, levels, strict=True), (None, 100)]:
            is_full = sum(one.size for one in group) >= _STEP_BYTES
            if file is None or found > wanted or is_full:
                if alike >= _FANOUT:
                    return group
                group, alike = [], 0
            if file is not None and found <= wanted:
                group.append(file)
                alike += found == wanted
    return []


def _join(workspace: Workspace, dataset: str, table: Table, group: Sequence[DataFile]) -> Table | None:
    """The table with the group's rows in as few files as may be; None where another writer changed these files meanwhile."""
    info = table.commit_info(table.version) or {}
    facts = {name: str(info[name]) for name in ("keys", "conflict", "duplicates") if name in info}
    keys: list[str] = orjson.loads(facts.get("keys", "[]"))
    names = ", ".join(duck.identifier(name) for name in table.columns)
    with duck.connect(workspace) as connection:
        # In the rows' order, and from one core only.
        connection.execute("SET threads = 1")
        query = f"SELECT {names} FROM {table.scan(only=[file.name for file in group])}"
        written = write_files(connection, table.path, query, table.columns, keys, after=group[0].name)
    rows, expected = sum(file.rows for file in written), sum(file.rows for file in group)
    if rows != expected:
        _discard(written)
        raise QuarterhourError(f"{table.path}: {expected} rows were read as {rows}: the data files stay as they are")
    with table_lock(workspace, dataset):
        newest = open_table(table.path)
        standing = {file.name for file in newest.files} if newest else set[str]()
        if newest is None or newest.columns != table.columns or not standing.issuperset(file.name for file in group):
            _discard(written)
            return None
        try:
            return commit(
                newest, added=written, removed=group, facts={"kind": "compaction", **facts}, changes_rows=False
            )
        except TableChanged:
            return None


def _discard(written: Sequence[WrittenFile]) -> None:
    for file in written:
        file.path.unlink(missing_ok=True)


def _forget_versions(path: Path, until_s: float) -> int:
    """Remove the log of versions that were replaced before that time; returns how many. The others stay readable."""
    newest = open_table(path)
    if newest is None:
        return 0
    log = path / "_delta_log"
    versions, is_whole = _versions(log)
    oldest_kept = versions[0]
    for version in versions:
        info = newest.commit_info(version) or {}
        if int(info.get("timestamp", 0)) / 1000 > until_s:
            break
        oldest_kept = version
    if oldest_kept - versions[0] >= _LEAST_FORGOTTEN:
        # Readers begin at a checkpoint: one at the oldest version that is kept, and one at the newest, which is theirs first.
        for version in (oldest_kept, newest.version):
            _checkpoint(path, version)
    elif is_whole:
        return 0
    else:
        oldest_kept = versions[0]
    return _remove_log_before(log, oldest_kept)


def _versions(log: Path) -> tuple[list[int], bool]:
    """The versions that can be read, ascending: those without a gap up to the newest; and whether there are no others.

    Older ones are what a killed clean-up left.
    """
    present = sorted(int(found.group(1)) for found in _log_files(log) if found.group(2) == "json")
    first = len(present) - 1
    while first and present[first - 1] == present[first] - 1:
        first -= 1
    return present[first:], first == 0


def _log_files(log: Path) -> list[re.Match[str]]:
    return [found for entry in log.iterdir() if (found := _LOG_FILE.fullmatch(entry.name))]


def _remove_log_before(log: Path, version: int) -> int:
    """Newest first, so that a kill leaves a gap by which the rest is known."""
    expired = [found for found in _log_files(log) if int(found.group(1)) < version]
    for found in sorted(expired, key=lambda found: found.group(), reverse=True):
        (log / found.group()).unlink(missing_ok=True)
    return sum(found.group(2) == "json" for found in expired)


def _checkpoint(path: Path, version: int) -> None:
    """Write a checkpoint of a version, durably: what it makes needless is removed after it."""
    table = open_table(path, version)
    assert table is not None
    table.delta.create_checkpoint()
    log = path / "_delta_log"
    for entry in log.iterdir():
        if entry.name.startswith(f"{version:020d}.checkpoint") or entry.name == "_last_checkpoint":
            sync_file(entry)
    fsync_folder(log)


def _remove_orphans(path: Path, until_s: float) -> tuple[int, int]:
    """Remove data files that no version has which can be read, if they are older than that; returns number and bytes."""
    newest = open_table(path)
    if newest is None:
        return 0, 0
    standing = {file.name for file in newest.files}
    old = [
        entry
        for entry in os.scandir(path)
        if entry.name.endswith(".parquet") and entry.name not in standing and entry.stat().st_mtime < until_s
    ]
    kept = _files_of_versions(path, newest) if old else set[str]()
    removed = [(entry.path, entry.stat().st_size) for entry in old if entry.name not in kept]
    for name, _ in removed:
        Path(name).unlink(missing_ok=True)
    for entry in os.scandir(path / "_delta_log"):
        if _OURS_IN_LOG.fullmatch(entry.name) and entry.stat().st_mtime < until_s:
            Path(entry.path).unlink(missing_ok=True)
    return len(removed), sum(size for _, size in removed)


def _files_of_versions(path: Path, newest: Table) -> set[str]:
    """The data files of all versions that can be read: those of the oldest, and what was added since."""
    versions, _ = _versions(path / "_delta_log")
    oldest = open_table(path, versions[0])
    assert oldest is not None
    later = (newest.log_entry(version) for version in versions[1:])
    return {file.name for file in oldest.files}.union(*(entry.added for entry in later if entry))
