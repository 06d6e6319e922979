"""Restoring: a new version of a merged table that equals an earlier one; the inputs move with it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from quarterhour.errors import InvalidQuery
from quarterhour.lake.derived import is_derived
from quarterhour.lake.ledger import InputState
from quarterhour.lake.maintenance import table_lock
from quarterhour.lake.queries import open_dataset
from quarterhour.lake.reversals import Moves, ReversalLedger, read_moves
from quarterhour.lake.table_commits import restore_files
from quarterhour.lake.tables import LogEntry, Table
from quarterhour.settings import Settings
from quarterhour.stages.merger.reversing import (
    commit_moves,
    reversal_facts,
    rules_of_table,
    settle_reversals,
)
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.verdict import rows_text
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Restoration:
    """What was done, or in a dry run what would be."""

    dataset: str
    restored: int
    """The version that the table equals now."""
    version: int
    rows: int
    inputs: list[dict[str, str]]
    """Those that moved: id, name and state after."""
    is_dry_run: bool
    message: str


def restore(workspace: Workspace, settings: Settings, name: str, version: int, dry_run: bool = False) -> dict[str, Any]:
    """Make a new version that holds what `version` held. Inputs that were taken in since count as retracted.

    To be called where no run goes on, but for a dry run. Raises UnknownDataset, InvalidQuery, TableError.
    """
    # Before a path is made of the name.
    open_dataset(workspace, name)
    with ReversalLedger(workspace.ledger_file) as ledger, ExitStack() as held:
        if not dry_run:
            held.enter_context(table_lock(workspace, name))
            settle_reversals(workspace, ledger)
        table = open_dataset(workspace, name)
        if is_derived(table):
            raise InvalidQuery(f"{name} is the result of an analysis: the next run makes it anew, whatever is restored")
        earlier = open_dataset(workspace, name, version)
        moves = _moves(ledger, name, table, version)
        if not dry_run and version != table.version:
            table = _commit(ledger, settings, name, table, earlier, moves)
        return asdict(_done(ledger, name, table, earlier, moves, dry_run=dry_run))


def _commit(ledger: ReversalLedger, settings: Settings, name: str, table: Table, earlier: Table, moves: Moves) -> Table:
    rules = rules_of_table(earlier, MergeRules.of(settings, name))

    def make(token: str) -> Table:
        facts = reversal_facts("restore", token, rules, moves, {}, earlier.rows)
        return restore_files(table, earlier, {**facts, "restored_version": str(earlier.version)})

    return commit_moves(ledger, name, table, moves, make)


def _done(
    ledger: ReversalLedger, name: str, table: Table, earlier: Table, moves: Moves, *, dry_run: bool
) -> Restoration:
    found = ((mark, ledger.find(mark), after) for mark, (_, after) in moves.items())
    inputs = [{"id": mark, "name": entry.name, "state": after.value} for mark, entry, after in found if entry]
    out = sum(one["state"] == InputState.RETRACTED for one in inputs)
    parts = [rows_text(earlier.rows)]
    if out:
        parts.append(f"files merged since and retracted with it: {out}")
    if back := len(inputs) - out:
        parts.append(f"files that stand again: {back}")
    what = "would equal" if dry_run else f"is at version {table.version}, which equals"
    if earlier.version == table.version:
        what = "stands at"
    return Restoration(
        dataset=name,
        restored=earlier.version,
        version=table.version,
        rows=earlier.rows,
        inputs=inputs,
        is_dry_run=dry_run,
        message=f"{name} {what} version {earlier.version}: {', '.join(parts)}",
    )


def _moves(ledger: ReversalLedger, name: str, table: Table, version: int) -> dict[str, tuple[InputState, InputState]]:
    """What the inputs were at `version`, where they are something else now."""
    then = _states_at(_commits_after(table, version))
    moves: dict[str, tuple[InputState, InputState]] = {}
    for entry in ledger.of_dataset(name):
        after = then.get(entry.fingerprint)
        if after is not None and after is not entry.state:
            moves[entry.fingerprint] = (entry.state, after)
    return moves


def _commits_after(table: Table, version: int) -> Iterator[LogEntry]:
    """Newest first."""
    for entry in table.log():
        if entry.version <= version:
            return
        yield entry


def _states_at(commits: Iterator[LogEntry]) -> Mapping[str, InputState]:
    """The states before all of `commits`, of the inputs that one of them moved or took in."""
    states: dict[str, InputState] = {}
    for entry in commits:
        taken_in: dict[str, Any] = orjson.loads(entry.info.get("inputs", "{}"))
        states |= {mark: before for mark, (before, _) in read_moves(entry.info).items()}
        # The table did not have them, and they are not to be merged again by themselves.
        states |= dict.fromkeys(taken_in, InputState.RETRACTED)
    return states
