"""The life of a run: states, what may follow what, and the fold of events to the status. Pure.

The dashboard's reducer (dashboard/src/live/reducer.ts) is the same fold; both run over tests/contract/streams.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from quarterhour.errors import InvalidTransition
from quarterhour.events import EventKind, EventRecord
from quarterhour.units import Time


class RunState(StrEnum):
    """The state of the pipeline."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    SUCCESS = "success"
    FAILED = "failed"
    STOPPED = "stopped"


TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.IDLE: frozenset({RunState.STARTING}),
    RunState.STARTING: frozenset({RunState.RUNNING, RunState.STOPPING, RunState.FAILED}),
    RunState.RUNNING: frozenset({RunState.SUCCESS, RunState.FAILED, RunState.STOPPING}),
    RunState.STOPPING: frozenset({RunState.STOPPED, RunState.FAILED}),
    RunState.SUCCESS: frozenset({RunState.IDLE, RunState.STARTING}),
    RunState.FAILED: frozenset({RunState.IDLE, RunState.STARTING}),
    RunState.STOPPED: frozenset({RunState.IDLE, RunState.STARTING}),
}

ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.STOPPING})
ENDED = frozenset({RunState.SUCCESS, RunState.FAILED, RunState.STOPPED})


class Reason(StrEnum):
    """Why a run or a stage failed."""

    STAGE_ERROR = "stage_error"
    """The stage raised an error."""
    TIMED_OUT = "timed_out"
    """The attempt took longer than it may."""
    HUNG = "hung"
    """The worker stopped reporting and was killed by the watchdog."""
    CRASHED = "crashed"
    """The worker's process died: a signal, a segmentation fault, an exit without a result."""
    OUT_OF_MEMORY = "out_of_memory"
    """The worker ran out of memory."""
    DISK_FULL = "disk_full"
    """No space was left where the stage writes."""
    BALANCE_OPEN = "balance_open"
    """The rows do not add up."""
    INTERRUPTED = "interrupted"
    """The server ended, or was killed, during the run."""
    INTERNAL_ERROR = "internal_error"
    """quarterhour itself is at fault."""


class StageState(StrEnum):
    """Where a stage of a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCESS = "success"
    FAILED = "failed"
    STOPPED = "stopped"


class Trigger(StrEnum):
    """Who started a run."""

    SCHEDULE = "schedule"
    API = "api"
    CLI = "cli"
    CATCH_UP = "catch_up"
    RECOVERY = "recovery"
    """The start after the server's end cut a run short."""
    ARRIVAL = "arrival"
    BACKFILL = "backfill"
    """A person, for a window of the schedule that is over."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Progress(_Frozen):
    done: Annotated[int, Field(ge=0, examples=[3], description="Files, or other units of its work, that are done.")]
    total: Annotated[int, Field(ge=0, examples=[5], description="Units of its work in all.")]


class StageRun(_Frozen):
    """One stage of one run."""

    name: str
    state: StageState = StageState.WAITING
    attempts: Annotated[int, Field(description="Number of attempts so far.")] = 0
    started_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")] = None
    ended_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")] = None
    progress: Progress | None = None
    reason: Reason | None = None
    message: str = ""
    data: Annotated[dict[str, Any], Field(description="What the stage's `success` event carried.")] = Field(
        default_factory=dict[str, Any]
    )


class RunWindow(_Frozen):
    """The time that a run stands for: after `start` up to `end`."""

    start: Annotated[Time, Field(description="Left out itself; UTC, ISO 8601.")]
    end: Annotated[Time, Field(description="Taken in itself; UTC, ISO 8601.")]


class RunCounts(_Frozen):
    """A run in numbers; the merger's four add up to the rows that it took in."""

    files_processed: Annotated[int, Field(description="Number of files.")] = 0
    records: Annotated[int, Field(description="Number of records that were read.")] = 0
    rows: Annotated[int, Field(description="Number of rows that were translated.")] = 0
    quarantined: Annotated[int, Field(description="Number of records put aside.")] = 0
    inserted: Annotated[int, Field(description="Number of rows.")] = 0
    updated: Annotated[int, Field(description="Number of rows.")] = 0
    unchanged: Annotated[int, Field(description="Number of rows.")] = 0
    held_back: Annotated[int, Field(description="Number of rows.")] = 0


class RunRequest(_Frozen):
    """The call that began a run, so that the same call begins none again."""

    key: Annotated[str, Field(description="Its `Idempotency-Key`.")]
    digest: Annotated[str, Field(description="SHA-256 of what it asked for.")]


