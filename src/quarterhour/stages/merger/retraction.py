"""Retraction: an input's rows are taken out of its merged table, or put back, in one commit; the ledger follows it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import duckdb

from quarterhour.lake import duck
from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.maintenance import table_lock
from quarterhour.lake.reversals import (
    MERGED_STATES,
    Moves,
    NotRetractable,
    ReversalLedger,
    states_with,
    with_earlier,
)
from quarterhour.lake.schema_plan import Plan, plan_merge
from quarterhour.lake.table_commits import add_columns, commit, write_files
from quarterhour.lake.tables import Table, TableChanged, open_table
from quarterhour.settings import Settings
from quarterhour.stages.merger.recompute import KeysClash, Recomputed, RowChanges, Shift, recompute
from quarterhour.stages.merger.reversing import (
    Settled,
    commit_moves,
    reversal_facts,
    rules_of_table,
    settle_reversals,
    sources_of,
)
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.verdict import rows_text
from quarterhour.workspace import Workspace

Target = Literal["retracted", "merged"]

# Another writer's commit in between has the rows computed anew.
_ATTEMPTS = 3
_NAMES_IN_MESSAGE = 3


@dataclass(frozen=True, slots=True)
class Retraction:
    """What was done, or in a dry run what would be."""

    operation: Literal["retract", "put_back", "none"]
    dataset: str
    inputs: list[dict[str, str]]
    """Those that moved: id, name and state after."""
    version: int
    """Of the merged table, after it."""
    rows: int
    """Of the merged table, after it."""
    changes: dict[str, int]
    is_dry_run: bool
    message: str


def retract(
    workspace: Workspace,
    settings: Settings,
    item: str,
    to: Target | None = None,
    whole_file: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Take an input's rows out, or put them back if they are out; with `to`, only if they are not so yet.

    `whole_file` has the versions that it grew from go with it. To be called where no run goes on, but for a dry run.
    Raises UnknownInput, NotRetractable, TableError.
    """
    with ReversalLedger(workspace.ledger_file) as ledger:
        if dry_run:
            return asdict(
                _Retraction(workspace, settings, ledger, item, to, whole_file=whole_file).run([], dry_run=True)
            )
        settled = settle_reversals(workspace, ledger)
        with table_lock(workspace, ledger.named(item).dataset):
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    one = _Retraction(workspace, settings, ledger, item, to, whole_file=whole_file)
                    return asdict(one.run(settled, dry_run=False))
                except TableChanged:
                    if attempt == _ATTEMPTS:
                        raise
    raise AssertionError("unreachable")


