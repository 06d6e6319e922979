"""Each operation of the API as a function: what it is given and what comes back, said once for both clients.

The names are the operation ids; `from` and `to`, which Python keeps for itself or which say little, are `start` and `end`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, cast

import orjson

from quarterhour.balance import Balance
from quarterhour.client.call import Call, get, given, keyed, post, within
from quarterhour.lifecycle import Run, RunState, Trigger
from quarterhour.settings.exports import ExportFormat
from quarterhour.web.check_models import AnalysisItem, ChecksAnswer, ReleaseAnswer
from quarterhour.web.models import (
    DatasetItem,
    DemoAnswer,
    EventPage,
    EventWire,
    ExportCheck,
    Health,
    InputDetail,
    InputPage,
    Page,
    PipelineStatus,
    ReindexAnswer,
    RetentionAnswer,
    RetentionRequest,
    RowPage,
    RunSpan,
    Snapshot,
    StartRequest,
    StartWindow,
)
from quarterhour.web.quarantine_models import QuarantineDetail, QuarantineItem, RetryAnswer, RetryRequest
from quarterhour.web.reversal_models import (
    RestoreAnswer,
    RestoreRequest,
    RetractAnswer,
    RetractRequest,
    RetranslateAnswer,
    RetranslateRequest,
    VersionItem,
)
from quarterhour.web.series_models import SeriesAnswer

InputStateName = Literal[
    "waiting", "settling", "translated", "merged", "replaced", "retracted", "held_back", "quarantined"
]


def _plain(body: bytes) -> dict[str, Any]:
    return cast(dict[str, Any], orjson.loads(body))


# The pipeline


def start_run(
    *,
    stages: list[str] | None = None,
    resume: str | None = None,
    window: StartWindow | None = None,
    idempotency_key: str | None = None,
) -> Call[Run]:
    """Start a run of all stages, of some, or of those that the failed run `resume` did not finish."""
    body = StartRequest(stages=stages, resume=resume, window=window)
    return Call("POST", "/api/pipeline/start", Run.model_validate_json, body=body, headers=keyed(idempotency_key))


def run_stage(name: str, *, idempotency_key: str | None = None) -> Call[Run]:
    """A run of one stage alone."""
    path = within("pipeline/stage", name)
    return Call("POST", path, Run.model_validate_json, headers=keyed(idempotency_key))


def stop_run() -> Call[PipelineStatus]:
    """Ask the run to stop; it has stopped when the state is `stopped`."""
    return post("/api/pipeline/stop", PipelineStatus)


def reset_pipeline() -> Call[PipelineStatus]:
    """Back to `idle` after a run has ended."""
    return post("/api/pipeline/reset", PipelineStatus)


def get_status() -> Call[PipelineStatus]:
    """The state, its run and the schedule."""
    return get("/api/pipeline/status", PipelineStatus)


def get_snapshot() -> Call[Snapshot]:
    """The status, the newest events and the last seq."""
    return get("/api/pipeline/snapshot", Snapshot)


def get_liveness() -> Call[Health]:
    """The process answers."""
    return get("/healthz", Health)


def get_readiness() -> Call[Health]:
    """Whether the pipeline can do its work now, and what is in its way."""
    return Call("GET", "/readyz", Health.model_validate_json, answers=frozenset({503}))


# Runs and events


def list_runs(
    *, cursor: str | None = None, state: RunState | None = None, trigger: Trigger | None = None, limit: int = 50
) -> Call[Page[Run]]:
    """Runs, newest first; `cursor` is the `next` of the page before."""
    return get("/api/runs", Page[Run], cursor=cursor, state=state, trigger=trigger, limit=limit)


def get_run(run_id: str) -> Call[Run]:
    """One run, as it is now."""
    return get(within("runs", run_id), Run)


def get_run_balance(run_id: str) -> Call[Balance]:
    """Whether the run's rows add up."""
    return get(within("runs", run_id, "balance"), Balance)


def list_run_events(run_id: str, *, since: int = 0, limit: int = 200) -> Call[Page[EventWire]]:
    """The events of one run after `since`, in order."""
    return get(within("runs", run_id, "events"), Page[EventWire], since=since, limit=limit)


