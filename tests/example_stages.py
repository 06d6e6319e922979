"""Stages for tests: each does one thing that a stage may do, good or bad."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from itertools import count

import duckdb

from quarterhour.errors import StageError
from quarterhour.stages.base import StageContext, StageResult


class Good:
    name = "good"

    def run(self, context: StageContext) -> StageResult:
        for done in range(4):
            context.progress(done, 3)
        context.emit("half way", part="first")
        return StageResult("did 3 things", {"things": 3})


class Stubborn:
    """Hears no stop: it works until the home has a file `release`."""

    name = "stubborn"

    def run(self, context: StageContext) -> StageResult:
        while not (context.workspace.home / "release").exists():
            time.sleep(0.005)
        return StageResult("released")


class Windowed:
    """Keeps which times it was run for, and cannot do the one from 12:15."""

    name = "windowed"

    def run(self, context: StageContext) -> StageResult:
        window = context.window
        with (context.workspace.home / "windows.txt").open("a") as kept:
            kept.write(f"{window.start:%H:%M}-{window.end:%H:%M}\n" if window else "none\n")
        if window is not None and f"{window.start:%H:%M}" == "12:15":
            raise StageError("this window has no data")
        return StageResult("kept")


class Bad:
    name = "bad"

    def run(self, context: StageContext) -> StageResult:
        raise StageError("line 7 of x.csv: 'oops' is no number")


class Passing:
    """Fails with an error that can pass, until its last attempt."""

    name = "passing"

    def run(self, context: StageContext) -> StageResult:
        if context.attempt < 3:
            raise StageError("the file is busy", is_transient=True)
        return StageResult("at last")


class Patient:
    """Works until it is told to stop."""

    name = "patient"

    def run(self, context: StageContext) -> StageResult:
        for done in count():
            context.check_cancelled()
            context.progress(done % 10, 10)
            time.sleep(0.02)
        raise AssertionError


class Deaf:
    """Neither reports nor listens."""

    name = "deaf"

    def run(self, context: StageContext) -> StageResult:
        time.sleep(600)
        return StageResult("")


class Crash:
    name = "crash"

    def run(self, context: StageContext) -> StageResult:
        os.kill(os.getpid(), signal.SIGSEGV)
        return StageResult("")


class Leave:
    name = "leave"

    def run(self, context: StageContext) -> StageResult:
        os._exit(0)


class Unbalanced:
    """A merger that loses a row."""

    name = "merger"

    def run(self, context: StageContext) -> StageResult:
        return StageResult("", {"rows": 3, "inserted": 2, "updated": 0, "unchanged": 0, "held_back": 0})


class Querying:
    """Silent queries for some seconds, on one core."""

    name = "querying"

    def run(self, context: StageContext) -> StageResult:
        with duckdb.connect(config={"threads": 1}) as connection:
            context.watch(connection)
            begun_s = time.monotonic()
            while time.monotonic() - begun_s < 2.5:
                connection.execute("SELECT sum(hash(range)) FROM range(20_000_000)").fetchall()
        return StageResult("counted")


class Dozing:
    """Sleeps over an idle connection."""

    name = "dozing"

    def run(self, context: StageContext) -> StageResult:
        with duckdb.connect() as connection:
            context.watch(connection)
            time.sleep(600)
        return StageResult("")


class Talking:
    """Says something in each way that there is, and prints no line's end at its end."""

    name = "talking"

    def run(self, context: StageContext) -> StageResult:
        sys.stdout.write("by print ✓\n")
        sys.stderr.write("by stderr\n")
        logging.getLogger("talk").error("by %s", "logging")
        warnings.warn("by warnings", stacklevel=1)
        os.write(1, b"by a descriptor\n")
        subprocess.run(["sh", "-c", "echo by a program; echo by its stderr >&2"], check=True)
        sys.stdout.write("the last")
        return StageResult("said")


class Flooding:
    """Prints 100 MB."""

    name = "flooding"

    def run(self, context: StageContext) -> StageResult:
        block = b"".join(b"line %07d of a flood nobody will read\n" % number for number in range(25_000))
        for _ in range(100_000_000 // len(block) + 1):
            os.write(1, block)
        sys.stdout.write("the last words of the flood\n")
        return StageResult("printed")


class Overflowing:
    """A segmentation fault, in C, after a word."""

    name = "overflowing"

    def run(self, context: StageContext) -> StageResult:
        sys.stdout.write("the last word before the fault\n")
        ctypes.string_at(0)
        return StageResult("")


class Leaking:
    """Takes memory until it is stopped."""

    name = "leaking"

    def run(self, context: StageContext) -> StageResult:
        kept: list[bytearray] = []
        while True:
            kept.append(bytearray(b"x" * 2_000_000))
            context.progress(len(kept), len(kept) + 1)
            time.sleep(0.01)


class Spinning:
    """Spins in C and never lets go of the interpreter's lock."""

    name = "spinning"

    def run(self, context: StageContext) -> StageResult:
        ctypes.PyDLL(None).usleep(60_000_000)
        return StageResult("")


class Forking:
    """Starts a program, and one more in a session of its own; tells their ids, and hangs."""

    name = "forking"

    def run(self, context: StageContext) -> StageResult:
        near = subprocess.Popen(["sleep", "600"])
        far = subprocess.Popen(["sleep", "600"], start_new_session=True)
        context.emit("started", pids=[near.pid, far.pid])
        time.sleep(600)
        return StageResult("")
