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
    next: str | int | None = None
    total: Annotated[int | None, Field(description="Null where counting would cost more than the page.")] = None


class PipelineStatus(Status):
    """The status, with what depends on the moment it is asked."""

    seconds_to_next_run: float | None = None
    overdue: Annotated[
        bool, Field(description="A mark passed `watchdog.overdue_after` seconds ago, and nothing was done.")
    ] = False


class EventWire(BaseModel):
    """An event, as in the log and on the socket."""

    seq: int
    timestamp: str
    run_id: str | None
    stage: str
    event: str
    msg: str
    data: dict[str, Any]


class EventPage(BaseModel):
    """Events that follow each other in an answer."""

    seq: Annotated[int, Field(description="Of its newest event.")]
    count: int


class Snapshot(BaseModel):
    status: PipelineStatus
    events: list[EventWire]
    last_seq: int


class StartWindow(BaseModel):
    """After `start` up to `end`."""

    start: Moment
    end: Moment

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
        list[str], Field(description="The next ten marks, also while paused; none where files alone start runs.")
    ]


class PreviewMark(BaseModel):
    mark: Annotated[str, Field(examples=["2026-03-29T01:00:00.000Z"])]
    starts_at: Annotated[str, Field(description="With its jitter.", examples=["2026-03-29T01:00:00.000Z"])]
    local: Annotated[
        str, Field(description="The mark by the clock of the schedule's zone.", examples=["2026-03-29T03:00:00+02:00"])
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

    start: Annotated[Moment, Field(alias="from", examples=["2025-12-05T00:00:00Z"])]
    end: Annotated[Moment | None, Field(alias="to", description="Now where left out.")] = None
    all: Annotated[Flag, Field(description="Also windows that have a successful run.")] = False
    keep_going: Annotated[Flag, Field(description="A failed run does not end it.")] = False
    dry_run: Annotated[Flag, Field(description="Only say which windows would be run.")] = False


class BackfillAnswer(BaseModel):
    state: Annotated[BackfillState | None, Field(description="Null where it is only planned.")]
    windows: Annotated[int, Field(description="That it is to run.")]
    succeeded: Annotated[int, Field(description="Windows of the span left out, since a run of theirs has succeeded.")]
    planned: Annotated[list[RunWindow] | None, Field(description="Of a dry run: the windows.")] = None
    runs: Annotated[list[Run], Field(description="That have ended, in their order, from number `since` on.")]
    failed: int
    left: Annotated[int, Field(description="Windows for which no run has ended.")]
    next: Annotated[
        RunWindow | None, Field(description="The first of those left; null too where its server ended without a word.")
    ]
    message: Annotated[str, Field(description="How it ended.")]


class StageSpan(BaseModel):
    """When a stage of a run was at work. Times are RFC 3339 in UTC."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: StageState
    attempts: int
    started_at: str | None
    ended_at: str | None


class RunSpan(BaseModel):
    """When a run and its stages were at work. Times are RFC 3339 in UTC."""

    model_config = ConfigDict(from_attributes=True)

    run_id: str
    state: RunState
    trigger: Trigger
    started_at: str
    ended_at: str | None
    stages: list[StageSpan]


class SlotItem(BaseModel):
    """What became of one mark of the schedule."""

    model_config = ConfigDict(from_attributes=True)

    mark: str
    verdict: Verdict
    reason: Annotated[str | None, Field(description="Why no run began.", examples=["running", "paused", "down"])]
    run_id: Annotated[str | None, Field(description="Its run, or the run that was in its way.")]
    late_s: Annotated[float | None, Field(description="Seconds from the mark, with its jitter, to its run's start.")]
    why: Annotated[
        str, Field(description="In words: why no run began, or how late one did.", examples=["no server was there"])
    ]
    seq: Annotated[int, Field(description="The event that gave the verdict.")]


class PlannedMark(BaseModel):
    mark: str
    ends_at: Annotated[str | None, Field(description="With the expected duration.")]


class SchedulePlan(BaseModel):
    """What lies ahead."""

    marks: Annotated[list[PlannedMark], Field(description="Also while paused; none where files alone start runs.")]
    expected_s: Annotated[float | None, Field(description="Median of the last successful runs; null before the first.")]
    files_waiting: Annotated[int, Field(description="Files that are whole and not taken in yet.")]
    paused: bool
    breaker: Breaker


class InputItem(BaseModel):
    id: Annotated[str | None, Field(description="The fingerprint of its content; null while it waits.")] = None
    name: str
    dataset: str
    state: Literal["waiting", "settling", "translated", "merged", "replaced", "retracted", "held_back", "quarantined"]
    size: Annotated[int, Field(description="Bytes.")]
    modified_at: Annotated[str | None, Field(description="Of a file that waits; null once it is translated.")] = None
    records: int | None = None
    rows: int | None = None
    quarantined: int | None = None
    run_id: str | None = None
    message: str = ""


class InputName(BaseModel):
    id: str
    name: str


class InputDetail(InputItem):
    """One content on its way from arrival to the merged table. Times are RFC 3339 in UTC."""

    arrived_at: Annotated[
        str | None, Field(description="When its raw file was last written; null once that holds another content.")
    ] = None
    translated_at: str
    repaired: Annotated[int, Field(description="Of its rows, those whose record had to be mended.")]
    merged_run_id: Annotated[str | None, Field(description="The run that merged it or held it back.")] = None
    merged_version: Annotated[int | None, Field(description="The version of the table that took it in.")] = None
    grew_from: Annotated[
        InputName | None, Field(description="The version of the file that it begins with; its rows are the new ones.")
    ] = None
    replaces: Annotated[InputName | None, Field(description="The version of the file before it.")] = None
    replaced_by: Annotated[list[InputName], Field(description="The versions after it.")]


class InputSummary(BaseModel):
    waiting: int
    settling: int
    done: Annotated[int, Field(description="Inputs whose rows are merged.")]
    quarantined: Annotated[int, Field(description="Inputs that could not be read at all.")]
    held_back: int
    retracted: int
    bytes_waiting: int
    rows: Annotated[int, Field(description="Rows of all inputs that were translated.")]
    last_arrival_at: str | None
    folder: Annotated[
        str, Field(description="Where raw files are dropped, on the server's machine: data/raw of its home.")
    ]


class InputPage(Page[InputItem]):
    summary: InputSummary


class DemoAnswer(BaseModel):
    files: Annotated[list[str], Field(description="Their names below data/raw; the next run takes them in.")]


class QuarantineItem(BaseModel):
    """A record, or a whole file, that is not in the tables, or only after it was mended."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    dataset: str
    file: str
    outcome: Literal["quarantined", "mended", "retried"]
    reason: str
    record: Annotated[int | None, Field(description="Its number in the file, from 1; null for a whole file.")] = None
    line: Annotated[int | None, Field(description="The line on which it begins, from 1.")] = None
    column: Annotated[str | None, Field(description="Where one column is to blame.")] = None
    value: str | None = None
    raw: Annotated[str, Field(description="The record's text; in a list, its first 1,000 characters.")] = ""
    is_raw_cut: Annotated[bool, Field(description="The record's text goes on.")] = False
    mended: Annotated[list[str | None] | None, Field(description="The texts that it was taken with.")] = None
    run_id: str = ""
    retried_as: Annotated[str | None, Field(description="The raw file as which it was sent back.")] = None
    retried_at: str | None = None


class QuarantineDetail(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    item: QuarantineItem
    records: Annotated[list[QuarantineItem], Field(description="Of a whole file, its first records in quarantine.")]


class RetryRequest(BaseModel):
    """How a record is mended; without either it is sent back as it stands."""

    raw: Annotated[str | None, Field(description="Its new text, in the dialect of its file.")] = None
    values: Annotated[dict[str, str] | None, Field(description="New texts of some columns.")] = None


class RetryAnswer(BaseModel):
    """What will happen."""

    id: str
    file: Annotated[str, Field(description="The raw file that the next run reads.")]
    records: Annotated[int | None, Field(description="Records sent back; null for a whole file.")]
    message: str


class Column(BaseModel):
    name: str
    type: str


class DatasetItem(BaseModel):
    name: str
    rows: int
    size_bytes: int
    version: int
    updated_at: str
    files: int
    columns: list[Column]
    keys: list[str]


class ExportCheck(BaseModel):
    """What an export would hold."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    rows: int
    columns: list[str]
    refusal: Annotated[str | None, Field(description="Why it cannot be made in this format, and the way out.")]
    size: Annotated[int | None, Field(description="Bytes of the file, where it is made already.")]


class RowPage(BaseModel):
    columns: list[Column]
    items: list[list[Any]]
    next: int | None
    total: int
    version: int


class ReindexAnswer(BaseModel):
    """The index was made anew."""

    events: int


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    checks: dict[str, str]


class Problem(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    run: Annotated[Run | None, Field(description="The run that is in the way.")] = None
    field: Annotated[str | None, Field(description="The one field that is wrong.", examples=["cron"])] = None
