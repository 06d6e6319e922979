"""MergerService: for each dataset with pending inputs, one commit to its merged table, and the ledger after it."""

from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from quarterhour.errors import StageCancelled
from quarterhour.lake import duck
from quarterhour.lake.damage import check_data_files, check_sizes, damaged_inputs
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import Input, InputLedger, InputState
from quarterhour.lake.maintenance import table_lock
from quarterhour.lake.reversals import ReversalLedger
from quarterhour.lake.schema_plan import HeldBack, Plan, damaged_message, plan_merge
from quarterhour.lake.table_commits import add_columns, commit, create_table, write_files
from quarterhour.lake.tables import Table, TableError, open_table
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.dataset_failures import combined
from quarterhour.stages.merger.accounts import Counts, commit_facts, read_counts, read_keys, total
from quarterhour.stages.merger.publishing import held_for_an_analysis, publish_analyses
from quarterhour.stages.merger.renewal import judge_unkeyed
from quarterhour.stages.merger.reversing import settle_reversal
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.upsert import Clash, Upsert, repeated_key
from quarterhour.stages.merger.verdict import Finding, Renewal, Verdict, rows_text


@dataclass(slots=True)
class _Account:
    """One dataset in this run."""

    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    version: int | None = None
    total_rows: int = 0
    findings: dict[str, Any] = field(default_factory=dict[str, Any])

    def add_finding(self, data: dict[str, Any]) -> None:
        """Numbers are summed over the inputs; of the rest the last stands."""
        for name, value in data.items():
            self.findings[name] = self.findings.get(name, 0) + value if isinstance(value, int) else value

    def as_data(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            **self.counts.as_data(),
            "version": self.version,
            "total_rows": self.total_rows,
            **self.findings,
        }


class MergerService:
    """Merges what was translated. Safe to do again after a kill at any point: a commit names the inputs that it took in."""

    name = "merger"

    def run(self, context: StageContext) -> StageResult:
        accounts: dict[str, _Account] = {}
        failures: list[tuple[str, Exception]] = []
        failures += _settle_reversals(context)
        with HoldLedger(context.workspace.ledger_file) as ledger:
            if context.attempt > 1:
                _account_for_earlier_attempts(context, ledger, accounts)
            pending = sorted(ledger.pending(), key=lambda entry: entry.dataset)
            done, rows = 0, sum(entry.rows for entry in pending)
            taken_in = [*pending, *(ledger.settled_by(context.run_id) if context.attempt > 1 else ())]
            carried_over = sum(entry.rows for entry in taken_in if entry.run_id != context.run_id)
            for dataset, group in groupby(pending, key=lambda entry: entry.dataset):
                inputs = list(group)
                context.check_cancelled()
                context.progress(done, rows, dataset=dataset)
                try:
                    with table_lock(context.workspace, dataset):
                        _DatasetMerge(context, ledger, dataset, accounts.setdefault(dataset, _Account())).run(inputs)
                except StageCancelled:
                    raise
                # One dataset's failure does not stop the others; it is raised once they are done.
                except Exception as error:  # noqa: BLE001
                    failures.append((dataset, error))
                    context.emit(f"{dataset}: not merged: {error}", level="error", dataset=dataset)
                done += sum(entry.rows for entry in inputs)
                context.progress(done, rows, dataset=dataset)
        if failures:
            raise combined(failures)
        return _result(accounts, carried_over, publish_analyses(context))


def _result(accounts: dict[str, _Account], carried_over: int, derived: dict[str, Any]) -> StageResult:
    counts = total({dataset: account.counts for dataset, account in accounts.items()})
    rows = sum(account.rows for account in accounts.values())
    parts = [f"{counts.inserted} inserted, {counts.updated} updated, {counts.unchanged} unchanged"]
    if counts.held_back:
        parts.append(f"{counts.held_back} held back")
    noun = "dataset" if len(accounts) == 1 else "datasets"
    msg = f"Merged {rows} rows into {len(accounts)} {noun}: {', '.join(parts)}" if accounts else "Nothing to merge"
    data = {
        "rows": rows,
        "carried_over": carried_over,
        **counts.as_data(),
        "datasets": {dataset: account.as_data() for dataset, account in accounts.items()},
        **derived,
    }
    return StageResult(msg, data)


def _settle_reversals(context: StageContext) -> list[tuple[str, Exception]]:
    """Record what commands that were cut off had committed; returns the datasets where that failed."""
    failures: list[tuple[str, Exception]] = []
    with ReversalLedger(context.workspace.ledger_file) as ledger:
        for intent in ledger.intents():
            try:
                settled = settle_reversal(context.workspace, ledger, intent)
            except TableError as error:
                failures.append((intent.dataset, error))
                continue
            if settled:
                context.emit(settled.message, level="warning", dataset=settled.dataset, version=settled.version)
    return failures


