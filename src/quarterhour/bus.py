"""EventBus: gives each event its seq, has it written, and only then shows it: ring, fold and subscribers."""

import asyncio
import errno
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from quarterhour.event_log.base import EventLog
from quarterhour.event_log.chain import AuditChain
from quarterhour.events import Event, EventRecord
from quarterhour.settings import EventSettings

_log = structlog.get_logger()

Written = asyncio.Future[list[EventRecord]]

# While the disk is full the same events are tried again this often.
_FULL_DISK_PAUSE_S = 1.0
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that a slow subscriber was not handed; it reads them from the log."""

    first_seq: int
    last_seq: int


class Subscription:
    """What one subscriber has still to take. Full, it remembers the gap instead of the events: nothing is dropped silently."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: deque[EventRecord] = deque()
        self._gap: Gap | None = None
        self._arrived = asyncio.Event()

    def push(self, record: EventRecord) -> None:
        if self._gap is not None:
            self._gap = Gap(self._gap.first_seq, record.seq)
        elif len(self._queue) >= self._limit:
            self._gap = Gap(record.seq, record.seq)
        else:
            self._queue.append(record)
        self._arrived.set()

    async def take(self) -> list[EventRecord] | Gap:
        """All that waits, at least one event; or the gap that came after what was taken before."""
        await self._arrived.wait()
        if self._queue:
            records = list(self._queue)
            self._queue.clear()
            if self._gap is None:
                self._arrived.clear()
            return records
        gap = self._gap
        assert gap is not None
        self._gap = None
        self._arrived.clear()
        return gap


@dataclass(slots=True)
class _Entry:
    """Events that belong together, and who waits for them."""

    events: Sequence[Event]
    written: Written


class EventBus:
    """One for each installation. All its methods belong to the event loop's thread; only the writing is elsewhere."""

    def __init__(self, log: EventLog, settings: EventSettings) -> None:
        self.log = log
        self._chain = AuditChain(log)
        self._settings = settings
        self._ring: deque[EventRecord] = deque(maxlen=settings.ring)
        self._waiting: deque[_Entry] = deque()
        self._unwritten = 0
        self._is_closed = False
        self._has_work = asyncio.Event()
        self._is_pressing = asyncio.Event()
        self._subscriptions: set[Subscription] = set()
        self._folds: list[Callable[[EventRecord], None]] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="event-log")
        self.last_seq = 0
        self.is_disk_full = False

    def load(self) -> None:
        """Fill the ring from the opened log."""
        self._ring.extend(reversed(self.log.read_back(self.log.last_seq + 1, self._settings.ring)))
        self.last_seq = self.log.last_seq

    def add_fold(self, fold: Callable[[EventRecord], None]) -> None:
        """`fold` is given every written event, in order, before any subscriber."""
        self._folds.append(fold)

    def publish(self, *events: Event, at_once: bool = False) -> Written:
        """Take `events` in, to be written one after the other. Await the result where what follows depends on it.

        `at_once`: whoever waits for them is not to wait for others that may share the write, too. Never raises. Once `run`
        has ended nothing is written any more, and the result is cancelled.
        """
        written: Written = asyncio.get_running_loop().create_future()
        if self._is_closed:
            written.cancel()
            return written
        self._waiting.append(_Entry(events, written))
        self._unwritten += 1
        self._has_work.set()
        if at_once:
            self._is_pressing.set()
        return written

    async def settle(self) -> None:
        """Return when all that was published is written and folded, with nothing published since."""
        while self._unwritten and not self._is_closed:
            await self.publish(at_once=True)

    async def run(self) -> None:
        """Write what is published until cancelled, then what is left. Raises what the log raises, but for a full disk."""
        loop = asyncio.get_running_loop()
        next_commit_at = 0.0
        try:
            while True:
                await self._has_work.wait()
                # An event after a pause is written at once; those that come within the window share the next write, unless
                # somebody waits for one of them.
                if (pause_s := next_commit_at - loop.time()) > 0:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(pause_s):
                            await self._is_pressing.wait()
                next_commit_at = loop.time() + self._settings.group_commit
                await _to_its_end(asyncio.create_task(self._commit()))
        finally:
            self._is_closed = True
            await self._commit()
            self._writer.shutdown()

    async def _commit(self) -> None:
        entries = list(self._waiting)
        self._waiting.clear()
        self._has_work.clear()
        self._is_pressing.clear()
        if entries and not self._chain.is_loaded:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._chain.load)
        seq = self.last_seq
        written: list[list[EventRecord]] = []
        for entry in entries:
            written.append([self._chain.enter(event, seq + offset) for offset, event in enumerate(entry.events, 1)])
            seq += len(entry.events)
        try:
            await self._write([record for records in written for record in records])
        except BaseException:
            # What is on the disk now only the log knows.
            self._chain = AuditChain(self.log)
            for entry in entries:
                entry.written.cancel()
            raise
        for entry, records in zip(entries, written, strict=True):
            for record in records:
                self._show(record)
            self._unwritten -= 1
            if not entry.written.done():
                entry.written.set_result(records)

    async def _write(self, records: list[EventRecord]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # What an interrupted try has written already stays; the rest is tried again.
            rest = [record for record in records if record.seq > self.log.last_seq]
            if not rest:
                return
            try:
                await loop.run_in_executor(self._writer, self.log.append, rest)
            except OSError as error:
                if error.errno not in _FULL_DISK:
                    raise
                if not self.is_disk_full:
                    action = "free some space; nothing is lost meanwhile"
                    _log.error("event_log_disk_full", waiting=len(rest), action=action)
                self.is_disk_full = True
                await asyncio.sleep(_FULL_DISK_PAUSE_S)
            else:
                self.is_disk_full = False
                return

    def _show(self, record: EventRecord) -> None:
        self.last_seq = record.seq
        self._ring.append(record)
        for fold in self._folds:
            fold(record)
        for subscription in self._subscriptions:
            subscription.push(record)

    @asynccontextmanager
    async def subscribe(self) -> AsyncGenerator[Subscription]:
        """What is written after this moment. Leaving the block ends it."""
        subscription = Subscription(self._settings.queue)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def recent(self, limit: int, since: int = 0) -> list[EventRecord]:
        """The newest events from the ring with a seq above `since`, at most `limit`, in order."""
        wanted = min(limit, self.last_seq - since, len(self._ring))
        if wanted <= 0:
            return []
        start = len(self._ring) - wanted
        return [self._ring[index] for index in range(start, len(self._ring))]


async def _to_its_end(task: "asyncio.Task[None]") -> None:
    """Await `task`; a cancel waits for its end too, so that no two commits ever overlap."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
