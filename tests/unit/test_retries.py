"""Which errors are tried again, how often, and after how long: by the error's class, never by its words."""

import asyncio
import errno
from pathlib import Path

import pytest

from pipelines import pipeline, settings_for
from quarterhour.engines.attempt import describe
from quarterhour.engines.base import StageFailure
from quarterhour.errors import EngineError, LockLost, SettingsError, StageError
from quarterhour.lifecycle import Reason, RunState, Trigger
from quarterhour.runner import retry_delay_s
from quarterhour.settings import RunnerSettings


class OutOfMemoryException(Exception):
    """As DuckDB names its own."""


CAN_PASS: list[Exception] = [
    StageError("the file is busy", is_transient=True),
    TimeoutError("no answer"),
    ConnectionError("lost"),
    ConnectionResetError("reset"),
    ConnectionRefusedError("refused"),
    BrokenPipeError("broken"),
    BlockingIOError(errno.EAGAIN, "again"),
    InterruptedError(errno.EINTR, "interrupted"),
    *(
        OSError(number, "text")
        for number in (errno.EBUSY, errno.ECONNABORTED, errno.ENETUNREACH, errno.ESTALE, errno.ETIMEDOUT)
    ),
]
CANNOT_PASS: list[Exception] = [
    StageError("line 7: 'x' is no number"),
    # Its words say otherwise, and do not decide.
    StageError("timed out, try again: temporarily unavailable"),
    ValueError("connection reset, busy"),
    SettingsError("no such key"),
    LockLost("a later holder has written"),
    EngineError("the worker that should have answered could not"),
    PermissionError(errno.EACCES, "denied"),
    FileNotFoundError(errno.ENOENT, "gone"),
    OSError(errno.EROFS, "read-only"),
    OSError(errno.EIO, "broken disk"),
    OSError(errno.ENOSPC, "full"),
    OSError(errno.EDQUOT, "full"),
    MemoryError(),
    OutOfMemoryException("of DuckDB"),
    KeyError("a"),
    AssertionError(),
    NotImplementedError(),
    ZeroDivisionError(),
]
SETTINGS = RunnerSettings(backoff=2.0, backoff_max=5.0)


def named(error: Exception) -> str:
    number = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    return f"{type(error).__name__}{number}"


@pytest.mark.parametrize(
    ("attempt", "attempts", "delays_s"),
    [
        (1, 3, (1.0, 1.5, 2.0)),
        (2, 3, (2.0, 3.0, 4.0)),
        (3, 3, None),
        # The pause grows no further than `backoff_max`.
        (3, 9, (2.5, 3.75, 5.0)),
        (8, 9, (2.5, 3.75, 5.0)),
        # A stage that must not be done twice.
        (1, 1, None),
    ],
)
@pytest.mark.parametrize("error", CAN_PASS, ids=named)
def test_an_error_that_can_pass_is_tried_again_after_a_growing_pause(
    error: Exception, attempt: int, attempts: int, delays_s: tuple[float, ...] | None
) -> None:
    failure = describe(error)
    found = [retry_delay_s(failure, attempt, attempts, SETTINGS, jitter) for jitter in (0.0, 0.5, 1.0)]
    assert found == (list(delays_s) if delays_s else [None] * 3)


@pytest.mark.parametrize(("attempt", "attempts"), [(1, 1), (1, 3), (2, 3), (3, 3)])
@pytest.mark.parametrize("error", CANNOT_PASS, ids=named)
def test_any_other_error_is_never_tried_again(error: Exception, attempt: int, attempts: int) -> None:
    assert retry_delay_s(describe(error), attempt, attempts, SETTINGS, 0.5) is None


@pytest.mark.parametrize("reason", [Reason.HUNG, Reason.TIMED_OUT, Reason.OUT_OF_MEMORY, Reason.CRASHED])
def test_what_had_to_be_ended_is_never_tried_again(reason: Reason) -> None:
    assert retry_delay_s(StageFailure(reason, "it was killed"), 1, 3, SETTINGS, 0.5) is None


@pytest.mark.parametrize(
    ("attempts", "state", "delays_s"), [(None, RunState.SUCCESS, [0.006, 0.012]), (1, RunState.FAILED, [])]
)
def test_a_run_draws_its_pauses_from_its_machine_and_keeps_a_stages_own_attempts(
    tmp_path: Path, attempts: int | None, state: RunState, delays_s: list[float]
) -> None:
    async def go() -> None:
        settings = settings_for("Passing")
        stage = settings.stages[0].model_copy(update={"attempts": attempts})
        runner = settings.runner.model_copy(update={"backoff_max": 1.0})
        settings = settings.model_copy(update={"stages": (stage,), "runner": runner})
        async with pipeline(tmp_path, settings, chance=lambda: 0.2) as parts:
            await parts.orchestrator.start(Trigger.API)
            await parts.orchestrator.wait()
            assert parts.state.status.state is state
            retries = parts.log.read(0, 100, match=lambda record: record.event == "retry")
            assert [record.data["delay_s"] for record in retries] == delays_s

    asyncio.run(go())
