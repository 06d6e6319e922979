"""The shapes of answers that are not the domain's own. The OpenAPI document, and so the dashboard's types, come from here."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from quarterhour.lifecycle import Run, Schedule, Status

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A list: `next` is the cursor to what follows, or null."""

    items: list[T]
    next: str | int | None = None
    total: Annotated[int | None, Field(description="Null where counting would cost more than the page.")] = None


class PipelineStatus(Status):
    """The status, with what depends on the moment it is asked."""

    seconds_to_next_run: float | None = None
    overdue: Annotated[bool, Field(description="The mark has passed and no run began.")] = False


class EventWire(BaseModel):
    """An event, as in the log and on the socket."""

    seq: int
    timestamp: str
    run_id: str | None
    stage: str
    event: str
    msg: str
    data: dict[str, Any]


class Snapshot(BaseModel):
    status: PipelineStatus
    events: list[EventWire]
    last_seq: int


class StartRequest(BaseModel):
    stages: list[str] | None = None
    resume: Annotated[str | None, Field(description="Id of a failed or stopped run.")] = None


class ScheduleChange(BaseModel):
    cron: Annotated[str, Field(examples=["*/15 * * * *"])]
    timezone: Annotated[str, Field(examples=["Europe/Paris"])] = "UTC"


class ScheduleAnswer(Schedule):
    next_marks: Annotated[list[str], Field(description="The next ten marks, also while paused.")]


class InputItem(BaseModel):
    name: str
    dataset: str
    state: Literal["waiting", "settling", "translated", "merged", "held_back", "quarantined"]
    size: Annotated[int, Field(description="Bytes.")]
    modified_at: Annotated[str | None, Field(description="Of a file that waits; null once it is translated.")] = None
    records: int | None = None
    rows: int | None = None
    quarantined: int | None = None
    run_id: str | None = None
    message: str = ""


class InputSummary(BaseModel):
    waiting: int
    settling: int
    done: Annotated[int, Field(description="Inputs whose rows are merged.")]
    quarantined: Annotated[int, Field(description="Inputs that could not be read at all.")]
    held_back: int
    bytes_waiting: int
    rows: Annotated[int, Field(description="Rows of all inputs that were translated.")]
    last_arrival_at: str | None


class InputPage(Page[InputItem]):
    summary: InputSummary


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


class RowPage(BaseModel):
    columns: list[Column]
    items: list[list[Any]]
    next: int | None
    total: int


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