class Run(_Frozen):
    """One passage of the pipeline."""

    run_id: Annotated[str, Field(examples=["20251205T121500Z-7f3a9c"])]
    state: RunState
    trigger: Trigger
    mark: Annotated[Time | None, Field(description="The schedule's mark that it is run for; UTC, ISO 8601.")] = None
    due_at: Annotated[
        Time | None, Field(description="When the mark's jitter had it start; null without jitter. UTC, ISO 8601.")
    ] = None
    window: Annotated[
        RunWindow | None,
        Field(description="The time that it stands for: of a scheduled run from the mark before to its own."),
    ] = None
    resumptions: Annotated[
        int, Field(description="Number of recoveries in a row that led to it; 0 where no recovery started it.")
    ] = 0
    started_at: Time
    ended_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")] = None
    stages: tuple[StageRun, ...]
    counts: RunCounts = RunCounts()
    reason: Reason | None = None
    message: str = ""

    def stage(self, name: str) -> StageRun | None:
        return next((stage for stage in self.stages if stage.name == name), None)


class Schedule(_Frozen):
    cron: str = "*/15 * * * *"
    timezone: str = "UTC"
    jitter: Annotated[float, Field(description="Seconds up to which a run starts after its mark.")] = 0.0
    paused: bool = False
    next_run_at: Annotated[
        Time | None,
        Field(
            description="The next mark, with its jitter; null while paused, or where files alone start runs. UTC, ISO 8601."
        ),
    ] = None
    configured: Annotated[
        dict[str, str],
        Field(description="What the settings said when it was read; a change there wins over one made here."),
    ] = Field(default_factory=dict[str, str])
    judged_until: Annotated[Time | None, Field(description="Each mark up to here has its verdict. UTC, ISO 8601.")] = (
        None
    )
    failures: Annotated[int, Field(description="Number of failed runs in a row.")] = 0
    failed_at: Annotated[Time | None, Field(description="When the last of them ended. UTC, ISO 8601.")] = None

    def judged(self, mark: str | None) -> "Schedule":
        """With a verdict for `mark`."""
        if mark is None or (self.judged_until is not None and mark <= self.judged_until):
            return self
        return self.model_copy(update={"judged_until": mark})

    def after_run(self, run: Run) -> "Schedule":
        """With a run's end counted: by its reason. One that was stopped, or that the server's end cut short, says nothing."""
        if run.state is RunState.SUCCESS:
            return self.model_copy(update={"failures": 0, "failed_at": None})
        if run.state is RunState.FAILED and run.reason is not Reason.INTERRUPTED:
            return self.model_copy(update={"failures": self.failures + 1, "failed_at": run.ended_at})
        return self


class ConfigurationKnown(_Frozen):
    """Where the settings of the last server's start stand."""

    seq: Annotated[int, Field(description="The seq of the event that has them.")]
    digest: Annotated[str, Field(description="SHA-256 of them.")]
    stages: Annotated[
        tuple[str, ...],
        Field(description="The pipeline's, in its order.", examples=[["translator", "analyzer", "merger"]]),
    ] = ()


class Status(_Frozen):
    """The one state of the pipeline: the fold of its events up to `version`."""

    version: Annotated[int, Field(description="The seq of the last event in it; drop what is older.")] = 0
    state: RunState = RunState.IDLE
    run: Annotated[Run | None, Field(description="The run that goes on, or the last one until a reset.")] = None
    last_run: Annotated[Run | None, Field(description="The last run that ended.")] = None
    schedule: Schedule = Schedule()
    configuration: Annotated[
        ConfigurationKnown | None, Field(description="The settings of the last server's start; null before the first.")
    ] = None

    @computed_field
    @property
    def run_id(self) -> str | None:
        return self.run.run_id if self.run else None

    @computed_field
    @property
    def stage(self) -> str | None:
        """The stage that is at work."""
        if self.run is None or self.state not in ACTIVE:
            return None
        at_work = (StageState.RUNNING, StageState.RETRYING)
        return next((stage.name for stage in self.run.stages if stage.state in at_work), None)

    @computed_field
    @property
    def progress(self) -> float | None:
        """A share from 0 to 1 over all the run's stages, each with the same share; null without a run."""
        if self.run is None:
            return None
        return sum(_share(stage) for stage in self.run.stages) / max(1, len(self.run.stages))

    @computed_field
    @property
    def started_at(self) -> Time | None:
        """When the run began; null without one. UTC, ISO 8601."""
        return self.run.started_at if self.run else None

    @computed_field
    @property
    def next_run_at(self) -> Time | None:
        """The next mark, with its jitter; null without one. UTC, ISO 8601."""
        return self.schedule.next_run_at

    @computed_field
    @property
    def counts(self) -> RunCounts:
        return self.run.counts if self.run else RunCounts()


