"""InlineEngine: attempts in threads of this process, for tests. Such an attempt can be asked to stop, but not killed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from quarterhour.engines.attempt import run_stage
from quarterhour.engines.base import (
    AttemptSpec,
    Beaten,
    Cancelled,
    Logged,
    Message,
    Outcome,
    Printed,
    StageFailure,
    Vitals,
)
from quarterhour.engines.child import find_function
from quarterhour.engines.context import AttemptContext


class InlineAttempt:
    def __init__(self, spec: AttemptSpec, on_end: "Callable[[InlineAttempt], None]") -> None:
        now_s = time.monotonic()
        self.spec = spec
        self.vitals = Vitals(now_s, now_s, now_s)
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._context = AttemptContext(spec, self._send)
        self._verdict: StageFailure | Cancelled | None = None
        self._task = asyncio.create_task(asyncio.to_thread(run_stage, spec, self._context))
        self._task.add_done_callback(lambda _: self._queue.put_nowait(None))
        self._task.add_done_callback(lambda _: on_end(self))

    @property
    def pid(self) -> int | None:
        return None

    def _send(self, message: Message | Beaten | Printed) -> None:
        self.vitals.beat_s = self.vitals.reported_s = time.monotonic()
        if isinstance(message, Printed):
            message = Logged(message.text, message.level, {"stream": "stdout"})
        if not isinstance(message, Beaten):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self._queue.get()) is not None:
            yield message

    async def outcome(self) -> Outcome:
        outcome = await asyncio.shield(self._task)
        return self._verdict or outcome

    def cancel(self) -> None:
        self._context.cancel()

    def end(self, failure: StageFailure | None, *, by_force: bool) -> None:
        del by_force  # a thread knows no force
        self._verdict = self._verdict or failure or Cancelled()
        self._context.cancel()


class InlineEngine:
    def __init__(self) -> None:
        self._attempts: set[InlineAttempt] = set()

    async def warm_up(self) -> None:
        return

    async def start(self, spec: AttemptSpec) -> InlineAttempt:
        attempt = InlineAttempt(spec, self._attempts.discard)
        self._attempts.add(attempt)
        return attempt

    def attempts(self) -> Iterable[InlineAttempt]:
        return tuple(self._attempts)

    async def call(self, function: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(find_function(function), *arguments)

    async def close(self) -> None:
        for attempt in list(self._attempts):
            attempt.end(None, by_force=True)
            await attempt.outcome()
