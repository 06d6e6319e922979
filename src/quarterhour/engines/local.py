"""LocalEngine: each attempt in a process of its own, forked in milliseconds from a server that has the libraries loaded."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from quarterhour.engines.base import (
    Attempt,
    AttemptSpec,
    Beaten,
    Cancelled,
    Logged,
    Message,
    Outcome,
    Printed,
    Progressed,
    StageFailure,
    Vitals,
)
from quarterhour.engines.child import CANCEL, STREAMS, attempt_main, call_main
from quarterhour.engines.output import AttemptOutput
from quarterhour.engines.sockets import keep_sockets_in
from quarterhour.engines.thread import Threads
from quarterhour.errors import EngineError
from quarterhour.lifecycle import Reason
from quarterhour.processes import descendants, end_group, end_process
from quarterhour.workspace import Workspace

# A worker that has told its outcome has this long to exit by itself.
_EXIT_S = 2.0
# Messages that the server has not recorded yet; beyond them the worker waits.
_UNREAD_MESSAGES = 1000
_PIECE_BYTES = 256 * 1024


def _context() -> ForkServerContext | SpawnContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["quarterhour.engines.forkserver_preload"])
        return context
    return multiprocessing.get_context("spawn")  # Windows


class LocalAttempt:
    """One worker process. A thread listens to it, so that it is heard also while the event loop is busy."""

    def __init__(
        self,
        spec: AttemptSpec,
        process: BaseProcess,
        connection: "Connection[Any, Any]",
        pipes: "tuple[Connection[Any, Any], ...]",
        on_end: "Callable[[LocalAttempt], None]",
    ) -> None:
        now_s = time.monotonic()
        self.spec = spec
        self.vitals = Vitals(now_s, now_s, now_s)
        self._process = process
        self._connection = connection
        self._streams = dict(zip(pipes, STREAMS, strict=True))
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._room = threading.Semaphore(_UNREAD_MESSAGES)
        self._ended: asyncio.Future[Outcome] = self._loop.create_future()
        self._on_end = on_end
        self._told: Outcome | None = None
        self._verdict: StageFailure | Cancelled | None = None
        self._pid = process.pid
        self._started: list[psutil.Process] = []
        self._output = AttemptOutput(
            Workspace(spec.home).run_output(spec.run_id),
            f"{spec.stage.name}, attempt {spec.attempt}, pid {self._pid}",
            self._pass_on,
        )
        threading.Thread(target=self._listen, name=f"attempt-{self._pid}", daemon=True).start()

    @property
    def pid(self) -> int | None:
        return self._pid

    def _listen(self) -> None:
        try:
            while self._told is None:
                for ready in wait([self._connection, *self._streams]):
                    if ready is self._connection:
                        self._hear(self._connection.recv())
                    else:
                        self._read(ready)
        except (EOFError, OSError):
            pass  # the worker is gone, or was ended: its exit code tells
        self._see_out()
        # Also the programs that it started, and itself where it lingers.
        self._kill()
        self._process.join()
        self._drain()
        outcome = self._verdict or self._told or self._crash()
        self._loop.call_soon_threadsafe(self._close, outcome)

    def _read(self, pipe: Any) -> None:
        """Some of what was printed; a pipe at its end, or that has nothing for now, is let go."""
        try:
            piece = os.read(pipe.fileno(), _PIECE_BYTES)
        except BlockingIOError:
            piece = b""
        if not piece:
            del self._streams[pipe]
            pipe.close()
            return
        self.vitals.beat_s = self.vitals.reported_s = time.monotonic()
        self._output.take(self._streams[pipe], piece)

    def _see_out(self) -> None:
        """Give the worker its time to exit, and read what it prints meanwhile."""
        until_s = time.monotonic() + _EXIT_S
        sentinel = self._process.sentinel
        while (left_s := until_s - time.monotonic()) > 0:
            ready = wait([sentinel, *self._streams], left_s)
            if sentinel in ready:
                return
            for pipe in ready:
                self._read(pipe)

    def _drain(self) -> None:
        """What is left in the pipes; a process that escaped may hold them open, and is not waited for."""
        for pipe in self._streams:
            os.set_blocking(pipe.fileno(), False)
        while self._streams:
            for pipe in list(self._streams):
                self._read(pipe)
        self._output.close()

    def _pass_on(self, message: Message) -> None:
        self._room.acquire()
        self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    def _hear(self, message: Message | Beaten | Printed | Outcome) -> None:
        now_s = time.monotonic()
        self.vitals.beat_s = now_s
        match message:
            case Beaten():
                self.vitals.rss_bytes = message.rss_bytes
                if message.has_worked:
                    self.vitals.reported_s = now_s
            case Progressed() | Logged():
                self.vitals.reported_s = now_s
                self._pass_on(message)
            case Printed():
                self.vitals.reported_s = now_s
                self._output.hear(message)
            case _:
                self._told = message

    def _crash(self) -> StageFailure:
        code = self._process.exitcode or 0
        if code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
            if -code == getattr(signal, "SIGKILL", None):
                how += ", by another program or by the system for want of memory"
        else:
            how = f"exited with status {code} and without a result"
        return StageFailure(
            Reason.CRASHED, f"the worker (pid {self._pid}) {how}; {self._output.place}", trace=self._output.trace
        )

    def _close(self, outcome: Outcome) -> None:
        self._connection.close()
        self._queue.put_nowait(None)
        self._ended.set_result(outcome)
        self._on_end(self)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self._queue.get()) is not None:
            self._room.release()
            yield message

    async def outcome(self) -> Outcome:
        return await asyncio.shield(self._ended)

    def cancel(self) -> None:
        try:
            self._connection.send_bytes(CANCEL)
        except OSError:
            return  # it has ended

    def end(self, failure: StageFailure | None, *, by_force: bool) -> None:
        if self._verdict is None:
            self._verdict = failure or Cancelled()
        # A worker that waits for room cannot be heard ending.
        self._room.release(_UNREAD_MESSAGES)
        if self._pid is not None and not self._ended.done():
            # A worker that obeys is gone before what it started in other sessions is.
            self._started += descendants(self._pid)
            end_group(self._pid, by_force=by_force)

    def _kill(self) -> None:
        if self._pid is not None:
            end_group(self._pid, by_force=True)
        for process in self._started:
            end_process(process)


class LocalEngine:
    def __init__(self, sockets_in: Path | None = None) -> None:
        """`sockets_in`: a folder for the sockets by which workers are reached, where it can have them; see `sockets`."""
        self._context = _context()
        self._sockets_in = sockets_in
        self._attempts: set[LocalAttempt] = set()
        self._threads = Threads()

    async def warm_up(self) -> None:
        if self._context.get_start_method() == "forkserver":
            if self._sockets_in is not None:
                keep_sockets_in(self._sockets_in)
            await asyncio.to_thread(forkserver.ensure_running)

    async def start(self, spec: AttemptSpec) -> Attempt:
        return self._threads.start(spec) if spec.stage.isolation == "thread" else await self._start_process(spec)

    async def _start_process(self, spec: AttemptSpec) -> LocalAttempt:
        pipes = [self._context.Pipe(duplex=False) for _ in STREAMS]
        readers, writers = tuple(pipe[0] for pipe in pipes), tuple(pipe[1] for pipe in pipes)
        try:
            process, connection = await self._spawn(attempt_main, spec, writers)
        except BaseException:
            for reader in readers:
                reader.close()
            raise
        finally:
            for writer in writers:
                writer.close()
        attempt = LocalAttempt(spec, process, connection, readers, self._attempts.discard)
        self._attempts.add(attempt)
        return attempt

    async def _spawn(self, target: Callable[..., None], *arguments: Any) -> "tuple[BaseProcess, Connection[Any, Any]]":
        return await asyncio.shield(asyncio.to_thread(self._spawn_now, target, arguments))

    def _spawn_now(
        self, target: Callable[..., None], arguments: tuple[Any, ...]
    ) -> "tuple[BaseProcess, Connection[Any, Any]]":
        ours, theirs = self._context.Pipe(duplex=True)
        process = self._context.Process(target=target, args=(theirs, *arguments))
        try:
            process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise EngineError(f"no worker could be started: {error}") from error
        finally:
            theirs.close()
        return process, ours

    def attempts(self) -> Iterable[Attempt]:
        return (*self._attempts, *self._threads.attempts())

    def lingering(self) -> Attempt | None:
        return self._threads.lingering()

    async def all_gone(self) -> None:
        await self._threads.all_gone()

    async def call(self, function: str, *arguments: Any) -> Any:
        process, connection = await self._spawn(call_main, function, arguments)
        try:
            is_good, answer = await asyncio.to_thread(connection.recv)
        except EOFError as error:
            raise EngineError(f"the worker ended without an answer to {function}") from error
        finally:
            await asyncio.to_thread(_dismiss, process, connection)
        if not is_good:
            raise answer
        return answer

    async def close(self) -> None:
        attempts = list(self._attempts)
        for attempt in attempts:
            attempt.end(None, by_force=True)
        for attempt in attempts:
            await attempt.outcome()
        await self._threads.close()


def _dismiss(process: BaseProcess, connection: "Connection[Any, Any]") -> None:
    connection.close()
    if process.pid is not None:
        end_group(process.pid, by_force=True)
    process.join()
    process.close()
