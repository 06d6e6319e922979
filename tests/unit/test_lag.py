"""An event loop that answers nothing is seen from outside, with the place where it stands, and told once."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.lag import Block, LoopLag, Question, is_blocked, is_shown
from quarterhour.settings import Settings
from quarterhour.web.models import Health
from quarterhour.web.queries import health_of

LIMIT_S = 0.2


def with_limit(limit_s: float) -> Settings:
    settings = settings_for("Good")
    return settings.model_copy(update={"watchdog": settings.watchdog.model_copy(update={"lag_limit": limit_s})})


@pytest.mark.parametrize(("now_s", "blocked"), [(10.0, False), (11.0, False), (11.01, True)])
def test_a_question_is_overdue_after_the_limit(now_s: float, blocked: bool) -> None:
    assert is_blocked(Question(10.0), now_s, 1.0) is blocked
    assert not is_blocked(None, now_s, 1.0)


@pytest.mark.parametrize(("now_s", "shown"), [(10.0, True), (69.9, True), (70.0, False)])
def test_a_block_shows_for_a_minute(now_s: float, shown: bool) -> None:
    assert is_shown(Block(3.0, 10.0, None), now_s) is shown
    assert not is_shown(None, now_s)


def blocks(parts: Pipeline) -> list[dict[str, Any]]:
    return [record.data for record in parts.log.read(0, 1000) if "lag_s" in record.data]


def hold_the_loop(seconds: float) -> None:
    time.sleep(seconds)


@pytest.mark.slow
def test_a_blocked_loop_is_told_once_with_how_long_and_where(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, with_limit(LIMIT_S)) as parts:
            await asyncio.sleep(LIMIT_S)  # the watchdog's thread is under way
            hold_the_loop(2.0)
            async with asyncio.timeout(20):
                while not blocks(parts):
                    await asyncio.sleep(0.01)
            (block,) = [block for block in blocks(parts) if block["lag_s"] > 3 * LIMIT_S]
            assert block["level"] == "warning"
            assert block["lag_s"] > 1
            assert "hold_the_loop(2.0)" in block["stack"]
            assert "time.sleep(seconds)" in block["stack"]

    asyncio.run(go())


def test_a_loop_that_answers_is_not_told(tmp_path: Path) -> None:
    async def go() -> None:
        async with pipeline(tmp_path, with_limit(60.0)) as parts:
            hold_the_loop(0.3)
            await asyncio.sleep(0.1)
            await parts.bus.settle()
            assert blocks(parts) == []

    asyncio.run(go())


def test_a_block_is_the_services_problem_for_a_while() -> None:
    async def go() -> None:
        told: list[Block] = []
        lag = LoopLag(LIMIT_S, told.append)
        lag.watch(asyncio.get_running_loop())
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lag.look).result()
            hold_the_loop(2 * LIMIT_S)
            # Two looks while the loop is blocked by waiting for them: its stack is taken once.
            for _ in range(2):
                thread.submit(lag.look).result()
            assert lag.problem is None
            await asyncio.sleep(0)
            assert lag.problem is not None
            assert lag.problem.startswith("nothing was answered for 0.")
            assert [block.stack is not None for block in told] == [True]
            # The next question is answered at once.
            thread.submit(lag.look).result()
            await asyncio.sleep(0)
            assert len(told) == 1

    asyncio.run(go())


def test_health_is_degraded_by_any_problem_and_says_which() -> None:
    """E20: what calls itself healthy has been looked at."""
    assert health_of({"disk": None, "event_loop": None}) == Health(
        status="ok", checks={"disk": "ok", "event_loop": "ok"}
    )
    degraded = health_of({"disk": None, "event_loop": "blocked"})
    assert degraded == Health(status="degraded", checks={"disk": "ok", "event_loop": "blocked"})


def test_a_process_that_stood_still_is_told_without_a_stack() -> None:
    async def go() -> None:
        told: list[Block] = []
        lag = LoopLag(LIMIT_S, told.append)
        lag.watch(asyncio.get_running_loop())
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(lag.pause, 2.0).result() == LIMIT_S / 2
            # Neither the loop nor the asking thread runs: there was no question before.
            hold_the_loop(2 * LIMIT_S)
            thread.submit(lag.look).result()
            await asyncio.sleep(0)
            assert [block.stack for block in told] == [None]
            assert told[0].lag_s > LIMIT_S
            thread.submit(lag.pause, 2.0).result()
            thread.submit(lag.look).result()
            await asyncio.sleep(0)
            assert len(told) == 1

    asyncio.run(go())
