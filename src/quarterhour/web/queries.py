"""The calls that read the pipeline: status, snapshot, events, runs, health."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from quarterhour.balance import Balance, balance
from quarterhour.errors import EventLogError
from quarterhour.event_log.base import EventLog
from quarterhour.events import EventRecord
from quarterhour.health import problems
from quarterhour.index.question import Question
from quarterhour.lifecycle import Run, RunState, Trigger
from quarterhour.web.etags import NOT_MODIFIED, IfNoneMatch, is_known, not_modified, tag_of, tagged_router
from quarterhour.web.event_filter import EventFilter
from quarterhour.web.models import (
    MOST,
    EventWire,
    Health,
    Page,
    PipelineStatus,
    ReindexAnswer,
    RetentionAnswer,
    RetentionRequest,
    Snapshot,
)
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected, Services

router = APIRouter()
tagged = tagged_router()

SNAPSHOT_EVENTS = 500
_READ_BACK = 1000
_LINES_AT_ONCE = 200
Limit = Annotated[int, Query(ge=1, le=1000, description="Most events of a page.")]


@router.get(
    "/api/pipeline/status",
    operation_id="getStatus",
    tags=["pipeline"],
    response_model=PipelineStatus,
    responses={**NOT_MODIFIED, **documented(422)},
)
async def get_status(services: Injected, if_none_match: IfNoneMatch = None) -> Response:
    """The state, its run and the schedule.

    The `ETag` does not tell of `seconds_to_next_run`, which only falls: count from `next_run_at`.
    """
    status = services.status()
    tag = tag_of(status.version, int(status.overdue))
    # Not kept by browsers, which would show an old countdown by themselves.
    if is_known(tag, if_none_match):
        return not_modified(tag, "no-store")
    answer = json_response(status.model_dump_json().encode())
    answer.headers.update({"etag": tag, "cache-control": "no-store"})
    return answer


@router.get("/api/pipeline/snapshot", operation_id="getSnapshot", tags=["pipeline"], response_model=Snapshot)
async def get_snapshot(services: Injected) -> Response:
    """The status, the newest events and the last seq: from there `WS /ws/events?since=` goes on without a gap."""
    events = services.bus.recent(SNAPSHOT_EVENTS)
    return json_response(snapshot_json(services.status(), events, services.bus.last_seq))


@router.get(
    "/api/events", operation_id="listEvents", tags=["events"], response_model=Page[EventWire], responses=documented(422)
)
async def list_events(
    services: Injected,
    asked: EventFilter,
    since: Annotated[int, Query(ge=0, le=MOST, description="Only events with a greater seq.")] = 0,
    before: Annotated[int | None, Query(ge=1, le=MOST, description="Only events with a lesser seq.")] = None,
    order: Annotated[
        Literal["asc", "desc"],
        Query(description="`asc`: `next` is the `since` of the next page; `desc`: its `before`."),
    ] = "asc",
    limit: Limit = 200,
) -> Response:
    """Any past event, in the order of seq, or the newest first.

    Where events after `since` were removed, the header `Events-Removed-Up-To` has the seq of the last of them.
    """
    is_newest_first = order == "desc"
    until = before or services.bus.last_seq + 1
    removed = services.removed_up_to
    found = await find_events(services, asked, max(since, removed), until, limit + 1, is_newest_first=is_newest_first)
    page = found[:limit]
    cursor = page[-1].seq if len(found) > limit else None
    total = services.bus.last_seq - removed if asked == Question() else None
    tail = orjson.dumps({"next": cursor, "total": total})[1:]
    answer = json_response(b'{"items":[' + join(page) + b"]," + tail)
    # Asked for again: it may have risen while the files were read.
    if since < services.removed_up_to:
        answer.headers["events-removed-up-to"] = str(services.removed_up_to)
    return answer


async def find_events(
    services: Services, asked: Question, since: int, before: int, limit: int, *, is_newest_first: bool
) -> list[EventRecord]:
    """From the index, where it can save reading the log through."""
    is_of_all = replace(asked, run_id=None) == Question()
    if not is_of_all:
        found = await services.indexer.events(asked, since, before, limit, is_newest_first=is_newest_first)
        if found is not None:
            return found
    log = services.bus.log
    if not is_newest_first:

        def fits(record: EventRecord) -> bool:
            return record.seq < before and asked.fits(record)

        return await asyncio.to_thread(log.read, since, limit, run_id=asked.run_id, match=fits)
    return await asyncio.to_thread(_read_back, log, asked, since, before, limit)


def _read_back(log: EventLog, asked: Question, since: int, before: int, limit: int) -> list[EventRecord]:
    found: list[EventRecord] = []
    while len(found) < limit and (records := log.read_back(before, _READ_BACK, run_id=asked.run_id)):
        found += [record for record in records if record.seq > since and asked.fits(record)]
        before = records[-1].seq
        if before <= since:
            break
    return found[:limit]


@router.post("/api/reindex", operation_id="reindex", tags=["events"])
async def reindex(services: Injected) -> ReindexAnswer:
    """Make the index of the event log anew from its files; questions are answered from the files meanwhile."""
    return ReindexAnswer(events=await services.indexer.make_anew())


@router.post("/api/retention", operation_id="retainEvents", tags=["events"], responses=documented(400, 422))
async def retain_events(services: Injected, asked: RetentionRequest | None = None) -> RetentionAnswer:
    """Remove and compress old events as the settings ask for it, now and to its end; after a run it is done by itself."""
    try:
        done = await services.retention.all(asked.compress_after if asked else None)
    except OSError as error:
        raise EventLogError(f"old events could not be compressed or removed: {error}") from error
    return RetentionAnswer.model_validate(done)


@tagged.get("/api/runs", operation_id="listRuns", tags=["runs"], responses=documented(404, 422))
async def list_runs(
    services: Injected,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    state: RunState | None = None,
    trigger: Trigger | None = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most runs of a page.")] = 50,
) -> Page[Run]:
    """Runs, newest first."""
    runs, total = await find_runs(services, cursor, state, trigger, limit + 1)
    return Page(items=runs[:limit], next=runs[limit - 1].run_id if len(runs) > limit else None, total=total)


async def find_runs(
    services: Services, cursor: str | None, state: RunState | None, trigger: Trigger | None, limit: int
) -> tuple[list[Run], int | None]:
    """Newest first, and how many there are of that kind: from the index, or from each run's own file.

    From the files their number is known without filters alone.
    """
    if (indexed := await services.indexer.runs(limit, cursor, state=state, trigger=trigger)) is not None:
        return indexed
    ids = await asyncio.to_thread(services.bus.log.run_ids)
    found: list[Run] = []
    for run_id in (run_id for run_id in ids if cursor is None or run_id < cursor):
        run = await services.state.find_run(run_id)
        if state in (None, run.state) and trigger in (None, run.trigger):
            found.append(run)
        if len(found) >= limit:
            break
    return found, len(ids) if state is trigger is None else None


@tagged.get("/api/runs/{run_id}", operation_id="getRun", tags=["runs"], responses=documented(404, 422))
async def get_run(run_id: str, services: Injected) -> Run:
    """One run, as it is now."""
    return await services.state.find_run(run_id)


@router.get(
    "/api/runs/{run_id}/events",
    operation_id="listRunEvents",
    tags=["runs"],
    response_model=Page[EventWire],
    responses=documented(404, 422),
)
async def list_run_events(
    run_id: str,
    services: Injected,
    since: Annotated[int, Query(ge=0, le=MOST, description="Only events with a greater seq.")] = 0,
    limit: Limit = 200,
) -> Response:
    """The events of a run after `since`, oldest first."""
    await services.state.find_run(run_id)
    found = await asyncio.to_thread(services.bus.log.read, since, limit + 1, run_id=run_id)
    page = found[:limit]
    tail = orjson.dumps({"next": page[-1].seq if len(found) > limit else None, "total": None})[1:]
    return json_response(b'{"items":[' + join(page) + b"]," + tail)


@router.get(
    "/api/runs/{run_id}/log",
    operation_id="getRunLog",
    tags=["runs"],
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
        **documented(404, 422),
    },
)
async def get_run_log(run_id: str, services: Injected) -> StreamingResponse:
    """All events of the run so far, one a line: its file, whether it is compressed or not."""
    await services.state.find_run(run_id)
    pieces = _lines(services.bus.log.of_run(run_id))
    # What cannot be read is told with a status, as long as none is sent.
    first = await asyncio.to_thread(next, pieces, b"")
    name = f'attachment; filename="pipeline_{run_id}.jsonl"'
    return StreamingResponse(
        chain([first], pieces), media_type="application/x-ndjson", headers={"content-disposition": name}
    )


def _lines(records: Iterator[EventRecord]) -> Iterator[bytes]:
    while batch := list(islice(records, _LINES_AT_ONCE)):
        yield b"".join(record.line + b"\n" for record in batch)


@router.get("/api/runs/{run_id}/balance", operation_id="getRunBalance", tags=["runs"], responses=documented(404, 422))
async def get_run_balance(run_id: str, services: Injected) -> Balance:
    """Whether the run's rows add up."""
    return balance(await services.state.find_run(run_id))


