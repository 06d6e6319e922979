"""The index's two ways to the event files: entering what is new in them, and reading the events that it found."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quarterhour.event_log.files import EVENT_FILE, event_files, opened, stat_of
from quarterhour.events import EventRecord
from quarterhour.index.errors import IndexBroken
from quarterhour.index.places import Batch, Found, KnownFile, in_order
from quarterhour.slots import keeps_marks

if TYPE_CHECKING:
    from quarterhour.index.store import IndexStore

_BATCH = 5_000


def catch_up(
    store: "IndexStore",
    folder: Path,
    last_seq: int,
    check: Callable[[], None],
    *,
    only: Collection[str] | None = None,
    floor_seq: int = 0,
) -> int:
    """Enter the events up to `last_seq` that the files have beyond what is indexed; how many. `only` names files that grew.
    What is up to `floor_seq` was removed, and is left out where it still stands, but for what is kept of marks.

    `check` may raise, between two batches. Raises IndexBroken where the files are no longer those that were indexed.
    """
    known, entered = store.files(only), 0
    there = list(event_files(folder)) if only is None else sorted(only)
    waiting: list[Batch] = []
    for batch in _new(folder, there, known, last_seq, floor_seq):
        check()
        waiting.append(batch)
        entered += sum(record.seq > floor_seq for _, record in batch[1])
        # Many small files share a commit.
        if sum(len(events) for _, events in waiting) >= _BATCH:
            store.add(waiting, floor_seq)
            waiting = []
    store.add(waiting, floor_seq)
    if gone := sorted(set(known) - set(there)):
        raise IndexBroken(f"{gone[0]} is gone")
    return entered


def _new(
    folder: Path, names: Sequence[str], known: Mapping[str, KnownFile], last_seq: int, floor_seq: int
) -> Iterator[Batch]:
    """What the files have beyond what is known of them."""
    for name in names:
        before, path = known.get(name), folder / name
        try:
            now = stat_of(path)
            if before is not None and now.size < before.size:
                raise IndexBroken(f"{name} was cut or replaced")
            if before is not None and now.size == before.size:
                continue
            run_id = found.group("run_id") if (found := EVENT_FILE.fullmatch(name)) else None
            for events in _batches(path, before.size if before else 0, last_seq, floor_seq):
                (offset, newest), (_, oldest) = events[-1], events[0]
                end, first_seq = offset + len(newest.line) + 1, before.first_seq if before else oldest.seq
                before = KnownFile(name, run_id, end, now.mtime_ns, first_seq, newest.seq)
                yield before, events
        except FileNotFoundError as error:
            raise IndexBroken(f"{name} is gone") from error


def _batches(path: Path, start: int, last_seq: int, floor_seq: int) -> Iterator[list[tuple[int, EventRecord]]]:
    """The whole events of a file from an offset on, each with its own."""
    batch: list[tuple[int, EventRecord]] = []
    with opened(path) as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break  # being written now
            try:
                record = EventRecord.parse(line[:-1])
            except ValueError as error:
                raise IndexBroken(f"{path.name} changed, or has a damaged line at byte {start}: {error}") from error
            if record.seq > last_seq:
                break
            if record.seq > floor_seq or keeps_marks(record):
                batch.append((start, record))
            start += len(line)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def read_found(folder: Path, found: Sequence[Found]) -> dict[int, EventRecord]:
    """The events by seq. Raises IndexBroken where one does not stand where it was found."""
    records: dict[int, EventRecord] = {}
    for name, places in in_order(found).items():
        try:
            with opened(folder / name) as file:
                for place in places:
                    file.seek(place.offset)
                    record = EventRecord.parse(file.readline().rstrip(b"\n"))
                    if record.seq != place.seq:
                        raise IndexBroken(f"{name} holds event {record.seq} where {place.seq} was indexed")
                    records[place.seq] = record
        except (FileNotFoundError, ValueError) as error:
            raise IndexBroken(f"{name}: {error}") from error
    return records
