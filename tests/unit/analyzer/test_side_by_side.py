"""Datasets in processes of their own: they end with the stage, and one's failure is its own."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest
from pending_inputs import put
from stage_context import RecordingContext

from pipelines import pipeline
from quarterhour.engines.local import LocalEngine
from quarterhour.lifecycle import RunState, Trigger
from quarterhour.settings import RunnerSettings, Settings, StageSettings

pytestmark = pytest.mark.slow

SETTINGS = Settings(stages=(StageSettings(name="analyzer"),), runner=RunnerSettings(attempts=1, grace=0.5))
SLOW = "SELECT hash(i) AS k, md5(i::VARCHAR) AS t, random() AS v FROM range(1500000) r(i)"


def children_of_workers() -> list[psutil.Process]:
    """The processes of datasets: forked by a worker, which the forkserver forked."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if len(process.parents()) >= len(psutil.Process().parents()) + 3
    ]


def is_alive(process: psutil.Process) -> bool:
    """One that has ended stays a zombie until the system's first process takes note."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_one_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    async def go() -> None:
        context = RecordingContext(tmp_path)
        for name in ("one", "three", "two"):
            put(context, name, "SELECT i AS k FROM range(10) r(i)", name)
        broken = context.workspace.table("two") / "_delta_log" / f"{0:020}.json"
        broken.parent.mkdir(parents=True)
        broken.write_text("{")
        async with pipeline(tmp_path, SETTINGS, engine=LocalEngine()) as parts:
            await parts.orchestrator.start(Trigger.CLI)
            await parts.orchestrator.wait()
            assert parts.state.status.state is RunState.FAILED
            text = " ".join(event.msg for event in parts.log.read(0, 1000))
        assert "two: not analysed" in text
        found = sorted(path.parent.name for path in context.workspace.analyzed.glob("*/profile.json"))
        assert found == ["one", "three"]

    asyncio.run(go())


def test_none_outlives_a_stopped_stage(tmp_path: Path) -> None:
    async def go() -> None:
        context = RecordingContext(tmp_path)
        for name in ("one", "two"):
            put(context, name, SLOW, name)
        async with pipeline(tmp_path, SETTINGS, engine=LocalEngine()) as parts:
            await parts.orchestrator.start(Trigger.CLI)
            while not (processes := children_of_workers()):
                await asyncio.sleep(0.02)
            await parts.orchestrator.stop()
            await parts.orchestrator.wait()
            assert parts.state.status.state is RunState.STOPPED
            assert [process for process in processes if is_alive(process)] == []

    asyncio.run(go())


def test_one_that_is_killed_costs_its_dataset_alone(tmp_path: Path) -> None:
    async def go() -> None:
        context = RecordingContext(tmp_path)
        for name in ("one", "two"):
            put(context, name, SLOW, name)
        async with pipeline(tmp_path, SETTINGS, engine=LocalEngine()) as parts:
            await parts.orchestrator.start(Trigger.CLI)
            while not (processes := children_of_workers()):
                await asyncio.sleep(0.02)
            os.kill(processes[0].pid, signal.SIGKILL)
            await parts.orchestrator.wait()
            text = " ".join(event.msg for event in parts.log.read(0, 1000))
        assert "SIGKILL" in text
        assert len(list(context.workspace.analyzed.glob("*/profile.json"))) == 1

    asyncio.run(go())
