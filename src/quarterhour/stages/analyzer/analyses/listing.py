"""What people are shown of the analyses: those that are declared, and the first rows of one."""

from typing import Any

from quarterhour.clock import wire_time
from quarterhour.errors import QuarterhourError
from quarterhour.lake.derived import is_derived, read_published
from quarterhour.lake.tables import open_table
from quarterhour.settings import AnalysisSettings, Settings
from quarterhour.stages.analyzer.analyses.definition import define
from quarterhour.stages.analyzer.analyses.report import Preview, Report
from quarterhour.stages.analyzer.analyses.worker import PreviewOrder, Worker
from quarterhour.workspace import Workspace


def list_analyses(workspace: Workspace, settings: Settings) -> list[dict[str, Any]]:
    """Each with what it reads and the result that stands; `error` where its SQL cannot be read."""
    return [_item(workspace, analysis) for analysis in settings.analyses]


def _item(workspace: Workspace, analysis: AnalysisSettings) -> dict[str, Any]:
    reads: list[str] = []
    error: str | None = None
    try:
        reads = sorted(define(analysis).names)
    except QuarterhourError as fault:
        error = fault.message
    table = open_table(workspace.table(analysis.name))
    published = read_published(table) if table and is_derived(table) else None
    return {
        "name": analysis.name,
        "kind": analysis.kind,
        "mode": analysis.effective_mode,
        "reads": reads,
        "run_id": published.run_id if published else None,
        "version": table.version if table and published else None,
        "rows": table.rows if table and published else 0,
        "updated_at": wire_time(table.updated_at()) if table and published else None,
        "sql": analysis.sql,
        "declared": analysis.model_dump(mode="json", exclude_unset=True, exclude={"name", "sql"}),
        "error": error,
    }


def preview(
    workspace: Workspace, settings: Settings, name: str, *, limit: int = 20, is_explained: bool = False
) -> Preview | Report:
    """Under the analysis's own timeout. Raises StageError."""
    timeout_s = next(one.timeout for one in settings.analyses if one.name == name)
    with Worker(workspace) as worker:
        return worker.run(PreviewOrder(workspace.home, settings, name, limit, is_explained), timeout_s, lambda: None)