def _account_for_earlier_attempts(context: StageContext, ledger: InputLedger, accounts: dict[str, _Account]) -> None:
    """What an earlier attempt of this run settled belongs to the run's balance as well."""
    for entry in ledger.settled_by(context.run_id):
        account = accounts.setdefault(entry.dataset, _Account())
        account.rows += entry.rows
        if entry.state is InputState.HELD_BACK:
            account.counts += Counts(held_back=entry.rows)
            continue
        table = open_table(context.workspace.table(entry.dataset))
        if table is None:
            raise TableError(f"{context.workspace.table(entry.dataset)}: the table of a merged input is gone")
        account.version, account.total_rows = table.version, table.rows
        account.counts += _counts_of_merged(context, table, entry)


def _counts_of_merged(context: StageContext, table: Table, entry: Input) -> Counts:
    """The counts of an input that the table holds already, as its commit has them."""
    version = table.merged_at_version(entry.fingerprint)
    info = table.commit_info(version) if version is not None else None
    counts = read_counts(info, entry.fingerprint) if info is not None else None
    if counts is None:
        context.emit(
            f"{entry.name}: the table holds it since version {version}, whose log entry is gone: counted as unchanged",
            level="warning",
            dataset=entry.dataset,
        )
        return Counts(unchanged=entry.rows)
    return counts


