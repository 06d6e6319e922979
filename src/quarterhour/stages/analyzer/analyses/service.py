"""The analyses of one run: in the order in which they read each other, each in the worker; one's failure stops no other."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from quarterhour.errors import QuarterhourError, StageCancelled, StageError, is_transient
from quarterhour.lake.derived import discard_staged
from quarterhour.stages.analyzer.analyses.definition import Definition, define, in_order
from quarterhour.stages.analyzer.analyses.report import Outcome, Report
from quarterhour.stages.analyzer.analyses.worker import RunOrder, RunsOrders, Worker
from quarterhour.stages.base import StageContext
from quarterhour.workspace import Workspace

_SAY_EVERY_S = 2.0


def run_analyses(context: StageContext, make_worker: Callable[[Workspace], RunsOrders] = Worker) -> dict[str, Any]:
    """Called once per run; returns what `success` says of the analyses: `analyses`, by name.

    What they gave is staged: the merger makes it visible once it has merged what they read. Raises StageError where one failed
    that the run is to fail with.
    """
    if not context.settings.analyses:
        return {}
    reports: dict[str, Report] = {}
    failures: dict[str, str] = {}
    fatal: list[StageError] = []
    definitions = _defined(context, failures)
    with make_worker(context.workspace) as worker:
        for place, definition in enumerate(definitions):
            try:
                reports[definition.name] = _run(context, worker, definition, place, len(definitions))
            except StageCancelled:
                raise
            # One analysis's failure does not stop the others, nor the merge.
            except Exception as error:  # noqa: BLE001
                failures[definition.name] = str(error)
                context.emit(str(error), level="error", analysis=definition.name)
                discard_staged(context.workspace.staged_analysis(definition.name))
                if definition.settings.on_error == "fail":
                    fatal.append(StageError(str(error), is_transient=is_transient(error)))
    fatal += [
        StageError(failures[one.name])
        for one in context.settings.analyses
        if one.on_error == "fail" and one.name in failures and one.name not in {d.name for d in definitions}
    ]
    if fatal:
        raise StageError("; ".join(str(one) for one in fatal), is_transient=all(one.is_transient for one in fatal))
    return {"analyses": {one.name: _as_data(one.name, reports, failures) for one in context.settings.analyses}}


def in_words(data: Mapping[str, Any]) -> str:
    """What `run_analyses` returned, for the stage's message; empty without analyses."""
    outcomes = [one["outcome"] for one in data.get("analyses", {}).values()]
    counted = [(kind.value, outcomes.count(kind.value)) for kind in Outcome]
    parts = [f"{count} {kind}" for kind, count in counted if count]
    return f"; analyses: {', '.join(parts)}" if parts else ""


def _defined(context: StageContext, failures: dict[str, str]) -> list[Definition]:
    """In their order. One whose SQL cannot be read fails alone."""
    definitions: list[Definition] = []
    for analysis in context.settings.analyses:
        try:
            definitions.append(define(analysis))
        except QuarterhourError as error:
            failures[analysis.name] = error.message
            context.emit(error.message, level="error", analysis=analysis.name)
            discard_staged(context.workspace.staged_analysis(analysis.name))
    return in_order(definitions)


def _run(context: StageContext, worker: RunsOrders, definition: Definition, place: int, total: int) -> Report:
    said_s = 0.0

    def look() -> None:
        nonlocal said_s
        context.check_cancelled()
        if time.monotonic() - said_s >= _SAY_EVERY_S:
            # The query's end is certain, so that waiting for it is a sign of life.
            context.progress(place, total, analysis=definition.name)
            said_s = time.monotonic()

    look()
    order = RunOrder(context.workspace.home, context.settings, definition.name)
    report = worker.run(order, definition.settings.timeout, look)
    for note in report.notes:
        context.emit(f"{definition.name}: {note}", level="warning", analysis=definition.name)
    match report.outcome:
        case Outcome.COMPUTED:
            noun = "row" if report.rows == 1 else "rows"
            context.emit(
                f"{definition.name}: {report.rows} {noun} ({report.how})", analysis=definition.name, rows=report.rows
            )
        case Outcome.WAITING:
            names = ", ".join(report.waits_for)
            context.emit(
                f"{definition.name} waits: there are no rows of {names} yet; there is {', '.join(report.known)}",
                level="warning",
                analysis=definition.name,
            )
        case _:
            pass
    return report


def _as_data(name: str, reports: dict[str, Report], failures: dict[str, str]) -> dict[str, Any]:
    if name in failures:
        return {"outcome": Outcome.FAILED.value, "message": failures[name]}
    report = reports[name]
    return {"outcome": report.outcome.value, "rows": report.rows, "how": report.how}
