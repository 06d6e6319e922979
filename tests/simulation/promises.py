"""What must hold whatever happens, looked at after every event; a promise that breaks names the event and the seed."""

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from quarterhour.events import EventKind, EventRecord
from quarterhour.lifecycle import ACTIVE, ENDED, TRANSITIONS, Reason, RunState, Status, Trigger, fold
from quarterhour.slots import Slot, slots_of

_ENDINGS = {
    EventKind.SUCCESS.value: RunState.SUCCESS,
    EventKind.FAILED.value: RunState.FAILED,
    EventKind.STOP.value: RunState.STOPPED,
}


class PromiseBroken(AssertionError):
    """The simulated pipeline did what it must never do."""


@dataclass(slots=True)
class Promises:
    """Fed every event that becomes durable; it keeps its own account beside the pipeline's."""

    state: RunState = RunState.IDLE
    run: dict[str, Any] | None = None
    run_began: int = 0
    """The seq of its first event."""
    last_seq: int = 0
    ended: set[str] = field(default_factory=set[str])
    marks: dict[str, int] = field(default_factory=dict[str, int])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    history: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    """Of all events: two simulations that went the same way have the same."""
    _status: Status = field(default_factory=Status)
    _unfolded: list[EventRecord] = field(default_factory=list[EventRecord])

    @property
    def status(self) -> Status:
        """The fold of all events, done when somebody asks."""
        self._status = fold(self._unfolded, self._status)
        self._unfolded.clear()
        return self._status

    def see(self, record: EventRecord) -> None:
        self._check(record.seq == self.last_seq + 1, record, f"seq follows {self.last_seq}")
        self.last_seq = record.seq
        self.history.update(f"{record.timestamp} {record.stage} {record.event}\n".encode())
        if record.event == EventKind.STATE:
            # It carries the whole: what was before it cannot matter.
            self._unfolded.clear()
        self._unfolded.append(record)
        if record.event == EventKind.STATE and record.stage == "pipeline":
            self._see_state(record)
        elif record.stage == "pipeline" and record.event in _ENDINGS:
            self._check(self.state is _ENDINGS[record.event], record, f"its run ended as {self.state}")
        for slot in slots_of(record):
            self._see_slot(slot, record)

    def _see_state(self, record: EventRecord) -> None:
        status: dict[str, Any] = record.data["status"]
        state = RunState(status["state"])
        run: dict[str, Any] = status["run"] or {}
        self._check(state in TRANSITIONS[self.state], record, f"the pipeline was {self.state}")
        self.state = state
        if state is RunState.STARTING:
            self._check(self.run is None, record, "a run began while another went on")
            self._check(run["run_id"] not in self.ended, record, "a run began again")
            self.run, self.run_began = run, record.seq
        if state in ENDED:
            is_same = self.run is not None and run["run_id"] == self.run["run_id"]
            self._check(is_same, record, "a run ended that had not begun")
            is_over = all(stage["ended_at"] for stage in run["stages"] if stage["started_at"])
            self._check(is_over, record, "a run ended and a stage of it goes on")
            self._check(run["reason"] != Reason.INTERNAL_ERROR, record, "the pipeline itself was at fault")
            self._count(f"runs: {run['state']}", run["reason"])
            self.run = None
            self.ended.add(run["run_id"])

    def _count(self, what: str, reason: str | None = None) -> None:
        kind = f"{what} ({reason})" if reason else what
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _see_slot(self, slot: Slot, record: EventRecord) -> None:
        known = self.marks.get(slot.mark)
        if record.event == EventKind.STATE and self.run is not None and self.run["trigger"] == Trigger.BACKFILL:
            is_later = known is not None or slot.mark < min(self.marks, default=slot.mark + "Z")
            self._check(is_later, record, f"the mark {slot.mark} was backfilled before it had a verdict")
            self._count("marks: backfilled")
            return
        self._check(known is None, record, f"the mark {slot.mark} has a verdict already, in event {known}")
        self.marks[slot.mark] = record.seq
        self._count(f"marks: {slot.verdict}", slot.reason)

    def check_marks(self) -> None:
        """No quarter hour between the first verdict and the last is without one."""
        times = [datetime.fromisoformat(mark) for mark in sorted(self.marks)]
        for earlier, later in itertools.pairwise(times):
            if later - earlier != timedelta(minutes=15):
                raise PromiseBroken(f"no verdict on the marks between {earlier} and {later}")

    def check_boot(self, status: Status, opened_at: int) -> None:
        """Before a server answers, the status is the fold of the events, and no run is open that it did not begin."""
        if status.model_copy(update={"version": 0}) != self.status.model_copy(update={"version": 0}):
            raise PromiseBroken(f"the status is not the fold of the events: {status} and {self.status}")
        if status.state in ACTIVE and self.run_began <= opened_at:
            raise PromiseBroken(f"a server began to serve with a dead run in {status.state}")

    def _check(self, is_good: bool, record: EventRecord, why: str) -> None:
        if not is_good:
            raise PromiseBroken(f"{why}; event {record.seq}: {record.line.decode()}")
