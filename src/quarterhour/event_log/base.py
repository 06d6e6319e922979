"""What an event log is: the truth. tests/contract/test_event_log.py holds every kind of log to it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from quarterhour.events import EventRecord

Match = Callable[[EventRecord], bool]


@dataclass(frozen=True, slots=True)
class Repair:
    """A torn end that was cut off when the log was opened."""

    file: str
    cut_bytes: int
    text: str
    """The beginning of what was cut."""


class ToldSeal(BaseModel, frozen=True, extra="forbid", strict=True):
    """A seal, as the next one or the event of a removal tells of it. `sha256` is that of its line."""

    run_id: str
    seq: int
    sha256: str


class EventLog(Protocol):
    """An ordered, append-only log. One writer at a time; reads may come from any thread meanwhile.

    What holds: `seq` rises by one without a gap, from 1 or from what follows the `floor`; an event is durable when `append`
    returns, and never read before; a batch that was cut short by a crash leaves a beginning of itself.
    """

    def open(self) -> list[Repair]:
        """Make it ready for reading and writing; mend what a crash left. Raises EventLogError where it cannot."""
        ...

    @property
    def last_seq(self) -> int:
        """0 in an empty log."""
        ...

    @property
    def floor(self) -> ToldSeal | None:
        """The seal up to which the oldest events were removed: none of them is read any more. None where all are there."""
        ...

    def append(self, records: Sequence[EventRecord]) -> None:
        """Write all, durably. Raises SequenceConflict where they do not continue from `last_seq`; OSError leaves it as it was."""
        ...

    def read(
        self, since: int, limit: int, *, run_id: str | None = None, match: Match | None = None
    ) -> list[EventRecord]:
        """Up to `limit` events with a seq above `since`, in order; of one run, or those for which `match` is true."""
        ...

    def after(self, since: int) -> Iterator[EventRecord]:
        """All events with a seq above `since` that are durable now, in order, read as they are taken."""
        ...

    def of_run(self, run_id: str) -> Iterator[EventRecord]:
        """All events of one run that are durable now, in order, read as they are taken."""
        ...

    def read_back(self, before: int, limit: int, *, run_id: str | None = None) -> list[EventRecord]:
        """Up to `limit` events with a seq below `before`, newest first."""
        ...

    def kept(self) -> Iterator[EventRecord]:
        """What is still told of events that were removed, by events up to the `floor`: in order. Nothing else of them is read."""
        ...

    def run_ids(self) -> list[str]:
        """Every run that has events, newest first."""
        ...

    def close(self) -> None: ...
