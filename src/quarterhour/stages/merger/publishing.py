"""What the merger does for analyses: their results become visible once all is merged, and no file is merged into their tables."""

from collections.abc import Sequence
from typing import Any

from quarterhour.lake.derived import (
    NotPublishable,
    Publication,
    as_data,
    discard_staged,
    is_derived,
    publish,
    published_by,
    staged_in_order,
)
from quarterhour.lake.ledger import Input
from quarterhour.lake.schema_plan import HeldBack
from quarterhour.lake.tables import Table
from quarterhour.settings import Settings
from quarterhour.stages.base import StageContext


def publish_analyses(context: StageContext) -> dict[str, Any]:
    """Called once all datasets are merged; returns what `success` says of the derived tables: `derived`, by name."""
    names = [analysis.name for analysis in context.settings.analyses]
    if not names:
        return {}
    published: dict[str, Publication] = {}
    if context.attempt > 1:
        published |= published_by(context.workspace, names, context.run_id)
    for staged in staged_in_order(context.workspace, names):
        context.check_cancelled()
        try:
            published[staged.analysis] = publish(context.workspace, staged, context.run_id)
        except NotPublishable as error:
            # The next run makes it anew, of what there is then.
            discard_staged(context.workspace.staged_analysis(staged.analysis))
            context.emit(
                f"{staged.analysis}: its new result is dropped, the one before stands: {error.message}",
                level="warning",
                analysis=staged.analysis,
            )
    return {"derived": as_data(published)}


def held_for_an_analysis(
    settings: Settings, dataset: str, table: Table | None, inputs: Sequence[Input]
) -> list[HeldBack]:
    """All of them where the dataset's name is an analysis's: its table holds results, not rows of files."""
    is_result = table is not None and is_derived(table) and bool(table.rows)
    if not is_result and dataset not in {analysis.name for analysis in settings.analyses}:
        return []
    reason = f"{dataset!r} is the name of an analysis"
    advice = "Rename the analysis, or name another dataset for the file, and drop it again"
    return [HeldBack(one, f"{one.name}: its {one.rows} rows are held back: {reason}. {advice}") for one in inputs]
