"""One run without a server: what `quarterhour run` does in a home that nobody serves."""

from collections.abc import Sequence
from typing import Any

from quarterhour.assembly import Pipeline
from quarterhour.lifecycle import Trigger
from quarterhour.settings import Settings
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
    return ended.model_dump(mode="json")
