"""Running a stage once, and telling how it ended: the same in a worker process and in a thread."""

import errno
import os
import traceback

from quarterhour.engines.base import AttemptSpec, Cancelled, Outcome, StageFailure
from quarterhour.engines.context import AttemptContext, plain
from quarterhour.errors import QuarterhourError, StageCancelled, is_transient
from quarterhour.lake.fencing import fenced
from quarterhour.lifecycle import Reason
from quarterhour.stages.base import StageResult
from quarterhour.stages.registry import make_stage

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TRACE_CHARACTERS = 8000


def run_stage(spec: AttemptSpec, context: AttemptContext) -> Outcome:
    """Never raises an Exception: whatever the stage raises becomes the outcome, which is what the runner judges by."""
    try:
        with fenced(spec.fence):
            result = make_stage(spec.stage).run(context)
        context.flush()
        return StageResult(result.msg, plain(result.data))
    except Exception as error:  # noqa: BLE001  the stage's own code may raise anything
        # A stage that was told to stop may leave by its interrupted query's own error.
        if isinstance(error, StageCancelled) or context.cancelled:
            return Cancelled()
        return describe(error)


def describe(error: Exception) -> StageFailure:
    trace = "" if isinstance(error, QuarterhourError) else "".join(traceback.format_exception(error))
    text = str(error) or type(error).__name__
    message = text if isinstance(error, QuarterhourError) else f"{type(error).__name__}: {text}"
    return StageFailure(_reason(error), message, is_transient(error), trace[-_TRACE_CHARACTERS:])


def _reason(error: BaseException) -> Reason:
    cause: BaseException | None = error
    while cause is not None:
        # By name, since the server must not import DuckDB to know its error.
        if isinstance(cause, MemoryError) or type(cause).__name__ == "OutOfMemoryException":
            return Reason.OUT_OF_MEMORY
        if isinstance(cause, OSError) and cause.errno in _DISK_FULL:
            return Reason.DISK_FULL
        # DuckDB and Delta give the system's words without its number.
        if os.strerror(errno.ENOSPC) in str(cause):
            return Reason.DISK_FULL
        cause = cause.__cause__
    return Reason.STAGE_ERROR