class _DatasetMerge:
    """The merge of one dataset's pending inputs."""

    def __init__(self, context: StageContext, ledger: HoldLedger, dataset: str, account: _Account) -> None:
        self._context = context
        self._ledger = ledger
        self._dataset = dataset
        self._account = account
        self._path = context.workspace.table(dataset)
        self._rules = MergeRules.of(context.settings, dataset)
        self._keys = self._rules.keys
        self._held_back: set[str] = set()

    def run(self, inputs: list[Input]) -> None:
        # From the ledger, which had it from the translator: a number of its own beside the merge's.
        self._account.rows += sum(entry.rows for entry in inputs)
        table = open_table(self._path)
        waiting = self._settle_what_a_crash_left(table, inputs) if table else inputs
        waiting = self._hold_back_by_checks(waiting)
        if waiting:
            if table:
                check_sizes(table)
            table = self._merge_readable(table, waiting)
        if table:
            self._account.version, self._account.total_rows = table.version, table.rows

    def _settle_what_a_crash_left(self, table: Table, inputs: list[Input]) -> list[Input]:
        """Record as merged what the table holds already: a crash came between its commit and the ledger. Returns the rest."""
        merged = [entry for entry in inputs if table.merged_at_version(entry.fingerprint) is not None]
        for entry in merged:
            self._account.counts += _counts_of_merged(self._context, table, entry)
        # All inputs of a commit at once: what they replaced goes with them.
        versions = sorted(
            {version for one in merged if (version := table.merged_at_version(one.fingerprint)) is not None}
        )
        for version in versions:
            marks = [one.fingerprint for one in merged if table.merged_at_version(one.fingerprint) == version]
            self._record_merged(marks, version, Renewal.read(table.commit_info(version) or {}))
        settled = {entry.fingerprint for entry in merged}
        return [entry for entry in inputs if entry.fingerprint not in settled]

    def _record_merged(self, fingerprints: list[str], version: int, renewal: Renewal) -> None:
        moved = {mark: after for mark, (_, after) in renewal.moves.items()}
        self._ledger.record_merged(fingerprints, self._context.run_id, version, renewal.superseding, moved)

    def _merge_readable(self, table: Table | None, inputs: list[Input]) -> Table | None:
        """Merge the inputs; those whose translated file turns out to be damaged are held back, and the rest is merged anew."""
        while True:
            with duck.connect(self._context.workspace) as connection:
                self._context.watch(connection)
                try:
                    return self._merge(connection, table, self._waiting(inputs))
                except duckdb.InterruptException:
                    self._context.check_cancelled()
                    raise
                except duckdb.OutOfMemoryException:
                    raise
                except duckdb.Error as error:
                    if not self._hold_back_damaged(connection, self._waiting(inputs)):
                        if table:
                            check_data_files(connection, table, error)
                        raise

    def _waiting(self, inputs: list[Input]) -> list[Input]:
        return [entry for entry in inputs if entry.fingerprint not in self._held_back]

    def _hold_back_damaged(self, connection: duckdb.DuckDBPyConnection, inputs: list[Input]) -> bool:
        damaged = damaged_inputs(connection, self._context.workspace, inputs)
        self._hold_back(
            [
                HeldBack(one, damaged_message(one, self._translated(one), damaged[one.fingerprint]))
                for one in inputs
                if one.fingerprint in damaged
            ]
        )
        return bool(damaged)

    def _translated(self, entry: Input) -> Path:
        return self._context.workspace.translated_file(self._dataset, entry.fingerprint)

    def _merge(self, connection: duckdb.DuckDBPyConnection, table: Table | None, inputs: list[Input]) -> Table | None:
        if held := held_for_an_analysis(self._context.settings, self._dataset, table, inputs):
            self._hold_back(held)
            return table
        if table and (held := self._keys_do_not_hold(connection, table, inputs)):
            self._hold_back(held)
            return table
        while waiting := self._waiting(inputs):
            plan = plan_merge(connection, table, [(entry, self._translated(entry)) for entry in waiting], self._keys)
            self._hold_back(plan.held_back)
            if not plan.sources:
                return table
            verdict = self._judge(connection, table, plan)
            if isinstance(verdict, Verdict):
                return self._commit(connection, table or create_table(self._path, plan.columns), plan, verdict)
            # What is held back may have brought columns, or rows that others clashed with.
            self._hold_back(verdict)
        return table

    def _judge(
        self, connection: duckdb.DuckDBPyConnection, table: Table | None, plan: Plan
    ) -> Verdict | list[HeldBack]:
        """What the batch makes of the table; or inputs that are to be held back first, by `conflict = "fail"`."""
        if not self._keys:
            context = self._context
            return judge_unkeyed(
                connection, context.workspace, context.settings, self._dataset, table, plan, self._rules
            )
        upsert = Upsert(connection, table, plan, self._rules)
        upsert.prepare()
        clashes = upsert.clashes() if self._rules.conflict == "fail" else []
        entries = {source.entry.fingerprint: source.entry for source in plan.sources}
        return [_clash_held_back(entries[clash.fingerprint], clash) for clash in clashes] or upsert.judge()

    def _commit(self, connection: duckdb.DuckDBPyConnection, table: Table, plan: Plan, verdict: Verdict) -> Table:
        written = [
            file
            for write in verdict.writes
            for file in write_files(connection, self._path, write.query, plan.columns, self._keys, after=write.after)
        ]
        self._context.check_cancelled()
        fingerprints = [source.entry.fingerprint for source in plan.sources]
        added = {} if plan.needs_rewrite else {n: t for n, t in plan.added.items() if n not in table.columns}
        after = commit(
            add_columns(table, added, self._rules.as_facts()),
            added=written,
            removed=verdict.replaced,
            replace_with=plan.columns if plan.needs_rewrite else None,
            fingerprints=fingerprints,
            facts=commit_facts(self._context.run_id, self._rules, verdict.by_input) | verdict.renewal.as_facts(),
        )
        self._record_merged(fingerprints, after.version, verdict.renewal)
        self._account.counts += total(verdict.by_input)
        self._tell(plan, verdict.findings)
        return after

    def _tell(self, plan: Plan, findings: list[Finding]) -> None:
        names = {source.entry.fingerprint: source.entry.name for source in plan.sources}
        for finding in findings:
            name = names[finding.fingerprint]
            self._account.add_finding(finding.data)
            self._context.emit(
                f"{name}: {finding.what}", level="warning", dataset=self._dataset, file=name, **finding.data
            )

    def _hold_back_by_checks(self, inputs: list[Input]) -> list[Input]:
        """Returns those that the analyzer's checks did not mark."""
        marks = self._ledger.holds()
        self._hold_back([HeldBack(one, marks[one.fingerprint]) for one in inputs if one.fingerprint in marks])
        return [one for one in inputs if one.fingerprint not in marks]

    def _keys_do_not_hold(
        self, connection: duckdb.DuckDBPyConnection, table: Table, inputs: list[Input]
    ) -> list[HeldBack]:
        """Where the table was not made by these keys: hold all back if it has not the columns, or one key twice."""
        last = table.commit_info(table.version) or {}
        if not self._keys or not table.rows or read_keys(last) == self._keys:
            return []
        if missing := [key for key in self._keys if key not in table.columns]:
            reason = f"the merged table has no column {', '.join(missing)}, which is a key of {self._dataset}"
        elif twice := repeated_key(connection, table, self._keys):
            reason = f"the merged table, made without these keys, holds more than one row with {twice}"
        else:
            return []
        advice = "Correct the keys in quarterhour.toml, or move the table away and translate its files again"
        return [
            HeldBack(entry, f"{entry.name}: its {entry.rows} rows are held back: {reason}. {advice}")
            for entry in inputs
        ]

    def _hold_back(self, held: list[HeldBack]) -> None:
        for one in held:
            self._held_back.add(one.entry.fingerprint)
            self._ledger.record_held_back([one.entry.fingerprint], self._context.run_id, one.message)
            self._account.counts += Counts(held_back=one.entry.rows)
            self._context.emit(
                one.message, level="error", dataset=self._dataset, file=one.entry.name, rows=one.entry.rows
            )


def _clash_held_back(entry: Input, clash: Clash) -> HeldBack:
    return HeldBack(
        entry,
        f"{entry.name}: its {entry.rows} rows are held back: {rows_text(clash.rows)} with a key that stands with other values: "
        f"{'; '.join(clash.examples)}. Correct the file and drop it again, or set conflict to newest or first and release it",
    )
