"""The shapes of answers that are not the domain's own. The OpenAPI document, and so the dashboard's types, come from here."""

import re
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    model_validator,
)

from quarterhour.backfill import BackfillState
from quarterhour.decisions import Breaker
from quarterhour.lifecycle import Run, RunState, RunWindow, Schedule, StageState, Status, Trigger
from quarterhour.marks import ClockChange
from quarterhour.slots import Verdict
from quarterhour.units import Time

T = TypeVar("T")

# Larger whole numbers are not the same in every client (RFC 8259, 6), and no seq or version comes near.
MOST = 2**53

# What the document calls a boolean or a number is not taken from a text, nor one for the other.
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]


def written_time(value: object) -> object:
    # A program's own moments come as such.
    if not isinstance(value, datetime) and (not isinstance(value, str) or not _DATE.match(value)):
        raise ValueError("a time is written as 2025-12-05T12:15:00Z")
    return value


def _reckonable(moment: datetime) -> datetime:
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise ValueError(f"a time is of the years {_YEARS[0]} to {_YEARS[1]}")
    return moment


# A day before the first of all dates, or its time in another zone, is none.
_YEARS = (1900, 9000)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
# Not a count of seconds, which others would take for one of milliseconds.
Moment = Annotated[AwareDatetime, BeforeValidator(written_time), AfterValidator(_reckonable)]


class Page(BaseModel, Generic[T]):
    """A list: `next` is the cursor to what follows, or null."""

    items: list[T]
    next: Annotated[str | int | None, Field(description="The cursor to what follows; null at the end.")] = None
    total: Annotated[
        int | None,
        Field(description="Number of items on all pages; null where counting would cost more than the page."),
    ] = None


class PipelineStatus(Status):
    """The status, with what depends on the moment it is asked."""

    seconds_to_next_run: Annotated[float | None, Field(description="Seconds; null where no run is to come.")] = None
    overdue: Annotated[
        bool, Field(description="A mark passed `watchdog.overdue_after` seconds ago, and nothing was done.")
    ] = False


class EventWire(BaseModel):
    """An event, as in the log and on the socket."""

    seq: Annotated[int, Field(description="Its number in the log, from 1.")]
    timestamp: Time
    run_id: str | None
    stage: str
    event: str
    msg: str
    data: dict[str, Any]


class EventPage(BaseModel):
    """Events that follow each other in an answer."""

    seq: Annotated[int, Field(description="The seq of its newest event.")]
    count: Annotated[int, Field(description="Number of events.")]


class Snapshot(BaseModel):
    status: PipelineStatus
    events: list[EventWire]
    last_seq: Annotated[int, Field(description="The seq of the newest event.")]


class StartWindow(BaseModel):
    """After `start` up to `end`."""

    start: Annotated[Moment, Field(description="Left out itself; ISO 8601 with a zone.")]
    end: Annotated[Moment, Field(description="Taken in itself; ISO 8601 with a zone.")]

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start >= self.end:
            raise ValueError("the window must end after it starts")
        return self


class StartRequest(BaseModel):
    stages: list[str] | None = None
    resume: Annotated[str | None, Field(description="Id of a failed or stopped run.")] = None
    window: Annotated[
        StartWindow | None, Field(description="The time that the run stands for; a resumed run has its first one's.")
    ] = None


class ScheduleChange(BaseModel):
    cron: Annotated[str, Field(examples=["*/15 * * * *"])]
    timezone: Annotated[str, Field(examples=["Europe/Paris"])] = "UTC"
    jitter: Annotated[
        Number | None, Field(description="Seconds up to which a run starts after its mark; as it is where left out.")
    ] = None


class ScheduleAnswer(Schedule):
    trigger: Annotated[
        Literal["clock", "arrival", "both"], Field(description="What starts runs; `schedule.trigger` of the settings.")
    ]
    next_marks: Annotated[
        list[str],
        Field(description="The next ten marks, also while paused; none where files alone start runs. UTC, ISO 8601."),
    ]


class PreviewMark(BaseModel):
    mark: Time
    starts_at: Annotated[Time, Field(description="With its jitter; UTC, ISO 8601.")]
    local: Annotated[
        str,
        Field(
            examples=["2026-03-29T03:00:00+02:00"],
            description="The mark by the clock of the schedule's zone; ISO 8601.",
        ),
    ]
    clock_change: Annotated[
        ClockChange | None,
        Field(
            description="`moved`: its time is left out that day, and it is at the change; `first`, `second`: its time "
            "comes twice."
        ),
    ] = None


