"""ThreadAttempt: an attempt in a thread of this process. It costs no fork; it can be asked to stop, and nothing can kill it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

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
from quarterhour.engines.context import AttemptContext
from quarterhour.lifecycle import Reason

# Messages that the server has not recorded yet; beyond them the stage waits.
_UNREAD_MESSAGES = 1000


class ThreadAttempt:
    """Its outcome is known when the thread has ended, or did not end within the grace after it was to."""

    def __init__(
        self,
        spec: AttemptSpec,
        on_end: "Callable[[ThreadAttempt], None]",
        on_gone: "Callable[[ThreadAttempt], None]" = lambda _: None,
    ) -> None:
        now_s = time.monotonic()
        self.spec = spec
        self.vitals = Vitals(now_s, now_s, now_s)
        self._on_end = on_end
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._room = threading.Semaphore(_UNREAD_MESSAGES)
        self._ended: asyncio.Future[Outcome] = self._loop.create_future()
        self._context = AttemptContext(spec, self._send)
        self._verdict: StageFailure | Cancelled | None = None
        # A daemon: the process's end waits for none that disobeys.
        threading.Thread(target=self._work, name=f"stage-{spec.stage.name}", daemon=True).start()

    @property
    def pid(self) -> int | None:
        return None

    def _work(self) -> None:
        try:
            outcome = run_stage(self.spec, self._context)
        except BaseException as error:  # noqa: BLE001  SystemExit and the like end a worker, and here a thread
            outcome = StageFailure(Reason.CRASHED, f"it left by {type(error).__name__}, without a result")
        # A loop that has ended wants no outcome.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave, outcome)

    def _leave(self, outcome: Outcome) -> None:
        self._end_with(self._verdict or outcome)
        self._on_gone(self)

    def _end_with(self, outcome: Outcome) -> None:
        if not self._ended.done():
            self._ended.set_result(outcome)
            self._queue.put_nowait(None)
            self._on_end(self)

    def _send(self, message: Message | Beaten | Printed) -> None:
        self.vitals.beat_s = self.vitals.reported_s = time.monotonic()
        if isinstance(message, Printed):
            message = Logged(message.text, message.level, {"stream": "stdout"})
        if not isinstance(message, Beaten):
            self._room.acquire()
            self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self._queue.get()) is not None:
            self._room.release()
            yield message

    async def outcome(self) -> Outcome:
        return await asyncio.shield(self._ended)

    def cancel(self) -> None:
        self._context.cancel()

    def end(self, failure: StageFailure | None, *, by_force: bool) -> None:
        self._verdict = self._verdict or failure or Cancelled()
        self._context.cancel()
        # A stage that waits for room cannot see that it is to stop.
        self._room.release(_UNREAD_MESSAGES)
        if by_force:
            grace_s = self.spec.settings.runner.grace
            self._loop.call_soon_threadsafe(self._loop.call_later, grace_s, self._give_up)

    def _give_up(self) -> None:
        """The run ends without it. No other begins before the thread has ended."""
        failure = self._verdict
        if not isinstance(failure, StageFailure):
            failure = StageFailure(Reason.HUNG, "it was asked to stop")
        text = f"{failure.message}; its thread still runs and cannot be killed: no run begins until it has ended"
        self._end_with(replace(failure, message=text))


class Threads:
    """The attempts of an engine that have a thread, and those whose runs have ended without them."""

    def __init__(self) -> None:
        self._attempts: set[ThreadAttempt] = set()
        self._lingering: set[ThreadAttempt] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def start(self, spec: AttemptSpec) -> ThreadAttempt:
        attempt = ThreadAttempt(spec, self._ended, self._gone)
        self._attempts.add(attempt)
        return attempt

    def _ended(self, attempt: ThreadAttempt) -> None:
        self._attempts.discard(attempt)
        self._lingering.add(attempt)
        self._is_empty.clear()

    def _gone(self, attempt: ThreadAttempt) -> None:
        self._lingering.discard(attempt)
        if not self._lingering:
            self._is_empty.set()

    def attempts(self) -> tuple[ThreadAttempt, ...]:
        return tuple(self._attempts)

    def lingering(self) -> ThreadAttempt | None:
        """One whose run has ended, and whose thread still runs."""
        return next(iter(self._lingering), None)

    async def all_gone(self) -> None:
        """Return once none lingers."""
        await self._is_empty.wait()

    async def close(self) -> None:
        """Have all leave off; what disobeys is given up after the grace."""
        attempts = self.attempts()
        for attempt in attempts:
            attempt.end(None, by_force=True)
        for attempt in attempts:
            await attempt.outcome()
