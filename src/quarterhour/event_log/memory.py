"""The event log in memory: the twin of the JSONL log for tests and dry runs."""

from collections.abc import Iterator, Sequence

from quarterhour.errors import SequenceConflict
from quarterhour.event_log.base import Match, Repair, ToldSeal
from quarterhour.events import EventRecord


class MemoryEventLog:
    def __init__(self) -> None:
        self._records: list[EventRecord] = []

    def open(self) -> list[Repair]:
        return []

    @property
    def last_seq(self) -> int:
        return len(self._records)

    @property
    def floor(self) -> ToldSeal | None:
        return None

    def append(self, records: Sequence[EventRecord]) -> None:
        check_sequence(self.last_seq, records)
        self._records.extend(records)

    def read(
        self, since: int, limit: int, *, run_id: str | None = None, match: Match | None = None
    ) -> list[EventRecord]:
        found: list[EventRecord] = []
        for record in self._records[max(0, since) :]:
            if len(found) == limit:
                break
            if (run_id is None or record.run_id == run_id) and (match is None or match(record)):
                found.append(record)
        return found

    def after(self, since: int) -> Iterator[EventRecord]:
        return iter(self._records[max(0, since) :])

    def of_run(self, run_id: str) -> Iterator[EventRecord]:
        return iter([record for record in self._records if record.run_id == run_id])

    def read_back(self, before: int, limit: int, *, run_id: str | None = None) -> list[EventRecord]:
        older = reversed(self._records[: max(0, before - 1)])
        return [record for record in older if run_id is None or record.run_id == run_id][:limit]

    def kept(self) -> Iterator[EventRecord]:
        return iter(())

    def run_ids(self) -> list[str]:
        return sorted({record.run_id for record in self._records if record.run_id}, reverse=True)

    def close(self) -> None:
        pass


def check_sequence(last_seq: int, records: Sequence[EventRecord]) -> None:
    """Raises SequenceConflict unless the records continue from `last_seq` one by one."""
    for expected, record in enumerate(records, last_seq + 1):
        if record.seq != expected:
            raise SequenceConflict(f"event {record.seq} does not follow {expected - 1}", seq=record.seq)
