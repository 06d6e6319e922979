"""The analysis of one dataset: a small sequence of steps over one Subject."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import orjson

from quarterhour.clock import wire_time
from quarterhour.files import write_whole
from quarterhour.lake import duck
from quarterhour.lake.damage import check_data_files, check_sizes, damaged_inputs
from quarterhour.lake.ledger import Input, InputLedger
from quarterhour.lake.tables import open_table
from quarterhour.stages.analyzer.buckets import main_timestamp, write_buckets
from quarterhour.stages.analyzer.checks import CheckReport, check_dataset
from quarterhour.stages.analyzer.duplicates import duplicates_of_new, duplicates_of_whole
from quarterhour.stages.analyzer.freshness import freshness_of
from quarterhour.stages.analyzer.history import append_history
from quarterhour.stages.analyzer.profile import profile_subject
from quarterhour.stages.analyzer.states.validity import is_outdated
from quarterhour.stages.analyzer.subject import Subject, open_subject
from quarterhour.stages.base import StageContext


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What became of one dataset. It crosses from process to process: plain data only."""

    was_profiled: bool
    """False where no input fits the table: the merger will hold them back and say why."""
    checks: CheckReport = field(default_factory=CheckReport)


def analyse_dataset(
    context: StageContext, dataset: str, pending: Sequence[Input], report: Callable[[], None], *, share: int = 1
) -> DatasetReport:
    """Profile, then check. `report` is called between two pieces of work. `share` datasets are analysed at a time."""
    readable = list(pending)
    while True:
        with duck.connect(context.workspace, share=share) as connection:
            context.watch(connection)
            try:
                return _Analysis(context, connection, dataset, report).run(readable)
            except duckdb.InterruptException:
                context.check_cancelled()
                raise
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                damaged = damaged_inputs(connection, context.workspace, readable)
                if not damaged:
                    _check_table(connection, context, dataset, error)
                    raise
        # The merger holds them back, and says so with what to do.
        for one in readable:
            if one.fingerprint in damaged:
                context.emit(
                    f"{one.name}: not analysed: its translated file is damaged: {damaged[one.fingerprint]}",
                    level="error",
                    dataset=dataset,
                    file=one.name,
                )
        readable = [one for one in readable if one.fingerprint not in damaged]


def _check_table(
    connection: duckdb.DuckDBPyConnection, context: StageContext, dataset: str, error: duckdb.Error
) -> None:
    """Raises TableError where a data file of the merged table cannot be read."""
    if table := open_table(context.workspace.table(dataset)):
        check_data_files(connection, table, error)


class _Analysis:
    def __init__(
        self,
        context: StageContext,
        connection: duckdb.DuckDBPyConnection,
        dataset: str,
        report: Callable[[], None],
    ) -> None:
        self._context = context
        self._connection = connection
        self._dataset = dataset
        self._report = report

    def run(self, pending: Sequence[Input]) -> DatasetReport:
        subject = self._open(pending)
        if subject is None:
            return DatasetReport(was_profiled=False)
        if not pending:
            checks = check_dataset(self._context, subject, {})
            if was_outdated := is_outdated(self._context.workspace, self._dataset):
                self._keep(subject, self._profile(subject))
            return DatasetReport(was_outdated, checks)
        found = self._profile(subject)
        checks = check_dataset(self._context, subject, found)
        if checks.held_back:
            # What is held back is not in the table after this run.
            subject = self._open([one for one in pending if one.fingerprint not in checks.held_back])
            if subject is None:
                return DatasetReport(was_profiled=False, checks=checks)
            found = self._profile(subject)
        self._keep(subject, found)
        return DatasetReport(was_profiled=True, checks=checks)

    def _open(self, pending: Sequence[Input]) -> Subject | None:
        context = self._context
        subject = open_subject(self._connection, context.workspace, context.settings, self._dataset, pending)
        if subject and subject.table:
            check_sizes(subject.table)
        return subject

    def _profile(self, subject: Subject) -> dict[str, Any]:
        """The profile of what is new (None where nothing is) and of the whole."""
        states_file = self._context.workspace.states_file(self._dataset)
        profile = profile_subject(subject, states_file, self._report)
        columns = profile.whole["columns"]
        now = datetime.now(UTC)
        time_column = main_timestamp(subject.columns, columns, subject.keys)
        rows_twice = duplicates_of_whole(subject, profile.whole["rows"], self._context.workspace)
        return {
            "dataset": self._dataset,
            "run_id": self._context.run_id,
            "generated_at": wire_time(now),
            "keys": list(subject.keys),
            "inputs": [one.fingerprint for one in subject.inputs],
            "approximate": sorted({fact for one in columns.values() for fact in one["approximate"]}),
            "recomputed": profile.recomputed,
            "provisional": subject.uncertainty,
            "main_timestamp": time_column,
            "new": self._completed(profile.new, time_column, now, duplicates_of_new(subject)) if profile.new else None,
            "whole": self._completed(profile.whole, time_column, now, rows_twice),
        }

    def _completed(
        self, part: dict[str, Any], time_column: str | None, now: datetime, duplicates: dict[str, Any]
    ) -> dict[str, Any]:
        """A part of the profile with what is told of its rows together."""
        facts = part["columns"].get(time_column)
        with InputLedger(self._context.workspace.ledger_file) as ledger:
            last_arrival = ledger.last_arrival(self._dataset)
        return {**part, "freshness": freshness_of(time_column, facts, last_arrival, now), "duplicates": duplicates}

    def _keep(self, subject: Subject, found: dict[str, Any]) -> None:
        """The profile, its line in the history, and the time buckets."""
        path = self._context.workspace.buckets_file(self._dataset)
        time_column = found["main_timestamp"]
        if time_column is None:
            path.unlink(missing_ok=True)
            width = None
        else:
            width = write_buckets(self._connection, subject.whole, subject.columns, time_column, path)
        self._report()
        profile_file = self._context.workspace.profile_file(self._dataset)
        profile_file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(profile_file, orjson.dumps({**found, "bucket_width": width}))
        append_history(self._context.workspace.profile_history_file(self._dataset), found)
