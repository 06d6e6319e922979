"""A dataset's merged table made anew in a scratch home, by the Translator's and the Merger's own code, from the raw files."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from quarterhour.errors import QuarterhourError
from quarterhour.lake.arrivals import Arrival, ArrivalState, DatasetNames
from quarterhour.lake.duck import literal, own_scratch
from quarterhour.lake.lake import Lake
from quarterhour.lake.ledger import Input, InputState, Sighting
from quarterhour.lake.tables import Table, open_table
from quarterhour.lake.translated import write_schema
from quarterhour.marks import Window
from quarterhour.settings import Settings
from quarterhour.stages.base import Interruptible
from quarterhour.stages.merger.service import MergerService
from quarterhour.stages.translator.engine import connect
from quarterhour.stages.translator.intake import Task
from quarterhour.stages.translator.translate import Precedent
from quarterhour.stages.translator.worker import Outcome, Worker
from quarterhour.verification.raw_content import RawContents, exactly
from quarterhour.verification.snapshot import Subject
from quarterhour.workspace import Workspace

_RUN_ID = "verify"


@dataclass(slots=True)
class Rebuilt:
    """What was made."""

    table: Table | None = None
    missing: list[str] = field(default_factory=list[str])
    """Raw files of inputs whose rows stand, that are nowhere: their rows were taken as they had been translated."""
    notes: list[str] = field(default_factory=list[str])


class _FixedName(DatasetNames):
    """The dataset to which a file belonged when it was read, whatever the settings say by now."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset

    def of(self, name: str) -> str:  # noqa: ARG002
        return self._dataset


