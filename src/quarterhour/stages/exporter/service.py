"""ExporterService: each of `[[exports]]` whose dataset changed is written anew.

An export that fails does not fail the run, whose rows are merged: it is an error event, it is counted in the stage's success, and
it is due again at the next run.
"""

from typing import Any

import duckdb

from quarterhour.errors import StageCancelled, UnknownDataset
from quarterhour.lake.exports.scheduled import Watcher, Written, write_if_due
from quarterhour.settings.exports import ExportSettings
from quarterhour.stages.base import Interruptible, StageContext, StageResult


class ExporterService:
    """Writes what is due. Safe to do again after a kill at any point: what was not remembered is written again."""

    name = "exporter"

    def run(self, context: StageContext) -> StageResult:
        outcomes: dict[str, str] = {}
        exports = context.settings.exports
        for done, export in enumerate(exports):
            context.check_cancelled()
            context.progress(done, len(exports), export=export.name)
            outcomes[export.name] = _outcome(context, export, _Progress(context, export, done, len(exports)))
        context.progress(len(exports), len(exports))
        return _result(list(outcomes.values()))


def _outcome(context: StageContext, export: ExportSettings, watcher: Watcher) -> str:
    facts = {"export": export.name, "dataset": export.dataset}
    try:
        written = write_if_due(context.workspace, export, context.run_id, watcher)
    except (StageCancelled, duckdb.InterruptException):
        context.check_cancelled()
        raise
    except UnknownDataset:
        context.emit(f"export {export.name}: {export.dataset} has no merged table yet", level="warning", **facts)
        return "waiting"
    # One export's failure does not stop the others, nor undo the run.
    except Exception as error:  # noqa: BLE001
        told = str(error) or type(error).__name__
        context.emit(
            f"export {export.name}: not written, and tried again at the next run: {told}", level="error", **facts
        )
        return "failed"
    if written is None:
        return "unchanged"
    context.emit(_line(export, written), **facts, version=written.version, rows=written.rows, size=written.size)
    return "written"


def _line(export: ExportSettings, written: Written) -> str:
    return f"export {export.name}: {export.dataset} version {written.version}, {written.rows} rows → {written.place}"


def _result(outcomes: list[str]) -> StageResult:
    counts = {kind: outcomes.count(kind) for kind in ("written", "unchanged", "waiting", "failed")}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    retried = ": tried again at the next run" if counts["failed"] else ""
    return StageResult(f"Exports: {told or 'none are configured'}{retried}", dict[str, Any](counts))


class _Progress(Watcher):
    def __init__(self, context: StageContext, export: ExportSettings, done: int, total: int) -> None:
        self._context = context
        self._export = export
        self._done = done
        self._total = total

    def connected(self, connection: Interruptible) -> None:
        self._context.watch(connection)

    def came(self, **amount: int) -> None:
        self._context.check_cancelled()
        self._context.progress(self._done, self._total, export=self._export.name, **amount)
