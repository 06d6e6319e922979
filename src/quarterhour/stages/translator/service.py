"""TranslatorService: every raw file that waits becomes rows or quarantine, once."""

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from quarterhour.clock import wire_time
from quarterhour.lake.arrivals import Arrival, ArrivalState, FileUnreadable, arrivals, fingerprint
from quarterhour.lake.ledger import Input, InputLedger, InputState, Sighting
from quarterhour.lake.translated import read_schema, write_schema
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.translator.content import ContentUnreadable
from quarterhour.stages.translator.translate import BalanceOpenInFile, Order, Translation, translate

_FILES_IN_RESULT = 50
_MEMORY_LIMIT = "700MB"
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a worker made of one file: `translation`, or the content's `fault`."""

    arrival: Arrival
    fingerprint: str
    translation: Translation | None = None
    fault: str = ""


class TranslatorService:
    """Any CSV to typed Parquet and quarantine; `records = rows + quarantined` for each file."""

    name = "translator"

    def run(self, context: StageContext) -> StageResult:
        with context.lake.ledger() as ledger:
            return _Run(context, ledger).run()


def connect(scratch: str) -> duckdb.DuckDBPyConnection:
    """An engine with bounded memory; times without a zone are UTC."""
    connection = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "temp_directory": scratch})
    connection.execute("SET TimeZone = 'UTC'")
    # Else the parts of a file would be read one after the other; rows carry their `_record`.
    connection.execute("SET preserve_insertion_order = false")
    return connection


