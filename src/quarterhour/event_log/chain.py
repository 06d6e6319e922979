"""The audit chain: the last event of each run seals the events before it, so that none can be changed or lost unseen.

A seal (`RunSealed`) holds the SHA-256 of its run's lines so far, which is that of its file's beginning; that of all lines since
the seal before, whichever file they are in; and that of the seal before itself. Who changes one line must make every later seal
anew. A hash chain of this kind is Haber and Stornetta's linked time-stamping (1991).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, Field

from quarterhour.event_log.base import EventLog, ToldSeal
from quarterhour.events import Event, EventKind, EventRecord, RunSealed
from quarterhour.lifecycle import RunState

SEALED = "sealed"
"""In `data` of a seal, what it seals."""
# Of each prefix so many hex digits: enough to name the line, the whole hash is the proof.
MARK_DIGITS = 8
MAX_MARKS = 1024
_READ_BACK = 200


class Digest:
    """The hash of lines as they come, with marks: the beginnings of the hashes of its prefixes, one each `every` lines."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._marks: list[str] = []
        self._every = 1
        self.lines = 0

    def add(self, line: bytes) -> None:
        """`line` is without its line feed."""
        self._hash.update(line + b"\n")
        self.lines += 1
        if self.lines % self._every:
            return
        self._marks.append(self._hash.hexdigest()[:MARK_DIGITS])
        if len(self._marks) == MAX_MARKS:
            # However long a run is, its seal is not: half as many marks, twice as far apart.
            self._marks = self._marks[1::2]
            self._every *= 2

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def told(self) -> "ToldLines":
        return ToldLines(lines=self.lines, sha256=self.sha256, every=self._every, marks="".join(self._marks))


class ToldRun(BaseModel, frozen=True, extra="forbid", strict=True):
    """The lines of the run's own file before the seal."""

    lines: int
    sha256: str


class ToldLines(ToldRun, frozen=True):
    """All lines since the seal before; `marks` has the first digits of the hash of each prefix of `every` lines more."""

    every: int = Field(ge=1)
    marks: str


class Seal(BaseModel, frozen=True, extra="forbid", strict=True):
    """What `data.sealed` of a seal holds."""

    run: ToldRun | None
    """None where the run began before the seal before."""
    since: ToldLines
    previous: ToldSeal | None


def first_difference(told: ToldLines, lines: Iterable[bytes]) -> tuple[int, int] | None:
    """The first and the last (from 1) of the lines among which the first is another than `told` of; None where none is.

    Where lines are missing at the end it is the one after the last.
    """
    every, marks = told.every, told.marks
    digest, count = hashlib.sha256(), 0
    for count, line in enumerate(lines, 1):
        digest.update(line + b"\n")
        if count % every:
            continue
        start = (count // every - 1) * MARK_DIGITS
        if start < len(marks) and digest.hexdigest()[:MARK_DIGITS] != marks[start : start + MARK_DIGITS]:
            return count - every + 1, count
    if (count, digest.hexdigest()) == (told.lines, told.sha256):
        return None
    proven = min(count // every, len(marks) // MARK_DIGITS) * every
    return proven + 1, max(proven + 1, min(count + 1, told.lines))


def line_digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


@dataclass(slots=True)
class Since:
    """What has come since the last seal."""

    runs: dict[str, Digest] = field(default_factory=dict[str, Digest])
    """The lines of each run that has begun."""
    lines: Digest = field(default_factory=Digest)
    """All of them."""
    previous: ToldSeal | None = None

    def add(self, record: EventRecord) -> None:
        if record.run_id is not None:
            if begins_run(record.event, record.data):
                self.runs[record.run_id] = Digest()
            if digest := self.runs.get(record.run_id):
                digest.add(record.line)
        self.lines.add(record.line)

    def seal(self, run_id: str) -> Seal:
        run = self.runs.get(run_id)
        told = ToldRun(lines=run.lines, sha256=run.sha256) if run else None
        return Seal(run=told, since=self.lines.told(), previous=self.previous)


def after(seal: EventRecord) -> Since:
    assert seal.run_id is not None
    return Since(previous=ToldSeal(run_id=seal.run_id, seq=seal.seq, sha256=line_digest(seal.line)))


def is_seal(record: EventRecord) -> bool:
    # A stage may put what it likes into its events; none may call itself the pipeline.
    return record.stage == "pipeline" and SEALED in record.data and record.run_id is not None


def begins_run(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether it is the first event of a run: the move to `starting`."""
    return kind == EventKind.STATE and data.get("to") == RunState.STARTING


class AuditChain:
    """Knows what is not sealed yet. Its owner gives it every event once, in the order of seq."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._since: Since | None = None

    @property
    def is_loaded(self) -> bool:
        return self._since is not None

    def load(self) -> None:
        """Read what has come since the last seal. It reads files."""
        later: list[EventRecord] = []
        before = self._log.last_seq + 1
        since = Since(previous=self._log.floor)
        while records := self._log.read_back(before, _READ_BACK):
            seal = next((index for index, record in enumerate(records) if is_seal(record)), None)
            later.extend(records[:seal])
            if seal is not None:
                since = after(records[seal])
                break
            before = records[-1].seq
        for record in reversed(later):
            since.add(record)
        self._since = since

    def enter(self, event: Event, seq: int) -> EventRecord:
        """The event as it is to be written; a seal is completed."""
        since = self._since
        assert since is not None
        if isinstance(event, RunSealed):
            assert event.run_id is not None
            event = replace(event, data={**event.data, SEALED: since.seal(event.run_id).model_dump()})
            record = event.to_record(seq)
            self._since = after(record)
        else:
            record = event.to_record(seq)
            since.add(record)
        return record
