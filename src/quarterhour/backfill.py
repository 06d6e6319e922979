"""Backfiller: runs windows of the schedule that are over, oldest first and one at a time, through the one orchestrator."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.errors import DiskNearlyFull, InvalidBackfill, RunInProgress
from quarterhour.event_log.base import EventLog
from quarterhour.events import BackfillEnded, BackfillFailed, BackfillStarted, Event, EventKind, EventRecord
from quarterhour.lifecycle import Run, RunRequest, RunState, Trigger
from quarterhour.marks import Window, windows_between
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.scheduler import Scheduler
from quarterhour.slots import succeeded_in

# More than a year of quarter hours.
MOST_WINDOWS = 40_000
_EVENTS_READ = 1000
_LOOKS_AGAIN_S = 1.0


class BackfillState(StrEnum):
    """How far a backfill is."""

    RUNNING = "running"
    DONE = "done"
    """Each window's run succeeded."""
    FAILED = "failed"
    """A run failed; what is left was not begun, unless it was to keep going."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill is to run. `start` and `end` as they were asked for."""

    start: datetime
    end: datetime
    windows: tuple[Window, ...]
    """Oldest first."""
    succeeded: int
    """Windows of the span that are left out, since a run of theirs has succeeded."""


@dataclass(slots=True)
class Backfill:
    """One backfill under way, or the last one."""

    plan: BackfillPlan
    keeps_going: bool
    request: RunRequest | None = None
    """The call that began it."""
    state: BackfillState = BackfillState.RUNNING
    runs: list[Run] = field(default_factory=list[Run])
    """Those that have ended, in their order."""
    message: str = ""

    @property
    def left(self) -> tuple[Window, ...]:
        """The windows for which no run has ended."""
        return self.plan.windows[len(self.runs) :]

    @property
    def failed(self) -> int:
        return sum(run.state is not RunState.SUCCESS for run in self.runs)


