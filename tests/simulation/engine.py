"""SimulatedEngine: attempts that work, fail, crash, hang and disobey as the world's chance wills."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quarterhour.clock import Clock
from quarterhour.engines.base import AttemptSpec, Cancelled, Message, Outcome, Progressed, StageFailure, Vitals
from quarterhour.lifecycle import Reason
from quarterhour.stages.base import StageResult

from .world import Process

# A worker sends a beat each second; here it is enough that no limit is ever met between two.
_REPORT_EVERY_S = 30.0


class Fate(StrEnum):
    """What becomes of an attempt."""

    WORKS = "works"
    IS_SLOW = "is slow"
    FAILS = "fails"
    FAILS_FOR_NOW = "fails for now"
    CRASHES = "crashes"
    HANGS = "hangs"
    HANGS_DEAF = "hangs and hears nothing"


_WEIGHTS = {
    Fate.WORKS: 900,
    Fate.IS_SLOW: 40,
    Fate.FAILS: 12,
    Fate.FAILS_FOR_NOW: 24,
    Fate.CRASHES: 8,
    Fate.HANGS: 8,
    Fate.HANGS_DEAF: 8,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An attempt before it begins."""

    fate: Fate
    lasts_s: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Plan":
        fate = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if fate in (Fate.HANGS, Fate.HANGS_DEAF):
            return cls(fate, float("inf"))
        return cls(fate, chance.uniform(600, 2400) if fate is Fate.IS_SLOW else chance.expovariate(1 / 8))


class SimulatedAttempt:
    def __init__(
        self, spec: AttemptSpec, plan: Plan, clock: Clock, on_end: "Callable[[SimulatedAttempt], None]"
    ) -> None:
        now_s = clock.monotonic()
        self.spec = spec
        self.plan = plan
        self.vitals = Vitals(now_s, now_s, now_s)
        self._clock = clock
        self._on_end = on_end
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._verdict: Outcome | None = None
        self._work = asyncio.create_task(self._go())

    @property
    def pid(self) -> int | None:
        return None

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def _go(self) -> None:
        left_s = self.plan.lasts_s
        while left_s > 0:
            await self._clock.sleep(min(left_s, _REPORT_EVERY_S))
            left_s -= _REPORT_EVERY_S
            if self.plan.lasts_s != float("inf"):
                self.vitals.reported_s = self.vitals.beat_s = self._clock.monotonic()
                if left_s > 0:
                    self._messages.put_nowait(Progressed(1, 2))
        self.finish(self._natural_end())

    def _natural_end(self) -> Outcome:
        match self.plan.fate:
            case Fate.FAILS:
                return StageFailure(Reason.STAGE_ERROR, "it cannot be done")
            case Fate.FAILS_FOR_NOW:
                return StageFailure(Reason.STAGE_ERROR, "not now", is_transient=True)
            case Fate.CRASHES:
                return StageFailure(Reason.CRASHED, "signal 11")
            case _:
                return StageResult("done")

    def finish(self, outcome: Outcome) -> None:
        if not self._ended.done():
            self._work.cancel()
            self._ended.set_result(self._verdict or outcome)
            self._messages.put_nowait(None)
            self._on_end(self)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self._messages.get()) is not None:
            yield message

    async def outcome(self) -> Outcome:
        return await asyncio.shield(self._ended)

    def cancel(self) -> None:
        if self.plan.fate not in (Fate.HANGS, Fate.HANGS_DEAF):
            self.finish(Cancelled())

    def end(self, failure: StageFailure | None, *, by_force: bool) -> None:
        self._verdict = self._verdict or failure or Cancelled()
        if by_force or self.plan.fate is not Fate.HANGS_DEAF:
            self.finish(self._verdict)


class SimulatedEngine:
    def __init__(
        self, process: Process, clock: Clock, draw: Callable[[], Plan], on_start: Callable[[SimulatedAttempt], None]
    ) -> None:
        self._clock = clock
        self._draw = draw
        self._on_start = on_start
        self._attempts: dict[SimulatedAttempt, None] = {}
        self.is_working = asyncio.Event()
        # The kernel ends the workers with their server.
        process.on_death.append(self._fall)

    def _fall(self) -> None:
        for attempt in list(self._attempts):
            attempt.finish(Cancelled())

    async def warm_up(self) -> None:
        return

    async def start(self, spec: AttemptSpec) -> SimulatedAttempt:
        attempt = SimulatedAttempt(spec, self._draw(), self._clock, self._forget)
        self._attempts[attempt] = None
        self.is_working.set()
        self._on_start(attempt)
        return attempt

    def _forget(self, attempt: SimulatedAttempt) -> None:
        self._attempts.pop(attempt, None)
        if not self._attempts:
            self.is_working.clear()

    def attempts(self) -> Iterable[SimulatedAttempt]:
        return tuple(self._attempts)

    def lingering(self) -> None:
        return None

    async def all_gone(self) -> None:
        return

    async def call(self, function: str, *arguments: Any) -> Any:
        del function, arguments
        return []

    async def close(self) -> None:
        for attempt in self.attempts():
            attempt.end(None, by_force=True)
