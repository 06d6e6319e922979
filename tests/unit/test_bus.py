"""Written before shown, in order, nothing dropped silently."""

import asyncio
import errno
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from quarterhour.bus import EventBus, Gap
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.events import MAX_EVENT_BYTES, EventRecord, StageLogged
from quarterhour.settings import EventSettings


def event(msg: str = "x") -> StageLogged:
    return StageLogged(at=datetime.now(UTC), run_id=None, stage="good", msg=msg)


def test_an_event_is_in_the_log_before_a_fold_or_a_subscriber_sees_it() -> None:
    """S6: written first, in one order, and then shown."""

    async def go() -> None:
        log = MemoryEventLog()
        bus = EventBus(log, EventSettings())
        seen: list[int] = []
        bus.add_fold(lambda record: seen.append(record.seq) if log.last_seq >= record.seq else None)
        writer = asyncio.create_task(bus.run())
        async with bus.subscribe() as subscription:
            await asyncio.gather(*(bus.publish(event(), event()) for _ in range(50)))
            taken = await subscription.take()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        assert isinstance(taken, list)
        assert [record.seq for record in taken] == seen == list(range(1, 101))
        assert [record.seq for record in bus.recent(3)] == [98, 99, 100]
        assert [record.seq for record in bus.recent(10, since=97)] == [98, 99, 100]

    asyncio.run(go())


def test_who_waits_for_an_event_does_not_wait_for_others_to_share_its_write() -> None:
    async def go() -> None:
        log = MemoryEventLog()
        bus = EventBus(log, EventSettings(group_commit=3600))
        writer = asyncio.create_task(bus.run())
        async with asyncio.timeout(20):
            await bus.publish(event())
            shared = bus.publish(event())
            await asyncio.sleep(0.01)
            assert not shared.done()
            await bus.publish(event(), at_once=True)
            assert shared.done()
        assert log.last_seq == 3
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)

    asyncio.run(go())


def test_a_slow_subscriber_is_told_its_gap() -> None:
    """E4."""

    async def go() -> None:
        bus = EventBus(MemoryEventLog(), EventSettings(queue=10))
        writer = asyncio.create_task(bus.run())
        async with bus.subscribe() as subscription:
            await bus.publish(*(event() for _ in range(25)))
            first = await subscription.take()
            gap = await subscription.take()
            await bus.publish(event())
            after = await subscription.take()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        assert isinstance(first, list)
        assert isinstance(after, list)
        assert ([r.seq for r in first], gap, [r.seq for r in after]) == (list(range(1, 11)), Gap(11, 25), [26])

    asyncio.run(go())


class _FullOnce(MemoryEventLog):
    """A log whose disk is full at the first write."""

    was_full = False

    def append(self, records: Sequence[EventRecord]) -> None:
        if not self.was_full:
            self.was_full = True
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(records)


def test_events_wait_for_room_on_a_full_disk() -> None:
    async def go() -> None:
        log = _FullOnce()
        bus = EventBus(log, EventSettings())
        writer = asyncio.create_task(bus.run())
        (record,) = await bus.publish(event("kept"))
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        assert (record.msg, log.last_seq, log.was_full) == ("kept", 1, True)

    asyncio.run(go())


def test_a_naive_time_is_refused_and_a_flood_of_data_is_cut() -> None:
    """E1."""
    with pytest.raises(ValueError, match="no zone"):
        StageLogged(at=datetime(2025, 1, 1), run_id=None, stage="good", msg="")  # noqa: DTZ001
    large = StageLogged(at=datetime.now(UTC), run_id=None, stage="good", msg="m", data={"text": "x" * MAX_EVENT_BYTES})
    record = large.to_record(1)
    assert record.data["truncated"] is True
    assert EventRecord.parse(record.line) == record