def _share(stage: StageRun) -> float:
    if stage.state is StageState.SUCCESS:
        return 1.0
    if stage.progress is None or stage.progress.total == 0:
        return 0.0
    return min(1.0, stage.progress.done / stage.progress.total)


def check_transition(before: RunState, after: RunState) -> None:
    """Raises InvalidTransition for a move that the table does not have."""
    if after not in TRANSITIONS[before]:
        allowed = ", ".join(sorted(TRANSITIONS[before]))
        raise InvalidTransition(
            f"the pipeline is {before}: it cannot become {after} (only {allowed})", before=before, after=after
        )


def apply(status: Status, event: EventRecord) -> Status:
    """The status after one event. A `state` event carries the whole; of the others a stage's, a mark's verdict and what the
    settings were change it.

    An event that is in the status already (seq up to its version) changes nothing.
    """
    if event.seq <= status.version:
        return status
    if event.event == EventKind.STATE:
        return Status.model_validate({**event.data["status"], "version": event.seq})
    if event.stage == "scheduler" and event.event == EventKind.SKIPPED:
        schedule = status.schedule.judged(event.data.get("last", event.data.get("mark")))
        return status.model_copy(update={"version": event.seq, "schedule": schedule})
    if event.stage == "pipeline" and "configuration" in event.data:
        # Events of a version that did not tell of the stages have none.
        stages = event.data.get("stages", ())
        known = ConfigurationKnown(seq=event.seq, digest=event.data["digest"], stages=stages)
        return status.model_copy(update={"version": event.seq, "configuration": known})
    run = status.run
    if run is None or event.run_id != run.run_id:
        return status.model_copy(update={"version": event.seq})
    stage = run.stage(event.stage)
    if stage is None:
        return status.model_copy(update={"version": event.seq})
    after = _apply_to_stage(stage, event)
    stages = tuple(after if stage.name == after.name else stage for stage in run.stages)
    counts = _add_counts(run.counts, event) if event.event == EventKind.SUCCESS else run.counts
    return status.model_copy(
        update={"version": event.seq, "run": run.model_copy(update={"stages": stages, "counts": counts})}
    )


def _apply_to_stage(stage: StageRun, event: EventRecord) -> StageRun:
    change: dict[str, Any]
    match event.event:
        case EventKind.START:
            change = {
                "state": StageState.RUNNING,
                "attempts": event.data["attempt"],
                "started_at": stage.started_at or event.timestamp,
                "progress": None,
            }
        case EventKind.PROGRESS:
            change = {"progress": Progress(done=event.data["done"], total=event.data["total"])}
        case EventKind.RETRY:
            change = {"state": StageState.RETRYING, "message": event.msg}
        case EventKind.SUCCESS:
            change = {
                "state": StageState.SUCCESS,
                "ended_at": event.timestamp,
                "message": event.msg,
                "data": event.data,
            }
        case EventKind.FAILED:
            change = {
                "state": StageState.FAILED,
                "ended_at": event.timestamp,
                "message": event.msg,
                "reason": Reason(event.data["reason"]),
            }
        case EventKind.STOP:
            change = {"state": StageState.STOPPED, "ended_at": event.timestamp, "message": event.msg}
        case _:
            return stage
    return stage.model_copy(update=change)


def _add_counts(counts: RunCounts, event: EventRecord) -> RunCounts:
    """A stage's `success` names some of the counts. `rows` is the translator's: the merger's rows are the same ones."""
    found: dict[str, int] = {}
    for name in RunCounts.model_fields:
        value = event.data.get(name)
        if isinstance(value, int) and (name != "rows" or event.stage == "translator"):
            found[name] = getattr(counts, name) + value
    return counts.model_copy(update=found)


def fold(events: Iterable[EventRecord], status: Status | None = None) -> Status:
    """The status after `events`, which are in the order of their seq."""
    folded = status or Status()
    for event in events:
        folded = apply(folded, event)
    return folded
