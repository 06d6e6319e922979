"""The calls that read the pipeline: status, snapshot, events, runs, health."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from quarterhour.events import EventRecord
from quarterhour.health import problems
from quarterhour.lifecycle import Balance, Run, balance
from quarterhour.web.models import EventWire, Health, Page, PipelineStatus, Snapshot
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected

router = APIRouter()

SNAPSHOT_EVENTS = 500
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/api/pipeline/status", operation_id="getStatus", tags=["pipeline"])
async def get_status(services: Injected) -> PipelineStatus:
    return services.status()


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
    since: Annotated[int, Query(ge=0, description="Only events with a greater seq.")] = 0,
    run_id: str | None = None,
    stage: str | None = None,
    event: str | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Text that the message contains.")] = None,
    limit: Limit = 200,
) -> Response:
    """Any past event, in the order of seq; `next` is the `since` of the next page."""
    text = q.casefold() if q else None

    def match(record: EventRecord) -> bool:
        return (
            (stage is None or record.stage == stage)
            and (event is None or record.event == event)
            and (text is None or text in record.msg.casefold())
        )

    log = services.bus.log
    found = await asyncio.to_thread(log.read, since, limit + 1, run_id=run_id, match=match)
    page = found[:limit]
    cursor = page[-1].seq if len(found) > limit else None
    is_whole = run_id is stage is event is text is None
    total = services.bus.last_seq if is_whole else None
    tail = orjson.dumps({"next": cursor, "total": total})[1:]
    return json_response(b'{"items":[' + join(page) + b"]," + tail)


@router.get("/api/runs", operation_id="listRuns", tags=["runs"], responses=documented(404, 422))
async def list_runs(
    services: Injected,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Run]:
    """Runs, newest first."""
    ids = await asyncio.to_thread(services.bus.log.run_ids)
    rest = [run_id for run_id in ids if cursor is None or run_id < cursor]
    runs = [await services.state.find_run(run_id) for run_id in rest[:limit]]
    more = rest[limit - 1] if len(rest) > limit else None
    return Page(items=runs, next=more, total=len(ids))


@router.get("/api/runs/{run_id}", operation_id="getRun", tags=["runs"], responses=documented(404, 422))
async def get_run(run_id: str, services: Injected) -> Run:
    return await services.state.find_run(run_id)


@router.get(
    "/api/runs/{run_id}/events",
    operation_id="listRunEvents",
    tags=["runs"],
    response_model=Page[EventWire],
    responses=documented(404, 422),
)
async def list_run_events(
    run_id: str, services: Injected, since: Annotated[int, Query(ge=0)] = 0, limit: Limit = 200
) -> Response:
    await services.state.find_run(run_id)
    return await list_events(services, since=since, run_id=run_id, limit=limit)


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
    responses={503: {"model": Health, "description": "Degraded"}},
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
