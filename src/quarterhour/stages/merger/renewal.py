"""Renewal: without keys, a new version of a raw file stands in the place of the versions before it."""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from quarterhour.lake.column_types import FILE, data_columns
from quarterhour.lake.duck import string_list
from quarterhour.lake.ledger import Input, InputLedger, InputState
from quarterhour.lake.renewals import StateMoves, is_renewing, shift_states
from quarterhour.lake.reversals import superseded_by
from quarterhour.lake.schema_plan import Plan, Source, select_list, source_query
from quarterhour.lake.tables import Table
from quarterhour.settings import Settings
from quarterhour.stages.merger.accounts import Counts
from quarterhour.stages.merger.append import judge_append
from quarterhour.stages.merger.batch import same_values
from quarterhour.stages.merger.recompute import Shift, recompute
from quarterhour.stages.merger.reversing import sources_of
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.verdict import Finding, Renewal, Verdict, Write, rows_text
from quarterhour.workspace import Workspace


def judge_unkeyed(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    settings: Settings,
    dataset: str,
    table: Table | None,
    plan: Plan,
    rules: MergeRules,
) -> Verdict:
    """A batch without keys: all rows are new, and versions of files that its inputs renew go."""
    entries = [source.entry for source in plan.sources]
    renewing = [entry for entry in entries if is_renewing(settings, entry)]
    if not renewing:
        return judge_append(connection, table, plan, rules)
    with InputLedger(workspace.ledger_file) as ledger:
        inputs = ledger.of_dataset(dataset)
    moves = shift_states(inputs, entries, renewing)
    batch = {entry.fingerprint for entry in entries}
    leaving = [mark for mark, (before, _) in moves.items() if before is InputState.MERGED and mark not in batch]
    # An input that a later one of the batch renews changes nothing.
    counts = {entry.fingerprint: Counts(unchanged=entry.rows) for entry in entries}
    entering = [source for source in plan.sources if source.entry.fingerprint not in moves]
    if table is None or not leaving:
        verdict = judge_append(connection, table, replace(plan, sources=entering), rules)
        renewal = Renewal([one.fingerprint for one in renewing], moves)
        return replace(verdict, by_input=counts | verdict.by_input, renewal=renewal)
    standing: list[Source] = []
    going: list[Source] = []
    if rules.duplicates == "drop":
        # What the versions that go had hidden of other inputs comes to light.
        merged = [one for one in inputs if one.state is InputState.MERGED and one.fingerprint not in batch]
        sources = sources_of(connection, workspace, merged)
        standing = [source for mark, source in sources.items() if mark not in moves]
        going = [sources[mark] for mark in leaving]
    shift = Shift([*standing, *entering], [*going, *entering], leaving)
    made = recompute(connection, table, plan.columns, rules, shift)
    findings = [
        _finding(connection, table, plan, source, inputs, moves) for source in entering if source.entry in renewing
    ]
    return Verdict(
        counts | _counts(connection, rules, entering),
        [Write(made.query)] if made.query else [],
        made.replaced,
        findings,
        Renewal([one.fingerprint for one in renewing], moves, made.changes.removed),
    )


def _counts(connection: duckdb.DuckDBPyConnection, rules: MergeRules, entering: Sequence[Source]) -> dict[str, Counts]:
    """Where rows that another file has are dropped, `recompute` has made a table of those that stand."""
    if rules.duplicates == "keep":
        return {source.entry.fingerprint: Counts(inserted=source.entry.rows) for source in entering}
    found = connection.execute(f"SELECT {FILE}, count(*) FROM should GROUP BY {FILE}").fetchall()
    inserted = {str(file): int(count) for file, count in found}
    rows = {source.entry.fingerprint: source.entry.rows for source in entering}
    return {
        mark: Counts(inserted=inserted.get(mark, 0), unchanged=count - inserted.get(mark, 0))
        for mark, count in rows.items()
    }


def _finding(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    plan: Plan,
    source: Source,
    inputs: Sequence[Input],
    moves: StateMoves,
) -> Finding:
    by_mark = {one.fingerprint: one for one in inputs}
    gone = superseded_by(replace(source.entry, supersedes=True), by_mark)
    rows = sum(by_mark[mark].rows for mark in gone if moves.get(mark, (None, None))[0] is InputState.MERGED)
    what = f"stands in the place of its version before, of which {rows_text(rows)} are taken out"
    if rows and not _shares_a_row(connection, table, plan, source, gone):
        what += '; none of them is in it: if each version is a batch of its own, set rewritten = "keep" for its dataset'
    return Finding(source.entry.fingerprint, what, {"replaced_rows": rows})


def _shares_a_row(
    connection: duckdb.DuckDBPyConnection, table: Table, plan: Plan, source: Source, gone: set[str]
) -> bool:
    values = data_columns(plan.columns)
    before = (
        f"SELECT {select_list(plan.columns, table.columns)} FROM {table.scan()} "
        f"WHERE list_contains({string_list(sorted(gone))}, {FILE})"
    )
    found = connection.execute(
        f"SELECT 1 FROM ({source_query([source], plan.columns)}) n SEMI JOIN ({before}) t "
        f"ON {same_values('n', 't', values)} LIMIT 1"
    ).fetchall()
    return bool(found)