class _Run:
    def __init__(self, context: StageContext, ledger: InputLedger) -> None:
        self._context = context
        self._ledger = ledger
        self._workspace = context.workspace
        self._counts: Counter[str] = Counter()
        self._rows_of: Counter[str] = Counter()
        self._files: list[dict[str, Any]] = []
        self._twins: list[tuple[Arrival, str]] = []
        self._schema_locks: dict[str, threading.Lock] = {}

    def run(self) -> StageResult:
        if self._context.attempt > 1:
            self._count_earlier_attempts()
        found = arrivals(
            self._workspace, self._context.settings, self._ledger.sightings(), datetime.now(UTC), time.sleep
        )
        self._counts["settling_files"] = sum(a.state is ArrivalState.SETTLING for a in found)
        self._archive_known([a for a in found if a.state is ArrivalState.KNOWN])
        waiting = [arrival for arrival in found if arrival.state is ArrivalState.WAITING]
        if waiting:
            with connect(str(self._workspace.scratch)) as engine:
                self._translate_all(self._fresh(waiting), engine)
        return self._result()

    def _count_earlier_attempts(self) -> None:
        """What an earlier attempt of this run translated belongs to the run's balance as well."""
        for entry in self._ledger.translated_by(self._context.run_id):
            self._counts.update({"records": entry.records, "rows": entry.rows, "quarantined": entry.quarantined})
            self._counts.update({"files_processed": 1, "bytes": entry.size})
            self._rows_of[entry.dataset] += entry.rows

    def _fresh(self, waiting: list[Arrival]) -> list[tuple[Arrival, str]]:
        """The files whose content is new. Of two with the same content, the first by name counts."""
        fresh: dict[str, tuple[Arrival, str]] = {}
        twins: list[tuple[Arrival, str]] = []

        def check() -> None:
            # Hashing many or large files takes longer than the watchdog waits for a sign of life.
            self._context.progress(0, len(waiting))
            self._context.check_cancelled()

        for arrival in waiting:
            try:
                mark = fingerprint(arrival.path, check=check)
            except FileUnreadable as error:
                self._fail(arrival, error.message)
                continue
            if mark in fresh or self._ledger.find(mark) is not None:
                twins.append((arrival, mark))
            else:
                fresh[mark] = arrival, mark
        for arrival, mark in twins:
            if mark not in fresh:
                self._skip(arrival, mark)
        self._twins = [twin for twin in twins if twin[1] in fresh]
        return list(fresh.values())

    def _translate_all(self, fresh: list[tuple[Arrival, str]], engine: duckdb.DuckDBPyConnection) -> None:
        for arrival, _ in fresh:
            self._schema_locks.setdefault(arrival.dataset, threading.Lock())
        workers = min(os.cpu_count() or 1, max(1, len(fresh)))
        stopped = threading.Event()
        with ThreadPoolExecutor(workers, "translate") as pool:
            submitted = [pool.submit(self._translate, arrival, mark, engine, stopped) for arrival, mark in fresh]
            running: set[Future[_Outcome]] = set(submitted)
            total, done = len(running), 0
            self._context.progress(done, total)
            try:
                while running:
                    ended, running = wait(running, _LOOK_EVERY_S, FIRST_COMPLETED)
                    for future in ended:
                        done += 1
                        self._settle(future.result())
                        self._context.progress(done, total)
                    self._context.check_cancelled()
            except BaseException:
                stopped.set()
                for future in submitted:
                    future.cancel()
                raise
        for arrival, mark in self._twins:
            if self._ledger.find(mark) is not None:
                self._skip(arrival, mark)

    def _translate(
        self, arrival: Arrival, mark: str, engine: duckdb.DuckDBPyConnection, stopped: threading.Event
    ) -> _Outcome:
        def check() -> None:
            if stopped.is_set() or self._context.cancelled:
                self._context.check_cancelled()

        lock, schema_file = self._schema_locks[arrival.dataset], self._workspace.schema_file(arrival.dataset)
        # One file of a dataset at a time settles the dataset's columns; once they are settled, its files go side by side.
        with ExitStack() as stack, engine.cursor() as connection:
            self._context.watch(connection)
            lock.acquire()
            stack.callback(lock.release)
            columns = read_schema(schema_file)
            order = Order(
                raw=arrival.path,
                file=arrival.name,
                fingerprint=mark,
                output=self._workspace.translated_file(arrival.dataset, mark),
                quarantine=self._workspace.quarantine_file(arrival.dataset, mark),
                scratch=self._workspace.scratch,
                keys=self._context.settings.keys_of(arrival.dataset),
                widen_share=self._context.settings.inputs.widen_share,
                check=check,
            )
            if columns:
                stack.close()
            try:
                translation = translate(order, connection, lambda: columns)
            except FileUnreadable as error:
                return _Outcome(arrival, "", fault=error.message)
            except BalanceOpenInFile as error:
                return _Outcome(arrival, "", fault=error.message)
            except ContentUnreadable as error:
                return _Outcome(arrival, mark, fault=error.message)
            # Without rows the types are guesses, and would bind the files to come.
            if translation.rows:
                self._add_columns(lock, schema_file, translation.columns, holds_lock=not columns)
            return _Outcome(arrival, mark, translation)

    def _add_columns(
        self, lock: threading.Lock, schema_file: Path, found: Mapping[str, str], *, holds_lock: bool
    ) -> None:
        with ExitStack() as stack:
            if not holds_lock:
                stack.enter_context(lock)
            columns = read_schema(schema_file)
            known = {name.lower() for name in columns}
            added = {name: type_name for name, type_name in found.items() if name.lower() not in known}
            if added:
                write_schema(schema_file, {**columns, **added})

    def _settle(self, outcome: _Outcome) -> None:
        arrival, made = outcome.arrival, outcome.translation
        if not outcome.fingerprint:
            self._fail(arrival, outcome.fault)
            return
        if made is None:
            self._record(outcome, InputState.QUARANTINED, 0, 0, 0, outcome.fault)
            self._fail(arrival, outcome.fault)
            return
        for note in made.notes:
            self._context.emit(f"{arrival.name}: {note}", level="warning", file=arrival.name)
        message = "" if made.records else "no records: the file is empty or a header alone"
        # Nothing for the merger to do: an input without rows is not left waiting for it.
        state = InputState.TRANSLATED if made.rows else InputState.QUARANTINED
        self._record(outcome, state, made.records, made.rows, made.quarantined, message)
        facts: dict[str, Any] = {"records": made.records, "rows": made.rows, "quarantined": made.quarantined}
        self._context.emit(
            f"{arrival.name}: {message or f'{made.rows} rows, {made.quarantined} quarantined'}",
            file=arrival.name,
            dataset=arrival.dataset,
            encoding=made.encoding,
            delimiter=made.dialect.delimiter,
            header=made.dialect.header,
            **facts,
        )
        self._counts.update(facts)
        self._counts["files_processed"] += 1
        self._counts["bytes"] += arrival.size
        self._rows_of[arrival.dataset] += made.rows
        self._files.append({"file": arrival.name, "dataset": arrival.dataset, **facts})
        self._archive(arrival)

    def _record(
        self, outcome: _Outcome, state: InputState, records: int, rows: int, quarantined: int, message: str
    ) -> None:
        arrival = outcome.arrival
        self._ledger.record_translated(
            Input(
                outcome.fingerprint,
                arrival.dataset,
                arrival.name,
                arrival.size,
                state,
                records,
                rows,
                quarantined,
                self._context.run_id,
                wire_time(datetime.now(UTC)),
                None,
                message,
            ),
            _sighting(arrival, outcome.fingerprint),
        )

    def _fail(self, arrival: Arrival, reason: str) -> None:
        self._counts["failed_files"] += 1
        self._context.emit(f"{arrival.name}: {reason}", level="error", file=arrival.name, reason=reason)

    def _skip(self, arrival: Arrival, mark: str) -> None:
        first = self._ledger.find(mark)
        self._ledger.record_sighting(_sighting(arrival, mark))
        self._counts["skipped_files"] += 1
        same_as = first.name if first else mark
        self._context.emit(
            f"{arrival.name}: skipped: same content as {same_as}", file=arrival.name, same_as=same_as, fingerprint=mark
        )
        self._archive(arrival)

    def _archive_known(self, known: list[Arrival]) -> None:
        """Files that a killed run had committed, but not moved yet."""
        for arrival in known:
            self._archive(arrival)

    def _archive(self, arrival: Arrival) -> None:
        if self._context.settings.inputs.after != "archive":
            return
        target = self._workspace.archive / self._context.run_id / arrival.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            arrival.path.replace(target)
        except OSError as error:
            self._context.emit(
                f"{arrival.name}: translated, but not archived: {error.strerror}", level="error", file=arrival.name
            )

    def _result(self) -> StageResult:
        files = self._counts["files_processed"]
        names = (
            "files_processed",
            "records",
            "rows",
            "quarantined",
            "bytes",
            "skipped_files",
            "failed_files",
            "settling_files",
        )
        data: dict[str, Any] = {name: self._counts[name] for name in names}
        data |= {"datasets": dict(self._rows_of), "files": self._files[:_FILES_IN_RESULT]}
        msg = f"Translated {files} file{'' if files == 1 else 's'}" if files else "Nothing new"
        if failed := self._counts["failed_files"]:
            msg += f", {failed} could not be read"
        return StageResult(msg, data)


def _sighting(arrival: Arrival, mark: str) -> Sighting:
    return Sighting(arrival.name, arrival.size, arrival.mtime_ns, mark)
