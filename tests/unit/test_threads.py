"""Stages in threads of the server: what they are spared, and what is said of one that nothing can kill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.engines.local import LocalEngine
from quarterhour.errors import LockHeld, RunInProgress
from quarterhour.lifecycle import Reason, Run, RunState, Trigger
from quarterhour.lock import LockManager
from quarterhour.orchestrator import RUN_LOCK
from quarterhour.settings import StageSettings
from quarterhour.workspace import Workspace


@asynccontextmanager
async def threaded(home: Path, stage: str, *, timeout_s: float = 60.0) -> AsyncIterator[Pipeline]:
    of_thread = StageSettings(
        name=stage.lower(), python=f"example_stages:{stage}", isolation="thread", timeout=timeout_s
    )
    settings = settings_for(stage, grace_s=0.05).model_copy(update={"stages": (of_thread,)})
    async with pipeline(home, settings, engine=LocalEngine()) as parts:
        yield parts


async def ended(parts: Pipeline) -> Run:
    await parts.orchestrator.wait()
    run = parts.state.status.run
    assert run is not None
    return run


def test_a_stage_in_a_thread_reports_as_any_other(tmp_path: Path) -> None:
    async def go() -> None:
        async with threaded(tmp_path, "Good") as parts:
            await parts.orchestrator.start(Trigger.API)
            run = await ended(parts)
            assert (run.state, run.stages[0].message, run.stages[0].data["things"]) == (
                RunState.SUCCESS,
                "did 3 things",
                3,
            )
            said = [record.event for record in parts.log.read(0, 100, match=lambda record: record.stage == "good")]
            assert said == ["start", "progress", "progress", "log", "success"]

    asyncio.run(go())


def test_one_that_is_asked_to_stop_and_does_is_stopped(tmp_path: Path) -> None:
    async def go() -> None:
        async with threaded(tmp_path, "Patient") as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.stop()
            assert (await ended(parts)).state is RunState.STOPPED
            await parts.orchestrator.start(Trigger.API)

    asyncio.run(go())


@pytest.mark.slow
@pytest.mark.parametrize("is_stopped", [False, True])
def test_one_that_disobeys_fails_its_run_and_no_other_begins_before_it_has_ended(
    tmp_path: Path, is_stopped: bool
) -> None:
    """L7: the thread of a run that took too long must not work beside the next run."""

    async def go() -> None:
        async with threaded(tmp_path, "Stubborn", timeout_s=60.0 if is_stopped else 0.05) as parts:
            await parts.orchestrator.start(Trigger.API)
            while parts.state.status.stage is None:
                await asyncio.sleep(0.005)
            if is_stopped:
                await parts.orchestrator.stop()
            run = await ended(parts)
            assert run.state is RunState.FAILED
            assert run.reason is (Reason.HUNG if is_stopped else Reason.TIMED_OUT)
            assert "its thread still runs and cannot be killed" in run.message
            assert "was killed" not in run.message
            with pytest.raises(RunInProgress, match="still runs in its thread"):
                await parts.orchestrator.start(Trigger.API)
            # Nor by another process: the lock is held as long.
            other = LockManager(Workspace(tmp_path))
            with pytest.raises(LockHeld), other.hold(RUN_LOCK, "another process"):
                pass
            (tmp_path / "release").touch()
            async with asyncio.timeout(20):
                await parts.engine.all_gone()
            await parts.orchestrator.start(Trigger.API)
            assert (await ended(parts)).state is RunState.SUCCESS

    asyncio.run(go())


def test_the_servers_end_waits_for_no_thread(tmp_path: Path) -> None:
    async def go() -> None:
        async with threaded(tmp_path, "Stubborn") as parts:
            await parts.orchestrator.start(Trigger.API)
            async with asyncio.timeout(20):
                await parts.orchestrator.close()
            assert (await ended(parts)).state is RunState.FAILED
            with LockManager(Workspace(tmp_path)).hold(RUN_LOCK, "the next server"):
                pass

    try:
        asyncio.run(go())
    finally:
        (tmp_path / "release").touch()
