"""The accounts of a run of the Translator: what becomes of each file in the ledger, in the events and in the result."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from quarterhour.clock import wire_time
from quarterhour.errors import StageError
from quarterhour.lake.arrivals import Arrival
from quarterhour.lake.ledger import Input, InputLedger, InputState
from quarterhour.lake.translated import schema_json
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.translator.archive import Archive
from quarterhour.stages.translator.budget import Tally, counted
from quarterhour.stages.translator.translate import Translation
from quarterhour.stages.translator.worker import Outcome, reading_of

_FILES_IN_RESULT = 50
_COLUMNS_IN_EVENT = 100
_LINES_IN_EVENT = 20
_CHARACTERS_IN_EVENT = 200
_DIGITS = 16
"""Of a schema's mark."""
_COUNTS = (
    "files_processed",
    "records",
    "rows",
    "repaired",
    "quarantined",
    "bytes",
    "skipped_files",
    "failed_files",
    "settling_files",
)


@dataclass(frozen=True, slots=True)
class _Skip:
    """A file whose content is in the ledger already."""

    arrival: Arrival
    first: Input
    is_back: bool


class Accounts:
    """Belongs to one thread. A file is translated once its row in the ledger is durable; it is told and archived after that."""

    def __init__(self, context: StageContext, ledger: InputLedger, archive: Archive) -> None:
        self.counts: Counter[str] = Counter()
        self._context = context
        self._ledger = ledger
        self._archive = archive
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._rows_of: Counter[str] = Counter()
        self._files: list[dict[str, Any]] = []
        self._skips: list[_Skip] = []
        # Files with the content of one that is being translated.
        self._twins: list[tuple[Arrival, str]] = []
        # By dataset: files that wait for the verdict on its budget.
        self._held: dict[str, list[tuple[Outcome, Input]]] = {}

    def count_earlier_attempts(self) -> None:
        """What an earlier attempt of this run translated belongs to the run's balance, and to its budgets, as well."""
        for entry in self._ledger.translated_by(self._context.run_id):
            self._tally(entry)
            if entry.is_rejected:
                self.counts["failed_files"] += 1
            else:
                self._count(entry)

    def fail(self, arrival: Arrival, reason: str) -> None:
        """An error of this file alone."""
        self.counts["failed_files"] += 1
        base = arrival.name.rpartition("/")[2]
        reason = reason.removeprefix(f"{arrival.name}: ").removeprefix(f"{base}: ")
        self._context.emit(f"{arrival.name}: {reason}", level="error", file=arrival.name, reason=reason)

    def skip(self, arrival: Arrival, fingerprint: str, *, is_back: bool = False) -> None:
        """`is_back`: the file had other content since. It is accounted for with the next ones that settle."""
        first = self._ledger.find(fingerprint)
        assert first is not None
        self._skips.append(_Skip(arrival, first, is_back and first.name == arrival.name))

    def skip_later(self, arrival: Arrival, fingerprint: str) -> None:
        """A file with the content of an earlier one of this run: skipped if that one is accounted for in the end."""
        self._twins.append((arrival, fingerprint))

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Account for files that ended, in their order."""
        settled: list[tuple[Outcome, Input]] = []
        for outcome in outcomes:
            if outcome.fault and not outcome.is_final:
                self.fail(outcome.task.arrival, outcome.fault)
                continue
            entry = self._entry(outcome)
            self._tally(entry)
            if self._waits_for_verdict(entry):
                self._held.setdefault(entry.dataset, []).append((outcome, entry))
            else:
                settled.append((outcome, entry))
        self._commit(settled)

    def close(self) -> None:
        """Judge the budgets, and account for what waited for that. Raises StageError where a dataset is over its budget."""
        for dataset, held in self._held.items():
            self._commit(self._judged(dataset, held))
        for arrival, fingerprint in self._twins:
            if self._ledger.find(fingerprint) is not None:
                self.skip(arrival, fingerprint)
        self._commit([])
        reasons = {dataset: self._close_dataset(dataset, tally) for dataset, tally in sorted(self._tallies.items())}
        over = [dataset for dataset, reason in reasons.items() if reason]
        if over:
            raise StageError(
                f"{'; '.join(reasons[dataset] for dataset in over)}. Nothing of these files is merged: correct them and drop "
                "them again, or raise the limit. The next run goes on with the others",
                datasets=over,
            )

    def result(self) -> StageResult:
        files = self.counts["files_processed"]
        data: dict[str, Any] = {name: self.counts[name] for name in _COUNTS}
        data |= {"datasets": dict(self._rows_of), "files": self._files[:_FILES_IN_RESULT]}
        parts = [f"Translated {counted(files, 'file')}"] if files else []
        if failed := self.counts["failed_files"]:
            parts.append(f"{failed} could not be read")
        if quarantined := self.counts["quarantined"]:
            holding = sum(tally.files_with_quarantined for tally in self._tallies.values())
            parts.append(f"{counted(quarantined, 'record')} of {counted(holding, 'file')} put aside")
        return StageResult(", ".join(parts) if files else ", ".join(["Nothing new", *parts]), data)

    def _tally(self, entry: Input) -> None:
        tally = self._tallies[entry.dataset]
        if entry.is_rejected:
            tally.rejected_files.append(entry.name)
        else:
            tally.add(entry.records, entry.quarantined)

    def _waits_for_verdict(self, entry: Input) -> bool:
        """From the first file with rejected records on: a dataset's files are to be merged in their order."""
        if entry.dataset in self._held:
            return True
        return entry.quarantined > 0 and not self._context.settings.max_rejected_of(entry.dataset).is_none

    def _judged(self, dataset: str, held: list[tuple[Outcome, Input]]) -> list[tuple[Outcome, Input]]:
        """What becomes of files that waited: over the budget, those with rejected records are put aside whole."""
        tally, limit = self._tallies[dataset], self._context.settings.max_rejected_of(dataset)
        if not tally.has_too_many_records(limit):
            return held
        return [(outcome, _put_aside(entry, str(limit)) if entry.quarantined else entry) for outcome, entry in held]

    def _close_dataset(self, dataset: str, tally: Tally) -> str:
        """Tell what was put aside of a dataset; returns why it is over its budget, or nothing."""
        if tally.quarantined or tally.rejected_files:
            limit = self._context.settings.max_rejected_of(dataset)
            self._context.emit(
                tally.describe(dataset),
                level="warning",
                dataset=dataset,
                records=tally.records,
                quarantined=tally.quarantined,
                failed_files=len(tally.rejected_files),
                max_rejected=str(limit),
            )
            return tally.verdict(dataset, limit)
        return ""

    def _entry(self, outcome: Outcome) -> Input:
        """The ledger's row of an outcome that another run would find too."""
        task, made = outcome.task, outcome.translation
        arrival, before = task.arrival, task.before
        entry = Input(
            task.fingerprint,
            arrival.dataset,
            arrival.name,
            arrival.size,
            InputState.QUARANTINED,
            0,
            0,
            0,
            self._context.run_id,
            wire_time(datetime.now(UTC)),
            message=outcome.fault,
            is_rejected=made is None,
            grew_from=before.fingerprint if before and task.has_grown else None,
            replaces=before.fingerprint if before and not task.has_grown else None,
            after_record=task.after_record,
        )
        if made is None:
            return entry
        no_records = "no new records" if task.has_grown else "no records: the file is empty or a header alone"
        return replace(
            entry,
            # Nothing for the merger to do: an input without rows is not left waiting for it.
            state=InputState.TRANSLATED if made.rows else InputState.QUARANTINED,
            records=made.records,
            rows=made.rows,
            quarantined=made.quarantined,
            repaired=made.repaired,
            message="" if made.records else no_records,
            reading=reading_of(made),
            schema=sha256(schema_json(outcome.known)).hexdigest()[:_DIGITS],
            read_like=_read_like(outcome),
        )

    def _commit(self, settled: list[tuple[Outcome, Input]]) -> None:
        """Make files durable in one transaction, then tell of them."""
        skips, self._skips = self._skips, []
        rows = [(entry, outcome.task.arrival.sighting(entry.fingerprint)) for outcome, entry in settled]
        rows += [(None, skip.arrival.sighting(skip.first.fingerprint)) for skip in skips]
        if rows:
            schemas = {entry.schema: schema_json(outcome.known) for outcome, entry in settled if entry.schema}
            self._ledger.record_all(rows, schemas)
        for outcome, entry in settled:
            if entry.is_rejected:
                self._tell_rejected(outcome, entry)
            else:
                self._tell_translated(outcome, entry)
        for skip in skips:
            self._tell_skipped(skip)

    def _tell_rejected(self, outcome: Outcome, entry: Input) -> None:
        # Its rows are not handed on; the records that were put aside stay, to be looked at.
        self._context.workspace.translated_file(entry.dataset, entry.fingerprint).unlink(missing_ok=True)
        self.fail(outcome.task.arrival, entry.message)

    def _tell_translated(self, outcome: Outcome, entry: Input) -> None:
        task, made = outcome.task, outcome.translation
        assert made is not None
        for note in made.notes:
            self._context.emit(f"{entry.name}: {note}", level="warning", file=entry.name)
        found = self._context.settings.dataset(entry.dataset)
        if task.repeats_rows and entry.rows and found and found.rewritten == "keep" and not found.keys:
            self._context.emit(
                f"{entry.name}: a new version of a file whose rows were taken before; both are kept, so what both versions "
                'hold stands in the table twice: name the keys of its dataset, or set rewritten = "replace"',
                level="warning",
                file=entry.name,
                dataset=entry.dataset,
                replaces=entry.replaces,
            )
        facts = _facts(entry)
        self._context.emit(
            f"{entry.name}: {_story(entry)}",
            file=entry.name,
            dataset=entry.dataset,
            **_detected(made),
            **facts,
            **({"grew_from": entry.grew_from} if entry.grew_from else {}),
            **({"replaces": entry.replaces} if entry.replaces else {}),
        )
        self._count(entry)
        self._files.append({"file": entry.name, "dataset": entry.dataset, **facts})
        self._archive.take(task.arrival)

    def _tell_skipped(self, skip: _Skip) -> None:
        name, first = skip.arrival.name, skip.first
        self.counts["skipped_files"] += 1
        if skip.is_back:
            why = "it has the content of an earlier version again, which was taken before: nothing is merged anew"
        elif first.state is InputState.RETRACTED:
            why = f"its content was taken as {first.name}, and retracted: `quarterhour retract` puts it back"
        elif first.name == name:
            why = "its content has not changed"
        else:
            why = f"same content as {first.name}"
        self._context.emit(
            f"{name}: skipped: {why}",
            level="warning" if skip.is_back else "info",
            file=name,
            same_as=first.name,
            fingerprint=first.fingerprint,
        )
        if not first.is_rejected:
            self._archive.take(skip.arrival)

    def _count(self, entry: Input) -> None:
        self.counts.update(_facts(entry))
        self.counts.update({"files_processed": 1, "bytes": entry.size})
        self._rows_of[entry.dataset] += entry.rows


