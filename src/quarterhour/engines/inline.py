"""InlineEngine: every attempt in a thread of this process, for tests. Such an attempt can be asked to stop, but not killed."""

import asyncio
from collections.abc import Iterable
from typing import Any

from quarterhour.engines.base import Attempt, AttemptSpec
from quarterhour.engines.child import find_function
from quarterhour.engines.thread import Threads


class InlineEngine:
    def __init__(self) -> None:
        self._threads = Threads()

    async def warm_up(self) -> None:
        return

    async def start(self, spec: AttemptSpec) -> Attempt:
        return self._threads.start(spec)

    def attempts(self) -> Iterable[Attempt]:
        return self._threads.attempts()

    def lingering(self) -> Attempt | None:
        return self._threads.lingering()

    async def all_gone(self) -> None:
        await self._threads.all_gone()

    async def call(self, function: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(find_function(function), *arguments)

    async def close(self) -> None:
        await self._threads.close()
