"""Runs to their end, in this process and in real workers: every ending, every refusal."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.engines.base import Engine
from quarterhour.engines.inline import InlineEngine
from quarterhour.engines.local import LocalEngine
from quarterhour.errors import InvalidTransition, NotResumable, RunInProgress, UnknownStage
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lifecycle import Reason, Run, RunState, Trigger


def run_to_end(
    home: Path, *stages: str, engine: Engine | None = None, hung_after_s: float = 300.0
) -> tuple[Run, list[str]]:
    async def go() -> tuple[Run, list[str]]:
        async with pipeline(home, settings_for(*stages, hung_after_s=hung_after_s), engine=engine) as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            run = parts.state.status.run
            assert run is not None
            return run, [f"{record.stage}.{record.event}" for record in parts.log.read(0, 1000)]

    return asyncio.run(go())


@pytest.mark.parametrize("engine", [InlineEngine, LocalEngine])
def test_a_run_of_good_stages_succeeds(tmp_path: Path, engine: type[Engine]) -> None:
    run, said = run_to_end(tmp_path, "Good", "Passing", engine=engine())
    assert run.state is RunState.SUCCESS
    assert [(stage.name, stage.attempts) for stage in run.stages] == [("good", 1), ("passing", 3)]
    assert said[:4] == ["pipeline.state", "pipeline.start", "pipeline.state", "good.start"]
    # The end's event follows from the state, never precedes it.
    assert said[-3:] == ["pipeline.state", "pipeline.success", "pipeline.log"]
    assert said.count("passing.retry") == 2


def test_an_error_that_cannot_pass_is_not_tried_again(tmp_path: Path) -> None:
    run, said = run_to_end(tmp_path, "Good", "Bad", "Passing")
    assert (run.state, run.reason) == (RunState.FAILED, Reason.STAGE_ERROR)
    assert run.message == "bad: line 7 of x.csv: 'oops' is no number"
    assert "bad.retry" not in said
    assert "passing.start" not in said


def test_a_stop_before_the_first_stage_is_a_stop(tmp_path: Path) -> None:
    """Found by the simulator: the run had failed by an error of its own."""

    async def go() -> Run | None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.stop()
            await parts.orchestrator.wait()
            return parts.state.status.run

    run = asyncio.run(go())
    assert run is not None
    assert (run.state, run.reason) == (RunState.STOPPED, None)


def test_whoever_hears_of_a_runs_end_can_start_the_next_one_at_once(tmp_path: Path) -> None:
    """Found by random sequences: the lock falls a moment after the end is told."""

    async def go() -> list[Run]:
        runs: list[Run] = []
        async with pipeline(tmp_path, settings_for("Good")) as parts, parts.bus.subscribe() as heard:
            for _ in range(3):
                runs.append(await parts.orchestrator.start(Trigger.API))
                while parts.state.status.state is not RunState.SUCCESS:
                    await heard.take()
            await parts.orchestrator.wait()
        return runs

    assert len(asyncio.run(go())) == 3


@pytest.mark.parametrize("stages", [("Bad",), ("Good", "Bad"), ("Bad", "Good")])
def test_a_run_that_failed_never_says_success(tmp_path: Path, stages: tuple[str, ...]) -> None:
    """S8: the end's event is made of the end's state, whichever stage failed and whatever followed or preceded it."""
    run, said = run_to_end(tmp_path, *stages)
    assert run.state is RunState.FAILED
    assert said[-3:] == ["pipeline.state", "pipeline.failed", "pipeline.log"]
    assert "pipeline.success" not in said


def test_a_run_whose_lock_is_held_elsewhere_is_never_told_of(tmp_path: Path) -> None:
    """S9: the lock is won before the run is announced. L5: every command takes the same lock, by the same name."""

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as ours, pipeline(tmp_path, settings_for("Good")) as theirs:
            async with theirs.orchestrator.alone("a command on the tables"):
                with pytest.raises(RunInProgress, match=r"elsewhere: .*\(a command on the tables\)"):
                    await ours.orchestrator.start(Trigger.API)
            assert (ours.log.last_seq, ours.state.status.state) == (0, RunState.IDLE)
            await ours.orchestrator.start(Trigger.API)
            await ours.orchestrator.wait()
            assert ours.state.status.state is RunState.SUCCESS

    asyncio.run(go())


def test_whoever_is_told_of_a_start_finds_its_run_in_the_status(tmp_path: Path) -> None:
    """S14: no status that is read after the answer is older than the start; its version says so."""

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Patient")) as parts:
            before = parts.state.status
            run = await parts.orchestrator.start(Trigger.API)
            after = parts.state.status
            assert (before.run_id, after.run_id) == (None, run.run_id)
            assert after.version > before.version
            await parts.orchestrator.stop()
            assert parts.state.status.state is RunState.STOPPING

    asyncio.run(go())


def test_rows_that_do_not_add_up_are_never_a_success(tmp_path: Path) -> None:
    """S8: also where every stage returned without an error."""

    async def go() -> Run | None:
        settings = settings_for("Good")
        stage = settings.stages[0].model_copy(update={"name": "merger", "python": "example_stages:Unbalanced"})
        async with pipeline(tmp_path, settings.model_copy(update={"stages": (stage,)})) as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            assert [record for record in parts.log.read(0, 100) if record.stage == "pipeline"][-2].event == "failed"
            return parts.state.status.run

    run = asyncio.run(go())
    assert run is not None
    assert (run.state, run.reason) == (RunState.FAILED, Reason.BALANCE_OPEN)


@pytest.mark.parametrize(("stage", "words"), [("Crash", "SIGSEGV"), ("Leave", "status 0 and without a result")])
def test_a_worker_that_dies_is_a_failed_run_with_the_reason(tmp_path: Path, stage: str, words: str) -> None:
    run, _ = run_to_end(tmp_path, stage, engine=LocalEngine())
    assert (run.state, run.reason) == (RunState.FAILED, Reason.CRASHED)
    assert words in run.message


@pytest.mark.slow
def test_a_stage_that_stops_reporting_is_killed_and_named(tmp_path: Path) -> None:
    """L7, L8: an explicit verdict, and the worker is gone."""
    begun_s = time.monotonic()
    run, said = run_to_end(tmp_path, "Deaf", engine=LocalEngine(), hung_after_s=1.0)
    assert (run.state, run.reason) == (RunState.FAILED, Reason.HUNG)
    assert "watchdog.error" in said
    assert time.monotonic() - begun_s < 20
    # Those that stay, asleep or not, are the helpers that begin the workers.
    workers = [worker for helper in psutil.Process().children() for worker in helper.children()]
    assert [worker for worker in workers if worker.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("stage", ["Patient", "Deaf"])
def test_a_stop_ends_the_work_before_another_run_may_start(tmp_path: Path, stage: str) -> None:
    """S11: the lock is freed after the worker is gone. S12: a reset never takes the state from a run that goes on."""

    async def go(parts: Pipeline) -> None:
        await parts.orchestrator.start(Trigger.API)
        with pytest.raises(RunInProgress):
            await parts.orchestrator.start(Trigger.API)
        while not (attempts := list(parts.engine.attempts())):
            await asyncio.sleep(0.01)
        with pytest.raises(InvalidTransition):
            await parts.orchestrator.reset()
        await parts.orchestrator.stop()
        await parts.orchestrator.wait()
        assert parts.state.status.state is RunState.STOPPED
        assert attempts[0].pid is not None
        assert not psutil.pid_exists(attempts[0].pid)
        await parts.orchestrator.reset()
        assert parts.state.status.state is RunState.IDLE

    async def with_pipeline() -> None:
        async with pipeline(tmp_path, settings_for(stage), engine=LocalEngine()) as parts:
            await go(parts)

    asyncio.run(with_pipeline())


def test_two_starts_at_once_start_one_run(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            both = await asyncio.gather(
                *(parts.orchestrator.start(Trigger.API) for _ in range(2)), return_exceptions=True
            )
            assert sorted(type(each).__name__ for each in both) == ["Run", "RunInProgress"]

    asyncio.run(go())


def test_a_crashed_run_is_closed_at_the_next_start_and_can_be_resumed(tmp_path: Path) -> None:
    """S5: a stored 'running' never blocks."""
    log = MemoryEventLog()

    async def crash() -> str:
        async with pipeline(tmp_path, settings_for("Good", "Patient"), log=log) as parts:
            run = await parts.orchestrator.start(Trigger.API)
            while parts.state.status.stage != "patient":
                await asyncio.sleep(0.01)
            # What a crash leaves is the log as it stands now.
            crashed_log.append(log.read(0, 1000))
            return run.run_id

    async def recover(run_id: str) -> None:
        async with pipeline(tmp_path, settings_for("Good", "Patient"), log=crashed_log) as parts:
            assert parts.state.status.state is RunState.RUNNING
            await parts.orchestrator.recover([])
            run = parts.state.status.run
            assert run is not None
            assert (run.state, run.reason) == (RunState.FAILED, Reason.INTERRUPTED)
            resumed = await parts.orchestrator.resume(Trigger.API, run_id)
            assert [stage.name for stage in resumed.stages] == ["patient"]
            with pytest.raises(UnknownStage):
                await parts.orchestrator.start(Trigger.API, stages=["nothing"])

    crashed_log = MemoryEventLog()
    asyncio.run(recover(asyncio.run(crash())))


def test_a_good_run_cannot_be_resumed(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            run = await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            with pytest.raises(NotResumable):
                await parts.orchestrator.resume(Trigger.API, run.run_id)

    asyncio.run(go())
