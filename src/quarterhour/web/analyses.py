"""The call on analyses: which are declared, the result of each that stands, and what the last run made of it."""

from typing import Any

from fastapi import APIRouter

from quarterhour.events import EventRecord
from quarterhour.index.question import Question
from quarterhour.web.check_models import AnalysisItem, AnalysisOutcome
from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.queries import find_events
from quarterhour.web.services import Injected, Services

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_LIST_ANALYSES = "quarterhour.stages.analyzer.analyses.listing:list_analyses"
_LAST_ENDINGS = Question(stage="analyzer", event="success")


@router.get("/analyses", operation_id="listAnalyses", tags=["datasets"], responses=documented(503))
async def list_analyses(services: Injected) -> Page[AnalysisItem]:
    """The declared analyses, each with the result that stands and what the last run made of it."""
    found = await services.engine.call(_LIST_ANALYSES, services.workspace, services.settings)
    last = await _last_outcomes(services) if found else {}
    items = [AnalysisItem.model_validate({**item, "last": last.get(item["name"])}) for item in found]
    return Page(items=items, total=len(found))


async def _last_outcomes(services: Services) -> dict[str, AnalysisOutcome]:
    """As the analyzer said when it last ended well; one that failed with `on_error = "fail"` is the run's failure."""
    until = services.bus.last_seq + 1
    ended = await find_events(services, _LAST_ENDINGS, 0, until, 1, is_newest_first=True)
    return {name: _outcome(ended[0], told) for name, told in ended[0].data.get("analyses", {}).items()} if ended else {}


def _outcome(ended: EventRecord, told: dict[str, Any]) -> AnalysisOutcome:
    return AnalysisOutcome(
        run_id=ended.run_id or "", at=ended.timestamp, outcome=told["outcome"], message=told.get("message")
    )
