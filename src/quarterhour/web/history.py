"""The calls on the past of merged tables: versions, retracting an input, restoring. Tables are opened in workers alone."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from quarterhour.events import FilesRetranslated, TableReversed
from quarterhour.web.models import MOST, Page
from quarterhour.web.problems import documented
from quarterhour.web.reversal_models import (
    RestoreAnswer,
    RestoreRequest,
    RetractAnswer,
    RetractRequest,
    RetranslateAnswer,
    RetranslateRequest,
    VersionItem,
)
from quarterhour.web.services import Injected, Services

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_HISTORY = "quarterhour.lake.history:dataset_history"
_RETRACT = "quarterhour.stages.merger.retraction:retract"
_RETRANSLATE = "quarterhour.verification.retranslation:retranslate"
_RESTORE = "quarterhour.stages.merger.restoring:restore"


@router.get(
    "/datasets/{name}/history",
    operation_id="listDatasetVersions",
    tags=["datasets"],
    responses=documented(404, 422, 503),
)
async def list_dataset_versions(
    name: str,
    services: Injected,
    cursor: Annotated[int | None, Query(ge=0, le=MOST, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most items of a page.")] = 50,
) -> Page[VersionItem]:
    """The versions of a merged table, newest first."""
    page = await services.engine.call(_HISTORY, services.workspace, services.settings, name, limit, cursor)
    return Page[VersionItem].model_validate(page)


@router.post(
    "/inputs/{item_id}/retract",
    operation_id="retractInput",
    tags=["inputs"],
    responses=documented(400, 404, 409, 422, 503),
)
async def retract_input(item_id: str, services: Injected, request: RetractRequest | None = None) -> RetractAnswer:
    """Take an input's rows out of its merged table, with what it had updated as it was before; or put them back."""
    asked = request or RetractRequest()
    arguments = (services.workspace, services.settings, item_id, asked.to, asked.whole_file, asked.dry_run)
    if asked.dry_run:
        return RetractAnswer.model_validate(await services.engine.call(_RETRACT, *arguments))
    async with services.orchestrator.alone(f"retract {item_id}"):
        answer = RetractAnswer.model_validate(await services.engine.call(_RETRACT, *arguments))
        if answer.operation != "none":
            await _tell(services, answer.operation, answer, {"changes": answer.changes.model_dump()})
    return answer


@router.post(
    "/datasets/{name}/restore",
    operation_id="restoreDataset",
    tags=["datasets"],
    responses=documented(400, 404, 409, 422, 503),
)
async def restore_dataset(name: str, request: RestoreRequest, services: Injected) -> RestoreAnswer:
    """Make a new version that equals an earlier one. Inputs merged since are retracted, and can be put back."""
    arguments = (services.workspace, services.settings, name, request.version, request.dry_run)
    if request.dry_run:
        return RestoreAnswer.model_validate(await services.engine.call(_RESTORE, *arguments))
    async with services.orchestrator.alone(f"restore {name} to version {request.version}"):
        answer = RestoreAnswer.model_validate(await services.engine.call(_RESTORE, *arguments))
        await _tell(services, "restore", answer, {"restored_version": answer.restored})
    return answer


@router.post("/retranslate", operation_id="retranslate", tags=["inputs"], responses=documented(400, 404, 409, 422, 503))
async def retranslate(request: RetranslateRequest, services: Injected) -> RetranslateAnswer:
    """Make translated files that are damaged or gone anew from the raw files."""
    arguments = (services.workspace, services.settings, request.dataset, request.dry_run)
    if request.dry_run:
        return RetranslateAnswer.model_validate(await services.engine.call(_RETRANSLATE, *arguments))
    async with services.orchestrator.alone(f"retranslate {request.dataset or 'all datasets'}"):
        answer = RetranslateAnswer.model_validate(await services.engine.call(_RETRANSLATE, *arguments))
        if answer.files:
            files = [one.model_dump() for one in answer.files[:_INPUTS_IN_EVENT]]
            data = {"files": files, "file_count": len(answer.files)}
            await services.bus.publish(
                FilesRetranslated(
                    at=services.clock.now(), run_id=None, stage="translator", msg=answer.message, data=data
                )
            )
    return answer


_INPUTS_IN_EVENT = 100


async def _tell(
    services: Services, operation: str, answer: RetractAnswer | RestoreAnswer, extra: dict[str, Any]
) -> None:
    data = {
        "operation": operation,
        "dataset": answer.dataset,
        "version": answer.version,
        "rows": answer.rows,
        "inputs": [moved.model_dump() for moved in answer.inputs[:_INPUTS_IN_EVENT]],
        "input_count": len(answer.inputs),
        **extra,
    }
    await services.bus.publish(
        TableReversed(at=services.clock.now(), run_id=None, stage="merger", msg=answer.message, data=data)
    )
