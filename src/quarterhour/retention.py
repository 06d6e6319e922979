"""Retention: removes and compresses what is old of the event log, a step after each run or by hand, in a thread of its own."""

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import accumulate, takewhile
from typing import Any, ParamSpec, TypeVar

import orjson

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.event_log.base import EventLog
from quarterhour.event_log.chain import ToldLines
from quarterhour.event_log.files import LeftOff, stat_of, stored_bytes
from quarterhour.event_log.floor import FLOOR, KEPT, is_removal
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.event_log.segment import Segment
from quarterhour.events import MAX_EVENT_BYTES, EventsRemoved, MarksKept
from quarterhour.settings import RetentionSettings
from quarterhour.slots import MARKS, told_of_marks

# So long a step begins with another file to compress; the rest has time after the next run.
_STEP_S = 30.0
# So long a call with an Idempotency-Key is known, from its run's events.
_LEAST_DAYS = 1.0
_DAY_S = 24 * 3600.0
# The marks of one event: the rest of it is small.
_MARKS_BYTES = MAX_EVENT_BYTES // 2

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Retained:
    """What was done."""

    removed_runs: int = 0
    removed_bytes: int = 0
    """On the disk."""
    compressed_files: int = 0
    compressed_from_bytes: int = 0
    compressed_to_bytes: int = 0


class Retention:
    """Of a log in memory it keeps all as it is."""

    def __init__(
        self,
        settings: RetentionSettings,
        log: EventLog,
        bus: EventBus,
        forget: Callable[[int], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`forget` is told up to which seq events are about to be removed."""
        self._settings = settings
        self._log = log
        self._bus = bus
        self._forget = forget
        self._clock = clock
        self._is_left = threading.Event()
        self._one_at_a_time = asyncio.Lock()

    async def step(self) -> Retained:
        """Half a minute. Raises OSError, EventLogError. Cancelled, it ends once the file at work is whole, gone or as it was."""
        return await self._done(self._settings.compress_after, _STEP_S)

    async def all(self, compress_after: float | None = None) -> Retained:
        """The same to its end, however long it takes; `compress_after` (days) in place of the setting."""
        return await self._done(self._settings.compress_after if compress_after is None else compress_after, math.inf)

    async def _done(self, compress_after: float, for_s: float) -> Retained:
        done = Retained()
        if not isinstance(self._log, JsonlEventLog):
            return done
        async with self._one_at_a_time:
            self._is_left.clear()
            await self._remove(self._log, done)
            await self._to_its_end(self._compress, self._log, compress_after, for_s, done)
        return done

    async def _remove(self, log: JsonlEventLog, done: Retained) -> None:
        kept = self._settings
        if kept.keep_days is kept.keep_runs is kept.max_size is None:
            return
        if (found := await self._to_its_end(log.removable, self._too_old)) is None:
            return
        kept, told = await self._to_its_end(self._kept_of, log, found.floor.seq)
        tell = partial(dict[str, Any], at=self._clock.now(), run_id=None, stage="pipeline")
        data = {FLOOR: found.floor.model_dump(), KEPT: told.model_dump(), "runs": found.runs, "bytes": found.size}
        msg = f"The events of the oldest {found.runs} runs are removed: those up to {found.floor.seq}"
        marks_msg = "What events that are removed said of marks is kept"
        # Durable before any file goes: a start after a kill goes on from here, and the audit knows where to begin.
        await self._bus.publish(
            *(MarksKept(**tell(msg=marks_msg, data={"level": "debug", MARKS: part})) for part in _parts(kept)),
            EventsRemoved(**tell(msg=msg, data=data)),
            at_once=True,
        )
        await self._forget(found.floor.seq)
        await self._to_its_end(log.remove, found.floor)
        done.removed_runs, done.removed_bytes = found.runs, found.size

    def _kept_of(self, log: JsonlEventLog, floor_seq: int) -> tuple[list[dict[str, Any]], ToldLines]:
        """What the events up to that one say of marks, and the lines that told of those before. Raises LeftOff."""
        kept: list[dict[str, Any]] = []
        for record in takewhile(lambda record: record.seq <= floor_seq, log.after(0)):
            if self._is_left.is_set():
                raise LeftOff
            # Those that keep marks stay themselves.
            if not is_removal(record):
                kept += told_of_marks(record)
        return kept, log.kept_lines(floor_seq)

    def _too_old(self, runs: Sequence[Segment]) -> int:
        """How many of these, oldest first, the newest run being another, are not to be kept."""
        kept = self._settings
        wanted = 0
        if kept.keep_days is not None:
            wanted = self._older(runs, kept.keep_days)
        if kept.keep_runs is not None:
            wanted = max(wanted, len(runs) + 1 - kept.keep_runs)
        if kept.max_size is not None:
            limit = kept.max_size.bytes_of(0)
            sizes = accumulate(stored_bytes(run.path) for run in reversed(runs))
            wanted = max(wanted, sum(size > limit for size in sizes))
        return min(wanted, self._older(runs, _LEAST_DAYS))

    def _older(self, runs: Sequence[Segment], days: float) -> int:
        until_ns = (self._clock.now().timestamp() - days * _DAY_S) * 1e9
        return sum(1 for _ in takewhile(lambda run: stat_of(run.path).mtime_ns < until_ns, runs))

    def _compress(self, log: JsonlEventLog, compress_after: float, for_s: float, done: Retained) -> None:
        until = self._clock.now() - timedelta(days=compress_after)
        ends_s = time.monotonic() + for_s
        for path in log.old_files(until.timestamp()):
            if time.monotonic() > ends_s:
                return
            try:
                size = stored_bytes(path)
                if not log.compress(path, lambda: not self._is_left.is_set()):
                    continue
            except LeftOff:
                return
            done.compressed_files += 1
            done.compressed_from_bytes += size
            done.compressed_to_bytes += stored_bytes(path)

    async def _to_its_end(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In a thread, which ends before a cancel goes on: the home may be another process's then."""
        task = asyncio.create_task(asyncio.to_thread(work, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._is_left.set()
            await asyncio.gather(task, return_exceptions=True)
            raise


def _parts(marks: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Each small enough for an event, which is cut above its size."""
    part, size = list[dict[str, Any]](), 0
    for mark in marks:
        bytes_more = len(orjson.dumps(mark)) + 1
        if size + bytes_more > _MARKS_BYTES:
            yield part
            part, size = [], 0
        part.append(mark)
        size += bytes_more
    if part:
        yield part
