"""A StageContext for tests: a real lake in a real folder; what a stage says is kept in lists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quarterhour.errors import StageCancelled
from quarterhour.lake.lake import Lake
from quarterhour.marks import Window
from quarterhour.settings import Settings
from quarterhour.stages.base import Interruptible
from quarterhour.workspace import Workspace


class RecordingContext:
    """Set `cancelled` to have the stage leave off; `cancel_after` does so at that many calls of `progress`."""

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, Any] | Settings | None = None,
        *,
        run_id: str = "20251205T121500Z-7f3a9c",
        attempt: int = 1,
        window: Window | None = None,
        cancel_after: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.attempt = attempt
        self.window = window
        self.settings = settings if isinstance(settings, Settings) else Settings(**(settings or {}))
        self.workspace = Workspace(home)
        self.workspace.create()
        self.lake = Lake(self.workspace, self.settings)
        self.cancelled = False
        self.reports: list[tuple[int, int, dict[str, Any]]] = []
        """Each call of `progress`: done, total, data."""
        self.lines: list[tuple[str, str, dict[str, Any]]] = []
        """Each call of `emit`: level, msg, data."""
        self.watched: list[Interruptible] = []
        self._cancel_after = cancel_after

    def check_cancelled(self) -> None:
        if self.cancelled:
            raise StageCancelled

    def progress(self, done: int, total: int, **data: Any) -> None:
        self.reports.append((done, total, data))
        if self._cancel_after is not None and len(self.reports) >= self._cancel_after:
            self.cancelled = True

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        self.lines.append((level, msg, data))

    def output(self, line: str) -> None:
        self.lines.append(("info", line, {}))

    def watch(self, connection: Interruptible) -> None:
        self.watched.append(connection)

    def errors(self) -> list[str]:
        """The messages of level "error"."""
        return [msg for level, msg, _ in self.lines if level == "error"]
