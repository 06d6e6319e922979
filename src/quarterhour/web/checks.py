"""The calls on checks: what is declared of a dataset and what it came to, and the release of an input that is held back."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from quarterhour.lake.holds import HoldLedger
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected
from quarterhour.workspace import Workspace

router = APIRouter(prefix="/api")

# Named, not imported: what reads data files is loaded in the workers alone.
_CHECKS = "quarterhour.stages.analyzer.checks.answers:dataset_checks"


class FailingFile(BaseModel):
    file: Annotated[str, Field(description="The raw file's name below data/raw.")]
    fingerprint: str
    rows: int
    failures: int
    is_over: Annotated[bool, Field(description="More fail than the check allows.")]


class FailingRow(BaseModel):
    file: str
    record: Annotated[int, Field(description="Its number in the file, from 1.")]
    key: dict[str, Any]
    values: dict[str, Any]


class CheckResult(BaseModel):
    outcome: Literal["passed", "warned", "failed", "skipped"]
    message: str
    rows: Annotated[int | None, Field(description="Rows that were looked at; null for a check of the dataset.")]
    failures: int
    files: Annotated[list[FailingFile], Field(description="The first thousand.")]
    file_count: int
    examples: Annotated[list[FailingRow], Field(description="The first failing rows.")]
    observed: Annotated[dict[str, Any], Field(description="What a check of the dataset measured.")]


class DeclaredCheck(BaseModel):
    name: str
    check: Annotated[str, Field(description="Its kind.", examples=["not_null", "range", "drift"])]
    columns: list[str]
    severity: Literal["warn", "fail"]
    on_failure: Literal["report", "hold_file", "hold_run"]
    asks: Annotated[str, Field(description="What must hold.", examples=["at least 0"])]
    result: Annotated[CheckResult | None, Field(description="Null before the first run that makes it.")]


class CheckOutcome(BaseModel):
    name: str
    outcome: Literal["passed", "warned", "failed", "skipped"]
    failures: int = 0
    observed: dict[str, Any] = Field(default_factory=dict[str, Any])


class CheckedRun(BaseModel):
    run_id: str
    checked_at: str
    results: list[CheckOutcome]


class ChecksAnswer(BaseModel):
    dataset: str
    run_id: Annotated[str | None, Field(description="The run that checked it last.")]
    checked_at: str | None
    checks: list[DeclaredCheck]
    history: Annotated[list[CheckedRun], Field(description="Of the last runs, oldest first.")]


class ReleaseAnswer(BaseModel):
    id: Annotated[str, Field(description="The input's fingerprint.")]
    file: str
    dataset: str
    message: str


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
