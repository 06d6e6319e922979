"""StateManager: the only writer of states. The status is the fold of the events; a move is an event that carries it whole."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.errors import NotResumable, RunInProgress, UnknownRun
from quarterhour.events import (
    Event,
    EventKind,
    EventRecord,
    RunFailed,
    RunSealed,
    RunStarted,
    RunStopped,
    RunStopping,
    RunSucceeded,
    StateChanged,
)
from quarterhour.lifecycle import (
    ACTIVE,
    ENDED,
    Reason,
    Run,
    RunRequest,
    RunState,
    RunWindow,
    Schedule,
    StageRun,
    StageState,
    Status,
    Trigger,
    apply,
    check_transition,
    fold,
)

_READ_BACK_EVENTS = 100
_SAID = {
    Trigger.SCHEDULE: "schedule",
    Trigger.API: "api",
    Trigger.CLI: "cli",
    Trigger.CATCH_UP: "schedule, which catches up",
    Trigger.RECOVERY: "recovery of an interrupted run",
    Trigger.ARRIVAL: "arrival of files",
    Trigger.BACKFILL: "backfill",
}


def new_run_id(now: datetime) -> str:
    """Sorts by time; the random end keeps two of the same second apart."""
    return f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"


@dataclass(frozen=True, slots=True)
class _Move:
    """What a caller wants: the state after, the run as it then is, and the event that tells of it."""

    after: RunState
    run: Run | None
    said: Event | None = None


class StateManager:
    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._status = Status()
        # One move at a time: the next is judged by what the last one made.
        self._moving = asyncio.Lock()
        bus.add_fold(self._apply)

    @property
    def status(self) -> Status:
        return self._status

    def _apply(self, record: EventRecord) -> None:
        self._status = apply(self._status, record)

    def load(self) -> None:
        """Fold the log's end: from its last `state` event on."""
        later: list[EventRecord] = []
        before = self._bus.log.last_seq + 1
        while records := self._bus.log.read_back(before, _READ_BACK_EVENTS):
            for record in records:
                later.append(record)
                if record.event == EventKind.STATE:
                    self._status = fold(reversed(later))
                    return
            before = records[-1].seq
        self._status = fold(reversed(later))

    async def start(
        self,
        trigger: Trigger,
        stages: tuple[str, ...],
        *,
        mark: datetime | None = None,
        due_at: datetime | None = None,
        window: RunWindow | None = None,
        run_id: str | None = None,
        resumptions: int = 0,
        request: RunRequest | None = None,
    ) -> Run:
        """A new run, in `starting`, recorded. Raises RunInProgress, InvalidTransition."""
        now = self._clock.now()
        run = Run(
            run_id=run_id or new_run_id(now),
            state=RunState.STARTING,
            trigger=trigger,
            mark=wire_time(mark) if mark else None,
            due_at=wire_time(due_at) if due_at else None,
            window=window,
            resumptions=resumptions,
            started_at=wire_time(now),
            stages=tuple(StageRun(name=name) for name in stages),
        )
        said = RunStarted(
            at=now,
            run_id=run.run_id,
            stage="pipeline",
            msg=f"Run {run.run_id} started by the {_SAID[trigger]}",
            data={
                "trigger": trigger.value,
                "stages": list(stages),
                "mark": run.mark,
                "window": window.model_dump() if window else None,
                "request": request.model_dump() if request else None,
            },
        )

        def begin(status: Status) -> _Move:
            if status.state in ACTIVE and status.run is not None:
                raise RunInProgress(
                    f"run {status.run.run_id} is in progress since {status.run.started_at}", run=status.run
                )
            return _Move(RunState.STARTING, run, said)

        await self._make(begin)
        return run

    async def running(self) -> None:
        await self._make(lambda status: _Move(RunState.RUNNING, status.run))

    async def stopping(self) -> None:
        def ask(status: Status) -> _Move:
            run_id = status.run_id
            said = RunStopping(
                at=self._clock.now(), run_id=run_id, stage="pipeline", msg=f"Run {run_id} is asked to stop"
            )
            return _Move(RunState.STOPPING, status.run, said)

        await self._make(ask)

    async def finish(self, after: RunState, *, reason: Reason | None = None, message: str = "") -> None:
        """End the run as `after`, with the event that says so. Stages that were at work end with it."""

        def end(status: Status) -> _Move:
            assert status.run is not None
            # A stop that came while the last stage ended was still a stop.
            is_late_stop = status.state is RunState.STOPPING and after is RunState.SUCCESS
            ending = RunState.STOPPED if is_late_stop else after
            run = _ended(status.run, ending, self._clock.now(), reason, message)
            return _Move(ending, run, _end_event(ending, run))

        await self._make(end)

    async def reset(self) -> None:
        """Back to `idle`; the last run stays known as such."""
        await self._make(lambda _: _Move(RunState.IDLE, None))

    async def reschedule(self, change: Callable[[Schedule], Schedule], msg: str) -> None:
        """Record what `change` makes of the schedule; nothing where that is what it was."""
        async with self._moving:
            await self._bus.settle()
            schedule = change(self._status.schedule)
            if self._status.schedule != schedule:
                changed = _schedule_changes(self._status.schedule, schedule)
                data = {"changed": changed} if changed else {}
                status = self._status.model_copy(update={"schedule": schedule})
                await asyncio.shield(self._bus.publish(self._state_event(status, "scheduler", msg, data), at_once=True))

    async def _make(self, plan: Callable[[Status], _Move]) -> None:
        """Compare and set: `plan` sees the status with every event in it, and what it wants is written before any other event."""
        async with self._moving:
            await self._bus.settle()
            move = plan(self._status)
            before = self._status.state
            check_transition(before, move.after)
            run = move.run.model_copy(update={"state": move.after}) if move.run else None
            last_run = run if move.after in ENDED else self._status.last_run
            schedule = self._status.schedule
            if run is not None and move.after is RunState.STARTING:
                # A backfilled mark is an old one: how far the clock's marks have their verdicts it does not say.
                schedule = schedule if run.trigger is Trigger.BACKFILL else schedule.judged(run.mark)
            elif run is not None and move.after in ENDED:
                schedule = schedule.after_run(run)
            change = {"state": move.after, "run": run, "last_run": last_run, "schedule": schedule}
            status = self._status.model_copy(update=change)
            data = {"from": before.value, "to": move.after.value}
            event = self._state_event(status, "pipeline", f"{before} → {move.after}", data)
            # The event that tells of the move follows the state, never precedes it. Shielded: a caller that is cancelled must
            # not leave it open whether the move was made.
            told: list[Event] = [event, *([move.said] if move.said else [])]
            if run is not None and move.after in ENDED:
                told.append(self._seal(run.run_id))
            await asyncio.shield(self._bus.publish(*told, at_once=True))

    def _seal(self, run_id: str) -> RunSealed:
        data = {"level": "debug"}
        return RunSealed(
            at=self._clock.now(), run_id=run_id, stage="pipeline", msg=f"Run {run_id} is sealed", data=data
        )

    def _state_event(self, status: Status, stage: str, msg: str, data: dict[str, Any]) -> StateChanged:
        run_id = status.run_id if stage == "pipeline" else None
        whole = status.model_dump(mode="json")
        return StateChanged(at=self._clock.now(), run_id=run_id, stage=stage, msg=msg, data={**data, "status": whole})

    async def find_run(self, run_id: str) -> Run:
        """Any run, from the log. Raises UnknownRun."""
        return await asyncio.to_thread(self._find_run, run_id)

    def _find_run(self, run_id: str) -> Run:
        if self._status.run is not None and self._status.run.run_id == run_id:
            return self._status.run
        before = self._bus.log.last_seq + 1
        while records := self._bus.log.read_back(before, _READ_BACK_EVENTS, run_id=run_id):
            for record in records:
                if record.event == EventKind.STATE:
                    run = Status.model_validate(record.data["status"]).run
                    assert run is not None
                    return run
            before = records[-1].seq
        floor = self._bus.log.floor
        removed = f", or its events were removed (those up to {floor.seq} were)" if floor else ""
        raise UnknownRun(f"no run has the id {run_id!r}{removed}", run_id=run_id)


