"""Datasets analysed side by side, each in a process of its own, as many at once as there are cores.

A process that crashes costs its dataset alone. None outlives the stage: they are of its process group, and die with it.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any
from weakref import WeakSet

from quarterhour.errors import StageCancelled, StageError
from quarterhour.lake.ledger import Input
from quarterhour.processes import die_with_parent
from quarterhour.stages.analyzer.dataset import DatasetReport, analyse_dataset
from quarterhour.stages.base import Interruptible, StageContext

_LOOK_EVERY_S = 0.1
_BEAT_EVERY_S = 1.0
# Of one core: above what the beat itself costs.
_WORKING_SHARE = 0.05
_GRACE_S = 3.0

Outcomes = tuple[dict[str, DatasetReport], list[tuple[str, Exception]]]


def analyse(
    context: StageContext, pending: Mapping[str, Sequence[Input]], report: Callable[[int, str], None]
) -> Outcomes:
    """The reports, and the failures, which stop no other dataset. `report` is called with the datasets done, and one at work.

    Raises StageCancelled.
    """
    if len(pending) > 1 and _can_fork():
        return _Pool(context, pending, report).run()
    return _in_turn(context, pending, report)


def _can_fork() -> bool:
    """Whether this process is a worker: it has opened nothing yet that a fork breaks."""
    return sys.platform != "win32" and multiprocessing.parent_process() is not None


def _in_turn(
    context: StageContext, pending: Mapping[str, Sequence[Input]], report: Callable[[int, str], None]
) -> Outcomes:
    reports: dict[str, DatasetReport] = {}
    failures: list[tuple[str, Exception]] = []
    for place, (dataset, inputs) in enumerate(pending.items()):
        tell = partial(report, place, dataset)
        tell()
        try:
            reports[dataset] = analyse_dataset(context, dataset, inputs, tell)
        except StageCancelled:
            raise
        except Exception as error:  # noqa: BLE001  raised once all are done
            failures.append((dataset, error))
    return reports, failures


class _Pool:
    def __init__(
        self, context: StageContext, pending: Mapping[str, Sequence[Input]], report: Callable[[int, str], None]
    ) -> None:
        self._context = context
        # The largest first, so that it does not run alone at the end.
        self._todo = deque(sorted(pending.items(), key=lambda item: -sum(entry.size for entry in item[1])))
        self._most = min(os.cpu_count() or 1, len(pending))
        self._running: dict[Connection[Any, Any], tuple[BaseProcess, str]] = {}
        self._report = report
        self._reports: dict[str, DatasetReport] = {}
        self._failures: list[tuple[str, Exception]] = []

    def run(self) -> Outcomes:
        try:
            while self._todo or self._running:
                self._context.check_cancelled()
                while self._todo and len(self._running) < self._most:
                    self._start(*self._todo.popleft())
                for connection in wait(list(self._running), _LOOK_EVERY_S):
                    self._hear(connection)  # pyright: ignore[reportArgumentType]
        finally:
            self._end_all()
        return self._reports, self._failures

    def _start(self, dataset: str, inputs: Sequence[Input]) -> None:
        forking = multiprocessing.get_context("fork")
        ours, theirs = forking.Pipe(duplex=True)
        process = forking.Process(target=_main, args=(theirs, self._context, dataset, inputs, self._most))
        process.start()
        theirs.close()
        self._running[ours] = (process, dataset)

    def _hear(self, connection: "Connection[Any, Any]") -> None:
        process, dataset = self._running[connection]
        try:
            kind, *content = connection.recv()
        except (EOFError, OSError):
            process.join()
            self._done(connection, StageError(_how_it_ended(process.exitcode or 0)))
            return
        match kind:
            case "emit":
                msg, level, data = content
                self._context.emit(msg, level=level, **data)
            case "alive":
                self._tell(dataset)
            case _:
                self._done(connection, content[0])

    def _done(self, connection: "Connection[Any, Any]", outcome: DatasetReport | Exception) -> None:
        process, dataset = self._running.pop(connection)
        connection.close()
        process.join(_GRACE_S)
        _kill(process)
        if isinstance(outcome, StageCancelled):
            self._context.check_cancelled()
        if isinstance(outcome, Exception):
            self._failures.append((dataset, outcome))
        else:
            self._reports[dataset] = outcome
        self._tell(dataset)

    def _tell(self, dataset: str) -> None:
        self._report(len(self._reports) + len(self._failures), dataset)

    def _end_all(self) -> None:
        """Ask those that still run to leave off, which interrupts their queries; end those that do not."""
        for connection in self._running:
            try:
                connection.send_bytes(b"cancel")
            except OSError:
                continue  # it has ended
        until_s = time.monotonic() + _GRACE_S
        for connection, (process, _) in self._running.items():
            process.join(max(0.0, until_s - time.monotonic()))
            _kill(process)
            connection.close()
        self._running.clear()


def _kill(process: BaseProcess) -> None:
    if process.is_alive():
        process.kill()
        process.join()


def _how_it_ended(code: int) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"
    return f"its process {how}, and without a result"


def _main(
    connection: "Connection[Any, Any]", context: StageContext, dataset: str, inputs: Sequence[Input], share: int
) -> None:
    """In the dataset's own process."""
    die_with_parent()
    inner = _Context(context, connection)
    threading.Thread(target=inner.obey, daemon=True).start()
    threading.Thread(target=inner.beat, daemon=True).start()
    try:
        outcome: DatasetReport | Exception = analyse_dataset(inner, dataset, inputs, inner.check_cancelled, share=share)
    except Exception as error:  # noqa: BLE001  it is the stage's to raise
        outcome = error
    try:
        inner.send("done", outcome)
    except (TypeError, AttributeError, ValueError):
        inner.send("done", StageError(f"{type(outcome).__name__}: {outcome}"))


class _Context:
    """The StageContext of a dataset's process: what is said goes up the connection."""

    def __init__(self, outer: StageContext, connection: "Connection[Any, Any]") -> None:
        self.run_id = outer.run_id
        self.attempt = outer.attempt
        self.window = outer.window
        self.settings = outer.settings
        self.workspace = outer.workspace
        self.lake = outer.lake
        self._connection = connection
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._watched: WeakSet[Interruptible] = WeakSet()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check_cancelled(self) -> None:
        if self.cancelled:
            raise StageCancelled

    def progress(self, done: int, total: int, **data: Any) -> None:
        """How far the stage is, its own process knows."""
        del done, total, data
        self.send("alive")

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        self.send("emit", msg, level, data)

    def output(self, line: str) -> None:
        self.send("emit", line, "info", {})

    def watch(self, connection: Interruptible) -> None:
        with self._lock:
            self._watched.add(connection)
        if self.cancelled:
            connection.interrupt()

    def send(self, kind: str, *content: Any) -> None:
        with self._lock:
            self._connection.send((kind, *content))

    def obey(self) -> None:
        try:
            self._connection.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)  # nobody to work for
        self._cancelled.set()
        with self._lock:
            watched = list(self._watched)
        for connection in watched:
            connection.interrupt()

    def beat(self) -> None:
        """A query that uses the processor is a sign of life."""
        spent_s = time.process_time()
        while True:
            time.sleep(_BEAT_EVERY_S)
            before_s, spent_s = spent_s, time.process_time()
            if spent_s - before_s > _WORKING_SHARE * _BEAT_EVERY_S:
                try:
                    self.send("alive")
                except OSError:
                    return
