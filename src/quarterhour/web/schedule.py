"""The calls on the schedule: its text, pause and resume, what became of each mark, what lies ahead."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Annotated

from fastapi import APIRouter, Query

from quarterhour.clock import wire_time
from quarterhour.decisions import breaker_of
from quarterhour.event_log.base import EventLog
from quarterhour.events import EventRecord
from quarterhour.lifecycle import Run, RunState, Schedule
from quarterhour.marks import next_marks
from quarterhour.scheduler import PreviewedMark, taken_over
from quarterhour.slots import Slot, Verdict, settled, slots_of
from quarterhour.web.data import list_inputs
from quarterhour.web.models import (
    Moment,
    Page,
    PlannedMark,
    PreviewMark,
    ScheduleAnswer,
    ScheduleChange,
    SchedulePlan,
    SchedulePreview,
    SlotItem,
)
from quarterhour.web.problems import documented
from quarterhour.web.queries import find_runs
from quarterhour.web.services import Injected, Services

router = APIRouter(prefix="/api")

_PLANNED_MARKS = 96
_PREVIEWED_MARKS = 10
_RUNS_MEASURED = 20
_EVENTS_READ = 1000


@router.get("/schedule", operation_id="getSchedule", tags=["schedule"])
async def get_schedule(services: Injected) -> ScheduleAnswer:
    """The schedule as it is now, and its next ten marks."""
    return _answer(services, services.scheduler.schedule)


@router.put("/schedule", operation_id="changeSchedule", tags=["schedule"], responses=documented(400, 422))
async def change_schedule(change: ScheduleChange, services: Injected) -> ScheduleAnswer:
    """Another cron text, time zone or jitter; kept over restarts."""
    changed = await services.scheduler.change(cron=change.cron, timezone=change.timezone, jitter=change.jitter)
    return _answer(services, changed)


@router.get("/schedule/preview", operation_id="previewSchedule", tags=["schedule"], responses=documented(422))
async def preview_schedule(
    services: Injected,
    cron: Annotated[str, Query(max_length=200, examples=["*/15 * * * *"])],
    timezone: Annotated[str, Query(max_length=64, examples=["Europe/Paris"])] = "UTC",
    jitter: Annotated[
        float, Query(ge=0, allow_inf_nan=False, description="Seconds up to which a run starts after its mark.")
    ] = 0.0,
) -> SchedulePreview:
    """The next ten marks that a schedule would have; nothing is changed. 422 says which `field` is wrong, and how."""
    found = await asyncio.to_thread(services.scheduler.preview, cron, timezone, jitter, _PREVIEWED_MARKS)
    return SchedulePreview(marks=[_previewed(each) for each in found])


def _previewed(found: PreviewedMark) -> PreviewMark:
    return PreviewMark(
        mark=wire_time(found.mark),
        starts_at=wire_time(found.starts_at),
        local=found.local.isoformat(timespec="seconds"),
        clock_change=found.clock_change,
    )


@router.post("/schedule/pause", operation_id="pauseSchedule", tags=["schedule"])
async def pause_schedule(services: Injected) -> ScheduleAnswer:
    """No run starts by the clock until it is resumed; kept over restarts."""
    return _answer(services, await services.scheduler.pause())


@router.post("/schedule/resume", operation_id="resumeSchedule", tags=["schedule"])
async def resume_schedule(services: Injected) -> ScheduleAnswer:
    """Have marks start runs again, after a pause."""
    return _answer(services, await services.scheduler.resume())


@router.get("/schedule/plan", operation_id="getSchedulePlan", tags=["schedule"])
async def get_schedule_plan(services: Injected) -> SchedulePlan:
    """The next 96 marks, how long a run takes by the last ones that succeeded, and the files that wait."""
    now = services.clock.now()
    schedule = taken_over(services.scheduler.schedule, services.settings.schedule)
    expected_s = await _expected_s(services)
    inputs = await list_inputs(services, cursor=None, state=None, limit=1)
    marks = _marks_ahead(services, schedule, _PLANNED_MARKS)
    return SchedulePlan(
        marks=[_planned(mark, expected_s) for mark in marks],
        expected_s=expected_s,
        files_waiting=inputs.summary.waiting,
        paused=schedule.paused,
        breaker=breaker_of(schedule, services.settings.schedule, now),
    )


def _planned(mark: datetime, expected_s: float | None) -> PlannedMark:
    ends_at = None if expected_s is None else wire_time(mark + timedelta(seconds=expected_s))
    return PlannedMark(mark=wire_time(mark), ends_at=ends_at)


async def _expected_s(services: Services) -> float | None:
    runs, _ = await find_runs(services, None, None, None, _RUNS_MEASURED)
    durations = [_duration_s(run) for run in runs if run.state is RunState.SUCCESS]
    return round(median(durations), 3) if durations else None


def _duration_s(run: Run) -> float:
    assert run.ended_at is not None
    return (datetime.fromisoformat(run.ended_at) - datetime.fromisoformat(run.started_at)).total_seconds()


@router.get("/slots", operation_id="listSlots", tags=["schedule"], responses=documented(422))
async def list_slots(
    services: Injected,
    start: Annotated[
        Moment | None,
        Query(alias="from", description="The first mark; a day before `to` where left out. ISO 8601 with a zone."),
    ] = None,
    end: Annotated[
        Moment | None, Query(alias="to", description="The last mark; now where left out. ISO 8601 with a zone.")
    ] = None,
    verdict: Verdict | None = None,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=40_000, description="Most marks of a page.")] = 1000,
) -> Page[SlotItem]:
    """What became of each mark of the schedule, newest first: why it did not run at 12:15."""
    last = end or services.clock.now()
    first = start or last - timedelta(days=1)
    span = wire_time(first), wire_time(last)
    found = await services.indexer.slots(*span)
    if found is None:
        found = await asyncio.to_thread(ledger, services.bus.log, *span)
    chosen = [slot for slot in found if verdict in (None, slot.verdict) and (cursor is None or slot.mark < cursor)]
    page = chosen[:limit]
    more = page[-1].mark if len(chosen) > limit else None
    return Page(items=[SlotItem.model_validate(slot) for slot in page], next=more, total=len(chosen))


def ledger(log: EventLog, first: str, last: str) -> list[Slot]:
    """Newest mark first. A verdict is never older than its mark, so that the log is read back no further than `first`."""
    found: dict[str, Slot] = {}
    for record in _since(log, first):
        for slot in slots_of(record):
            if first <= slot.mark <= last:
                found[slot.mark] = settled(slot, found.get(slot.mark))
    return sorted(found.values(), key=lambda slot: slot.mark, reverse=True)


def _since(log: EventLog, first: str) -> Iterator[EventRecord]:
    """At least the events from that time on, the newest first; then, where the log begins later, what is kept from before."""
    before = log.last_seq + 1
    while records := log.read_back(before, _EVENTS_READ):
        yield from records
        before = records[-1].seq
        if all(record.timestamp < first for record in records):
            return
    yield from log.kept()


def _answer(services: Services, schedule: Schedule) -> ScheduleAnswer:
    marks = _marks_ahead(services, schedule, 10)
    trigger = services.settings.schedule.trigger
    return ScheduleAnswer(**schedule.model_dump(), trigger=trigger, next_marks=[wire_time(mark) for mark in marks])


def _marks_ahead(services: Services, schedule: Schedule, count: int) -> list[datetime]:
    """None where files alone start runs."""
    if not services.settings.schedule.has_marks:
        return []
    return next_marks(schedule.cron, schedule.timezone, services.clock.now(), count)
