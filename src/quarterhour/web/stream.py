"""Server-sent events: past events, then new ones, for those who cannot use a WebSocket (`curl -N` works)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import groupby, islice
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from quarterhour.bus import Gap
from quarterhour.events import EventRecord
from quarterhour.index.question import Question
from quarterhour.web.live import gap_data
from quarterhour.web.models import MOST
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected, Services

router = APIRouter()

_READ = 1000
# Less than what proxies allow of silence.
_STILL_HERE_S = 15.0
_RETRY_MS = 2000


@router.get(
    "/api/events/stream",
    operation_id="streamEvents",
    tags=["events"],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **documented(422)},
)
async def stream_events(
    services: Injected,
    since: Annotated[
        int | None,
        Query(ge=0, le=MOST, description="Begin after that seq; with what comes from now on where left out."),
    ] = None,
    last_event_id: Annotated[
        int | None,
        Header(ge=0, le=MOST, description="The seq of the last event, as browsers send it; it wins over `since`."),
    ] = None,
    run_id: str | None = None,
    stage: str | None = None,
    event: str | None = None,
    level: str | None = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Part of the message, or of a text in the data.")
    ] = None,
) -> StreamingResponse:
    """Each event as `id: SEQ` and `data: JSON`, without gap or duplicate, also to a slow client and after a lost connection.

    Where events after `since` were removed, `event: gap` comes in their place, whose `data` has `from`, `to` and `removed_up_to`.
    """
    asked = Question(run_id, stage, event, level, q or None)
    begin = next((seq for seq in (last_event_id, since) if seq is not None), services.bus.last_seq)
    # Who has seen more is of another log: one that was put back from a backup, or begun anew.
    begin = min(begin, services.bus.last_seq)
    # Proxies must not gather what is meant to be live.
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(services, asked, begin), media_type="text/event-stream", headers=headers)


async def _stream(services: Services, asked: Question, seq: int) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % _RETRY_MS
    async with services.bus.subscribe() as subscription:
        past: Iterator[EventRecord] | None = services.bus.log.after(seq)
        while True:
            while past is not None and (records := await asyncio.to_thread(_some, past)):
                for part in _in_parts(records):
                    if part[0].seq > seq + 1:
                        yield _told_gap(Gap(seq + 1, part[0].seq - 1), services.removed_up_to)
                    seq = part[-1].seq
                    yield _told(part, asked)
            past = None
            try:
                async with asyncio.timeout(_STILL_HERE_S):
                    taken = await subscription.take()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if isinstance(taken, Gap):
                # What a slow client was not handed stands in the log.
                past = services.bus.log.after(seq)
                continue
            records = [record for record in taken if record.seq > seq]
            seq = records[-1].seq if records else seq
            yield _told(records, asked)


def _some(records: Iterator[EventRecord]) -> list[EventRecord]:
    return list(islice(records, _READ))


def _in_parts(records: list[EventRecord]) -> Iterator[list[EventRecord]]:
    """Parted where events are missing between them: those that were removed while this was read."""
    for _, part in groupby(enumerate(records), key=lambda place: place[1].seq - place[0]):
        yield [record for _, record in part]


def _told_gap(gap: Gap, removed_up_to: int) -> bytes:
    return b"event: gap\ndata: %b\n\n" % orjson.dumps(gap_data(gap, removed_up_to))


def _told(records: list[EventRecord], asked: Question) -> bytes:
    return b"".join(b"id: %d\ndata: %b\n\n" % (each.seq, each.line) for each in records if asked.fits(each))
