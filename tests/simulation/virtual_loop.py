"""VirtualLoop: an event loop whose time jumps to the next timer, so that years pass in minutes and the same way each time."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any


class NothingLeft(Exception):
    """No task can go on and no timer is set: a deadlock."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing ever comes from outside: what is ready runs, and when nothing is, the next timer's time has come.

    Work for executors is done in the loop, `executor_lag_s` later: its end comes at the same place in the order each time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.executor_lag_s = 0.0
        """How slow the disk is."""
        self._virtual_s = 0.0
        self._queue: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        # Of timers at the same time, the one that was set first goes first.
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._virtual_s

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._queue.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._virtual_s + delay, callback, *args, context=context)

    def _run_once(self) -> None:
        """As the base class has it, without the selector and the debugging that cost a third of the time."""
        queue = self._queue
        if not queue:
            self._jump()
        for _ in range(len(queue)):
            handle = queue.popleft()
            if not handle.cancelled():
                handle._run()

    def _jump(self) -> None:
        while self._timers:
            when, _, handle = heapq.heappop(self._timers)
            if not handle.cancelled():
                self._virtual_s = max(self._virtual_s, when)
                self._queue.append(handle)
                return
        raise NothingLeft("every task waits, and nothing will wake one")

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = self.create_future()
        if self.executor_lag_s:
            self.call_later(self.executor_lag_s, _work, future, func, args)
        else:
            _work(future, func, args)
        return future


def _work(future: "asyncio.Future[Any]", func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        result = func(*args)
    except BaseException as error:  # noqa: BLE001  it belongs to whoever awaits it
        if not future.cancelled():
            future.set_exception(error)
    else:
        if not future.cancelled():
            future.set_result(result)
