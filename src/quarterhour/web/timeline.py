"""The call behind pictures of past runs: when each run and its stages were at work, without what else is known of them."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from quarterhour.clock import wire_time
from quarterhour.lifecycle import Run
from quarterhour.web.models import Moment, Page, RunSpan
from quarterhour.web.problems import documented
from quarterhour.web.queries import find_runs
from quarterhour.web.services import Injected, Services

router = APIRouter(prefix="/api")

_RUNS_READ = 500
_MOST_RUNS = 5000


@router.get("/timeline", operation_id="getTimeline", tags=["runs"], responses=documented(404, 422))
async def get_timeline(
    services: Injected,
    start: Annotated[
        Moment | None, Query(alias="from", description="A day before `to` where left out. ISO 8601 with a zone.")
    ] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Now where left out. ISO 8601 with a zone.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_RUNS, description="Most runs of a page.")] = _MOST_RUNS,
) -> Page[RunSpan]:
    """When each run of a span of time and its stages were at work, newest first; `next` where there are more."""
    until = end or services.clock.now()
    since = wire_time(start or until - timedelta(days=1))
    # Run ids begin with their start's second, and sort by it.
    cursor: str | None = f"{until + timedelta(seconds=1):%Y%m%dT%H%M%SZ}"
    found: list[Run] = []
    while cursor is not None and len(found) <= limit:
        runs, cursor = await _page(services, cursor)
        found += [run for run in runs if run.ended_at is None or run.ended_at >= since]
        if runs and runs[-1].started_at < since:
            break
    # Of runs that began in the same second an id does not tell which was first.
    page = sorted((run for run in found if run.started_at <= wire_time(until)), key=_began, reverse=True)
    more = page[limit - 1].run_id if len(page) > limit else None
    return Page(items=[RunSpan.model_validate(run) for run in page[:limit]], next=more)


def _began(run: Run) -> str:
    return run.started_at


async def _page(services: Services, cursor: str) -> tuple[list[Run], str | None]:
    runs, _ = await find_runs(services, cursor, None, None, _RUNS_READ)
    return runs, runs[-1].run_id if len(runs) == _RUNS_READ else None
