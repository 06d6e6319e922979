"""What is kept of a dataset's checks: their last results and a bounded history of outcomes, in `checks.json`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from quarterhour.clock import wire_time
from quarterhour.files import write_whole
from quarterhour.stages.analyzer.checks.results import CheckResult

MOST_RUNS = 100


def keep_results(path: Path, dataset: str, run_id: str, at: datetime, results: Sequence[CheckResult]) -> None:
    """The same run again replaces what it kept before."""
    checked_at = wire_time(at)
    history: list[dict[str, Any]] = [line for line in read_results(path).get("history", []) if line["run_id"] != run_id]
    history.append({"run_id": run_id, "checked_at": checked_at, "results": [result.in_brief() for result in results]})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(
        path,
        orjson.dumps(
            {
                "dataset": dataset,
                "run_id": run_id,
                "checked_at": checked_at,
                "results": [result.as_data() for result in results],
                "history": history[-MOST_RUNS:],
            }
        ),
    )


def read_results(path: Path) -> dict[str, Any]:
    """Empty where the dataset was not checked yet."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
