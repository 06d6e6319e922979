"""Runs of analyzer and merger for tests of analyses. Orders run in this process, but where a test says otherwise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bokeh_sampledata
import polars
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.scratch import own_scratch
from quarterhour.stages.analyzer.analyses import run_analyses
from quarterhour.stages.analyzer.analyses.foreseen import Foresight
from quarterhour.stages.analyzer.analyses.worker import Order
from quarterhour.stages.merger import MergerService
from quarterhour.workspace import Workspace

STOCKS = Path(bokeh_sampledata.__file__).parent / "_data" / "stocks.csv.gz"


class Here:
    """The worker's contract, without a process."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, order: Order[Any], timeout_s: float, look: Callable[[], None]) -> Any:
        look()
        with own_scratch(self._workspace.scratch, "foreseen") as folder:
            return order.obey(Foresight(folder))


class Runs:
    """One home, run after run."""

    def __init__(self, home: Path, settings: dict[str, Any], *, runs_before: int = 0) -> None:
        self.home = home
        self.settings = settings
        self.context = RecordingContext(home, settings)
        self._count = runs_before

    def next(self, *, attempt: int = 1) -> RecordingContext:
        """The context of another run."""
        self._count += attempt == 1
        self.context = RecordingContext(
            self.home, self.settings, run_id=f"20251205T12{self._count:02}00Z-7f3a9c", attempt=attempt
        )
        return self.context

    def analyse(self) -> dict[str, Any]:
        return run_analyses(self.context, Here).get("analyses", {})

    def merge(self) -> dict[str, Any]:
        data = MergerService().run(self.context).data
        assert data["rows"] == data["inserted"] + data["updated"] + data["unchanged"] + data["held_back"]
        return data["derived"]

    def run(self, *inputs: tuple[str, str, str]) -> dict[str, Any]:
        """A whole run with these new inputs (dataset, SQL, name); what it said of the analyses."""
        self.next()
        for dataset, sql, name in inputs:
            put(self.context, dataset, sql, name)
        found = self.analyse()
        self.merge()
        return found

    def table(self, name: str) -> polars.DataFrame:
        return polars.read_delta(str(self.context.workspace.table(name)))

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """In an order of their own, so that results can be compared."""
        return sorted(self.table(name).rows(), key=repr)


def failure(runs: Runs, name: str) -> str:
    """The message of an analysis that failed."""
    found = runs.analyse()[name]
    assert found["outcome"] == "failed", found
    return found["message"]