def stages_to_resume(run: Run) -> tuple[str, ...]:
    """The stages from the one that failed on. Raises NotResumable where the run did not fail or stop."""
    if run.state not in (RunState.FAILED, RunState.STOPPED):
        raise NotResumable(f"run {run.run_id} is {run.state}: only a failed or stopped run can be resumed")
    names = [stage.name for stage in run.stages]
    first = next((i for i, stage in enumerate(run.stages) if stage.state is not StageState.SUCCESS), None)
    if first is None:
        raise NotResumable(f"run {run.run_id} has no stage left to run: start a new one")
    return tuple(names[first:])


def _ended(run: Run, after: RunState, now: datetime, reason: Reason | None, message: str) -> Run:
    ended_at = wire_time(now)
    stages = tuple(_ended_stage(stage, after, ended_at, reason, message) for stage in run.stages)
    return run.model_copy(update={"stages": stages, "ended_at": ended_at, "reason": reason, "message": message})


def _ended_stage(stage: StageRun, after: RunState, ended_at: str, reason: Reason | None, message: str) -> StageRun:
    if stage.state not in (StageState.RUNNING, StageState.RETRYING):
        return stage
    state = StageState.STOPPED if after is RunState.STOPPED else StageState.FAILED
    return stage.model_copy(update={"state": state, "ended_at": ended_at, "reason": reason, "message": message})


def _end_event(after: RunState, run: Run) -> Event:
    assert run.ended_at is not None
    at = datetime.fromisoformat(run.ended_at)
    duration_s = round((at - datetime.fromisoformat(run.started_at)).total_seconds(), 3)
    common: dict[str, Any] = {"at": at, "run_id": run.run_id, "stage": "pipeline"}
    if after is RunState.SUCCESS:
        data = {"counts": run.counts.model_dump(), "duration_s": duration_s}
        return RunSucceeded(**common, msg=f"Run {run.run_id} succeeded in {duration_s:.1f} s", data=data)
    if after is RunState.STOPPED:
        return RunStopped(**common, msg=f"Run {run.run_id} was stopped", data={"duration_s": duration_s})
    failed_stage = next((stage.name for stage in run.stages if stage.state is StageState.FAILED), None)
    data = {"reason": run.reason, "failed_stage": failed_stage, "duration_s": duration_s}
    return RunFailed(**common, msg=f"Run {run.run_id} failed: {run.message}", data=data)


def _schedule_changes(before: Schedule, after: Schedule) -> list[dict[str, Any]]:
    """What of a schedule people choose is another, as `ConfigurationChanged` tells of settings."""
    return [
        {"key": f"schedule.{name}", "from": getattr(before, name), "to": getattr(after, name)}
        for name in ("cron", "timezone", "jitter", "paused")
        if getattr(before, name) != getattr(after, name)
    ]
