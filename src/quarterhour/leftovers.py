"""What killed processes left in a home and no run owns: unfinished files and scratch folders. Removed at the start."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from quarterhour.events import LeftoversRemoved
from quarterhour.lake.scratch import remove_scratch_of_the_dead
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

_MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class Leftovers:
    """How many were removed."""

    files: int
    scratch: int
    kept: tuple[str, ...] = ()
    """Those that could not be removed, and why."""

    def __bool__(self) -> bool:
        return bool(self.files or self.scratch or self.kept)

    def event(self, at: datetime) -> LeftoversRemoved:
        msg = f"Left by killed processes and removed: {self.files} unfinished files, {self.scratch} of scratch"
        if self.kept:
            msg += f"; {len(self.kept)} could not be removed"
        data = {"files": self.files, "scratch": self.scratch, "kept": list(self.kept[:_MOST_NAMED])}
        return LeftoversRemoved(at=at, run_id=None, stage="pipeline", msg=msg, data=data)


def remove_leftovers(workspace: Workspace, settings: Settings) -> Leftovers:
    """The home's lock must be held, and no worker be started yet. Raw files and tables are not looked at."""
    files = 0
    kept: list[str] = []
    for path in _unfinished(workspace, settings):
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            kept.append(f"{path.relative_to(workspace.home).as_posix()}: {error.strerror}")
        else:
            files += 1
    return Leftovers(files, remove_scratch_of_the_dead(workspace.scratch), tuple(kept))


def _unfinished(workspace: Workspace, settings: Settings) -> Iterator[Path]:
    """The temporary files of `files.replacing`, in the folders where such are written."""
    yield from _unfinished_in(workspace.state)
    yield from _unfinished_in(workspace.events)
    yield from _unfinished_in(workspace.export_state("any").parent)
    for parent in (workspace.translated, workspace.quarantine, workspace.analyzed):
        for folder in _folders_in(parent):
            yield from _unfinished_in(folder)
    for folder in _folders_in(workspace.analyzed):
        yield from _unfinished_in(workspace.staged_analysis(folder.name))
    # In a folder that is for people only what an export of ours would have written over.
    for export in settings.exports:
        if (path := workspace.home / export.to / f".{export.name}.tmp").is_relative_to(
            workspace.home
        ) and path.exists():
            yield path


def _folders_in(parent: Path) -> Iterator[Path]:
    with os.scandir(parent) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _unfinished_in(folder: Path) -> Iterator[Path]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(".tmp") and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