class Backfiller:
    """A server's end ends a backfill; the same one, asked for again, does what is left."""

    def __init__(self, orchestrator: PipelineOrchestrator, scheduler: Scheduler, bus: EventBus, clock: Clock) -> None:
        self._orchestrator = orchestrator
        self._scheduler = scheduler
        self._bus = bus
        self._clock = clock
        self._asked = asyncio.Event()
        self._stop_asked = asyncio.Event()
        self._moved = asyncio.Event()
        self.last: Backfill | None = None

    async def plan(self, start: datetime, end: datetime, *, with_succeeded: bool = False) -> BackfillPlan:
        """The windows that end after `start` and up to `end` (aware) and have no successful run. Raises InvalidBackfill."""
        schedule = self._scheduler.known
        if not self._scheduler.has_marks:
            raise InvalidBackfill("files alone start runs (schedule.trigger), so there are no windows to fill")
        if start >= end:
            raise InvalidBackfill(f"the span ends at {wire_time(end)}, not after it begins, at {wire_time(start)}")
        if end > (now := self._clock.now()):
            raise InvalidBackfill(
                f"the span ends at {wire_time(end)}, and now is {wire_time(now)}: only what is over can be filled"
            )
        until = min(end, self._scheduler.settled_until())
        windows = await asyncio.to_thread(_first_windows, schedule.cron, schedule.timezone, start, until)
        if len(windows) > MOST_WINDOWS:
            raise InvalidBackfill(f"the span has more than {MOST_WINDOWS:,} windows: fill it in parts")
        done = await asyncio.to_thread(succeeded_marks, self._bus.log, wire_time(start))
        chosen = tuple(each for each in windows if with_succeeded or wire_time(each.end) not in done)
        return BackfillPlan(start, end, chosen, len(windows) - len(chosen))

    async def start(
        self,
        start: datetime,
        end: datetime,
        *,
        with_succeeded: bool = False,
        keeps_going: bool = False,
        request: RunRequest | None = None,
    ) -> Backfill:
        """Begin one; it goes on in `run`. Raises InvalidBackfill, and RunInProgress where one goes on."""
        plan = await self.plan(start, end, with_succeeded=with_succeeded)
        if self.last is not None and self.last.state is BackfillState.RUNNING:
            raise RunInProgress(f"a backfill is under way, {len(self.last.left)} windows are left: stop it first")
        self.last = backfill = Backfill(plan, keeps_going, request)
        self._stop_asked.clear()
        await self._scheduler.judge()
        data = {
            **_span(plan),
            "windows": len(plan.windows),
            "succeeded": plan.succeeded,
            "keeps_going": keeps_going,
            "request": request and request.model_dump(),
        }
        await self._say(BackfillStarted, f"A backfill of {len(plan.windows)} windows begins", data)
        self._asked.set()
        return backfill

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            backfill = self.last
            assert backfill is not None
            try:
                await self._fill(backfill)
            except asyncio.CancelledError:
                await self._end(backfill, BackfillState.STOPPED, "the process ended")
                raise

    async def stop(self) -> None:
        """No further window is begun, and the run of the one under way is stopped. Nothing where no backfill goes on."""
        if self.last is None or self.last.state is not BackfillState.RUNNING:
            return
        self._stop_asked.set()
        run = self._orchestrator.status.run
        if run is not None and run.trigger is Trigger.BACKFILL and run.state in (RunState.STARTING, RunState.RUNNING):
            await self._orchestrator.stop()

    async def moved(self) -> None:
        """Return once a window's run has ended, or the backfill has."""
        self._moved.clear()
        await self._moved.wait()

    async def _fill(self, backfill: Backfill) -> None:
        for window in backfill.plan.windows:
            try:
                run = await self._run(window)
            except DiskNearlyFull as error:
                await self._end(backfill, BackfillState.FAILED, error.message)
                return
            if run is None:
                await self._end(backfill, BackfillState.STOPPED, "it was stopped")
                return
            backfill.runs.append(run)
            self._moved.set()
            if run.state is RunState.STOPPED:
                await self._end(backfill, BackfillState.STOPPED, f"run {run.run_id} was stopped")
                return
            if run.state is not RunState.SUCCESS and not backfill.keeps_going:
                await self._end(backfill, BackfillState.FAILED, f"run {run.run_id} failed: {run.message}")
                return
        failed = backfill.failed
        message = f"{failed} of {len(backfill.runs)} runs failed" if failed else "each run succeeded"
        await self._end(backfill, BackfillState.FAILED if failed else BackfillState.DONE, message)

    async def _run(self, window: Window) -> Run | None:
        """The window's run once it has ended, or None where a stop came first. Raises DiskNearlyFull."""
        while not self._stop_asked.is_set():
            await self._unless_stopped(self._orchestrator.idle())
            if self._stop_asked.is_set():
                break
            try:
                run = await self._orchestrator.start(Trigger.BACKFILL, mark=window.end, window=window)
            except RunInProgress:
                await self._unless_stopped(self._clock.sleep(_LOOKS_AGAIN_S))
                continue
            await self._orchestrator.idle()
            return await self._orchestrator.find_run(run.run_id)
        return None

    async def _unless_stopped(self, wait: Coroutine[Any, Any, None]) -> None:
        waits = [asyncio.create_task(wait), asyncio.create_task(self._stop_asked.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _end(self, backfill: Backfill, state: BackfillState, message: str) -> None:
        """Say how it ended, and what is left."""
        backfill.state, backfill.message = state, message
        self._moved.set()
        left = backfill.left
        data = {
            **_span(backfill.plan),
            "state": state.value,
            "runs": len(backfill.runs),
            "failed": backfill.failed,
            "left": len(left),
            "next": _window(left[0]) if left else None,
        }
        rest = f"; {len(left)} windows are left, from the one to {wire_time(left[0].end)} on" if left else ""
        kind = BackfillFailed if state is BackfillState.FAILED else BackfillEnded
        await self._say(kind, f"The backfill has ended: {message}{rest}", data)

    async def _say(self, kind: Callable[..., Event], msg: str, data: dict[str, Any]) -> None:
        await self._bus.publish(kind(at=self._clock.now(), run_id=None, stage="scheduler", msg=msg, data=data))


def _first_windows(cron: str, timezone: str, after: datetime, until: datetime) -> list[Window]:
    return list(islice(windows_between(cron, timezone, after, until), MOST_WINDOWS + 1))


def _span(plan: BackfillPlan) -> dict[str, str]:
    return {"from": wire_time(plan.start), "to": wire_time(plan.end)}


def _window(window: Window) -> dict[str, str]:
    return {"start": wire_time(window.start), "end": wire_time(window.end)}


def succeeded_marks(log: EventLog, first: str) -> set[str]:
    """The marks from `first` on (as events write times) of whose windows a run has succeeded."""
    found: set[str] = set()
    before = log.last_seq + 1
    while records := log.read_back(before, _EVENTS_READ):
        for record in records:
            found.update(succeeded_in(record))
        before = records[-1].seq
        # No run of a mark is older than the mark.
        if all(record.timestamp < first for record in records):
            return found
    for record in log.kept():
        found.update(succeeded_in(record))
    return found


def told_after(log: EventLog, began: EventRecord) -> tuple[list[str], EventRecord | None]:
    """What the log tells of the backfill that `began` tells of: the ids of its runs, oldest first, and the word of its end."""
    run_ids: list[str] = []
    for record in log.read(began.seq, MOST_WINDOWS + 1, match=_is_of_a_backfill):
        if record.run_id is not None:
            run_ids.append(record.run_id)
        else:
            # Its own end, or the next one's beginning: then its process ended without a word.
            return run_ids, record if "left" in record.data else None
    return run_ids, None


def _is_of_a_backfill(record: EventRecord) -> bool:
    if record.event == EventKind.START:
        return record.data.get("trigger") == Trigger.BACKFILL
    return record.stage == "scheduler" and ("keeps_going" in record.data or "left" in record.data)
