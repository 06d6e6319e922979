"""Any sequence of commands, waits, kills and clock jumps, against a small model: what is refused, and what survives."""

import asyncio
import tempfile
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quarterhour.assembly import Pipeline
from quarterhour.errors import InvalidTransition, RunInProgress
from quarterhour.lifecycle import ACTIVE, ENDED, RunState, Trigger
from simulation.simulator import Rates, Simulation
from simulation.virtual_loop import VirtualLoop

_BEGINS = datetime(2025, 10, 25, 20, tzinfo=UTC)
_STARTED_WITHIN_S = 24 * 3600
T = TypeVar("T")


class AnySequence(RuleBasedStateMachine):
    """The model: a pause stays until it is taken back, and a run that was confirmed is never forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.is_paused = False
        self.confirmed: set[str] = set()

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        async def make() -> None:
            self.simulation = Simulation(seed, _BEGINS, "Europe/Paris", Rates(), Path(self.folder.name))
            self.server = asyncio.create_task(self.simulation.server())

        self.runner.run(make())

    def teardown(self) -> None:
        self.runner.close()
        self.folder.cleanup()

    def _do(self, work: Awaitable[T]) -> T:
        async def go() -> T:
            return await work

        return self.runner.run(go())

    def _pipeline(self) -> Pipeline:
        """Of the server that serves, once it does; everything that was said is written."""

        async def wait() -> Pipeline:
            # Virtual seconds: a server that cannot start is a fault, and not to be waited for without end.
            for _ in range(_STARTED_WITHIN_S):
                if (serving := self.simulation.serving) is not None and not serving[0].is_dead:
                    await serving[1].bus.settle()
                    return serving[1]
                await asyncio.sleep(1)
            raise AssertionError(f"no server in {_STARTED_WITHIN_S} s")

        return self._do(wait())

    @rule()
    def start(self) -> None:
        pipeline = self._pipeline()
        was_active = pipeline.state.status.state in ACTIVE
        try:
            self.confirmed.add(self._do(pipeline.orchestrator.start(Trigger.API)).run_id)
        except RunInProgress:
            # A mark may have begun a run after the look; that two go on at once the promises would tell.
            assert was_active or pipeline.state.status.state in ACTIVE

    @rule()
    def stop(self) -> None:
        pipeline = self._pipeline()
        before = pipeline.state.status.state
        try:
            after = self._do(pipeline.orchestrator.stop()).state
        except InvalidTransition:
            # The run may have ended after the look.
            assert {before, pipeline.state.status.state} - {RunState.STARTING, RunState.RUNNING}
        else:
            assert after in (RunState.STOPPING, RunState.STOPPED)

    @rule()
    def reset(self) -> None:
        pipeline = self._pipeline()
        if pipeline.state.status.state in ENDED:
            try:
                assert self._do(pipeline.orchestrator.reset()).state is RunState.IDLE
            except InvalidTransition:
                # A mark began a run after the look.
                assert pipeline.state.status.state in ACTIVE
            return
        with pytest.raises(InvalidTransition):
            self._do(pipeline.orchestrator.reset())

    @rule(is_paused=st.booleans())
    def switch_the_schedule(self, is_paused: bool) -> None:
        pipeline = self._pipeline()
        self._do(pipeline.scheduler.pause() if is_paused else pipeline.scheduler.resume())
        self.is_paused = is_paused

    @rule(seconds=st.floats(0.001, 2000))
    def wait(self, seconds: float) -> None:
        self._do(asyncio.sleep(seconds))

    @rule()
    def kill(self) -> None:
        self._do(self.simulation.kill())

    @rule(share=st.floats(0, 1))
    def kill_in_the_next_write(self, share: float) -> None:
        self._pipeline()
        assert self.simulation.serving is not None
        self.simulation.disk.dies_after = share
        self.simulation.disk.is_dying_for = self.simulation.serving[0]
        # A mark or the watchdog writes something within a quarter of an hour, where the schedule is not paused.
        self._do(asyncio.sleep(1000))
        self.simulation.disk.is_dying_for = None

    @rule(seconds=st.sampled_from([-7200, -60, 60, 7200]))
    def set_the_clock(self, seconds: int) -> None:
        self.simulation.world.clock.jump(timedelta(seconds=seconds))

    @invariant()
    def all_is_as_the_events_say(self) -> None:
        if not hasattr(self, "simulation"):
            return
        status = self._pipeline().state.status
        if self.simulation.broken.done():
            self.simulation.broken.result()
        promises = self.simulation.promises
        assert status == promises.status
        assert status.schedule.paused is self.is_paused
        going_on = {status.run.run_id} if status.run and status.state in ACTIVE else set[str]()
        assert self.confirmed <= promises.ended | going_on


AnySequence.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestAnySequence = AnySequence.TestCase
TestAnySequence.pytestmark = [pytest.mark.slow]
