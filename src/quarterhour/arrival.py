"""ArrivalWatcher: starts a run once files have come into data/raw and the folder has been quiet."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from watchfiles import Change, awatch  # pyright: ignore[reportUnknownVariableType] - it names a part of trio

from quarterhour.clock import Clock
from quarterhour.decisions import Breaker, breaker_of
from quarterhour.errors import DiskNearlyFull, QuarterhourError, RunInProgress
from quarterhour.lake.arrivals import Arrival, ArrivalState, arrivals, is_finished
from quarterhour.lake.ledger import InputLedger
from quarterhour.lifecycle import ACTIVE, Trigger
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

# What holds a run back and ends without a word (a pause, a breaker, a full disk, a command on the tables): looked at this often.
_LOOKS_AGAIN_S = 1.0


class FolderGone(QuarterhourError):
    """The folder that is watched is no longer there."""


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class WaitForIdle:
    """The run that goes on may take the files; what is left then is for the next."""


@dataclass(frozen=True, slots=True)
class Look:
    """See which files wait, and start a run for them."""


@dataclass(frozen=True, slots=True)
class Found:
    """The files that no run has read."""

    waiting: int
    settling: int
    """Those that nothing but time, or the end of their writer, keeps from being taken."""


def may_be_arrival(change: Change, path: str) -> bool:
    """Whether a notice can be of a file that came or grew: what the pipeline archives, or a program still writes, is none."""
    return change is not Change.deleted and is_finished(PurePath(path).name)


def decide(*, still_s: float, quiet_s: float, is_running: bool, is_held_back: bool) -> Wait | WaitForIdle | Look:
    """What to do about files that came, `still_s` seconds after the last notice of one."""
    if still_s < quiet_s:
        return Wait(quiet_s - still_s)
    if is_running:
        return WaitForIdle()
    return Wait(_LOOKS_AGAIN_S) if is_held_back else Look()


def count_found(found: Sequence[Arrival], marker: str) -> Found:
    """A file that waits for its marker is not settling: the marker's own arrival tells of it."""
    settling = [each for each in found if each.state is ArrivalState.SETTLING and (each.marker or not marker)]
    return Found(sum(each.state is ArrivalState.WAITING for each in found), len(settling))


class ArrivalWatcher:
    """Notices only say that the folder is to be looked at; the inputs' ledger says whether a run would have work.

    So one burst has one run, whoever started it, and files that came while no server was there are found at its start.
    """

    def __init__(
        self, settings: Settings, workspace: Workspace, orchestrator: PipelineOrchestrator, clock: Clock
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._orchestrator = orchestrator
        self._clock = clock
        # A file that has not settled would be left out of the run.
        self._quiet_s = max(settings.schedule.quiet, settings.inputs.settle)
        self._is_moved = asyncio.Event()
        self._moved_s = 0.0

    async def run(self) -> None:
        """Watch until cancelled. Raises what breaks the watch."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._watch(), name="arrival notices")
            # Its first step sets the watch: no file comes unseen between it and the first look.
            await asyncio.sleep(0)
            self._note()
            loops.create_task(self._follow(), name="arrival runs")

    async def _watch(self) -> None:
        gone = (Change.deleted, str(self._workspace.raw))

        def concerns(change: Change, path: str) -> bool:
            return (change, path) == gone or may_be_arrival(change, path)

        async for notices in awatch(self._workspace.raw, watch_filter=concerns):
            # A folder made anew under its name would go unwatched.
            if gone in notices:
                raise FolderGone(f"{gone[1]} was removed or renamed, and cannot be watched: start the server again")
            self._note()

    def _note(self) -> None:
        self._moved_s = self._clock.monotonic()
        self._is_moved.set()

    async def _follow(self) -> None:
        while True:
            await self._is_moved.wait()
            decision = decide(
                still_s=self._clock.monotonic() - self._moved_s,
                quiet_s=self._quiet_s,
                is_running=self._orchestrator.status.state in ACTIVE,
                is_held_back=self._is_held_back(),
            )
            match decision:
                case Wait(seconds):
                    await self._clock.sleep(seconds)
                case WaitForIdle():
                    await self._wait_for_idle()
                case Look():
                    self._is_moved.clear()
                    await self._start_if_any(await asyncio.to_thread(self._look))

    def _is_held_back(self) -> bool:
        schedule = self._orchestrator.status.schedule
        return schedule.paused or breaker_of(schedule, self._settings.schedule, self._clock.now()) is Breaker.OPEN

    async def _wait_for_idle(self) -> None:
        await self._orchestrator.idle()
        if self._orchestrator.status.state in ACTIVE:
            await self._clock.sleep(_LOOKS_AGAIN_S)

    def _look(self) -> Found:
        marker = self._settings.inputs.marker
        with InputLedger(self._workspace.ledger_file) as ledger:
            sightings = ledger.sightings()
        # The quiet period was the pause after which a file of another clock's time has settled.
        found = arrivals(
            self._workspace, self._settings, sightings, self._clock.now(), lambda _: None, with_known=False
        )
        return count_found(found, marker)

    async def _start_if_any(self, found: Found) -> None:
        if found.waiting:
            try:
                await self._orchestrator.start(Trigger.ARRIVAL)
            except (RunInProgress, DiskNearlyFull):
                await self._clock.sleep(_LOOKS_AGAIN_S)
                self._is_moved.set()
        if found.settling:
            self._note()
