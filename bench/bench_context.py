"""A StageContext over a home of its own, without an engine around it: what a stage says is dropped, errors are raised."""

from pathlib import Path
from typing import Any

from quarterhour.lake.lake import Lake
from quarterhour.marks import Window
from quarterhour.settings import Settings
from quarterhour.stages.base import Interruptible
from quarterhour.workspace import Workspace


class BenchContext:
    run_id = "20251205T121500Z-7f3a9c"
    attempt = 1
    window: Window | None = None
    cancelled = False

    def __init__(self, home: Path) -> None:
        # Files that were just made are not waited for.
        self.settings = Settings.model_validate({"inputs": {"settle": 1e-6}})
        self.workspace = Workspace(home)
        self.workspace.create()
        self.lake = Lake(self.workspace, self.settings)

    def check_cancelled(self) -> None:
        """Nobody cancels."""

    def progress(self, done: int, total: int, **data: Any) -> None:
        """Nobody looks."""

    def emit(self, msg: str, *, level: str = "info", **data: Any) -> None:
        if level == "error":
            raise RuntimeError(f"{msg} {data}")

    def output(self, line: str) -> None:
        """Nobody reads."""

    def watch(self, connection: Interruptible) -> None:
        """Nobody interrupts."""
