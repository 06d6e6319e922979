"""The call on analyses: which are declared, and the result of each that stands."""

from fastapi import APIRouter

from quarterhour.web.check_models import AnalysisItem
from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_LIST_ANALYSES = "quarterhour.stages.analyzer.analyses.listing:list_analyses"


@router.get("/analyses", operation_id="listAnalyses", tags=["datasets"], responses=documented(503))
async def list_analyses(services: Injected) -> Page[AnalysisItem]:
    """The declared analyses, each with the result that stands."""
    found = await services.engine.call(_LIST_ANALYSES, services.workspace, services.settings)
    return Page(items=[AnalysisItem.model_validate(item) for item in found], total=len(found))
