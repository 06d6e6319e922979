"""PipelineOrchestrator: the one way to start, stop and reset the pipeline, whoever asks. Admission, lock, one task a run."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.engines.base import Engine
from quarterhour.errors import DiskNearlyFull, LockHeld, NotResumable, RunInProgress, UnknownStage
from quarterhour.event_log.base import Repair
from quarterhour.events import LockTakenOver, LogRepaired, RunNotResumed
from quarterhour.lifecycle import ACTIVE, Reason, Run, RunRequest, RunState, RunWindow, Status, Trigger
from quarterhour.lock import Holder, LockManager
from quarterhour.marks import Window
from quarterhour.runner import Ending, PipelineRunner
from quarterhour.settings import Settings, StageSettings
from quarterhour.state import StateManager, new_run_id, stages_to_resume
from quarterhour.workspace import Workspace

RUN_LOCK = "run"
# A run that ends the server each time must not do so for ever.
MAX_RESUMPTIONS = 3


async def _always() -> None:
    """Nothing of the machine forbids a run."""


class PipelineOrchestrator:
    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        engine: Engine,
        bus: EventBus,
        state: StateManager,
        locks: LockManager,
        clock: Clock,
        after_run: Callable[[], None] = lambda: None,
        before_run: Callable[[], Awaitable[None]] = _always,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance` draws from 0 to 1: the jitter of retries."""
        self._settings = settings
        self._workspace = workspace
        self._engine = engine
        self._bus = bus
        self._state = state
        self._locks = locks
        self._clock = clock
        self._after_run = after_run
        self._before_run = before_run
        self._chance = chance
        # Two starts at once must not both be weighed against the same state.
        self._admission = asyncio.Lock()
        self._alone_for = ""
        self._was_stop_asked = False
        self._runner: PipelineRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self._release: asyncio.Task[None] | None = None

    @property
    def status(self) -> Status:
        return self._state.status

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self._settings.stages)

    async def recover(self, repairs: Sequence[Repair]) -> None:
        """Tell what was mended, and close the run that a crash left open. Before anybody is answered."""
        for repair in repairs:
            data = {"file": repair.file, "bytes": repair.cut_bytes, "text": repair.text}
            msg = f"{repair.file}: a torn end of {repair.cut_bytes} bytes was cut off"
            await self._bus.publish(
                LogRepaired(at=self._clock.now(), run_id=None, stage="pipeline", msg=msg, data=data)
            )
        if self.status.state in ACTIVE:
            self._was_stop_asked = self.status.state is RunState.STOPPING
            message = f"the server ended{_where(self.status)}; what was not done is done by the next run"
            await self._state.finish(RunState.FAILED, reason=Reason.INTERRUPTED, message=message)

    async def resume_interrupted(self) -> Run | None:
        """By `on_interrupted`, a run of what the server's end cut short. Where that cannot be, an event says why."""
        run = self.status.run
        is_interrupted = self.status.state is RunState.FAILED and run is not None and run.reason is Reason.INTERRUPTED
        # Whom a person told to stop is not started again.
        if run is None or not is_interrupted or self._was_stop_asked:
            return None
        if self._settings.runner.on_interrupted == "fail":
            return None
        try:
            if run.resumptions >= MAX_RESUMPTIONS:
                raise NotResumable(
                    f"it is the resumption number {run.resumptions} in a row that the server's end cut short"
                )
            stages = stages_to_resume(run)
            return await self.start(
                Trigger.RECOVERY, stages=stages, window=_known(run.window), resumptions=run.resumptions + 1
            )
        except (DiskNearlyFull, NotResumable, RunInProgress, UnknownStage) as error:
            msg = f"Run {run.run_id} is not resumed: {error.message}. The next run does what was not done."
            data = {"resumptions": run.resumptions}
            await self._bus.publish(
                RunNotResumed(at=self._clock.now(), run_id=run.run_id, stage="pipeline", msg=msg, data=data)
            )
            return None

    async def start(
        self,
        trigger: Trigger,
        *,
        stages: Sequence[str] | None = None,
        mark: datetime | None = None,
        due_at: datetime | None = None,
        window: Window | None = None,
        resumptions: int = 0,
        request: RunRequest | None = None,
    ) -> Run:
        """Start a run of all stages, or of some in the pipeline's order. It is recorded when this returns.

        `window` is the time that it stands for, which its stages are told; `request` the call by which it is known again.

        Raises RunInProgress, UnknownStage, and what `before_run` raises.
        """
        chosen = self._choose(stages)
        # A mark waits for a command on the tables, which is short; a person is told.
        if trigger not in (Trigger.SCHEDULE, Trigger.CATCH_UP):
            self._check_not_alone()
        async with self._admission:
            await self._idle_or_refused()
            await self._before_run()
            run_id = new_run_id(self._clock.now())
            held = ExitStack()
            try:
                # The lock is won before the run is announced: there are no phantom runs.
                holder = await asyncio.to_thread(held.enter_context, self._locks.hold(RUN_LOCK, f"run {run_id}"))
                names = tuple(stage.name for stage in chosen)
                told = RunWindow(start=wire_time(window.start), end=wire_time(window.end)) if window else None
                run = await self._state.start(
                    trigger,
                    names,
                    mark=mark,
                    due_at=due_at,
                    window=told,
                    run_id=run_id,
                    resumptions=resumptions,
                    request=request,
                )
                await self.tell_taken_over(RUN_LOCK, holder, run_id)
            except LockHeld as error:
                raise RunInProgress(f"a run is in progress elsewhere: {error.message}", run=None) from error
            except BaseException:
                held.close()
                raise
            runner = PipelineRunner(
                self._settings,
                self._workspace,
                self._engine,
                self._bus,
                self._state,
                self._clock,
                chance=self._chance,
                fence=holder.fence,
                window=window,
            )
            self._runner = runner
            self._task = asyncio.create_task(self._run_with(held, runner, run, chosen), name=f"run-{run.run_id}")
            return run

    @asynccontextmanager
    async def alone(self, purpose: str) -> AsyncGenerator[None]:
        """While the block lasts no run goes on, in no process: for commands that change merged tables. Raises RunInProgress."""
        self._check_not_alone()
        async with self._admission:
            await self._idle_or_refused()
            held = ExitStack()
            try:
                holder = await asyncio.to_thread(held.enter_context, self._locks.hold(RUN_LOCK, purpose))
            except LockHeld as error:
                raise RunInProgress(f"a run is in progress elsewhere: {error.message}", run=None) from error
            self._alone_for = purpose
            try:
                await self.tell_taken_over(RUN_LOCK, holder)
                yield
            finally:
                self._alone_for = ""
                await asyncio.shield(asyncio.to_thread(held.close))

    async def tell_taken_over(self, lock: str, holder: Holder, run_id: str | None = None) -> None:
        """An event where the holder before died with the lock."""
        if (dead := holder.taken_from) is None:
            return
        msg = f"The {lock} lock was taken over from {dead.told}, which ended without freeing it"
        data = {"pid": dead.pid, "host": dead.host, "since": dead.since, "purpose": dead.purpose, "fence": holder.fence}
        await self._bus.publish(
            LockTakenOver(at=self._clock.now(), run_id=run_id, stage="pipeline", msg=msg, data={"lock": lock, **data})
        )

    async def _idle_or_refused(self) -> None:
        if self.status.state in ACTIVE and self.status.run is not None:
            raise RunInProgress(f"run {self.status.run.run_id} is in progress", run=self.status.run)
        if (attempt := self._engine.lingering()) is not None:
            raise RunInProgress(
                f"the stage {attempt.spec.stage.name!r} of run {attempt.spec.run_id} still runs in its thread, which nothing "
                "can end: wait for it, or start the server anew",
                run=None,
            )
        # A run that has told its end frees its lock in the next moment: whoever heard of it may start at once.
        await self.idle()
        if self._release is not None:
            await asyncio.wait([self._release])

    def _check_not_alone(self) -> None:
        if self._alone_for:
            raise RunInProgress(f"{self._alone_for} is under way: try again once it is done", run=None)

    async def resume(self, trigger: Trigger, run_id: str, *, request: RunRequest | None = None) -> Run:
        """A new run of the stages that `run_id` did not finish. Raises UnknownRun, NotResumable, RunInProgress."""
        run = await self._state.find_run(run_id)
        return await self.start(trigger, stages=stages_to_resume(run), window=_known(run.window), request=request)

    async def find_run(self, run_id: str) -> Run:
        """Any run, from the log. Raises UnknownRun."""
        return await self._state.find_run(run_id)

    def _choose(self, names: Sequence[str] | None) -> list[StageSettings]:
        if names is None:
            return list(self._settings.stages)
        for name in names:
            if name not in self.stage_names:
                raise UnknownStage(f"no stage is named {name!r}: there are {', '.join(self.stage_names)}", stage=name)
        return [stage for stage in self._settings.stages if stage.name in names]

    async def stop(self) -> Status:
        """Ask the run to stop; it has stopped when the state is `stopped`. Raises InvalidTransition where none runs."""
        await self._state.stopping()
        if self._runner is not None:
            self._runner.stop()
        return self.status

    async def reset(self) -> Status:
        """Back to `idle`. Raises InvalidTransition during a run: it must be stopped first."""
        await self._state.reset()
        return self.status

    async def wait(self) -> None:
        """Return when no run goes on. Raises what broke the run's task."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def idle(self) -> None:
        """Return when the run that goes on now has ended, however, and its lock is free."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End the run that goes on as `failed: interrupted`, within the grace."""
        if self._runner is not None:
            self._runner.stop(
                Ending(
                    RunState.FAILED, Reason.INTERRUPTED, "the server was stopped; the next run does what was not done"
                )
            )
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._release is not None:
            self._release.cancel()
            await asyncio.wait([self._release])

    async def _run_with(
        self, held: ExitStack, runner: PipelineRunner, run: Run, stages: Sequence[StageSettings]
    ) -> None:
        """The lock is freed after the run's last event, whatever happened."""
        try:
            await runner.run(run, stages)
        finally:
            if self._engine.lingering() is None:
                await asyncio.to_thread(held.close)
            else:
                self._release = asyncio.create_task(self._free_once_gone(held), name=f"lock-of-{run.run_id}")
            self._after_run()

    async def _free_once_gone(self, held: ExitStack) -> None:
        """A thread that lingers may still write: until it has ended, the lock is its run's."""
        try:
            await self._engine.all_gone()
        finally:
            held.close()


def _known(window: RunWindow | None) -> Window | None:
    """A window as the log has it."""
    return window and Window(datetime.fromisoformat(window.start), datetime.fromisoformat(window.end))


def _where(status: Status) -> str:
    stage = status.run.stage(status.stage) if status.run is not None and status.stage is not None else None
    return f" during {stage.name} (attempt {stage.attempts})" if stage is not None else ""
