"""What a stage is: the contract between the runner and the work. See docs/stages.md for how to add one."""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from quarterhour.lake.lake import Lake
from quarterhour.marks import Window
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StageResult:
    """What an attempt made. `data` becomes the `success` event's data: numbers, texts, lists and dicts of them."""

    msg: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])


class Interruptible(Protocol):
    """A DuckDB connection, as far as a context needs it."""

    def interrupt(self) -> None: ...


class StageContext(Protocol):
    """What a stage may use. One is made for each attempt, in the attempt's own process."""

    run_id: str
    attempt: int
    """From 1."""
    window: Window | None
    """The time that the run stands for (aware, in UTC): of a run at a mark from the mark before; None for most others."""
    settings: Settings
    workspace: Workspace
    lake: Lake

    @property
    def cancelled(self) -> bool:
        """True once the run is to stop. A stage looks at it between two pieces of work."""
        ...

    def check_cancelled(self) -> None:
        """Raises StageCancelled once the run is to stop."""
        ...

    def progress(self, done: int, total: int, **data: Any) -> None:
        """How far the stage is. Call it as often as you like: it is thinned to 10 events a second, the last one kept.

        It is also the sign of life: a stage that reports nothing for `watchdog.hung_after` seconds is killed.
        """
        ...

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        """Record a line: a `log` event, or an `error` event where `level` is "error" (not final)."""
        ...

    def output(self, line: str) -> None:
        """A line that a program printed: it becomes a `log` event within bounds, and stands in the run's output file."""
        ...

    def watch(self, connection: Interruptible) -> None:
        """A stop interrupts this DuckDB connection; while it lives, use of the processor counts as a sign of life."""
        ...


@runtime_checkable
class Stage(Protocol):
    """One step of the pipeline: files in, files out."""

    name: str

    def run(self, context: StageContext) -> StageResult:
        """Do the work once. Must be safe to do again after a kill at any point.

        Raises StageError (retried where `is_transient`), StageCancelled; any other exception fails the stage, and is retried
        where `errors.is_transient` knows it as one that can pass.
        """
        ...
