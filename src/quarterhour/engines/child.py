"""The worker's side: what runs in the process of an attempt or of a query."""

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

import psutil

from quarterhour.engines.attempt import run_stage
from quarterhour.engines.base import AttemptSpec, Beaten, Message, Outcome, Printed
from quarterhour.engines.context import AttemptContext
from quarterhour.processes import be_the_first_victim, die_with_parent, end_group, lead_group

# How often held-back progress is looked for; the beat is a multiple of it.
_PULSE_S = 0.1
CANCEL = b"cancel"
STREAMS = () if sys.platform == "win32" else ("stdout", "stderr")
"""Of the worker, read by the server. On Windows, whose pipes are none to C, they are the server's own."""


def attempt_main(
    connection: "Connection[Any, Any]", spec: AttemptSpec, output: "tuple[Connection[Any, Any], ...]"
) -> None:
    """One attempt of a stage: messages up the connection while it lasts, its outcome last.

    `output` are the pipes for stdout and stderr.
    """
    _prepare()
    _redirect_output(output)
    sender = _Sender(connection)
    _redirect_logging(sender)
    context = AttemptContext(spec, sender.send)
    threading.Thread(target=_obey, args=(connection, context), daemon=True).start()
    threading.Thread(target=_beat, args=(sender, context, spec.settings.watchdog.beat_every), daemon=True).start()
    outcome = run_stage(spec, context)
    sys.stdout.flush()
    sys.stderr.flush()
    sender.send(outcome)


def find_function(name: str) -> Callable[..., Any]:
    """The function named as 'module:name'."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def call_main(connection: "Connection[Any, Any]", function: str, arguments: tuple[Any, ...]) -> None:
    """One call: its result, or the exception it raised."""
    _prepare()
    _end_with(connection)
    try:
        answer = (True, find_function(function)(*arguments))
    except Exception as error:  # noqa: BLE001  raised again by the caller
        answer = (False, error)
    connection.send(answer)


def _prepare() -> None:
    lead_group()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A forked worker holds the pipe whose end tells the forkserver that the server is gone; were it kept, a killed server's
    # workers would keep the forkserver, and so themselves, alive.
    alive_fd: int | None = getattr(forkserver, "_forkserver")._forkserver_alive_fd  # noqa: B009
    if alive_fd is not None:
        os.close(alive_fd)
        getattr(forkserver, "_forkserver")._forkserver_alive_fd = None  # noqa: B009
    die_with_parent()
    be_the_first_victim()


def _redirect_output(pipes: "tuple[Connection[Any, Any], ...]") -> None:
    """What the stage prints, also in C and in programs that it starts, and the trace of a crash, go up the pipes."""
    for number, (name, pipe) in enumerate(zip(STREAMS, pipes, strict=True), 1):
        getattr(sys, name).flush()
        os.dup2(pipe.fileno(), number)
        pipe.close()
        setattr(sys, name, open(number, "w", 1, "utf-8", "backslashreplace", closefd=False))  # noqa: SIM115
    faulthandler.enable(2)


def _redirect_logging(sender: "_Sender") -> None:
    """`logging` and `warnings` go up the connection, with their level."""
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.INFO, handlers=[_LogHandler(sender)], force=True)


class _Sender:
    """One connection for several threads."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Message | Beaten | Printed | Outcome) -> None:
        with self._lock:
            self._connection.send(message)


class _LogHandler(logging.Handler):
    """Sends each record as a line of output."""

    def __init__(self, sender: _Sender) -> None:
        super().__init__()
        self._sender = sender
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._sender.send(Printed(self.format(record), _level(record.levelno), record.name))
        except Exception:  # noqa: BLE001  as logging's own handlers: it is told on stderr, and the stage goes on
            self.handleError(record)


def _level(number: int) -> str:
    """An event's level for one of `logging`, also for one in between."""
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info"


def _obey(connection: "Connection[Any, Any]", context: AttemptContext) -> None:
    """Take the server's word; without a server there is nobody to work for."""
    try:
        while True:
            if connection.recv_bytes() == CANCEL:
                context.cancel()
    except (EOFError, OSError):
        end_group(os.getpid(), by_force=True)


def _end_with(connection: "Connection[Any, Any]") -> None:
    """End this worker once its caller has closed the connection."""

    def wait() -> None:
        try:
            connection.recv_bytes()
        except (EOFError, OSError):
            end_group(os.getpid(), by_force=True)

    threading.Thread(target=wait, daemon=True).start()


def _beat(sender: _Sender, context: AttemptContext, beat_every_s: float) -> None:
    process = psutil.Process()
    next_beat_s = time.monotonic()
    while True:
        context.flush()
        if time.monotonic() >= next_beat_s:
            next_beat_s += beat_every_s
            sender.send(Beaten(process.memory_info().rss, context.has_worked()))
        time.sleep(_PULSE_S)
