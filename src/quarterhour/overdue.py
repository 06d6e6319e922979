"""Overdue: whether a mark's run should have begun long ago, and the mark has no verdict. Told once, and once when it has one."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """A moment at which a run should have begun, and since when, by the monotonic clock, nobody spoke of it."""

    due_at: str
    since_s: float
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """It is overdue now, or no longer."""

    due_at: str
    waited_s: float
    is_over: bool = False


class OverdueMark:
    """Looked at by the watchdog's thread. Seconds count from the first look at which it had passed, so that a clock which is
    set forward, or a machine that slept, makes nothing overdue."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._passed: Passed | None = None

    def look(self, due_at: str | None, now: datetime, now_s: float) -> Finding | None:
        """What is to be told. `due_at`: when the next run is to begin; `now_s`: seconds of the monotonic clock."""
        before = self._passed
        if due_at is None or now < datetime.fromisoformat(due_at):
            self._passed = None
        elif before is None or before.due_at != due_at:
            self._passed = Passed(due_at, now_s)
        elif not before.is_told and now_s - before.since_s > self._limit_s:
            self._passed = Passed(due_at, before.since_s, is_told=True)
            return Finding(due_at, now_s - before.since_s)
        if before is not None and before.is_told and self._passed != before:
            return Finding(before.due_at, now_s - before.since_s, is_over=True)
        return None

    @property
    def problem(self) -> str | None:
        """What is to be said of it now, or None. From any thread."""
        passed = self._passed
        return f"nothing was done at the mark due at {passed.due_at}" if passed is not None and passed.is_told else None
