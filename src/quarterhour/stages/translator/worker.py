"""What a thread of the Translator does with one file: it reads the content, and makes rows and quarantine. It records nothing."""

import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from quarterhour.errors import StageCancelled
from quarterhour.lake.arrivals import Arrival, Content, FileUnreadable, read_content
from quarterhour.lake.translated import KnownColumn, merged_schema, read_schema, write_schema
from quarterhour.stages.base import StageContext
from quarterhour.stages.translator.content.plain_text import ContentUnreadable
from quarterhour.stages.translator.intake import Task
from quarterhour.stages.translator.translate import BalanceOpenInFile, Order, Precedent, Translation, translate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of one file: `translation`, or the `fault` that kept it from being translated."""

    task: Task
    known: Mapping[str, KnownColumn]
    """The dataset's columns by which it was read."""
    translation: Translation | None = None
    fault: str = ""
    is_final: bool = True
    """Whether another run would find the same; else the file is tried again."""


def reading_of(made: Translation) -> str:
    """How a file was read, as far as the numbers of its records depend on it."""
    dialect = made.dialect
    return f"{made.encoding} {dialect.delimiter!r} {dialect.quote!r} {'header' if made.has_header else 'no header'}"


class Worker:
    """Shared by the threads of one run."""

    def __init__(self, context: StageContext, engine: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._context = context
        self._engine = engine
        self._scratch = scratch
        self._workspace = context.workspace
        self._schema_locks: dict[str, threading.Lock] = {}
        self.precedents: dict[str, Precedent] = {}
        """By dataset: how its last plain file was read."""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have the threads leave off."""
        self._stopped.set()

    def content(self, arrival: Arrival, head_bytes: int) -> Content | FileUnreadable:
        try:
            return read_content(arrival.path, head_bytes=head_bytes, check=self._check)
        except FileUnreadable as error:
            return error

    def translate(self, task: Task) -> Outcome:
        lock = self._schema_locks.setdefault(task.arrival.dataset, threading.Lock())
        # One file of a dataset at a time settles the dataset's columns; once they are settled, its files go side by side.
        with ExitStack() as stack, self._engine.cursor() as connection:
            self._context.watch(connection)
            lock.acquire()
            stack.callback(lock.release)
            columns = read_schema(self._workspace.schema_file(task.arrival.dataset))
            if columns:
                stack.close()
            try:
                task, made = self._translate(task, connection, columns)
            except (FileUnreadable, ContentUnreadable) as error:
                # What was made may be of a file that has changed since.
                self._workspace.translated_file(task.arrival.dataset, task.fingerprint).unlink(missing_ok=True)
                self._workspace.quarantine_file(task.arrival.dataset, task.fingerprint).unlink(missing_ok=True)
                is_final = isinstance(error, ContentUnreadable) and not isinstance(error, BalanceOpenInFile)
                return Outcome(task, columns, fault=error.message, is_final=is_final)
            # Without rows the types are guesses, and would bind the files to come.
            if made.rows:
                self._add_columns(lock, task.arrival.dataset, made.columns, holds_lock=not columns)
            return Outcome(task, columns, made)

    def _translate(
        self, task: Task, connection: duckdb.DuckDBPyConnection, columns: Mapping[str, KnownColumn]
    ) -> tuple[Task, Translation]:
        """The translation, and the task as it turned out to be."""
        with _readable_path(task, self._scratch) as raw:
            order = self._order(task, raw)
            dataset = task.arrival.dataset
            made = translate(order, connection, lambda: columns, self.precedents.get(dataset))
            if made.precedent:
                self.precedents[dataset] = made.precedent
            before = task.before
            if task.has_grown and before and before.reading and before.reading != reading_of(made):
                # Its records may be other ones than those that were counted before.
                task = replace(task, has_grown=False)
                made = translate(replace(order, after_record=0), connection, lambda: columns)
        if task.arrival.has_moved():
            raise FileUnreadable("changed while it was translated; it is read again in the next run")
        return task, made

    def _order(self, task: Task, raw: Path) -> Order:
        settings, dataset = self._context.settings, task.arrival.dataset
        return Order(
            raw=raw,
            file=task.arrival.name,
            fingerprint=task.fingerprint,
            output=self._workspace.translated_file(dataset, task.fingerprint),
            quarantine=self._workspace.quarantine_file(dataset, task.fingerprint),
            scratch=self._scratch,
            keys=settings.keys_of(dataset),
            misfit_share=settings.inputs.misfit_share,
            contract=settings.dataset(dataset),
            after_record=task.after_record,
            check=self._check,
        )

    def _add_columns(
        self, lock: threading.Lock, dataset: str, found: Mapping[str, KnownColumn], *, holds_lock: bool
    ) -> None:
        schema_file = self._workspace.schema_file(dataset)
        with ExitStack() as stack:
            if not holds_lock:
                stack.enter_context(lock)
            columns = read_schema(schema_file)
            if (merged := merged_schema(columns, found)) != columns:
                write_schema(schema_file, merged)

    def _check(self) -> None:
        if self._stopped.is_set() or self._context.cancelled:
            raise StageCancelled


@contextmanager
def _readable_path(task: Task, scratch: Path) -> Generator[Path]:
    """The raw file under a name that is Unicode, as the engine wants it."""
    path = task.arrival.path
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = scratch / f"{task.fingerprint}.raw"
        link.unlink(missing_ok=True)
        link.symlink_to(path)
        try:
            yield link
        finally:
            link.unlink()
    else:
        yield path
