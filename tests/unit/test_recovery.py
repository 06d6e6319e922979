"""What a start does about a run that the server's end cut short (S5)."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Machine, Pipeline
from quarterhour.clock import SystemClock
from quarterhour.engines.inline import InlineEngine
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.lake.ledger import InputLedger, LedgerDamaged
from quarterhour.lifecycle import Reason, Run, RunState, Trigger
from quarterhour.lock import LockManager
from quarterhour.orchestrator import MAX_RESUMPTIONS
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


def settings(policy: Literal["fail", "resume"], *stages: str) -> Settings:
    found = settings_for(*(stages or ("Good", "Patient")))
    return found.model_copy(update={"runner": found.runner.model_copy(update={"on_interrupted": policy})})


async def reach(parts: Pipeline, stage: str) -> None:
    while parts.state.status.stage != stage:
        await asyncio.sleep(0.01)


def copied(log: MemoryEventLog) -> MemoryEventLog:
    """What a kill at this moment leaves."""
    left = MemoryEventLog()
    left.append(log.read(0, 1000))
    return left


async def killed(home: Path, log: MemoryEventLog, *, with_stop: bool = False) -> MemoryEventLog:
    async with pipeline(home, settings("fail"), log=log) as parts:
        await parts.orchestrator.start(Trigger.API)
        await reach(parts, "patient")
        if with_stop:
            await parts.state.stopping()
        return copied(log)


async def restarted(home: Path, log: MemoryEventLog, policy: Literal["fail", "resume"], *stages: str) -> Run | None:
    async with pipeline(home, settings(policy, *stages), log=log) as parts:
        await parts.orchestrator.recover([])
        return await parts.orchestrator.resume_interrupted()


def test_s5_an_open_run_is_closed_with_stage_and_attempt_and_by_default_not_resumed(tmp_path: Path) -> None:
    async def go() -> None:
        left = await killed(tmp_path, MemoryEventLog())
        async with pipeline(tmp_path, settings("fail"), log=left) as parts:
            await parts.orchestrator.recover([])
            run = parts.state.status.run
            assert run is not None
            assert (run.state, run.reason) == (RunState.FAILED, Reason.INTERRUPTED)
            assert run.message.startswith("the server ended during patient (attempt 1)")
            assert await parts.orchestrator.resume_interrupted() is None
            # Nothing blocks the next one.
            await parts.orchestrator.start(Trigger.API, stages=["good"])

    asyncio.run(go())


def test_what_was_not_done_is_resumed(tmp_path: Path) -> None:
    async def go() -> None:
        run = await restarted(tmp_path, await killed(tmp_path, MemoryEventLog()), "resume")
        assert run is not None
        assert (run.trigger, run.resumptions, [stage.name for stage in run.stages]) == (
            Trigger.RECOVERY,
            1,
            ["patient"],
        )

    asyncio.run(go())


def test_a_kill_between_closing_and_resuming_loses_no_resumption(tmp_path: Path) -> None:
    async def go() -> None:
        left = await killed(tmp_path, MemoryEventLog())
        assert await restarted(tmp_path, left, "fail") is None
        assert await restarted(tmp_path, copied(left), "resume") is not None

    asyncio.run(go())


def test_a_run_that_was_told_to_stop_is_not_resumed(tmp_path: Path) -> None:
    async def go() -> None:
        left = await killed(tmp_path, MemoryEventLog(), with_stop=True)
        assert await restarted(tmp_path, left, "resume") is None

    asyncio.run(go())


def test_resumptions_that_are_cut_short_each_time_come_to_an_end_that_is_told(tmp_path: Path) -> None:
    async def go() -> None:
        left = await killed(tmp_path, MemoryEventLog())
        for number in range(1, MAX_RESUMPTIONS + 1):
            async with pipeline(tmp_path, settings("resume"), log=left) as parts:
                await parts.orchestrator.recover([])
                run = await parts.orchestrator.resume_interrupted()
                assert run is not None
                assert run.resumptions == number
                await reach(parts, "patient")
                left = copied(left)
        assert await restarted(tmp_path, left, "resume") is None
        said = left.read(0, 1000)[-1]
        assert (said.event, said.data) == ("error", {"resumptions": MAX_RESUMPTIONS})
        assert "is not resumed: it is the resumption number 3 in a row" in said.msg
        # A run of another origin begins the count anew.
        async with pipeline(tmp_path, settings("resume"), log=copied(left)) as parts:
            assert (await parts.orchestrator.start(Trigger.API)).resumptions == 0

    asyncio.run(go())


@pytest.mark.parametrize("stages", [("Good",), ("Good", "Passing")])
def test_a_stage_that_is_no_longer_configured_does_not_keep_the_server_down(
    tmp_path: Path, stages: tuple[str, ...]
) -> None:
    async def go() -> None:
        left = await killed(tmp_path, MemoryEventLog())
        assert await restarted(tmp_path, left, "resume", *stages) is None
        assert "no stage is named 'patient'" in left.read(0, 1000)[-1].msg

    asyncio.run(go())


def test_a_served_home_resumes_before_its_first_mark(tmp_path: Path) -> None:
    """The whole start, on files; `quarterhour run`, which has no schedule, starts only what it was asked for."""

    async def go() -> None:
        left = await killed(tmp_path / "killed", MemoryEventLog())
        for is_scheduled in (False, True):
            workspace = Workspace(tmp_path / f"scheduled-{is_scheduled}")
            workspace.create()
            log = JsonlEventLog(workspace)
            log.open()
            log.append(left.read(0, 1000))
            log.close()
            machine = Machine(SystemClock(), JsonlEventLog(workspace), InlineEngine(), LockManager(workspace))
            served = Pipeline(settings("resume"), workspace, machine)
            async with served.running("a test", is_scheduled=is_scheduled):
                run = served.state.status.run
                assert run is not None
                assert (run.trigger is Trigger.RECOVERY) is is_scheduled

    asyncio.run(go())


@pytest.mark.parametrize("name", ["home.json", "home.fence", "run.json", "run.fence", "server.json"])
def test_s7_a_corrupt_state_file_does_not_keep_the_server_down(tmp_path: Path, name: str) -> None:
    """S7."""
    workspace = Workspace(tmp_path)
    workspace.create()
    (workspace.state / name).write_bytes(b"{ half")

    async def go() -> None:
        machine = Machine(SystemClock(), JsonlEventLog(workspace), InlineEngine(), LockManager(workspace))
        served = Pipeline(settings("fail", "Good"), workspace, machine)
        async with served.running("a test", is_scheduled=False):
            await served.orchestrator.start(Trigger.API)
            await served.orchestrator.wait()
            assert served.state.status.state is RunState.SUCCESS

    asyncio.run(go())


@pytest.mark.parametrize("content", [b"{ no database, and longer than the hundred bytes of a header }" * 3])
def test_s7_a_corrupt_ledger_is_named_with_the_way_out_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """S7: the broken file is kept."""
    path = tmp_path / "inputs.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerDamaged, match=r"inputs\.sqlite: file is not a database.* put a backup"):
        InputLedger(path)
    assert path.read_bytes() == content
