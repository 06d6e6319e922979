"""One analysis, from its sources to a staged result. Runs in the worker's process."""

from dataclasses import replace

import duckdb

from quarterhour.errors import StageError
from quarterhour.lake import duck
from quarterhour.lake.derived import discard_staged, read_staged, stage
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.analyses.foreseen import Foresight
from quarterhour.stages.analyzer.analyses.keeping import Computation
from quarterhour.stages.analyzer.analyses.query import explained
from quarterhour.stages.analyzer.analyses.report import Outcome, Preview, Report
from quarterhour.stages.analyzer.analyses.sandbox import Statement
from quarterhour.stages.analyzer.analyses.work import Work, is_current, key_of, open_work
from quarterhour.workspace import Workspace


def run_analysis(workspace: Workspace, settings: Settings, name: str, foresight: Foresight) -> Report:
    """Stage the result of one analysis; nothing where it would be the one that stands. Raises StageError."""
    folder = workspace.staged_analysis(name)
    with duck.connect(workspace) as connection:
        work = open_work(connection, workspace, settings, name, foresight)
        if isinstance(work, Report):
            discard_staged(folder)
            return work
        if is_current(work):
            discard_staged(folder)
            return Report(Outcome.UNCHANGED)
        key = key_of(work)
        staged = read_staged(folder)
        if staged is not None and staged.key == key:
            return Report(Outcome.COMPUTED, staged.rows, "as an earlier attempt left it")
        discard_staged(folder)
        folder.mkdir(parents=True)
        try:
            result, how = Computation(work, folder, key).run()
        except duckdb.Error as error:
            discard_staged(folder)
            raise _told(error, work) from error
        except StageError:
            discard_staged(folder)
            raise
        stage(folder, result)
        return Report(Outcome.COMPUTED, result.rows, how, notes=tuple(work.notes))


def preview_analysis(
    workspace: Workspace, settings: Settings, name: str, foresight: Foresight, *, limit: int, is_explained: bool
) -> Preview | Report:
    """The first rows that it would give now, over all the data; nothing is kept."""
    with duck.connect(workspace) as connection:
        work = open_work(connection, workspace, settings, name, foresight)
        if isinstance(work, Report):
            return work
        work = replace(work, published=None)
        computation = Computation(work, workspace.scratch, "")
        try:
            return computation.preview(limit, is_explained=is_explained)
        except duckdb.Error as error:
            raise _told(error, work) from error


def _told(error: duckdb.Error, work: Work) -> StageError:
    query = work.definition.query
    return explained(error, work.definition.name, query.text if query else "", offset=Statement.OFFSET if query else 0)
