"""Indexer: owns the index, keeps it up with the event log beside everything else, makes a broken one anew, answers from it.

What it does not know yet, or while it is made anew, is read from the event log itself: an answer is slower then, and the same.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.errors import EventLogError
from quarterhour.event_log.jsonl import event_file
from quarterhour.events import EventRecord, IndexDiscarded, IndexFailed, IndexRebuilt
from quarterhour.index.errors import IndexBroken, IndexUnavailable
from quarterhour.index.question import SHORTEST_TEXT, PageOfEvents, Question, run_in
from quarterhour.index.reading import catch_up, read_found
from quarterhour.lifecycle import Run
from quarterhour.slots import Slot, settled, slots_of
from quarterhour.workspace import Workspace

if TYPE_CHECKING:
    from quarterhour.index.store import IndexStore

# So long events gather before they are entered.
_GATHER_S = 0.3
# What hindered the index is tried again after so long.
_LATER_S = 10.0
_MOST_UNINDEXED = 1_000_000

T = TypeVar("T")


class Indexer:
    """Its answers are None where the index cannot tell: ask the event log then."""

    def __init__(self, workspace: Workspace, bus: EventBus, clock: Clock) -> None:
        self._workspace = workspace
        self._bus = bus
        self._clock = clock
        self._is_new = asyncio.Event()
        self._closing = threading.Event()
        self._is_running = False
        self._failure: str | None = None
        """What hindered it last, as it was told."""
        self._broken: str | None = None
        """Why the index is to be made anew, if it is."""
        self._asked: list[asyncio.Future[int]] = []
        """Who waits for an index made anew."""
        self._grown: set[str] | None = None
        """Names of the files that were written since; None where nothing is known of them yet."""
        self._indexed_seq = 0
        """All events up to this one are entered; 0 while the index is made."""
        bus.add_fold(self._see)

    @cached_property
    def _store(self) -> "IndexStore":
        """For the workers alone: SQLAlchemy takes a while to load, for which neither the loop nor a start is to wait."""
        from quarterhour.index.store import IndexStore

        return IndexStore(self._workspace.index_file)

    def _see(self, record: EventRecord) -> None:
        if self._grown is not None:
            self._grown.add(event_file(self._workspace, record).name)
        self._is_new.set()

    async def run(self) -> None:
        """Keep up until cancelled. It alone writes the index; what hinders it ends nothing else."""
        self._is_new.set()
        self._is_running = True
        try:
            while True:
                await self._is_new.wait()
                self._is_new.clear()
                await self._clock.sleep(_GATHER_S if await self._step() else _LATER_S)
        finally:
            self._is_running = False
            self._closing.set()

    async def _step(self) -> bool:
        """Enter what is new, or make all anew where that was asked for or is needed; whether it could be done."""
        try:
            if self._broken is None and not self._asked:
                try:
                    await self._enter()
                    return True
                except IndexBroken as error:
                    self._broken = str(error)
            await self._make_anew()
        except (OSError, EventLogError, IndexUnavailable, IndexBroken) as error:
            self._indexed_seq, self._grown = 0, None
            self._is_new.set()
            await self._tell_failure(str(error))
            return False
        self._failure = None
        return True

    async def make_anew(self) -> int:
        """Remove the index and make another, whatever it holds; the events in it.

        Raises IndexBroken, IndexUnavailable or OSError where it cannot be done in a process that does nothing else.
        """
        made: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.append(made)
        self._is_new.set()
        if not self._is_running:
            await self._make_anew()
        return await made

    async def _make_anew(self) -> None:
        why = self._broken or "somebody asked for it"
        self._indexed_seq, self._grown = 0, None
        await asyncio.to_thread(self._remove)
        msg = f"The index of the event log is made anew: {why}"
        await self._tell(IndexDiscarded, msg, {"level": "warning", "why": why})
        asked, self._asked = self._asked, []
        count = await self._enter()
        self._broken = None
        await self._tell(IndexRebuilt, f"The index of the event log is made: {count} events", {"events": count})
        for made in asked:
            if not made.done():
                made.set_result(count)

    async def _enter(self) -> int:
        """What is written and not yet entered."""
        last_seq, grown = self._bus.last_seq, self._grown
        self._grown = set()

        def enter() -> int:
            self._store.create_or_check()
            floor = self._bus.log.floor
            return catch_up(
                self._store,
                self._workspace.events,
                last_seq,
                self._check,
                only=grown,
                floor_seq=floor.seq if floor else 0,
            )

        try:
            count = await asyncio.to_thread(enter)
        except BaseException:
            # What was to be entered is looked for in all files the next time.
            self._grown = None
            raise
        self._indexed_seq = last_seq
        return count

    async def forget(self, floor_seq: int) -> None:
        """Have the events up to `floor_seq` forgotten, whose files go next. What hinders it costs an index made anew."""
        # One that is being entered into is found to be of other files, if it is; a process without a server enters nothing.
        if (self._is_running and not self._indexed_seq) or not self._workspace.index_file.exists():
            return
        try:
            await asyncio.to_thread(lambda: self._store.forget(floor_seq))
        except (IndexUnavailable, IndexBroken) as error:
            self._indexed_seq, self._broken = 0, str(error)
            self._is_new.set()

    async def _tell_failure(self, why: str) -> None:
        """Once, until it is another."""
        if why == self._failure:
            return
        self._failure = why
        msg = f"The index of the event log cannot be kept up, so that questions about the past are slow: {why}"
        await self._tell(IndexFailed, msg, {"why": why})

    def _check(self) -> None:
        if self._closing.is_set():
            raise IndexUnavailable("the process ends")

    def _remove(self) -> None:
        """Nothing of it is worth keeping: it holds what the files hold, and may be as large as they are."""
        for ending in ("", "-wal", "-shm"):
            path = self._workspace.index_file
            path.with_name(path.name + ending).unlink(missing_ok=True)

    async def _tell(self, kind: Callable[..., Any], msg: str, data: dict[str, Any]) -> None:
        await self._bus.publish(kind(at=self._clock.now(), run_id=None, stage="pipeline", msg=msg, data=data))

    async def events(
        self, asked: Question, after: int, before: int, limit: int, *, is_newest_first: bool = False
    ) -> list[EventRecord] | None:
        """Up to `limit` events between two seqs (left out), in order or the newest first. None for what the index cannot tell."""
        if asked.text is not None and len(asked.text) < SHORTEST_TEXT:
            return None
        indexed = self._indexed_seq

        def find() -> list[EventRecord]:
            places = self._store.find(asked, after, min(before, indexed + 1), limit, is_newest_first=is_newest_first)
            records = read_found(self._workspace.events, places)
            old = [records[place.seq] for place in places]
            new = [record for record in self._since(max(after, indexed)) if record.seq < before and asked.fits(record)]
            return ([*reversed(new), *old] if is_newest_first else [*old, *new])[:limit]

        return await self._ask(find)

    async def pages(self, asked: Question, after: int, before: int, size: int) -> list[PageOfEvents] | None:
        """The events between two seqs (left out) in pages of `size`, the newest first. None for what the index cannot tell."""
        if asked.text is not None and len(asked.text) < SHORTEST_TEXT:
            return None
        indexed = self._indexed_seq

        def find() -> list[PageOfEvents]:
            new = [record for record in self._since(max(after, indexed)) if record.seq < before and asked.fits(record)]
            old = self._store.pages(asked, after, min(before, indexed + 1), size)
            return [*pages_of([record.seq for record in reversed(new)], size), *old]

        return await self._ask(find)

    async def runs(
        self, limit: int, before: str | None, *, state: str | None = None, trigger: str | None = None
    ) -> tuple[list[Run], int] | None:
        """Runs, newest first, from the one before `before` on; and how many there are of that kind in all."""
        indexed = self._indexed_seq

        def find() -> tuple[list[Run], int]:
            newest = _runs_in(self._since(indexed))
            found, total = self._store.runs(limit + len(newest), before, state=state, trigger=trigger)
            old = {run["run_id"]: Run.model_validate(run) for run in found}
            fits = [
                run
                for run in {**old, **newest}.values()
                if state in (None, run.state) and trigger in (None, run.trigger) and (not before or run.run_id < before)
            ]
            fresh = sum(run.run_id in newest and run.run_id not in old for run in fits)
            gone = sum(run_id in old and newest[run_id] not in fits for run_id in newest)
            return sorted(fits, key=lambda run: run.run_id, reverse=True)[:limit], total + fresh - gone

        return await self._ask(find)

    async def slots(self, first: str, last: str) -> list[Slot] | None:
        """The verdicts of the marks from `first` to `last`, newest first."""
        indexed = self._indexed_seq

        def find() -> list[Slot]:
            found = {slot.mark: slot for slot in self._store.slots(first, last)}
            for record in self._since(indexed):
                for slot in slots_of(record):
                    if first <= slot.mark <= last:
                        found[slot.mark] = settled(slot, found.get(slot.mark))
            return sorted(found.values(), key=lambda slot: slot.mark, reverse=True)

        return await self._ask(find)

    def _since(self, seq: int) -> list[EventRecord]:
        """What was written after the index: little."""
        return self._bus.log.read(seq, _MOST_UNINDEXED)

    async def _ask(self, question: Callable[[], T]) -> T | None:
        if not self._indexed_seq:
            return None
        try:
            return await asyncio.to_thread(question)
        except IndexUnavailable:
            return None
        except IndexBroken as error:
            # Whoever asks does not wait for another index.
            self._indexed_seq, self._broken = 0, str(error)
            self._is_new.set()
            return None


def pages_of(newest_first: Sequence[int], size: int) -> list[PageOfEvents]:
    """Seqs, the newest first, in pages."""
    firsts = range(0, len(newest_first), size)
    return [PageOfEvents(newest_first[first], min(size, len(newest_first) - first)) for first in firsts]


def _runs_in(records: list[EventRecord]) -> dict[str, Run]:
    """The runs that these events tell of, each as the last one tells it."""
    return {run["run_id"]: Run.model_validate(run) for record in records if (run := run_in(record)) is not None}
