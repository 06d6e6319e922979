"""The worker's side: what runs in the process of an attempt or of a query."""

import faulthandler
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
from quarterhour.engines.base import AttemptSpec, Beaten, Message, Outcome
from quarterhour.engines.context import AttemptContext
from quarterhour.processes import die_with_parent, end_group, lead_group
from quarterhour.workspace import Workspace

# How often held-back progress is looked for; the beat is a multiple of it.
_PULSE_S = 0.1
CANCEL = b"cancel"


def attempt_main(connection: "Connection[Any, Any]", spec: AttemptSpec) -> None:
    """One attempt of a stage: messages up the connection while it lasts, its outcome last."""
    _prepare()
    _redirect_output(Workspace(spec.home), spec)
    sender = _Sender(connection)
    context = AttemptContext(spec, sender.send)
    threading.Thread(target=_obey, args=(connection, context), daemon=True).start()
    threading.Thread(target=_beat, args=(sender, context, spec.settings.watchdog.beat_every), daemon=True).start()
    sender.send(run_stage(spec, context))
    sys.stdout.flush()
    sys.stderr.flush()


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


def _redirect_output(workspace: Workspace, spec: AttemptSpec) -> None:
    """What the stage prints, and the trace of a crash, go to the run's output file."""
    path = workspace.run_output(spec.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(f"--- {spec.stage.name}, attempt {spec.attempt}, pid {os.getpid()}\n".encode())
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    faulthandler.enable(2)


class _Sender:
    """One connection for several threads."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Message | Beaten | Outcome) -> None:
        with self._lock:
            self._connection.send(message)


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
