"""CommandStage: any program as a stage. It reads QUARTERHOUR_STAGE_* and prints lines; JSON objects among them are events."""

import os
import subprocess
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from quarterhour.clock import wire_time
from quarterhour.errors import StageCancelled, StageError
from quarterhour.stages.base import StageContext, StageResult

# EX_TEMPFAIL of sysexits.h, which Windows lacks.
_TEMPORARY_FAILURE = 75


class _Said(BaseModel):
    """One JSON line of a program."""

    event: str
    msg: str = ""
    data: dict[str, Any] = {}


class _Program:
    """A program as a context watches it: a stop ends it."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program

    def interrupt(self) -> None:
        self._program.terminate()


class CommandStage:
    """`{"event": "progress", "data": {"done": 1, "total": 2}}` reports progress, `{"event": "log", "msg": …}` a line, and
    `{"event": "success", "msg": …, "data": {…}}` becomes the result. Any other line is a log line. Exit status 0 is success; any
    other is a failure, and 75 (EX_TEMPFAIL) one that may pass.
    """

    def __init__(self, name: str, command: tuple[str, ...]) -> None:
        self.name = name
        self._command = command

    def run(self, context: StageContext) -> StageResult:
        try:
            program = subprocess.Popen(
                self._command,
                cwd=context.workspace.home,
                env=os.environ | _environment(self.name, context),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                bufsize=1,
            )
        except OSError as error:
            raise StageError(f"{self._command[0]!r} cannot be started: {error.strerror}") from error
        result = StageResult(f"{self.name} done")
        watched = _Program(program)
        context.watch(watched)
        with program:
            assert program.stdout is not None
            for line in program.stdout:
                result = _hear(line.rstrip("\n"), context, result)
        if context.cancelled:
            raise StageCancelled
        if program.returncode:
            raise StageError(
                f"{self._command[0]!r} ended with status {program.returncode}",
                is_transient=program.returncode == _TEMPORARY_FAILURE,
            )
        return result


def _environment(name: str, context: StageContext) -> Mapping[str, str]:
    workspace = context.workspace
    window = context.window
    times = {} if window is None else {"START": wire_time(window.start), "END": wire_time(window.end)}
    return {
        **{f"QUARTERHOUR_STAGE_WINDOW_{name}": time for name, time in times.items()},
        "QUARTERHOUR_STAGE_NAME": name,
        "QUARTERHOUR_STAGE_RUN_ID": context.run_id,
        "QUARTERHOUR_STAGE_ATTEMPT": str(context.attempt),
        "QUARTERHOUR_STAGE_HOME": str(workspace.home),
        "QUARTERHOUR_STAGE_RAW": str(workspace.raw),
        "QUARTERHOUR_STAGE_TRANSLATED": str(workspace.translated),
        "QUARTERHOUR_STAGE_MERGED": str(workspace.merged),
    }


def _hear(line: str, context: StageContext, result: StageResult) -> StageResult:
    try:
        said = _Said.model_validate_json(line)
    except ValidationError:
        if line:
            context.output(line)
        return result
    match said.event:
        case "progress" if {"done", "total"} <= said.data.keys():
            context.progress(**said.data)
        case "success":
            return StageResult(said.msg or result.msg, said.data)
        case kind:
            context.emit(said.msg or line, level="error" if kind == "error" else "info", **said.data)
    return result
