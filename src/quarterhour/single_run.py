"""Runs without a server: what `quarterhour run` and `quarterhour backfill` do in a home that nobody serves."""

from collections.abc import Callable, Sequence
from typing import Any

from quarterhour.assembly import Pipeline
from quarterhour.backfill import BackfillState
from quarterhour.lifecycle import Trigger
from quarterhour.settings import Settings
from quarterhour.web.backfill import answer_of
from quarterhour.web.models import BackfillRequest
from quarterhour.workspace import Workspace


async def run_once(
    settings: Settings, workspace: Workspace, *, stages: Sequence[str] | None, resume: str | None
) -> dict[str, Any]:
    """The ended run. Raises HomeInUse where a server has the home."""
    pipeline = Pipeline(settings, workspace)
    async with pipeline.running("quarterhour run", is_scheduled=False):
        if resume is not None:
            run = await pipeline.orchestrator.resume(Trigger.CLI, resume)
        else:
            run = await pipeline.orchestrator.start(Trigger.CLI, stages=stages)
        await pipeline.orchestrator.wait()
        ended = await pipeline.state.find_run(run.run_id)
        await pipeline.housekeeper.settled()
        await pipeline.tell_alerts()
    return ended.model_dump(mode="json")


async def backfill_once(
    settings: Settings,
    workspace: Workspace,
    asked: dict[str, Any],
    told: Callable[[], int],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """Do what `asked`, the fields of a BackfillRequest, ask for; `tell` is given what its `GET` answers, with `since=told()`.

    Raises HomeInUse where a server has the home, InvalidBackfill.
    """
    request = BackfillRequest.model_validate(asked)
    pipeline = Pipeline(settings, workspace)
    async with pipeline.running("quarterhour backfill", is_scheduled=False):
        backfill = await pipeline.backfiller.start(
            request.start,
            request.end or pipeline.clock.now(),
            with_succeeded=request.all,
            keeps_going=request.keep_going,
        )
        tell(answer_of(backfill).model_dump(mode="json"))
        while backfill.state is BackfillState.RUNNING:
            await pipeline.backfiller.moved()
            tell(answer_of(backfill, told()).model_dump(mode="json"))
        await pipeline.housekeeper.settled()
        await pipeline.tell_alerts()
