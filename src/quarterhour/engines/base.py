"""What an engine is: the place where an attempt of a stage runs. Contract for inline, local and later dask."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from quarterhour.lifecycle import Reason
from quarterhour.marks import Window
from quarterhour.settings import Settings, StageSettings
from quarterhour.stages.base import StageResult


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """All that a worker needs to know; it crosses to the worker's process."""

    run_id: str
    attempt: int
    stage: StageSettings
    settings: Settings
    home: Path
    fence: int | None = None
    """The number of the run's lock: a commit with a lower one than a table has seen is refused."""
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far the stage is."""

    done: int
    total: int
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Logged:
    """A line that the stage wrote."""

    msg: str
    level: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of output that may be left out of the events, but not of the run's file. `logger` is empty where none spoke."""

    text: str
    level: str
    logger: str = ""


@dataclass(frozen=True, slots=True)
class Beaten:
    """A sign of life of the worker's process, and whether a query of the stage came further."""

    rss_bytes: int
    has_worked: bool = False


@dataclass(frozen=True, slots=True)
class StageFailure:
    """How an attempt failed."""

    reason: Reason
    message: str
    is_transient: bool = False
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The stage saw the cancel and left off."""


Message = Progressed | Logged
Outcome = StageResult | StageFailure | Cancelled


@dataclass(slots=True)
class Vitals:
    """When an attempt was last heard of, in seconds of the monotonic clock. Read by the watchdog's thread."""

    started_s: float
    reported_s: float
    """The stage itself said something."""
    beat_s: float
    """The worker's process said anything at all."""
    rss_bytes: int = 0
    held_bytes: int = 0
    """By the worker and all that it started, as the watchdog saw it last."""


class Attempt(Protocol):
    """An attempt under way. `end` may be called from any thread."""

    spec: AttemptSpec
    vitals: Vitals

    @property
    def pid(self) -> int | None: ...

    def messages(self) -> AsyncIterator[Message]:
        """What the stage says, until it ends."""
        ...

    async def outcome(self) -> Outcome:
        """How it ended; the worker and all that it started are gone when this returns, but for a thread that lingers."""
        ...

    def cancel(self) -> None:
        """Ask the stage to leave off."""
        ...

    def end(self, failure: StageFailure | None, *, by_force: bool) -> None:
        """End the worker. The outcome is then `failure`, or Cancelled where that is None."""
        ...


class Engine(Protocol):
    async def start(self, spec: AttemptSpec) -> Attempt:
        """Raises EngineError where no worker can be started."""
        ...

    def attempts(self) -> Iterable[Attempt]:
        """Those under way. May be called from any thread."""
        ...

    def lingering(self) -> Attempt | None:
        """One in a thread that nothing can end, though its run has ended."""
        ...

    async def all_gone(self) -> None:
        """Return once none lingers."""
        ...

    async def call(self, function: str, *arguments: Any) -> Any:
        """`function(*arguments)` in a worker; `function` is 'module:name', imported there. Raises what it raises."""
        ...

    async def warm_up(self) -> None:
        """Make what the first attempt would otherwise wait for."""
        ...

    async def close(self) -> None:
        """End every worker."""
        ...
