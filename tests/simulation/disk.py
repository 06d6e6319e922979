"""The event log on a simulated disk: it can be full, slow, fail, or be cut by a death in the middle of a batch."""

import errno
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from quarterhour.event_log.base import Match, Repair
from quarterhour.event_log.memory import check_sequence
from quarterhour.events import EventRecord

from .world import Killed, Process

# Older events are what a history would hold; no part reads back further than a few runs.
_KEPT = 4000


@dataclass(slots=True)
class Disk:
    """What outlives every process. `on_record` is told of each event once it is durable."""

    on_record: Callable[[EventRecord], None]
    records: deque[EventRecord] = field(default_factory=lambda: deque(maxlen=_KEPT))
    last_seq: int = 0
    torn_bytes: int = 0
    is_full: bool = False
    is_dying_for: Process | None = None
    """This process is killed in its next write."""
    dies_after: float = 0.5
    """The share of that write which still reaches the disk."""
    is_failing_for: Process | None = None
    """This process's next write ends in an error, after that same share of it."""
    failed: set[Process] = field(default_factory=set[Process])
    """Those that were told so: they must end, loudly."""

    def keep(self, records: Sequence[EventRecord]) -> None:
        for record in records:
            assert record.seq == self.last_seq + 1, f"two writers: {record.seq} follows {self.last_seq}"
            self.last_seq = record.seq
            self.records.append(record)
            self.on_record(record)


class SimulatedLog:
    """The log as one process has it open."""

    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk = disk
        self._process = process
        self.opened_at = 0
        """The last event that another process wrote."""

    def open(self) -> list[Repair]:
        self._process.check_alive()
        self.opened_at = self._disk.last_seq
        torn, self._disk.torn_bytes = self._disk.torn_bytes, 0
        return [Repair("events", torn, "{")] if torn else []

    @property
    def last_seq(self) -> int:
        return self._disk.last_seq

    @property
    def floor(self) -> None:
        """Nothing is removed of a simulated log."""
        return None

    def append(self, records: Sequence[EventRecord]) -> None:
        self._process.check_alive()
        check_sequence(self.last_seq, records)
        if self._disk.is_dying_for is self._process:
            self._die(records)
        if self._disk.is_failing_for is self._process:
            self._fail(records)
        if self._disk.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._disk.keep(records)

    def _die(self, records: Sequence[EventRecord]) -> None:
        self._disk.is_dying_for = None
        self._write_in_part(records)
        self._process.kill()
        raise Killed

    def _fail(self, records: Sequence[EventRecord]) -> None:
        self._disk.is_failing_for = None
        self._disk.failed.add(self._process)
        self._write_in_part(records)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _write_in_part(self, records: Sequence[EventRecord]) -> None:
        whole = round(len(records) * self._disk.dies_after)
        self._disk.keep(records[:whole])
        self._disk.torn_bytes = 1 if whole < len(records) else 0

    def read(
        self, since: int, limit: int, *, run_id: str | None = None, match: Match | None = None
    ) -> list[EventRecord]:
        later = (record for record in self._disk.records if record.seq > since)
        found = (r for r in later if run_id in (None, r.run_id) and (match is None or match(r)))
        return [record for _, record in zip(range(limit), found, strict=False)]

    def after(self, since: int) -> Iterator[EventRecord]:
        return iter([record for record in self._disk.records if record.seq > since])

    def read_back(self, before: int, limit: int, *, run_id: str | None = None) -> list[EventRecord]:
        newest = reversed(self._disk.records)
        older = (record for record in newest if record.seq < before and run_id in (None, record.run_id))
        return [record for _, record in zip(range(limit), older, strict=False)]

    def kept(self) -> Iterator[EventRecord]:
        return iter(())

    def run_ids(self) -> list[str]:
        return sorted({record.run_id for record in self._disk.records if record.run_id}, reverse=True)

    def close(self) -> None:
        pass