class SchedulePreview(BaseModel):
    marks: Annotated[list[PreviewMark], Field(description="The next ten.")]


class BackfillRequest(BaseModel):
    """Windows of the schedule that end after `from` and up to `to`."""

    model_config = ConfigDict(populate_by_name=True)

    start: Annotated[
        Moment, Field(alias="from", examples=["2025-12-05T00:00:00Z"], description="ISO 8601 with a zone.")
    ]
    end: Annotated[Moment | None, Field(alias="to", description="Now where left out; ISO 8601 with a zone.")] = None
    all: Annotated[Flag, Field(description="Also windows that have a successful run.")] = False
    keep_going: Annotated[Flag, Field(description="A failed run does not end it.")] = False
    dry_run: Annotated[Flag, Field(description="Only say which windows would be run.")] = False


class BackfillAnswer(BaseModel):
    state: Annotated[BackfillState | None, Field(description="Null where it is only planned.")]
    windows: Annotated[int, Field(description="Number of windows that it is to run.")]
    succeeded: Annotated[
        int, Field(description="Number of windows of the span left out, since a run of theirs has succeeded.")
    ]
    planned: Annotated[list[RunWindow] | None, Field(description="Of a dry run: the windows.")] = None
    runs: Annotated[list[Run], Field(description="That have ended, in their order, from number `since` on.")]
    failed: Annotated[int, Field(description="Number of its runs that failed.")]
    left: Annotated[int, Field(description="Number of windows for which no run has ended.")]
    next: Annotated[
        RunWindow | None, Field(description="The first of those left; null too where its server ended without a word.")
    ]
    message: Annotated[str, Field(description="How it ended.")]


