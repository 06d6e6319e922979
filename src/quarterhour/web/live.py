"""The WebSocket: a snapshot, then each event as it is written."""

import asyncio
import contextlib
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from quarterhour.bus import Gap, Subscription
from quarterhour.events import EventRecord
from quarterhour.index.question import Question
from quarterhour.web.models import MOST
from quarterhour.web.queries import SNAPSHOT_EVENTS, join, snapshot_json
from quarterhour.web.services import Injected, Services

router = APIRouter()

# With batch=1: the least time between two messages, about one frame of a screen.
_BATCH_EVERY_S = 0.016


@router.websocket("/ws/events")
async def live_events(
    websocket: WebSocket,
    services: Injected,
    since: Annotated[int | None, Query(ge=0, le=MOST)] = None,
    run_id: str | None = None,
    stage: str | None = None,
    batch: int = 0,
) -> None:
    """`since` continues after that seq: without a gap, or with a `gap` message that says what to read from /api/events.

    With `run_id` or `stage` only events of that run or stage come.
    """
    asked = Question(run_id, stage)
    await websocket.accept()
    async with services.bus.subscribe() as subscription:
        # No await between subscribing and this: nothing falls between the snapshot and the first event.
        opening = _opening(services, since, asked)
        sender = asyncio.create_task(_send(websocket, opening, subscription, asked, is_batched=batch == 1))
        listener = asyncio.create_task(_listen(websocket))
        try:
            await asyncio.wait((sender, listener), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, listener):
                task.cancel()
            await asyncio.gather(sender, listener, return_exceptions=True)


def _opening(services: Services, since: int | None, asked: Question) -> list[bytes]:
    last_seq = services.bus.last_seq
    known = min(since, last_seq) if since is not None else last_seq - SNAPSHOT_EVENTS
    records = services.bus.recent(SNAPSHOT_EVENTS, max(0, known))
    first_seq = records[0].seq if records else last_seq + 1
    snapshot = snapshot_json(services.status(), list(filter(asked.fits, records)), last_seq)
    messages = [b'{"type":"snapshot","data":%b}' % snapshot]
    if since is not None and first_seq > known + 1:
        messages.append(_gap(gap_data(Gap(known + 1, first_seq - 1), services.removed_up_to)))
    return messages


async def _send(
    websocket: WebSocket, opening: list[bytes], subscription: Subscription, asked: Question, *, is_batched: bool
) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        for message in opening:
            await websocket.send_text(message.decode())
        while True:
            taken = await subscription.take()
            if isinstance(taken, Gap):
                await websocket.send_text(_gap(gap_data(taken)).decode())
            else:
                await _send_events(websocket, list(filter(asked.fits, taken)), is_batched=is_batched)
            if is_batched:
                await asyncio.sleep(_BATCH_EVERY_S)


async def _send_events(websocket: WebSocket, records: list[EventRecord], *, is_batched: bool) -> None:
    if is_batched and records:
        await websocket.send_text('{"type":"events","data":[' + join(records).decode() + "]}")
    elif not is_batched:
        for record in records:
            await websocket.send_text(record.line.decode())


async def _listen(websocket: WebSocket) -> None:
    """Read, so that the client's end is noticed; what it says is not asked for."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


def gap_data(gap: Gap, removed_up_to: int = 0) -> dict[str, int]:
    """Where the gap's beginning was removed, it says up to which seq: those are nowhere to be read."""
    data = {"from": gap.first_seq, "to": gap.last_seq}
    if removed_up_to >= gap.first_seq:
        data["removed_up_to"] = removed_up_to
    return data


def _gap(data: dict[str, int]) -> bytes:
    return orjson.dumps({"type": "gap", "data": data})
