"""PipelineRunner: takes one run to its end, stage by stage, through one `finally`."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from quarterhour.balance import balance
from quarterhour.bus import EventBus, Written
from quarterhour.clock import Clock
from quarterhour.engines.base import Attempt, AttemptSpec, Cancelled, Engine, Logged, Message, Outcome, StageFailure
from quarterhour.errors import EngineError, InvalidTransition
from quarterhour.events import (
    BalanceClosed,
    BalanceOpen,
    Event,
    RunLate,
    RunNearlyLate,
    StageErred,
    StageFailed,
    StageLogged,
    StageProgressed,
    StageRetrying,
    StageStarted,
    StageStopped,
    StageSucceeded,
)
from quarterhour.lifecycle import Reason, Run, RunState
from quarterhour.marks import Window
from quarterhour.settings import EXPORTER, RunnerSettings, Settings, StageSettings
from quarterhour.stages.base import StageResult
from quarterhour.state import StateManager
from quarterhour.workspace import Workspace

_log = structlog.get_logger()

# The share of the time within which a run should end, after which a warning is due.
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends."""

    state: RunState
    reason: Reason | None = None
    message: str = ""


class RunEnded(Exception):
    """Raised where a run cannot go on; carries its ending."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


def backoff_s(attempt: int, first_s: float, most_s: float, jitter: float) -> float:
    """Seconds before the attempt after `attempt` (from 1): doubles each time up to `most_s`, less up to half by `jitter` in 0…1.

    "Equal jitter" of M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015.
    """
    whole = min(most_s, first_s * 2.0 ** (attempt - 1))
    return whole / 2 + whole / 2 * jitter


def retry_delay_s(
    failure: StageFailure, attempt: int, attempts: int, settings: RunnerSettings, jitter: float
) -> float | None:
    """Seconds until the attempt after `attempt` (from 1) of `attempts`; None where there is to be none. Pure."""
    if not failure.is_transient or attempt >= attempts:
        return None
    return round(backoff_s(attempt, settings.backoff, settings.backoff_max, jitter), 3)


class PipelineRunner:
    """One for each run."""

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        engine: Engine,
        bus: EventBus,
        state: StateManager,
        clock: Clock,
        *,
        chance: Callable[[], float],
        fence: int | None = None,
        window: Window | None = None,
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._engine = engine
        self._bus = bus
        self._state = state
        self._clock = clock
        self._chance = chance
        self._fence = fence
        self._window = window
        self._stop_asked = asyncio.Event()
        self._stop_ending = Ending(RunState.STOPPED)
        self._attempt: Attempt | None = None

    async def run(self, run: Run, stages: Sequence[StageSettings]) -> None:
        """Every path leaves through `finish`, once. Raises nothing but a cancel and what the event log raises."""
        ending = Ending(RunState.FAILED, Reason.INTERRUPTED, "the server ended during the run")
        timekeepers = [asyncio.create_task(self._limit()), asyncio.create_task(self._tell_of_lateness(run.run_id))]
        try:
            await self._begin()
            inside = [stage for stage in stages if stage.name != EXPORTER]
            for stage in inside:
                await self._stage(run.run_id, stage)
            await self._close_balance(run.run_id)
            # What leaves the lake leaves it with its rows accounted for.
            for stage in stages[len(inside) :]:
                await self._stage(run.run_id, stage)
            ending = Ending(RunState.SUCCESS)
        except RunEnded as early:
            ending = early.ending
        except Exception as error:
            _log.exception("run_broke", run_id=run.run_id)
            ending = Ending(RunState.FAILED, Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
            raise
        finally:
            for timekeeper in timekeepers:
                timekeeper.cancel()
            await asyncio.shield(self._state.finish(ending.state, reason=ending.reason, message=ending.message))

    async def _begin(self) -> None:
        """Raises RunEnded where a stop came before the run was on its way."""
        try:
            await self._state.running()
        except InvalidTransition as stopped_first:
            raise RunEnded(self._stop_ending) from stopped_first

    def stop(self, ending: Ending = Ending(RunState.STOPPED)) -> None:
        """Ask the run to end as `ending`. Its worker has the grace to leave off, is then terminated, and then killed."""
        if not self._stop_asked.is_set():
            self._stop_ending = ending
            self._stop_asked.set()

    async def _limit(self) -> None:
        """End the run once it has taken all the time that it may."""
        limit_s = self._settings.runner.run_timeout
        await self._clock.sleep(limit_s)
        self.stop(Ending(RunState.FAILED, Reason.TIMED_OUT, f"the run took longer than {limit_s:g} s and was ended"))

    async def _tell_of_lateness(self, run_id: str) -> None:
        within_s = self._settings.runner.must_finish_within
        await self._clock.sleep(within_s * _NEARLY)
        data = {"level": "warning", "within_s": within_s}
        msg = f"The run has used {_NEARLY:.0%} of the {within_s:g} s within which it should end"
        self._publish(RunNearlyLate, run_id, "pipeline", msg, data)
        await self._clock.sleep(within_s * (1 - _NEARLY))
        msg = f"the run has not ended within {within_s:g} s; it goes on"
        self._publish(RunLate, run_id, "pipeline", msg, {"within_s": within_s})

    async def _stage(self, run_id: str, stage: StageSettings) -> None:
        """Raises RunEnded where the stage does not end well."""
        started_at = self._clock.now()
        attempts = stage.attempts or self._settings.runner.attempts
        for number in range(1, attempts + 1):
            self._check_stop()
            outcome = await self._run_attempt(run_id, stage, number)
            match outcome:
                case StageResult():
                    data = {**outcome.data, "duration_s": self._since(started_at)}
                    await self._say(StageSucceeded, run_id, stage.name, outcome.msg, data)
                    return
                case Cancelled():
                    data = {"attempt": number, "duration_s": self._since(started_at)}
                    await self._say(StageStopped, run_id, stage.name, f"{stage.name} was stopped", data)
                    raise RunEnded(self._stop_ending)
                case StageFailure():
                    delay_s = retry_delay_s(outcome, number, attempts, self._settings.runner, self._chance())
                    if delay_s is None:
                        await self._fail(run_id, stage.name, outcome, number, started_at)
                    else:
                        await self._back_off(run_id, stage.name, outcome, number, delay_s)

    async def _run_attempt(self, run_id: str, stage: StageSettings, number: int) -> Outcome:
        self._publish(StageStarted, run_id, stage.name, f"{stage.name} started", {"attempt": number})
        spec = AttemptSpec(run_id, number, stage, self._settings, self._workspace.home, self._fence, self._window)
        try:
            attempt = await self._engine.start(spec)
        except EngineError as error:
            return StageFailure(Reason.CRASHED, error.message, is_transient=True)
        async with self._ended_on_stop(attempt):
            async for message in attempt.messages():
                self._publish_message(run_id, stage.name, message)
            return await attempt.outcome()

    @asynccontextmanager
    async def _ended_on_stop(self, attempt: Attempt) -> AsyncGenerator[None]:
        """While the block lasts, a stop ends the attempt; leaving the block by a cancel kills it."""
        stopper = asyncio.create_task(self._end_when_stopped(attempt))
        try:
            yield
        except BaseException:
            attempt.end(None, by_force=True)
            raise
        finally:
            stopper.cancel()

    async def _end_when_stopped(self, attempt: Attempt) -> None:
        grace_s = self._settings.runner.grace
        await self._stop_asked.wait()
        attempt.cancel()
        await self._clock.sleep(grace_s)
        attempt.end(None, by_force=False)
        await self._clock.sleep(grace_s)
        attempt.end(None, by_force=True)

    async def _fail(self, run_id: str, stage: str, failure: StageFailure, number: int, started_at: datetime) -> None:
        data = {
            "reason": failure.reason.value,
            "attempt": number,
            "duration_s": self._since(started_at),
            "trace": failure.trace,
        }
        await self._say(StageFailed, run_id, stage, failure.message, data)
        raise RunEnded(Ending(RunState.FAILED, failure.reason, f"{stage}: {failure.message}"))

    async def _back_off(self, run_id: str, stage: str, failure: StageFailure, number: int, delay_s: float) -> None:
        await self._say(
            StageRetrying,
            run_id,
            stage,
            f"Attempt {number} failed, the next one is in {delay_s:.1f} s: {failure.message}",
            {"attempt": number, "reason": failure.reason.value, "delay_s": delay_s},
        )
        waits = [asyncio.create_task(self._stop_asked.wait()), asyncio.create_task(self._clock.sleep(delay_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _check_stop(self) -> None:
        if self._stop_asked.is_set():
            raise RunEnded(self._stop_ending)

    async def _close_balance(self, run_id: str) -> None:
        """Raises RunEnded where the rows do not add up: such a run is never a success."""
        run = self._state.status.run
        assert run is not None
        found = balance(run)
        data = {"balance": found.model_dump()}
        if found.is_closed:
            await self._say(BalanceClosed, run_id, "pipeline", "Every row is accounted for", data)
            return
        message = (
            f"the rows do not add up: records - (rows + quarantined) = {found.translated_difference}, "
            f"translated but not taken in = {found.lost_between}, "
            f"taken in - (inserted + updated + unchanged + held back) = {found.merged_difference}"
        )
        await self._say(BalanceOpen, run_id, "pipeline", message, data)
        raise RunEnded(Ending(RunState.FAILED, Reason.BALANCE_OPEN, message))

    def _since(self, started_at: datetime) -> float:
        return round((self._clock.now() - started_at).total_seconds(), 3)

    def _publish_message(self, run_id: str, stage: str, message: Message) -> None:
        if isinstance(message, Logged):
            kind = StageErred if message.level == "error" else StageLogged
            self._publish(kind, run_id, stage, message.msg, {"level": message.level, **message.data})
        else:
            data = {"done": message.done, "total": message.total, **message.data}
            self._publish(StageProgressed, run_id, stage, f"{message.done} of {message.total}", data)

    def _publish(
        self, kind: type[Event], run_id: str, stage: str, msg: str, data: dict[str, Any], *, at_once: bool = False
    ) -> Written:
        event = kind(at=self._clock.now(), run_id=run_id, stage=stage, msg=msg, data=data)
        return self._bus.publish(event, at_once=at_once)

    async def _say(self, kind: type[Event], run_id: str, stage: str, msg: str, data: dict[str, Any]) -> None:
        """Record what others depend on: it is written when this returns."""
        await self._publish(kind, run_id, stage, msg, data, at_once=True)
