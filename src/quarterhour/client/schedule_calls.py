"""The operations of the schedule, said once for both clients, as in calls.py."""

from datetime import datetime

from quarterhour.client.call import Call, get, keyed, post
from quarterhour.slots import Verdict
from quarterhour.web.models import (
    BackfillAnswer,
    BackfillRequest,
    Page,
    ScheduleAnswer,
    ScheduleChange,
    SchedulePlan,
    SchedulePreview,
    SlotItem,
)


def _or_none(body: bytes) -> BackfillAnswer | None:
    return None if body == b"null" else BackfillAnswer.model_validate_json(body)


def get_schedule() -> Call[ScheduleAnswer]:
    """The schedule and its next ten marks."""
    return get("/api/schedule", ScheduleAnswer)


def change_schedule(cron: str, *, timezone: str = "UTC", jitter: float | None = None) -> Call[ScheduleAnswer]:
    """Another cron text, time zone or jitter (seconds); kept over restarts."""
    body = ScheduleChange(cron=cron, timezone=timezone, jitter=jitter)
    return Call("PUT", "/api/schedule", ScheduleAnswer.model_validate_json, body=body)


def pause_schedule() -> Call[ScheduleAnswer]:
    """No run starts by the clock until it is resumed."""
    return post("/api/schedule/pause", ScheduleAnswer)


def resume_schedule() -> Call[ScheduleAnswer]:
    """Runs start by the clock again."""
    return post("/api/schedule/resume", ScheduleAnswer)


def preview_schedule(cron: str, *, timezone: str = "UTC", jitter: float = 0.0) -> Call[SchedulePreview]:
    """The next ten marks that a schedule would have; `jitter` in seconds. Nothing is changed."""
    return get("/api/schedule/preview", SchedulePreview, cron=cron, timezone=timezone, jitter=jitter)


def get_schedule_plan() -> Call[SchedulePlan]:
    """The next 96 marks, how long a run takes, and the files that wait."""
    return get("/api/schedule/plan", SchedulePlan)


def list_slots(
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    verdict: Verdict | None = None,
    cursor: str | None = None,
    limit: int = 1000,
) -> Call[Page[SlotItem]]:
    """What became of each mark from `start` to `end` (aware), newest first."""
    return get("/api/slots", Page[SlotItem], start=start, end=end, verdict=verdict, cursor=cursor, limit=limit)


def start_backfill(
    start: datetime,
    *,
    end: datetime | None = None,
    all: bool = False,  # noqa: A002
    keep_going: bool = False,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Call[BackfillAnswer]:
    """Run each window that ends after `start` and up to `end` (aware) and has no successful run, oldest first.

    For a day the same call with the same `idempotency_key` is told of the backfill that it began, and begins none.
    """
    body = BackfillRequest(start=start, end=end, all=all, keep_going=keep_going, dry_run=dry_run)
    made = BackfillAnswer.model_validate_json
    return Call("POST", "/api/backfill", made, body=body, headers=keyed(idempotency_key))


def get_backfill(*, since: int = 0) -> Call[BackfillAnswer | None]:
    """How far the backfill is, with its ended runs from number `since` on; None where there was none."""
    return Call("GET", "/api/backfill", _or_none, {"since": since})


def stop_backfill() -> Call[BackfillAnswer | None]:
    """Begin no further window, and stop the run of the one under way."""
    return Call("POST", "/api/backfill/stop", _or_none)
