"""The calls on checks: what is declared of a dataset and what it came to, and the release of an input that is held back."""

import asyncio

from fastapi import APIRouter

from quarterhour.lake.holds import HoldLedger
from quarterhour.web.check_models import ChecksAnswer, ReleaseAnswer
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected
from quarterhour.workspace import Workspace

router = APIRouter(prefix="/api")

# Named, not imported: what reads data files is loaded in the workers alone.
_CHECKS = "quarterhour.stages.analyzer.checks.answers:dataset_checks"


@router.get(
    "/datasets/{name}/checks", operation_id="getDatasetChecks", tags=["datasets"], responses=documented(404, 422, 503)
)
async def get_dataset_checks(name: str, services: Injected) -> ChecksAnswer:
    """The checks declared of a dataset, each with its last result, and the outcomes of the last runs."""
    found = await services.engine.call(_CHECKS, services.workspace, services.settings, name)
    return ChecksAnswer.model_validate(found)


@router.post(
    "/inputs/{item_id}/release", operation_id="releaseInput", tags=["inputs"], responses=documented(404, 409, 422)
)
async def release_input(item_id: str, services: Injected) -> ReleaseAnswer:
    """Have an input that is held back merged by the next run, whatever checks say of it."""
    return await asyncio.to_thread(_release, services.workspace, item_id)


def _release(workspace: Workspace, item_id: str) -> ReleaseAnswer:
    with HoldLedger(workspace.ledger_file) as ledger:
        entry = ledger.release(ledger.named(item_id).fingerprint)
    return ReleaseAnswer(
        id=entry.fingerprint,
        file=entry.name,
        dataset=entry.dataset,
        message=f"{entry.name} is released: the next run merges its {entry.rows} rows into {entry.dataset}",
    )
