"""The call on analyses: which are declared, and the result of each that stands."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_LIST_ANALYSES = "quarterhour.stages.analyzer.analyses.listing:list_analyses"


class AnalysisItem(BaseModel):
    """One analysis. Its result is the dataset of its name."""

    name: str
    kind: Annotated[str, Field(examples=["sql", "buckets", "rolling", "top", "change"])]
    mode: Literal["full", "window", "append"]
    reads: Annotated[list[str], Field(description="The names in its query.")]
    run_id: Annotated[str | None, Field(description="The run that published the result; null without one.")]
    version: int | None
    rows: int
    error: Annotated[str | None, Field(description="Why its SQL cannot be read.")]


@router.get("/analyses", operation_id="listAnalyses", tags=["datasets"], responses=documented(503))
async def list_analyses(services: Injected) -> Page[AnalysisItem]:
    """The declared analyses, each with the result that stands."""
    found = await services.engine.call(_LIST_ANALYSES, services.workspace, services.settings)
    return Page(items=[AnalysisItem.model_validate(item) for item in found], total=len(found))
