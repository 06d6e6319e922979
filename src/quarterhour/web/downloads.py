"""Exports under way: each is made once however many wait for it, some at a time, and given up when nobody waits any more."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from quarterhour.engines.base import Engine
from quarterhour.lake.exports.request import ExportRequest, ExportTimedOut
from quarterhour.lake.scratch import remove_scratch_of_the_dead
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


class Gone(Exception):
    """The client has closed its connection."""


@dataclass(slots=True)
class _Work:
    task: asyncio.Task[Any]
    waiting: int = 0


class Downloads:
    """The work of one server's workers on exports. A worker is ended once its last client has left, or its time is over."""

    def __init__(self, settings: Settings, workspace: Workspace, engine: Engine) -> None:
        self._settings = settings
        self._workspace = workspace
        self._engine = engine
        self._rooms = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(settings.downloads.at_once))
        self._works: dict[tuple[Any, ...], _Work] = {}

    async def ask(self, client: Request, function: str, request: ExportRequest, *more: Any) -> Any:
        """What `function(workspace, settings, request, *more)` returns in a worker. Raises what it raises, Gone where the client
        leaves before, and ExportTimedOut."""
        key = (function, request, *more)
        work = self._works.get(key)
        if work is None:
            work = self._works[key] = _Work(asyncio.create_task(self._done(function, request, *more)))
            work.task.add_done_callback(lambda _: self._works.pop(key, None))
        work.waiting += 1
        leaving = asyncio.create_task(_leaves(client))
        try:
            await asyncio.wait({work.task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not work.task.done():
                raise Gone
            return work.task.result()
        finally:
            leaving.cancel()
            work.waiting -= 1
            if not work.waiting and not work.task.done():
                self._works.pop(key, None)
                work.task.cancel()

    async def _done(self, function: str, request: ExportRequest, *more: Any) -> Any:
        limit_s = self._settings.downloads.timeout
        is_done = False
        try:
            async with self._rooms[function], asyncio.timeout(limit_s):
                answer = await self._engine.call(function, self._workspace, self._settings, request, *more)
            is_done = True
        except TimeoutError as error:
            raise ExportTimedOut(
                f"{request.dataset}: it took more than the {limit_s:g} seconds that it may: take fewer rows or columns, or "
                "another format, or raise timeout in [downloads]"
            ) from error
        finally:
            if not is_done:
                # A worker that was ended in the middle left its file.
                await asyncio.shield(asyncio.to_thread(remove_scratch_of_the_dead, self._workspace.scratch))
        return answer


async def _leaves(client: Request) -> None:
    while (await client.receive())["type"] != "http.disconnect":
        continue
