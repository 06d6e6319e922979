"""The call behind a scrollbar over the whole log: how many events there are of a kind, and where each page of them begins."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from quarterhour.event_log.base import EventLog
from quarterhour.index.question import PageOfEvents, Question
from quarterhour.indexer import pages_of
from quarterhour.web.event_filter import EventFilter
from quarterhour.web.models import MOST, EventPage, Page
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected

router = APIRouter()

# So many events are looked through for one answer: it takes some tenths of a second, however many there are.
_BY_COLUMN = 1_000_000
_BY_TEXT = 200_000
_BY_READING = 10_000


@router.get("/api/events/pages", operation_id="listEventPages", tags=["events"], responses=documented(422))
async def list_event_pages(
    services: Injected,
    asked: EventFilter,
    before: Annotated[
        int | None, Query(ge=1, le=MOST, description="Only events with a lesser seq: the `next` of the answer before.")
    ] = None,
    size: Annotated[
        int, Query(ge=100, le=1000, description="Events in a page; the last of an answer has fewer.")
    ] = 500,
) -> Page[EventPage]:
    """Where each page of past events begins, newest first, and how many are in it.

    `GET /api/events` with `order=desc`, a `before` above a page's `seq` and its `count` as `limit` is that page.
    Older events follow by `next`, also where an answer has no page.
    """
    removed = services.removed_up_to
    until = min(before or MOST, services.bus.last_seq + 1)
    if until <= removed + 1:
        return Page(items=[], next=None)
    # What was removed is not looked through.
    after = max(removed, until - 1 - (_BY_COLUMN if asked.text is None else _BY_TEXT))
    pages = await services.indexer.pages(asked, after, until, size)
    if pages is None:
        after = max(removed, until - 1 - _BY_READING)
        pages = await asyncio.to_thread(_read, services.bus.log, asked, after, until, size)
    items = [EventPage(seq=page.seq, count=page.count) for page in pages]
    return Page(items=items, next=after + 1 if after > removed else None)


def _read(log: EventLog, asked: Question, after: int, before: int, size: int) -> list[PageOfEvents]:
    """From the files, where the index cannot tell."""
    records = log.read_back(before, before - 1 - after, run_id=asked.run_id)
    return pages_of([record.seq for record in records if record.seq > after and asked.fits(record)], size)
