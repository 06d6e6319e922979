"""The calls on a backfill: run windows of the schedule that are over, see how far it is, stop it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from quarterhour.backfill import Backfill, BackfillPlan
from quarterhour.clock import wire_time
from quarterhour.lifecycle import RunWindow
from quarterhour.marks import Window
from quarterhour.web.models import MOST, BackfillAnswer, BackfillRequest
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected

router = APIRouter(prefix="/api")


@router.post(
    "/backfill",
    status_code=202,
    operation_id="startBackfill",
    tags=["schedule"],
    responses={200: {"model": BackfillAnswer, "description": "A dry run"}, **documented(400, 409, 422)},
)
async def start_backfill(request: BackfillRequest, services: Injected, response: Response) -> BackfillAnswer:
    """Run each window of the span that has no successful run, oldest first and one at a time."""
    end = request.end or services.clock.now()
    if request.dry_run:
        response.status_code = 200
        return _planned(await services.backfiller.plan(request.start, end, with_succeeded=request.all))
    backfill = await services.backfiller.start(
        request.start, end, with_succeeded=request.all, keeps_going=request.keep_going
    )
    return answer_of(backfill)


@router.get("/backfill", operation_id="getBackfill", tags=["schedule"], responses=documented(422))
async def get_backfill(
    services: Injected, since: Annotated[int, Query(ge=0, le=MOST, description="So many ended runs are left out.")] = 0
) -> BackfillAnswer | None:
    """How far the backfill is, or how the last one since the server's start ended; null where there was none."""
    last = services.backfiller.last
    return None if last is None else answer_of(last, since)


@router.post("/backfill/stop", status_code=202, operation_id="stopBackfill", tags=["schedule"])
async def stop_backfill(services: Injected) -> BackfillAnswer | None:
    """Begin no further window, and stop the run of the one under way."""
    await services.backfiller.stop()
    return await get_backfill(services)


def _planned(plan: BackfillPlan) -> BackfillAnswer:
    planned = [_window(window) for window in plan.windows]
    return BackfillAnswer(
        state=None,
        windows=len(planned),
        succeeded=plan.succeeded,
        planned=planned,
        runs=[],
        failed=0,
        left=len(planned),
        next=planned[0] if planned else None,
        message="",
    )


def answer_of(backfill: Backfill, since: int = 0) -> BackfillAnswer:
    """With the ended runs from number `since` on."""
    left = backfill.left
    return BackfillAnswer(
        state=backfill.state,
        windows=len(backfill.plan.windows),
        succeeded=backfill.plan.succeeded,
        runs=backfill.runs[since:],
        failed=backfill.failed,
        left=len(left),
        next=_window(left[0]) if left else None,
        message=backfill.message,
    )


def _window(window: Window) -> RunWindow:
    return RunWindow(start=wire_time(window.start), end=wire_time(window.end))
