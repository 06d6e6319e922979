"""Stages for tests: each does one thing that a stage may do, good or bad."""

import os
import signal
import time
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
    """One silent query of about four seconds."""

    name = "querying"

    def run(self, context: StageContext) -> StageResult:
        with duckdb.connect() as connection:
            context.watch(connection)
            begun_s = time.monotonic()
            while time.monotonic() - begun_s < 4:
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
