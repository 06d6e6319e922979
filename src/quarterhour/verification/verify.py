"""Verification of merged tables, dataset by dataset: rebuilt, compared, and told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from quarterhour.lake import duck
from quarterhour.lake.duck import own_scratch
from quarterhour.lake.ledger import Input
from quarterhour.settings import Settings
from quarterhour.verification.compare import Comparison, Difference, compare
from quarterhour.verification.raw_content import RawContents
from quarterhour.verification.rebuild import Rebuild, Rebuilt
from quarterhour.verification.snapshot import Subject, take_snapshot
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of one dataset."""

    dataset: str
    is_good: bool
    """Every row is as the raw files make it, and none of them is missing."""
    version: int | None
    """Of the merged table."""
    files: int
    """Inputs whose rows stand."""
    rows: int
    rebuilt_rows: int
    differing_rows: int
    differences: list[Difference] = field(default_factory=list[Difference])
    """Of the first of them."""
    missing: list[str] = field(default_factory=list[str])
    """Raw files that are nowhere: their rows could not be verified."""
    notes: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Progress:
    """Told before each file that is read, and before the comparison."""

    dataset: str
    done: int
    total: int
    what: str


def verify(
    workspace: Workspace,
    settings: Settings,
    dataset: str | None = None,
    *,
    limit: int = 10,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[Report]:
    """Rebuild each dataset, or the one named, from the raw files in the scratch folder, and compare it with what stands.

    Of the rows that differ, `limit` are told. Raises UnknownDataset.
    """
    workspace.create()
    subjects = take_snapshot(workspace, settings, dataset, on_wait)
    raw = RawContents(workspace)
    for subject in subjects:
        with own_scratch(workspace.scratch, "verify") as folder:
            yield _verified(workspace, settings, raw, subject, folder, limit, on_progress)


def _verified(
    workspace: Workspace,
    settings: Settings,
    raw: RawContents,
    subject: Subject,
    folder: Path,
    limit: int,
    on_progress: Callable[[Progress], None],
) -> Report:
    total = len(subject.merge_order) + 1
    done = 0

    def on_file(entry: Input) -> None:
        nonlocal done
        on_progress(Progress(subject.dataset, done, total, entry.name))
        done += 1

    rebuilt = Rebuild(workspace, settings, raw, subject, folder).run(on_file)
    on_progress(Progress(subject.dataset, total - 1, total, "comparing"))
    names = {entry.fingerprint: entry.name for entry in subject.inputs}
    with duck.connect(workspace) as connection:
        found = compare(connection, subject.table, rebuilt.table, settings.keys_of(subject.dataset), names, limit)
    on_progress(Progress(subject.dataset, total, total, "done"))
    return _report(subject, rebuilt, found)


def _report(subject: Subject, rebuilt: Rebuilt, found: Comparison) -> Report:
    return Report(
        dataset=subject.dataset,
        is_good=not found.differing_rows and not rebuilt.missing,
        version=subject.table.version if subject.table else None,
        files=len(subject.merge_order),
        rows=found.rows,
        rebuilt_rows=found.rebuilt_rows,
        differing_rows=found.differing_rows,
        differences=found.differences,
        missing=rebuilt.missing,
        notes=rebuilt.notes,
    )
