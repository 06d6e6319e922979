"""A long query is no hang; a stage that sleeps over an idle connection is one."""

import asyncio
from pathlib import Path

import pytest

from pipelines import pipeline, settings_for
from quarterhour.engines.local import LocalEngine
from quarterhour.lifecycle import Reason, RunState, Trigger

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("stage", "state"), [("Querying", RunState.SUCCESS), ("Dozing", RunState.FAILED)])
def test_only_work_counts_as_a_sign_of_life(tmp_path: Path, stage: str, state: RunState) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for(stage, hung_after_s=1.0), engine=LocalEngine()) as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            run = parts.state.status.run
            assert run is not None
            assert (run.state, run.reason) == (state, None if state is RunState.SUCCESS else Reason.HUNG)

    asyncio.run(go())
