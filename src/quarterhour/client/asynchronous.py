"""AsyncClient: a running server, called by `await`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import httpx

from quarterhour.client import calls, schedule_calls, settings_calls
from quarterhour.client.call import Call
from quarterhour.client.transport import POLL_S, StreamReader, check, options, read, request_of, stream_of
from quarterhour.lifecycle import ACTIVE, Run
from quarterhour.web.models import EventWire

P = ParamSpec("P")
T = TypeVar("T")


def _sent(make: Callable[P, Call[T]]) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    """The call as a method."""

    @wraps(make)
    async def send(self: "AsyncClient", *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(make(*args, **kwargs))

    return send


class AsyncClient:
    """Each operation of the API is a method. All raise ServerRefused for a problem, httpx.TransportError without an answer."""

    def __init__(self, base_url: str, token: str = "", certfile: str | None = None) -> None:
        """`certfile`: the server's own certificate."""
        self._http = httpx.AsyncClient(**options(base_url, token, certfile))

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Make a call of `quarterhour.client.calls`."""
        return read(call, await self._http.request(**request_of(call)))

    async def wait_for_run(self, run_id: str) -> Run:
        """The run once it has ended."""
        while (run := await self.get_run(run_id)).state in ACTIVE:  # noqa: ASYNC110 (it goes on elsewhere)
            await asyncio.sleep(POLL_S)
        return run

    async def stream_events(
        self,
        *,
        since: int | None = None,
        run_id: str | None = None,
        stage: str | None = None,
        event: str | None = None,
        level: str | None = None,
        q: str | None = None,
    ) -> AsyncIterator[EventWire]:
        """Past events after `since`, then new ones as they come; without `since`, new ones alone.

        Each comes once, those that were removed not at all. Raises httpx.TransportError where the connection is lost: go on
        with the last event's seq.
        """
        kinds = {"run_id": run_id, "stage": stage, "event": event, "level": level, "q": q}
        async with self._http.stream(**stream_of(since, kinds)) as answer:
            if answer.is_error:
                await answer.aread()
            check(answer)
            reader = StreamReader()
            async for line in answer.aiter_lines():
                if (found := reader.event_in(line)) is not None:
                    yield found

    start_run = _sent(calls.start_run)
    run_stage = _sent(calls.run_stage)
    stop_run = _sent(calls.stop_run)
    reset_pipeline = _sent(calls.reset_pipeline)
    get_status = _sent(calls.get_status)
    get_snapshot = _sent(calls.get_snapshot)
    get_liveness = _sent(calls.get_liveness)
    get_readiness = _sent(calls.get_readiness)
    list_runs = _sent(calls.list_runs)
    get_run = _sent(calls.get_run)
    get_run_balance = _sent(calls.get_run_balance)
    list_run_events = _sent(calls.list_run_events)
    get_run_log = _sent(calls.get_run_log)
    get_timeline = _sent(calls.get_timeline)
    list_events = _sent(calls.list_events)
    list_event_pages = _sent(calls.list_event_pages)
    retain_events = _sent(calls.retain_events)
    reindex = _sent(calls.reindex)
    get_schedule = _sent(schedule_calls.get_schedule)
    change_schedule = _sent(schedule_calls.change_schedule)
    pause_schedule = _sent(schedule_calls.pause_schedule)
    resume_schedule = _sent(schedule_calls.resume_schedule)
    get_schedule_plan = _sent(schedule_calls.get_schedule_plan)
    preview_schedule = _sent(schedule_calls.preview_schedule)
    get_session = _sent(settings_calls.get_session)
    list_alerts = _sent(settings_calls.list_alerts)
    test_alert = _sent(settings_calls.test_alert)
    list_tokens = _sent(settings_calls.list_tokens)
    make_token = _sent(settings_calls.make_token)
    revoke_token = _sent(settings_calls.revoke_token)
    list_slots = _sent(schedule_calls.list_slots)
    start_backfill = _sent(schedule_calls.start_backfill)
    get_backfill = _sent(schedule_calls.get_backfill)
    stop_backfill = _sent(schedule_calls.stop_backfill)
    list_inputs = _sent(calls.list_inputs)
    load_demo_data = _sent(calls.load_demo_data)
    get_input = _sent(calls.get_input)
    get_input_profile = _sent(calls.get_input_profile)
    retract_input = _sent(calls.retract_input)
    release_input = _sent(calls.release_input)
    retranslate = _sent(calls.retranslate)
    list_quarantine = _sent(calls.list_quarantine)
    get_quarantined = _sent(calls.get_quarantined)
    retry_quarantined = _sent(calls.retry_quarantined)
    list_datasets = _sent(calls.list_datasets)
    get_dataset = _sent(calls.get_dataset)
    list_dataset_rows = _sent(calls.list_dataset_rows)
    get_dataset_series = _sent(calls.get_dataset_series)
    list_dataset_versions = _sent(calls.list_dataset_versions)
    restore_dataset = _sent(calls.restore_dataset)
    get_dataset_profile = _sent(calls.get_dataset_profile)
    get_dataset_checks = _sent(calls.get_dataset_checks)
    list_analyses = _sent(calls.list_analyses)
    check_export = _sent(calls.check_export)
    export_dataset = _sent(calls.export_dataset)