class StageSpan(BaseModel):
    """When a stage of a run was at work."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: StageState
    attempts: Annotated[int, Field(description="Number of attempts.")]
    started_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")]
    ended_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")]


class RunSpan(BaseModel):
    """When a run and its stages were at work."""

    model_config = ConfigDict(from_attributes=True)

    run_id: str
    state: RunState
    trigger: Trigger
    started_at: Time
    ended_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")]
    stages: list[StageSpan]


class SlotItem(BaseModel):
    """What became of one mark of the schedule."""

    model_config = ConfigDict(from_attributes=True)

    mark: Time
    verdict: Verdict
    reason: Annotated[str | None, Field(description="Why no run began.", examples=["running", "paused", "down"])]
    run_id: Annotated[str | None, Field(description="Its run, or the run that was in its way.")]
    late_s: Annotated[float | None, Field(description="Seconds from the mark, with its jitter, to its run's start.")]
    why: Annotated[
        str, Field(description="In words: why no run began, or how late one did.", examples=["no server was there"])
    ]
    seq: Annotated[int, Field(description="The seq of the event that gave the verdict.")]


class PlannedMark(BaseModel):
    mark: Time
    ends_at: Annotated[Time | None, Field(description="With the expected duration; UTC, ISO 8601.")]


class SchedulePlan(BaseModel):
    """What lies ahead."""

    marks: Annotated[list[PlannedMark], Field(description="Also while paused; none where files alone start runs.")]
    expected_s: Annotated[
        float | None, Field(description="Seconds: the median of the last successful runs; null before the first.")
    ]
    files_waiting: Annotated[int, Field(description="Number of files that are whole and not taken in yet.")]
    paused: bool
    breaker: Breaker


class InputItem(BaseModel):
    id: Annotated[str | None, Field(description="The fingerprint of its content; null while it waits.")] = None
    name: str
    dataset: str
    state: Literal["waiting", "settling", "translated", "merged", "replaced", "retracted", "held_back", "quarantined"]
    size: Annotated[int, Field(description="Bytes.")]
    modified_at: Annotated[
        Time | None, Field(description="Of a file that waits; null once it is translated. UTC, ISO 8601.")
    ] = None
    records: Annotated[int | None, Field(description="Number of records that were read.")] = None
    rows: Annotated[int | None, Field(description="Number of rows that were translated.")] = None
    quarantined: Annotated[int | None, Field(description="Number of records put aside.")] = None
    run_id: str | None = None
    message: str = ""


class InputName(BaseModel):
    id: str
    name: str


class InputDetail(InputItem):
    """One content on its way from arrival to the merged table."""

    arrived_at: Annotated[
        Time | None,
        Field(description="When its raw file was last written; null once that holds another content. UTC, ISO 8601."),
    ] = None
    translated_at: Time
    repaired: Annotated[int, Field(description="Number of its rows whose record had to be mended.")]
    merged_run_id: Annotated[str | None, Field(description="The run that merged it or held it back.")] = None
    merged_version: Annotated[int | None, Field(description="The version of the table that took it in.")] = None
    grew_from: Annotated[
        InputName | None, Field(description="The version of the file that it begins with; its rows are the new ones.")
    ] = None
    replaces: Annotated[InputName | None, Field(description="The version of the file before it.")] = None
    replaced_by: Annotated[list[InputName], Field(description="The versions after it.")]


class InputSummary(BaseModel):
    waiting: Annotated[int, Field(description="Number of files.")]
    settling: Annotated[int, Field(description="Number of files that may still grow.")]
    done: Annotated[int, Field(description="Number of inputs whose rows are merged.")]
    quarantined: Annotated[int, Field(description="Number of inputs that could not be read at all.")]
    held_back: Annotated[int, Field(description="Number of inputs.")]
    retracted: Annotated[int, Field(description="Number of inputs.")]
    bytes_waiting: Annotated[int, Field(description="Bytes of the files that wait.")]
    rows: Annotated[int, Field(description="Number of rows of all inputs that were translated.")]
    last_arrival_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")]
    folder: Annotated[
        str, Field(description="Where raw files are dropped, on the server's machine: data/raw of its home.")
    ]


class InputPage(Page[InputItem]):
    summary: InputSummary


class DemoAnswer(BaseModel):
    files: Annotated[list[str], Field(description="Their names below data/raw; the next run takes them in.")]


class Column(BaseModel):
    name: str
    type: str


class DatasetItem(BaseModel):
    name: str
    rows: Annotated[int, Field(description="Number of rows.")]
    size_bytes: Annotated[int, Field(description="Bytes of its data files.")]
    version: Annotated[int, Field(description="The version of its table.")]
    updated_at: Time
    files: Annotated[int, Field(description="Number of data files.")]
    columns: list[Column]
    keys: list[str]


class ExportCheck(BaseModel):
    """What an export would hold."""

    model_config = ConfigDict(from_attributes=True)

    version: Annotated[int, Field(description="The version of the table.")]
    rows: Annotated[int, Field(description="Number of rows.")]
    columns: list[str]
    refusal: Annotated[str | None, Field(description="Why it cannot be made in this format, and the way out.")]
    size: Annotated[int | None, Field(description="Bytes of the file, where it is made already.")]


class RowPage(BaseModel):
    columns: list[Column]
    items: list[list[Any]]
    next: Annotated[int | None, Field(description="The `offset` of the page that follows; null at the end.")]
    total: Annotated[int, Field(description="Number of rows on all pages.")]
    version: Annotated[int, Field(description="The version of the table.")]


class ReindexAnswer(BaseModel):
    """The index was made anew."""

    events: Annotated[int, Field(description="Number of events in it.")]


class RetentionRequest(BaseModel):
    """Old events are removed and compressed now."""

    model_config = ConfigDict(extra="forbid")

    compress_after: Annotated[
        float | None,
        Field(
            strict=True,
            ge=0,
            le=36_500,
            description="Days, in place of `retention.compress_after`; 0: all but the newest run's.",
        ),
    ] = None


class RetentionAnswer(BaseModel):
    """What was removed and compressed."""

    model_config = ConfigDict(from_attributes=True)

    removed_runs: Annotated[int, Field(description="Runs whose events are gone.")]
    removed_bytes: Annotated[int, Field(description="Bytes that their files had.")]
    compressed_files: Annotated[int, Field(description="Number of files.")]
    compressed_from_bytes: Annotated[int, Field(description="Their bytes before.")]
    compressed_to_bytes: Annotated[int, Field(description="Their bytes now.")]


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    checks: dict[str, str]


class Problem(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: Annotated[int, Field(description="The answer's HTTP status.")]
    detail: str
    run: Annotated[Run | None, Field(description="The run that is in the way.")] = None
    field: Annotated[str | None, Field(description="The one field that is wrong.", examples=["cron"])] = None
