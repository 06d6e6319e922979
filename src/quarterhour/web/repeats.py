"""Calls that are made twice: what was begun with an `Idempotency-Key` is answered again, and not begun again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Header
from starlette.requests import Request

from quarterhour.clock import wire_time
from quarterhour.errors import KeyReused
from quarterhour.events import EventKind, EventRecord
from quarterhour.index.question import Question
from quarterhour.lifecycle import Run, RunRequest
from quarterhour.web.services import Services

_KEPT = timedelta(days=1)
_READ = 1000
# Of a run, and of a backfill.
_BEGINNINGS = (("pipeline", EventKind.START), ("scheduler", EventKind.LOG))

Began = TypeVar("Began")


class Repeats:
    """Knows what began in the last day by the keys of the calls, from the events that tell of it: also after a restart."""

    def __init__(self, services: Services) -> None:
        self._services = services
        # Two calls with one key at the same time must not both find that there is no run yet.
        self._one_at_a_time = asyncio.Lock()

    async def once(self, key: str | None, asked: str, start: Callable[[RunRequest | None], Awaitable[Run]]) -> Run:
        """The run that `start` began for this key, now or within the last day.

        A call that was refused is not remembered. Raises KeyReused where the key stands for something else than `asked`.
        """

        async def known(began: EventRecord) -> Run:
            assert began.run_id is not None
            return await self._services.orchestrator.find_run(began.run_id)

        return await self.once_of(key, asked, start, known)

    async def once_of(
        self,
        key: str | None,
        asked: str,
        start: Callable[[RunRequest | None], Awaitable[Began]],
        known: Callable[[EventRecord], Awaitable[Began]],
    ) -> Began:
        """As `once`; `known` makes the answer of the event that tells of a beginning. `asked` differs by operation, too."""
        if key is None:
            return await start(None)
        request = RunRequest(key=key, digest=hashlib.sha256(asked.encode()).hexdigest())
        async with self._one_at_a_time:
            for stage, kind in _BEGINNINGS:
                async for began in self._told(stage, kind):
                    by = began.data.get("request")
                    if by is None or by["key"] != key:
                        continue
                    if by["digest"] != request.digest:
                        what = f"run {began.run_id}" if began.run_id else "a backfill"
                        raise KeyReused(f"the key {key!r} began {what} by another call: take a new key")
                    return await known(began)
            return await start(request)

    async def _told(self, stage: str, kind: EventKind) -> AsyncIterator[EventRecord]:
        """The last day's events of that kind, newest first."""
        first = wire_time(self._services.clock.now() - _KEPT)
        asked = Question(stage=stage, event=kind.value, start=first)
        before = self._services.bus.last_seq + 1
        while True:
            found = await self._services.indexer.events(asked, 0, before, _READ, is_newest_first=True)
            if found is None:
                # The index has no answer now: the log has.
                found = await asyncio.to_thread(self._services.bus.log.read_back, before, _READ)
            if all(record.timestamp < first for record in found):
                return
            for record in filter(asked.fits, found):
                yield record
            before = found[-1].seq


def _repeats(request: Request) -> Repeats:
    return cast(Repeats, request.app.state.repeats)


Injected = Annotated[Repeats, Depends(_repeats)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Your own text, such as a UUID: for a day the same call with it tells of what it began, and begins nothing.",
        examples=["0b9c2c1e-7d0c-4f6e-9a53-3f0e2b1b7c55"],
    ),
]