def _read_like(outcome: Outcome) -> str | None:
    precedent = outcome.translation.precedent if outcome.translation else None
    return precedent.fingerprint if precedent and precedent.fingerprint != outcome.task.fingerprint else None


def _facts(entry: Input) -> dict[str, Any]:
    return {
        "records": entry.records,
        "rows": entry.rows,
        "repaired": entry.repaired,
        "quarantined": entry.quarantined,
    }


def _detected(made: Translation) -> dict[str, Any]:
    """What was detected of a file, as its event says it: bounded, since an event is."""
    return {
        "encoding": made.encoding,
        "delimiter": made.dialect.delimiter,
        "quote": made.dialect.quote,
        "escape": made.dialect.escape,
        "header": made.has_header,
        "columns": {name: column.type for name, column in islice(made.columns.items(), _COLUMNS_IN_EVENT)},
        "column_count": len(made.columns),
        "lines": [
            {"line": note.line, "kind": note.kind, "text": note.text[:_CHARACTERS_IN_EVENT]}
            for note in made.lines[:_LINES_IN_EVENT]
        ],
        "line_count": len(made.lines),
        "tables": 1 + len(made.tables),
    }


def _story(entry: Input) -> str:
    made = entry.message or f"{entry.rows} rows, {entry.quarantined} quarantined"
    if entry.repaired:
        made += f", {entry.repaired} repaired"
    if entry.grew_from:
        return f"grew by {counted(entry.records, 'record')}: {made}"
    return f"a new version of itself: {made}" if entry.replaces else made


def _put_aside(entry: Input, limit: str) -> Input:
    """An entry whose good rows are not handed on either."""
    return replace(
        entry,
        state=InputState.QUARANTINED,
        rows=0,
        repaired=0,
        quarantined=entry.records,
        is_rejected=True,
        message=f"put aside whole: {entry.quarantined} of its {entry.records} records are rejected; max_rejected is {limit}",
    )