class _Context:
    """The stage context of a rebuild: its errors are kept, all else is dropped."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.run_id = _RUN_ID
        self.attempt = 1
        self.window: Window | None = None
        self.settings = settings
        self.workspace = workspace
        self.lake = Lake(workspace, settings)
        self.errors: list[str] = []

    @property
    def cancelled(self) -> bool:
        return False

    def check_cancelled(self) -> None:
        """Nobody cancels it but by ending the process."""

    def progress(self, done: int, total: int, **data: Any) -> None:
        """Told by the files that are read."""

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        if level == "error":
            self.errors.append(msg)

    def output(self, line: str) -> None:
        """No program runs in it."""

    def watch(self, connection: Interruptible) -> None:
        """No watchdog looks at it."""


class Rebuild:
    """One dataset in one scratch home, below `folder`."""

    def __init__(self, home: Workspace, settings: Settings, raw: RawContents, subject: Subject, folder: Path) -> None:
        self._home = home
        self._raw = raw
        self._subject = subject
        self._inputs = {one.fingerprint: one for one in subject.inputs}
        self._workspace = Workspace(folder)
        self._workspace.create()
        self._context = _Context(self._workspace, settings)
        self._rows: dict[str, int] = {}
        self._precedents: dict[str, Precedent | None] = {}
        self._made = Rebuilt()

    def run(self, on_file: Callable[[Input], None]) -> Rebuilt:
        """Translate and merge the inputs that stand, each as it was read when it was taken in."""
        with own_scratch(self._workspace.scratch, "translate") as scratch, connect(scratch) as engine:
            worker = Worker(self._context, engine, scratch)
            for mark in self._subject.merge_order:
                entry = self._inputs[mark]
                on_file(entry)
                self._take(worker, engine, entry, scratch)
        self._merge()
        self._made.notes += self._context.errors
        self._made.table = open_table(self._workspace.table(self._subject.dataset))
        return self._made

    def translate_again(self, wanted: Sequence[Input]) -> Iterator[tuple[Input, Path | str]]:
        """The translated file of each, made anew as it was read at first; or why it cannot be."""
        with own_scratch(self._workspace.scratch, "translate") as scratch, connect(scratch) as engine:
            worker = Worker(self._context, engine, scratch)
            for entry in wanted:
                yield entry, self._again(worker, engine, entry, scratch)

    def _again(self, worker: Worker, engine: duckdb.DuckDBPyConnection, entry: Input, scratch: Path) -> Path | str:
        outcome = self._translated(worker, entry, self._precedent(worker, entry, scratch), scratch)
        if outcome is None:
            path = self._home.translated_file(entry.dataset, entry.fingerprint)
            return (
                "its raw file is neither in data/raw nor in data/archive: put that one (it may have another name), or "
                f"{path}, back from a backup"
            )
        made = outcome.translation
        if made is None:
            return f"it cannot be translated any more: {outcome.fault}"
        rows = made.rows - self._drop_sent_back(engine, entry)
        if rows != entry.rows:
            return (
                f"it makes {rows} rows now, and made {entry.rows} when it was taken in: has its contract changed since? "
                "With the settings of that time it can be made anew"
            )
        return self._workspace.translated_file(entry.dataset, entry.fingerprint)

    def _take(self, worker: Worker, engine: duckdb.DuckDBPyConnection, entry: Input, scratch: Path) -> None:
        outcome = self._translated(worker, entry, self._precedent(worker, entry, scratch), scratch)
        if outcome is None:
            self._stand_in(engine, entry)
            return
        made = outcome.translation
        if made is None:
            self._made.notes.append(f"{entry.name}: cannot be translated any more: {outcome.fault}")
            return
        rows = made.rows - self._drop_sent_back(engine, entry)
        self._rows[entry.fingerprint] = rows
        if rows != entry.rows:
            self._made.notes.append(
                f"{entry.name}: it makes {rows} rows now, and made {entry.rows} when it was taken in: has its contract "
                "changed since?"
            )

    def _precedent(self, worker: Worker, entry: Input, scratch: Path) -> Precedent | None:
        """How the file was read as which this one was read; it is read once more for that."""
        mark = entry.read_like
        if mark is None:
            return None
        if mark not in self._precedents:
            like = self._inputs.get(mark)
            outcome = self._translated(worker, like, None, scratch) if like else None
            made = outcome.translation if outcome else None
            self._precedents[mark] = made.precedent if made else None
        if self._precedents[mark] is None:
            name = self._inputs[mark].name if mark in self._inputs else mark
            self._made.notes.append(f"{entry.name}: it was read like {name}, which cannot be read any more")
        return self._precedents[mark]

    def _translated(self, worker: Worker, entry: Input, precedent: Precedent | None, scratch: Path) -> Outcome | None:
        """None where the raw file is nowhere."""
        found = self._raw.find(entry, self._subject.names[entry.fingerprint])
        if found is None:
            return None
        known = self._subject.schemas.get(entry.schema)
        if known is not None:
            write_schema(self._workspace.schema_file(entry.dataset), known)
        worker.precedents.clear()
        if precedent is not None:
            worker.precedents[entry.dataset] = precedent
        path = exactly(found, entry, scratch)
        try:
            return worker.translate(self._task(entry, path))
        finally:
            if path != found:
                path.unlink()

    def _task(self, entry: Input, path: Path) -> Task:
        status = path.stat()
        arrival = Arrival(
            entry.name,
            os.fspath(path),
            status.st_size,
            status.st_mtime_ns,
            ArrivalState.WAITING,
            "",
            _FixedName(entry.dataset),
        )
        before = self._inputs.get(entry.grew_from or "")
        return Task(arrival, entry.fingerprint, before, has_grown=before is not None)

    def _drop_sent_back(self, engine: duckdb.DuckDBPyConnection, entry: Input) -> int:
        """Take out records that were sent back as other files, should they be readable by now; returns how many."""
        records = self._subject.sent_back.get(entry.fingerprint)
        if not records:
            return 0
        path = self._workspace.translated_file(entry.dataset, entry.fingerprint)
        kept = path.with_suffix(".kept")
        (count,) = engine.execute(
            f"SELECT count(*) FROM read_parquet(?) WHERE _record IN ({', '.join(map(str, records))})", [str(path)]
        ).fetchone() or (0,)
        if count:
            engine.execute(
                f"COPY (FROM read_parquet({literal(str(path))}) WHERE _record NOT IN ({', '.join(map(str, records))})) "
                f"TO {literal(str(kept))} (FORMAT parquet)"
            )
            kept.replace(path)
        return int(count)

    def _stand_in(self, engine: duckdb.DuckDBPyConnection, entry: Input) -> None:
        """For a raw file that is nowhere: told, and its rows taken as they were translated, so that the others are compared."""
        self._made.missing.append(f"{entry.name} (fingerprint {entry.fingerprint}, taken in by run {entry.run_id})")
        translated = self._home.translated_file(entry.dataset, entry.fingerprint)
        if not translated.exists():
            self._made.notes.append(f"{entry.name}: its translated file is gone as well: its rows count as too many")
            return
        target = self._workspace.translated_file(entry.dataset, entry.fingerprint)
        target.parent.mkdir(parents=True, exist_ok=True)
        engine.execute(
            f"COPY (FROM read_parquet({literal(str(translated))})) TO {literal(str(target))} (FORMAT parquet)"
        )
        self._rows[entry.fingerprint] = entry.rows

    def _merge(self) -> None:
        with self._context.lake.ledger() as ledger:
            for mark in self._subject.merge_order:
                if rows := self._rows.get(mark, 0):
                    # Alone it replaces nothing: what it replaced does not stand.
                    entry = replace(
                        self._inputs[mark],
                        state=InputState.TRANSLATED,
                        rows=rows,
                        run_id=_RUN_ID,
                        replaces=None,
                        grew_from=None,
                        merged_version=None,
                        supersedes=False,
                        merged_run_id=None,
                    )
                    ledger.record_translated(entry, Sighting(mark, entry.size, 0, mark))
        try:
            MergerService().run(self._context)
        except QuarterhourError as error:
            self._made.notes.append(error.message)