def get_run_log(run_id: str) -> Call[bytes]:
    """All events of one run so far, one a line, in memory: of a large one call the address itself."""
    return Call("GET", within("runs", run_id, "log"), bytes, takes_long=True)


def get_timeline(
    *, start: datetime | None = None, end: datetime | None = None, limit: int = 5000
) -> Call[Page[RunSpan]]:
    """When each run of a span of time (aware) and its stages were at work, newest first."""
    return get("/api/timeline", Page[RunSpan], start=start, end=end, limit=limit)


def list_events(
    *,
    since: int = 0,
    before: int | None = None,
    order: Literal["asc", "desc"] = "asc",
    run_id: str | None = None,
    stage: str | None = None,
    event: str | None = None,
    level: str | None = None,
    q: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 200,
) -> Call[Page[EventWire]]:
    """Past events between two seqs and two times (aware), in order or the newest first; `q` is text in message or data."""
    kinds = {"run_id": run_id, "stage": stage, "event": event, "level": level, "q": q}
    return get(
        "/api/events",
        Page[EventWire],
        since=since,
        before=before,
        order=order,
        start=start,
        end=end,
        limit=limit,
        **kinds,
    )


def list_event_pages(
    *,
    before: int | None = None,
    size: int = 500,
    run_id: str | None = None,
    stage: str | None = None,
    event: str | None = None,
    level: str | None = None,
    q: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Call[Page[EventPage]]:
    """Where each page of past events begins, newest first, and how many are in it; older ones follow by `next`."""
    kinds = {"run_id": run_id, "stage": stage, "event": event, "level": level, "q": q}
    return get("/api/events/pages", Page[EventPage], before=before, size=size, start=start, end=end, **kinds)


def retain_events(compress_after: float | None = None) -> Call[RetentionAnswer]:
    """Remove and compress old events now, to its end; `compress_after` (days) in place of the setting."""
    body = RetentionRequest(compress_after=compress_after)
    return post("/api/retention", RetentionAnswer, body, takes_long=True)


def reindex() -> Call[ReindexAnswer]:
    """Make the index of the event log anew from its files."""
    return post("/api/reindex", ReindexAnswer, takes_long=True)


# Inputs and quarantine


def list_inputs(
    *, cursor: int | None = None, state: InputStateName | None = None, run_id: str | None = None, limit: int = 100
) -> Call[InputPage]:
    """Raw files: first those that wait, then what became of the others, newest first."""
    return get("/api/inputs", InputPage, cursor=cursor, state=state, run_id=run_id, limit=limit)


def load_demo_data() -> Call[DemoAnswer]:
    """Put the demo's first files into data/raw of a home that has had no file yet."""
    return post("/api/demo", DemoAnswer)


def get_input(item_id: str) -> Call[InputDetail]:
    """One raw file's content: what became of it, and by which runs."""
    return get(within("inputs", item_id), InputDetail)


def get_input_profile(item_id: str) -> Call[dict[str, Any]]:
    """The profile of one file's rows by themselves."""
    return Call("GET", within("inputs", item_id, "profile"), _plain, takes_long=True)


def retract_input(
    item_id: str,
    *,
    to: Literal["retracted", "merged"] | None = None,
    whole_file: bool = False,
    dry_run: bool = False,
) -> Call[RetractAnswer]:
    """Take an input's rows out of its merged table, or put them back."""
    body = RetractRequest(to=to, whole_file=whole_file, dry_run=dry_run)
    return post(within("inputs", item_id, "retract"), RetractAnswer, body, takes_long=True)


def release_input(item_id: str) -> Call[ReleaseAnswer]:
    """Have an input that is held back merged by the next run."""
    return post(within("inputs", item_id, "release"), ReleaseAnswer)


def retranslate(*, dataset: str | None = None, dry_run: bool = False) -> Call[RetranslateAnswer]:
    """Make translated files that are damaged or gone anew from the raw files."""
    body = RetranslateRequest(dataset=dataset, dry_run=dry_run)
    return post("/api/retranslate", RetranslateAnswer, body, takes_long=True)


def list_quarantine(
    *, cursor: str | None = None, dataset: str | None = None, file: str | None = None, limit: int = 100
) -> Call[Page[QuarantineItem]]:
    """Records, and whole files, that were put aside or mended: those of the newest input first."""
    return get("/api/quarantine", Page[QuarantineItem], cursor=cursor, dataset=dataset, file=file, limit=limit)


def get_quarantined(item_id: str) -> Call[QuarantineDetail]:
    """One record with its whole text, or a whole file with the first of its records."""
    return get(within("quarantine", item_id), QuarantineDetail)


def retry_quarantined(
    item_id: str, *, raw: str | None = None, values: dict[str, str] | None = None
) -> Call[RetryAnswer]:
    """Send a record, or a whole file, through the pipeline again with the next run."""
    return post(within("quarantine", item_id, "retry"), RetryAnswer, RetryRequest(raw=raw, values=values))


# Datasets


def list_datasets() -> Call[Page[DatasetItem]]:
    """The merged tables."""
    return get("/api/datasets", Page[DatasetItem])


def get_dataset(name: str) -> Call[DatasetItem]:
    """One merged table."""
    return get(within("datasets", name), DatasetItem)


def list_dataset_rows(
    name: str,
    *,
    limit: int = 100,
    offset: int = 0,
    version: int | None = None,
    sort: str | None = None,
    descending: bool = False,
    where: str = "",
) -> Call[RowPage]:
    """A page of a merged table, of an earlier version where one is given, sorted by a column and filtered by SQL."""
    page = {"limit": limit, "offset": offset, "version": version}
    order = {"sort": sort, "descending": descending, "where": where}
    return get(within("datasets", name, "rows"), RowPage, **page, **order)


def get_dataset_series(
    name: str,
    column: str,
    time: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    points: int = 4_000,
    by: str | None = None,
    where: str = "",
    version: int | None = None,
) -> Call[SeriesAnswer]:
    """A column against time with as many points as a plot can show, one series or one for each value of `by`."""
    asked = {"column": column, "time": time, "points": points, "by": by, "where": where, "version": version}
    return get(within("datasets", name, "series"), SeriesAnswer, start=start, end=end, **asked)


def list_dataset_versions(name: str, *, cursor: int | None = None, limit: int = 50) -> Call[Page[VersionItem]]:
    """The versions of a merged table, newest first."""
    return get(within("datasets", name, "history"), Page[VersionItem], cursor=cursor, limit=limit)


def restore_dataset(name: str, version: int, *, dry_run: bool = False) -> Call[RestoreAnswer]:
    """Make a new version that equals an earlier one."""
    body = RestoreRequest(version=version, dry_run=dry_run)
    return post(within("datasets", name, "restore"), RestoreAnswer, body, takes_long=True)


def get_dataset_profile(name: str) -> Call[dict[str, Any]]:
    """The analyzer's last profile of the dataset."""
    return Call("GET", within("datasets", name, "profile"), _plain)


def get_dataset_checks(name: str) -> Call[ChecksAnswer]:
    """The checks declared of a dataset, each with its last result."""
    return get(within("datasets", name, "checks"), ChecksAnswer)


def list_analyses() -> Call[Page[AnalysisItem]]:
    """The declared analyses, each with the result that stands."""
    return get("/api/analyses", Page[AnalysisItem])


def check_export(
    name: str,
    *,
    format: ExportFormat = "csv",  # noqa: A002
    version: int | None = None,
    columns: Sequence[str] | None = None,
    where: str = "",
    safe: bool = False,
) -> Call[ExportCheck]:
    """What an export would hold, without making it."""
    query = _export(format, version, columns, where, safe=safe)
    return Call("GET", within("datasets", name, "export/check"), ExportCheck.model_validate_json, query)


def export_dataset(
    name: str,
    *,
    format: ExportFormat = "csv",  # noqa: A002
    version: int | None = None,
    columns: Sequence[str] | None = None,
    where: str = "",
    safe: bool = False,
) -> Call[bytes]:
    """The dataset as a file, whole in memory."""
    query = _export(format, version, columns, where, safe=safe)
    return Call("GET", within("datasets", name, "export"), bytes, query, takes_long=True)


def _export(
    kind: ExportFormat, version: int | None, columns: Sequence[str] | None, where: str, *, safe: bool
) -> dict[str, Any]:
    listed = None if columns is None else list(columns)
    return given({"format": kind, "version": version, "columns": listed, "where": where, "safe": safe})
