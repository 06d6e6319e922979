"""Fencing: a run that has lost its lock cannot commit. The number of its lock stands in the tables it wrote."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from deltalake import DeltaTable, Transaction

from quarterhour.errors import LockLost

# The Delta log's own place for "the last that this writer did" (application transactions); checkpoints keep it.
APP_ID = "quarterhour:run-lock"

_fence: ContextVar[int | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(fence: int | None) -> Generator[None]:
    """Commits of this thread in the block are made as the holder `fence` of the run lock; None: of no run."""
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)


def fence_transactions(delta: DeltaTable) -> list[Transaction]:
    """What a commit on top of `delta` has to carry. Raises LockLost where a later holder has written to it.

    That no later holder writes in between is the commit's own condition: it is made on this version or not at all.
    """
    fence = _fence.get()
    if fence is None:
        return []
    last = delta.transaction_version(APP_ID)
    if last is not None and last > fence:
        raise LockLost(
            f"{delta.table_uri}: this run holds the run lock as number {fence}, and the holder {last} has written since: "
            "nothing was written; the run that has the lock now does what is left. If no other run is there (the numbers of "
            f"automation/state were lost or taken from elsewhere), write {last} into automation/state/run.fence and start anew",
            fence=fence,
            last=last,
        )
    # Once for each holder is enough; each commit that repeats it would only lengthen the log.
    return [] if last == fence else [Transaction(APP_ID, fence)]
