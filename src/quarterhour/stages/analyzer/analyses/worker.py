"""Where an analysis runs: a process of its own, for not every query can be interrupted or its memory bounded from within."""

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import psutil

from quarterhour.errors import StageCancelled, StageError
from quarterhour.lake.scratch import own_scratch
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.analyses.compute import preview_analysis, run_analysis
from quarterhour.stages.analyzer.analyses.foreseen import Foresight
from quarterhour.stages.analyzer.analyses.report import Preview, Report
from quarterhour.workspace import Workspace

# DuckDB spills at 1 GB; what a function makes of one row is not among that.
MOST_MEMORY = 2_500_000_000
_LOOK_EVERY_S = 0.1


_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Order(Generic[_Answer]):
    """What the process is to do; it crosses to it."""

    home: Path
    settings: Settings
    analysis: str

    def obey(self, foresight: Foresight) -> _Answer:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class RunOrder(Order[Report]):
    """Stage the analysis's result."""

    def obey(self, foresight: Foresight) -> Report:
        return run_analysis(Workspace(self.home), self.settings, self.analysis, foresight)


@dataclass(frozen=True, slots=True)
class PreviewOrder(Order[Preview | Report]):
    """Give its first rows."""

    limit: int
    is_explained: bool

    def obey(self, foresight: Foresight) -> Preview | Report:
        return preview_analysis(
            Workspace(self.home),
            self.settings,
            self.analysis,
            foresight,
            limit=self.limit,
            is_explained=self.is_explained,
        )


class RunsOrders(Protocol):
    """A place where orders are run, while the block lasts."""

    def __enter__(self) -> "RunsOrders": ...

    def __exit__(self, *_: object) -> None: ...

    def run(self, order: Order[_Answer], timeout_s: float, look: Callable[[], None]) -> _Answer: ...


def serve(connection: "Connection[Any, Any]", folder: Path) -> None:
    """Orders in, for each its answer or the exception; until the other side is gone."""
    foresight = Foresight(folder)
    orders: list[Order[Any]] = []
    has_order = threading.Semaphore(0)

    def listen() -> None:
        try:
            while True:
                orders.append(connection.recv())
                has_order.release()
        except (EOFError, OSError):
            # Nobody waits for the result: in the middle of a query too.
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        has_order.acquire()
        order = orders.pop(0)
        try:
            answer = order.obey(foresight)
        except Exception as error:  # noqa: BLE001  raised again by the other side
            answer = error
        connection.send(answer)


class Worker:
    """Runs orders one after the other; the process is started with the first, and anew after one that had to be ended."""

    def __init__(self, workspace: Workspace) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._held = ExitStack()
        # Of this process, so that it is removed too where the other one had to be ended.
        self._folder = self._held.enter_context(own_scratch(workspace.scratch, "foreseen"))
        self._process: BaseProcess | None = None
        self._connection: Connection[Any, Any] | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._held.close()

    def run(self, order: Order[_Answer], timeout_s: float, look: Callable[[], None]) -> _Answer:
        """`look` is called ten times a second, and may raise. Raises StageError where the query takes too long or too much."""
        connection, process = self._started()
        try:
            connection.send(order)
            ends_s = time.monotonic() + timeout_s
            while not connection.poll(_LOOK_EVERY_S):
                look()
                if time.monotonic() > ends_s:
                    raise StageError(
                        f"analysis {order.analysis!r}: ended after {timeout_s:g} s: narrow the query, or raise its timeout",
                        analysis=order.analysis,
                    )
                _check_memory(process, order.analysis)
            answer = connection.recv()
        except (EOFError, BrokenPipeError) as error:
            process.join()
            raise StageError(
                f"analysis {order.analysis!r}: its process ended with status {process.exitcode}",
                analysis=order.analysis,
            ) from error
        except (StageError, StageCancelled):
            self._end()
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _started(self) -> "tuple[Connection[Any, Any], BaseProcess]":
        if self._connection is None or self._process is None or not self._process.is_alive():
            self._end()
            ours, theirs = self._context.Pipe()
            self._process = self._context.Process(target=serve, args=(theirs, self._fresh_folder()), daemon=True)
            self._process.start()
            theirs.close()
            self._connection = ours
        return self._connection, self._process

    def _fresh_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


def _check_memory(process: BaseProcess, analysis: str) -> None:
    try:
        used = psutil.Process(process.pid).memory_info().rss
    except psutil.NoSuchProcess:
        return
    if used > MOST_MEMORY:
        raise StageError(
            f"analysis {analysis!r}: ended at {used / 1e9:.1f} GB of memory: narrow the query", analysis=analysis
        )
