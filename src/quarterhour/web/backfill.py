"""The calls on a backfill: run windows of the schedule that are over, see how far it is, stop it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from quarterhour.backfill import Backfill, BackfillPlan, BackfillState, told_after
from quarterhour.clock import wire_time
from quarterhour.events import EventRecord
from quarterhour.lifecycle import ENDED, RunRequest, RunState, RunWindow
from quarterhour.marks import Window
from quarterhour.web.models import MOST, BackfillAnswer, BackfillRequest
from quarterhour.web.problems import documented
from quarterhour.web.repeats import Injected as Repeats
from quarterhour.web.repeats import Key
from quarterhour.web.services import Injected, Services

router = APIRouter(prefix="/api")


@router.post(
    "/backfill",
    status_code=202,
    operation_id="startBackfill",
    tags=["schedule"],
    responses={200: {"model": BackfillAnswer, "description": "A dry run"}, **documented(400, 409, 422)},
)
async def start_backfill(
    request: BackfillRequest, services: Injected, repeats: Repeats, response: Response, idempotency_key: Key = None
) -> BackfillAnswer:
    """Run each window of the span that has no successful run, oldest first and one at a time."""
    end = request.end or services.clock.now()
    if request.dry_run:
        response.status_code = 200
        return _planned(await services.backfiller.plan(request.start, end, with_succeeded=request.all))

    async def start(by: RunRequest | None) -> BackfillAnswer:
        begun = await services.backfiller.start(
            request.start, end, with_succeeded=request.all, keeps_going=request.keep_going, request=by
        )
        return answer_of(begun)

    async def known(began: EventRecord) -> BackfillAnswer:
        return await _begun_before(services, began)

    return await repeats.once_of(idempotency_key, f"backfill {request.model_dump_json()}", start, known)


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


async def _begun_before(services: Services, began: EventRecord) -> BackfillAnswer:
    """The backfill that the event tells of: this process's own as it is now, an earlier one's as the log has it."""
    last = services.backfiller.last
    if last is not None and last.request is not None and last.request.model_dump() == began.data["request"]:
        return answer_of(last)
    run_ids, told = await asyncio.to_thread(told_after, services.bus.log, began)
    runs = [await services.orchestrator.find_run(run_id) for run_id in run_ids]
    ended = [run for run in runs if run.state in ENDED]
    end = told.data if told else {}
    return BackfillAnswer(
        state=BackfillState(end.get("state", BackfillState.STOPPED)),
        windows=began.data["windows"],
        succeeded=began.data["succeeded"],
        runs=ended,
        failed=sum(run.state is not RunState.SUCCESS for run in ended),
        left=end.get("left", began.data["windows"] - len(ended)),
        next=end.get("next"),
        message=told.msg if told else "its process ended without a word",
    )


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
