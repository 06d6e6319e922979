"""The slot ledger: what became of each mark of the schedule, as one event tells it. Pure.

A verdict is part of the event that made it so: the state in which the mark's run begins, the scheduler's word that it skipped
a mark, and its word on a range of marks at which nobody was there. Where such an event is removed, a later one keeps its words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from quarterhour.clock import wire_time
from quarterhour.events import EventKind, EventRecord
from quarterhour.lifecycle import RunState
from quarterhour.marks import marks_between

# A run's start takes milliseconds; from here on it is late.
LATE_AFTER_S = 1.0
MARKS = "marks"
"""In `data` of an event that keeps them: what removed events said of marks."""
_RANGE = ("cron", "timezone", "first", "last", "reason")


class Verdict(StrEnum):
    """What became of a mark."""

    RAN = "ran"
    LATE = "late"
    SKIPPED = "skipped"
    MISSED = "missed"
    CAUGHT_UP = "caught_up"


class SlotReason(StrEnum):
    """Why no run began at a mark."""

    RUNNING = "running"
    """Another run went on."""
    CHANGED = "changed"
    """The schedule was changed between the mark and the moment that its jitter had drawn."""
    PAUSED = "paused"
    """The schedule was paused by a person."""
    BREAKER = "breaker"
    """Too many runs had failed in a row."""
    DISK_FULL = "disk_full"
    """Too little of the home's disk was free."""
    DOWN = "down"
    """No server was there."""
    ASLEEP = "asleep"
    """The machine slept, or its clock was set forward."""

    @property
    def text(self) -> str:
        """As a person is told it."""
        return _TEXTS[self]


_TEXTS = {
    SlotReason.RUNNING: "another run went on",
    SlotReason.CHANGED: "the schedule was changed before its jitter was over",
    SlotReason.PAUSED: "the schedule was paused",
    SlotReason.BREAKER: "too many runs had failed in a row",
    SlotReason.DISK_FULL: "too little of the disk was free",
    SlotReason.DOWN: "no server was there",
    SlotReason.ASLEEP: "the machine slept, or its clock was set forward",
}
_AFTERWARDS = frozenset({"catch_up", "backfill"})
_MISSED = frozenset({SlotReason.DOWN, SlotReason.ASLEEP})


@dataclass(frozen=True, slots=True)
class Slot:
    """One mark and its one verdict. `seq` is the event's that gave it."""

    mark: str
    verdict: Verdict
    reason: str | None
    run_id: str | None
    late_s: float | None
    """Seconds from the mark, with its jitter, to the run's start."""
    seq: int

    @property
    def why(self) -> str:
        """In words, where a mark was not simply run."""
        if self.late_s is not None:
            return "" if self.verdict is Verdict.RAN else f"{self.late_s:.1f} s after the mark"
        # A reason of another version stands as it is.
        return SlotReason(self.reason).text if self.reason in _TEXTS else self.reason or ""


def settled(one: Slot, other: Slot | None) -> Slot:
    """A mark's one verdict, where two events give one: the first, unless no run began then and one was made up for it later."""
    if other is None:
        return one
    first, later = (one, other) if one.seq <= other.seq else (other, one)
    if later.verdict is not Verdict.CAUGHT_UP or first.verdict in (Verdict.RAN, Verdict.LATE):
        return first
    return later


def slots_of(record: EventRecord) -> Iterable[Slot]:
    """The verdicts that an event gives: mostly none, mostly one at most, many for a range of marks."""
    if record.event == EventKind.STATE:
        return _begun(record)
    if keeps_marks(record):
        return chain.from_iterable(map(_kept, record.data[MARKS]))
    if record.stage != "scheduler" or record.event != EventKind.SKIPPED:
        return ()
    return _range(record.data, record.seq) if "last" in record.data else (_skipped(record),)


def succeeded_in(record: EventRecord) -> list[str]:
    """The marks of whose windows a run has succeeded, as an event tells."""
    if keeps_marks(record):
        return [told["mark"] for told in record.data[MARKS] if told.get("state") == RunState.SUCCESS]
    if record.event != EventKind.STATE or record.data.get("to") != RunState.SUCCESS:
        return []
    run: dict[str, Any] = record.data["status"]["run"]
    # Runs of earlier versions have a mark, and no window.
    window: dict[str, str] | None = run.get("window")
    mark = window["end"] if window else run["mark"]
    return [mark] if mark else []


def keeps_marks(record: EventRecord) -> bool:
    """Whether the event keeps what removed ones said of marks."""
    return record.run_id is None and record.stage == "pipeline" and MARKS in record.data


def told_of_marks(record: EventRecord) -> list[dict[str, Any]]:
    """What is to be kept of an event that is removed: nothing of most. `slots_of` and `succeeded_in` read it."""
    if record.event == EventKind.SKIPPED and "last" in record.data:
        return [{"seq": record.seq, **{key: record.data[key] for key in _RANGE}}] if any(slots_of(record)) else []
    verdicts = [{key: value for key, value in asdict(slot).items() if value is not None} for slot in slots_of(record)]
    succeeded = [{"seq": record.seq, "mark": mark, "state": RunState.SUCCESS.value} for mark in succeeded_in(record)]
    return [*verdicts, *succeeded]


def _kept(told: dict[str, Any]) -> Iterable[Slot]:
    if "last" in told:
        return _range(told, told["seq"])
    if "verdict" not in told:
        return ()
    known = {key: told.get(key) for key in ("reason", "run_id", "late_s")}
    return (Slot(told["mark"], Verdict(told["verdict"]), **known, seq=told["seq"]),)


def _begun(record: EventRecord) -> tuple[Slot, ...]:
    run: dict[str, Any] | None = record.data["status"]["run"] if record.data.get("to") == "starting" else None
    if run is None or run["mark"] is None:
        return ()
    late = datetime.fromisoformat(record.timestamp) - datetime.fromisoformat(run.get("due_at") or run["mark"])
    late_s = round(late.total_seconds(), 3)
    verdict = Verdict.LATE if late_s >= LATE_AFTER_S else Verdict.RAN
    if run["trigger"] in _AFTERWARDS:
        verdict = Verdict.CAUGHT_UP
    return (Slot(run["mark"], verdict, None, run["run_id"], late_s, record.seq),)


def _skipped(record: EventRecord) -> Slot:
    running: str | None = record.data.get("running")
    return _not_run(record.data["mark"], record.data["reason"], running, record.seq)


def _range(data: Mapping[str, Any], seq: int) -> Iterator[Slot]:
    first, last = (datetime.fromisoformat(data[key]) for key in ("first", "last"))
    yield _not_run(data["first"], data["reason"], None, seq)
    for mark in marks_between(data["cron"], data["timezone"], first, last):
        yield _not_run(wire_time(mark), data["reason"], None, seq)


def _not_run(mark: str, reason: str, run_id: str | None, seq: int) -> Slot:
    # "missed" is what earlier versions called it.
    verdict = Verdict.MISSED if reason in _MISSED or reason == "missed" else Verdict.SKIPPED
    return Slot(mark, verdict, reason, run_id, None, seq)
