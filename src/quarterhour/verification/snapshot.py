"""What is to be verified, as it stood at one moment between two runs: versions of tables, inputs, and what was sent back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from quarterhour.errors import LockHeld, UnknownDataset
from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.retries import WHOLE, RetryLedger
from quarterhour.lake.reversals import ReversalLedger
from quarterhour.lake.tables import Table, open_table
from quarterhour.lake.translated import KnownColumn, parse_schema
from quarterhour.lock import LockManager
from quarterhour.orchestrator import RUN_LOCK
from quarterhour.settings import Settings
from quarterhour.stages.merger.reversing import settle_reversals
from quarterhour.workspace import Workspace

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """One dataset."""

    dataset: str
    table: Table | None
    """At the version that stood then."""
    inputs: list[Input]
    """All that were ever taken in."""
    merge_order: list[str]
    """The fingerprints of those whose rows stand, in the order in which they were merged."""
    sent_back: dict[str, frozenset[int]]
    """By fingerprint: the records that were sent back out of the quarantine, and stand as rows of another input."""
    names: dict[str, list[str]]
    """By fingerprint: the raw files that were seen with the content."""
    schemas: dict[str, dict[str, KnownColumn]]
    """By mark: the dataset's columns by which inputs were read."""


def take_snapshot(
    workspace: Workspace, settings: Settings, dataset: str | None, on_wait: Callable[[], None]
) -> list[Subject]:
    """The datasets that have inputs, or the one named. Waits for the end of a run, and tells so once.

    Raises UnknownDataset.
    """
    locks = LockManager(workspace, settings.lock)
    has_waited = False
    while True:
        try:
            with locks.hold(RUN_LOCK, "verify: a look at what stands"):
                with ReversalLedger(workspace.ledger_file) as ledger:
                    settle_reversals(workspace, ledger)
                return look(workspace, dataset)
        except LockHeld:
            if not has_waited:
                on_wait()
                has_waited = True
            time.sleep(_LOOK_EVERY_S)


def look(workspace: Workspace, dataset: str | None) -> list[Subject]:
    """As `take_snapshot`, at once, and changing nothing."""
    with RetryLedger(workspace.ledger_file) as ledger:
        known = ledger.datasets()
        if dataset is not None and dataset not in known:
            raise UnknownDataset(f"no raw file was taken in for a dataset {dataset!r}", dataset=dataset)
        return [_subject(workspace, ledger, name) for name in known if dataset in (None, name)]


def _subject(workspace: Workspace, ledger: RetryLedger, dataset: str) -> Subject:
    table = open_table(workspace.table(dataset))
    inputs = [_as_merged(one, table) for one in ledger.of_dataset(dataset)]
    inputs.sort(key=lambda one: one.merged_version or -1)
    schemas = ((mark, ledger.schema(mark)) for mark in {one.schema for one in inputs})
    retries = ((one.fingerprint, ledger.retries_of(one.fingerprint)) for one in inputs if one.quarantined)
    return Subject(
        dataset=dataset,
        table=table,
        inputs=inputs,
        merge_order=[one.fingerprint for one in inputs if one.state is InputState.MERGED],
        sent_back={mark: frozenset(records) - {WHOLE} for mark, records in retries if records},
        names={one.fingerprint: ledger.names_of(one.fingerprint) for one in inputs},
        schemas={mark: parse_schema(content) for mark, content in schemas if content is not None},
    )


def _as_merged(entry: Input, table: Table | None) -> Input:
    """The table is the fact: a run that was killed may have left the ledger behind."""
    if entry.state is InputState.TRANSLATED and table is not None:
        version = table.merged_at_version(entry.fingerprint)
        if version is not None:
            return replace(entry, state=InputState.MERGED, merged_version=version)
    return entry
