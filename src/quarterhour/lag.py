"""Loop lag: whether the event loop answers its watchdog, and where its thread stood when it did not."""

import asyncio
import math
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

# Of the stack, so many of the innermost calls: the blocking one is among them.
_FRAMES = 25
# So long a block shows in /readyz: a check every half minute sees it.
_SHOWN_S = 60.0


@dataclass(frozen=True, slots=True)
class Question:
    """One that the loop was asked, in seconds of its own clock."""

    asked_s: float
    stack: str | None = None
    """Where the loop's thread stood when the answer was overdue."""


def is_blocked(question: Question | None, now_s: float, limit_s: float) -> bool:
    """Whether the answer is overdue. Pure."""
    return question is not None and now_s - question.asked_s > limit_s


@dataclass(frozen=True, slots=True)
class Block:
    """The loop answered again, at `ended_s` of its clock, after `lag_s`."""

    lag_s: float
    ended_s: float
    stack: str | None


def is_shown(block: Block | None, now_s: float) -> bool:
    """Whether a block is so fresh that the service is degraded. Pure."""
    return block is not None and now_s - block.ended_s < _SHOWN_S


class LoopLag:
    """Asked from the watchdog's thread, one question at a time; answered on the loop."""

    def __init__(self, limit_s: float, on_block: Callable[[Block], None]) -> None:
        self._limit_s = limit_s
        self._on_block = on_block
        self._question: Question | None = None
        self._changing = threading.Lock()
        self._due_s = math.inf
        self._last: Block | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the calling thread for the loop's."""
        self._loop = loop
        self._thread = threading.get_ident()

    def pause(self, wanted_s: float) -> float:
        """How long the asking thread may pause now: a block just over the limit must not fall between questions."""
        pause_s = min(wanted_s, self._limit_s / 2)
        self._due_s = self._loop.time() + pause_s
        return pause_s

    def look(self) -> None:
        """Ask, or see whether the last question is still open. From another thread."""
        question = self._question
        if question is None:
            # Where the whole process stood still, it was to be asked earlier.
            now_s = self._loop.time()
            self._question = Question(min(now_s, self._due_s))
            self._loop.call_soon_threadsafe(self._answer)
        elif question.stack is None and is_blocked(question, self._loop.time(), self._limit_s):
            stack = stack_of(self._thread)
            with self._changing:
                # Answered meanwhile, the question is no more, and the stack is of another moment.
                if self._question is question:
                    self._question = Question(question.asked_s, stack)

    def _answer(self) -> None:
        with self._changing:
            question, self._question = self._question, None
        now_s = self._loop.time()
        if question is not None and is_blocked(question, now_s, self._limit_s):
            self._last = Block(now_s - question.asked_s, now_s, question.stack)
            self._on_block(self._last)

    @property
    def problem(self) -> str | None:
        """What is to be said of it now, or None. On the loop."""
        now_s = asyncio.get_running_loop().time()
        if self._last is None or not is_shown(self._last, now_s):
            return None
        return f"nothing was answered for {self._last.lag_s:.1f} s, {now_s - self._last.ended_s:.0f} s ago"


def stack_of(thread: int) -> str | None:
    """Where a thread stands now, the innermost call last; None where it has ended."""
    # The documented way to another thread's stack.
    frame = sys._current_frames().get(thread)  # pyright: ignore[reportPrivateUsage]
    return None if frame is None else "".join(traceback.format_stack(frame)[-_FRAMES:])