@router.get("/healthz", operation_id="getLiveness", tags=["health"])
async def get_liveness() -> Health:
    """The process answers."""
    return Health(status="ok", checks={})


@router.get(
    "/readyz",
    operation_id="getReadiness",
    tags=["health"],
    responses={
        503: {
            "model": Health,
            "description": "Degraded",
            "content": {
                "application/json": {
                    "example": {
                        "status": "degraded",
                        "checks": {"event_log": "ok", "disk": "0.4 GB of 256 GB are free"},
                    }
                }
            },
        }
    },
)
async def get_readiness(services: Injected, response: Response) -> Health:
    """Whether the pipeline can do its work now; 503 where it cannot."""
    health = health_of(problems(services.bus, services.disk, services.watchdog))
    response.status_code = 200 if health.status == "ok" else 503
    return health


def health_of(problems: Mapping[str, str | None]) -> Health:
    """By check what is wrong, or None. Pure."""
    is_good = all(problem is None for problem in problems.values())
    return Health(
        status="ok" if is_good else "degraded", checks={name: problem or "ok" for name, problem in problems.items()}
    )


def join(records: Sequence[EventRecord]) -> bytes:
    """The events' one serialised form, ready for a JSON array."""
    return b",".join(record.line for record in records)


def snapshot_json(status: PipelineStatus, records: Sequence[EventRecord], last_seq: int) -> bytes:
    return b'{"status":%b,"events":[%b],"last_seq":%d}' % (status.model_dump_json().encode(), join(records), last_seq)


def json_response(body: bytes) -> Response:
    return Response(body, media_type="application/json")