class _Retraction:
    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        ledger: ReversalLedger,
        item: str,
        to: Target | None,
        *,
        whole_file: bool,
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._ledger = ledger
        entry = ledger.named(item)
        self._dataset = entry.dataset
        self._entry = entry
        self._inputs = ledger.of_dataset(entry.dataset)
        self._chosen = with_earlier(self._inputs, entry) if whole_file else [entry]
        self._chosen = [one for one in self._chosen if one.state in MERGED_STATES]
        if not self._chosen:
            raise NotRetractable(_why_not(entry))
        is_out = all(one.state is InputState.RETRACTED for one in self._chosen)
        self._to: Target = to or ("merged" if is_out else "retracted")
        table = open_table(workspace.table(entry.dataset))
        if table is None:
            raise NotRetractable(f"{entry.name}: the merged table {entry.dataset} is gone")
        self._table: Table = table
        self._rules = rules_of_table(table, MergeRules.of(settings, entry.dataset))

    def run(self, settled: Sequence[Settled], *, dry_run: bool) -> Retraction:
        chosen = {one.fingerprint for one in self._chosen}
        if before := next((one for one in settled if chosen & set(one.moves)), None):
            return self._nothing(
                f"{self._entry.name}: an earlier call that was cut off had done it, as version {before.version} of "
                f"{self._dataset}; call again to undo it"
            )
        retracted = {one.fingerprint for one in self._inputs if one.state is InputState.RETRACTED}
        retracted = retracted | chosen if self._to == "retracted" else retracted - chosen
        after = states_with(self._inputs, retracted)
        moves = {
            one.fingerprint: (one.state, after[one.fingerprint])
            for one in self._inputs
            if one.fingerprint in after and after[one.fingerprint] is not one.state
        }
        if not moves:
            return self._nothing(f"{self._entry.name} is {self._to} already")
        with duck.connect(self._workspace) as connection:
            plan = self._plan(connection, moves)
            made = self._recompute(connection, plan, moves)
            if dry_run:
                return self._done(moves, made.changes, self._table.version, self._rows_after(made), dry_run=True)
            table = self._commit(connection, plan, made, moves)
        return self._done(moves, made.changes, table.version, table.rows, dry_run=False)

    def _plan(self, connection: duckdb.DuckDBPyConnection, moves: Moves) -> Plan:
        """The table's columns with those of the inputs that come back: it may have been restored to before it had them."""
        candidates = [
            (one, self._workspace.translated_file(self._dataset, one.fingerprint))
            for one in self._inputs
            if one.fingerprint in moves and moves[one.fingerprint][1] is InputState.MERGED
        ]
        for one, path in candidates:
            if not path.exists():
                raise NotRetractable(f"{one.name} cannot be put back: its translated file is gone: {path}")
        plan = plan_merge(connection, self._table, candidates, self._rules.keys)
        if plan.held_back:
            raise NotRetractable(plan.held_back[0].message)
        return plan

    def _recompute(self, connection: duckdb.DuckDBPyConnection, plan: Plan, moves: Moves) -> Recomputed:
        is_appended = not self._rules.keys and self._rules.duplicates == "keep"
        standing = [one for one in self._inputs if _state_after(one, moves) is InputState.MERGED]
        touched = [one for one in self._inputs if one.fingerprint in moves]
        if is_appended:
            sources = {source.entry.fingerprint: source for source in plan.sources}
        else:
            sources = sources_of(connection, self._workspace, [*touched, *standing])
        shift = Shift(
            standing=[sources[one.fingerprint] for one in standing if one.fingerprint in sources],
            touched=[sources[one.fingerprint] for one in touched if one.fingerprint in sources],
            leaving=[mark for mark, (before, _) in moves.items() if before is InputState.MERGED],
        )
        try:
            return recompute(connection, self._table, plan.columns, self._rules, shift)
        except KeysClash as clash:
            name = sources[clash.fingerprint].entry.name
            raise NotRetractable(
                f"{name}: {clash.rows} rows, the first of them record {clash.record}, would say something else of a key than "
                f'a file before it, which conflict = "fail" does not allow: retract {name} first'
            ) from clash

    def _commit(self, connection: duckdb.DuckDBPyConnection, plan: Plan, made: Recomputed, moves: Moves) -> Table:
        path = self._workspace.table(self._dataset)
        written = write_files(connection, path, made.query, plan.columns, self._rules.keys) if made.query else []
        added = {} if plan.needs_rewrite else {n: t for n, t in plan.added.items() if n not in self._table.columns}
        table = add_columns(self._table, added, self._rules.as_facts())
        kind = "retract" if self._to == "retracted" else "put_back"

        def make(token: str) -> Table:
            rows = self._rows_after(made)
            return commit(
                table,
                added=written,
                removed=made.replaced,
                replace_with=plan.columns if plan.needs_rewrite else None,
                facts=reversal_facts(kind, token, self._rules, moves, made.changes.as_data(), rows),
            )

        return commit_moves(self._ledger, self._dataset, table, moves, make)

    def _rows_after(self, made: Recomputed) -> int:
        return self._table.rows + made.changes.added - made.changes.removed

    def _done(self, moves: Moves, changes: RowChanges, version: int, rows: int, *, dry_run: bool) -> Retraction:
        names = {one.fingerprint: one.name for one in self._inputs}
        what = "retracted" if self._to == "retracted" else "put back"
        listed = list(dict.fromkeys(one.name for one in self._chosen))
        shown = ", ".join(listed[:_NAMES_IN_MESSAGE]) + (", …" if len(listed) > _NAMES_IN_MESSAGE else "")
        counts = ", ".join(f"{rows_text(count)} {name}" for name, count in changes.as_data().items() if count)
        would = "would be " if dry_run else ""
        at = "" if dry_run else f" (version {version})"
        return Retraction(
            operation="retract" if self._to == "retracted" else "put_back",
            dataset=self._dataset,
            inputs=[{"id": mark, "name": names[mark], "state": after.value} for mark, (_, after) in moves.items()],
            version=version,
            rows=rows,
            changes=changes.as_data(),
            is_dry_run=dry_run,
            message=f"{shown} {would}{what}: {counts or 'no row changes'} in {self._dataset}{at}",
        )

    def _nothing(self, message: str) -> Retraction:
        version, rows = self._table.version, self._table.rows
        changes = RowChanges().as_data()
        return Retraction("none", self._dataset, [], version, rows, changes, is_dry_run=False, message=message)


def _state_after(entry: Input, moves: Moves) -> InputState:
    return moves[entry.fingerprint][1] if entry.fingerprint in moves else entry.state


def _why_not(entry: Input) -> str:
    match entry.state:
        case InputState.TRANSLATED:
            why = "its rows wait for the merger and stand in no table yet"
        case InputState.HELD_BACK:
            why = f"its rows were held back and stand in no table: {entry.message}"
        case _:
            why = "it was put aside and has no rows in a table"
    return f"{entry.name} cannot be retracted: {why}"
