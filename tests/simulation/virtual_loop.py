"""VirtualLoop: an event loop whose time jumps to the next timer, so that years pass in seconds and the same way each time."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class NothingLeft(Exception):
    """No task can go on and no timer is set: a deadlock."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Work for executors is done at once, in the loop: its end comes at the same place in the order each time."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_Jumping(self._jump))

    def time(self) -> float:
        return self._virtual_s

    def _jump(self, seconds: float | None) -> None:
        if seconds is None:
            raise NothingLeft("every task waits, and nothing will wake one")
        self._virtual_s += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  it belongs to whoever awaits it
            future.set_exception(error)
        return future


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: no file is ever ready in a simulated world."""

    def __init__(self, jump: Callable[[float | None], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._jump(timeout)
        return []
