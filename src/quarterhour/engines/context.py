"""AttemptContext: what a stage is given, and what it says on its way to the server."""

import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import orjson

from quarterhour.engines.base import AttemptSpec, Beaten, Logged, Message, Printed, Progressed
from quarterhour.errors import StageCancelled
from quarterhour.lake.lake import Lake
from quarterhour.stages.base import Interruptible
from quarterhour.workspace import Workspace

# Progress beyond ten a second is thinned here, at its source; the last one is always sent.
_PROGRESS_EVERY_S = 0.1
# Of one core: above what the beat itself costs, and below what a query that waits for a slow disk uses.
_WORKING_SHARE = 0.05


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """`data` as JSON has it; what JSON does not know becomes its text, so that an event can always be written."""
    return orjson.loads(orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS))


class AttemptContext:
    """The StageContext of one attempt. Any thread of the stage may use it."""

    def __init__(self, spec: AttemptSpec, send: Callable[[Message | Beaten | Printed], None]) -> None:
        self.run_id = spec.run_id
        self.attempt = spec.attempt
        self.window = spec.window
        self.settings = spec.settings
        self.workspace = Workspace(spec.home)
        self.lake = Lake(self.workspace, spec.settings)
        self._send = send
        self._cancelled = threading.Event()
        self._connections: weakref.WeakSet[Interruptible] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._unsent: Progressed | None = None
        self._sent_s = 0.0
        self._looked_s = time.monotonic()
        self._spent_s = time.process_time()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check_cancelled(self) -> None:
        if self.cancelled:
            raise StageCancelled

    def progress(self, done: int, total: int, **data: Any) -> None:
        with self._lock:
            self._unsent = Progressed(done, total, plain(data))
        if time.monotonic() - self._sent_s >= _PROGRESS_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Send the progress that was held back."""
        with self._lock:
            if self._unsent is not None:
                self._send(self._unsent)
                self._unsent = None
                self._sent_s = time.monotonic()

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        self.flush()
        self._send(Logged(msg, level, plain(data)))

    def output(self, line: str) -> None:
        self._send(Printed(line, "info"))

    def watch(self, connection: Interruptible) -> None:
        with self._lock:
            self._connections.add(connection)
        if self.cancelled:
            connection.interrupt()

    def cancel(self) -> None:
        self._cancelled.set()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.interrupt()

    def has_worked(self) -> bool:
        """Whether a watched query used the processor since the last call; DuckDB's own progress stands still for most queries."""
        now_s, spent_s = time.monotonic(), time.process_time()
        share = (spent_s - self._spent_s) / max(1e-3, now_s - self._looked_s)
        self._looked_s, self._spent_s = now_s, spent_s
        with self._lock:
            return bool(self._connections) and share > _WORKING_SHARE
