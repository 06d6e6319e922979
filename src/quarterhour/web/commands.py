"""The calls that change something: start, stop, reset, one stage, a retry."""

from fastapi import APIRouter

from quarterhour.lifecycle import Run, RunRequest, Trigger
from quarterhour.marks import Window
from quarterhour.web.models import (
    PipelineStatus,
    StartRequest,
)
from quarterhour.web.problems import documented
from quarterhour.web.quarantine_models import RetryAnswer, RetryRequest
from quarterhour.web.repeats import Injected as Repeats
from quarterhour.web.repeats import Key
from quarterhour.web.services import Injected

router = APIRouter(prefix="/api")


@router.post(
    "/pipeline/start",
    status_code=202,
    operation_id="startRun",
    tags=["pipeline"],
    responses=documented(400, 404, 409, 422, 507),
)
async def start_run(
    services: Injected, repeats: Repeats, request: StartRequest | None = None, idempotency_key: Key = None
) -> Run:
    """Start a run of all stages, of some, or of those that a failed run did not finish."""
    asked = request or StartRequest()
    window = asked.window and Window(asked.window.start, asked.window.end)

    async def start(by: RunRequest | None) -> Run:
        if asked.resume is not None:
            return await services.orchestrator.resume(Trigger.API, asked.resume, request=by)
        return await services.orchestrator.start(Trigger.API, stages=asked.stages, window=window, request=by)

    return await repeats.once(idempotency_key, asked.model_dump_json(), start)


@router.post("/pipeline/stop", status_code=202, operation_id="stopRun", tags=["pipeline"], responses=documented(409))
async def stop_run(services: Injected) -> PipelineStatus:
    """Ask the run to stop. Its worker has the grace to leave off, and is then ended."""
    await services.orchestrator.stop()
    return services.status()


@router.post("/pipeline/reset", operation_id="resetPipeline", tags=["pipeline"], responses=documented(409))
async def reset_pipeline(services: Injected) -> PipelineStatus:
    """Back to `idle` after a run has ended."""
    await services.orchestrator.reset()
    return services.status()


@router.post(
    "/pipeline/stage/{name}",
    status_code=202,
    operation_id="runStage",
    tags=["pipeline"],
    responses=documented(404, 409, 422, 507),
)
async def run_stage(name: str, services: Injected, repeats: Repeats, idempotency_key: Key = None) -> Run:
    """A run of one stage alone."""

    async def start(by: RunRequest | None) -> Run:
        return await services.orchestrator.start(Trigger.API, stages=[name], request=by)

    return await repeats.once(idempotency_key, StartRequest(stages=[name]).model_dump_json(), start)


# Named, not imported: what reads data files is loaded in the workers alone.
_SEND_BACK = "quarterhour.stages.translator.mending.sending_back:send_back"


@router.post(
    "/quarantine/{item_id}/retry",
    status_code=202,
    operation_id="retryQuarantined",
    tags=["quarantine"],
    responses=documented(400, 404, 409, 422, 503),
)
async def retry_quarantined(item_id: str, services: Injected, request: RetryRequest | None = None) -> RetryAnswer:
    """Send a record, or a whole file, through the pipeline again with the next run: mended, or as it stands."""
    asked = request or RetryRequest()
    answer = await services.engine.call(
        _SEND_BACK, services.workspace, services.settings, item_id, asked.raw, asked.values
    )
    return RetryAnswer.model_validate(answer)
