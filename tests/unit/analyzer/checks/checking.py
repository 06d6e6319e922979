"""Checks on rows made for a test: a dataset in a real home, its declared checks, and what they find."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake import duck
from quarterhour.lake.holds import HoldLedger
from quarterhour.stages.analyzer.checks.results import CheckResult
from quarterhour.stages.analyzer.checks.service import judge
from quarterhour.stages.analyzer.subject import open_subject

DATASET = "bars"


def configured(*checks: Mapping[str, Any], keys: Sequence[str] = (), **others: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with these checks; `others` are further datasets' settings by name."""
    datasets: list[dict[str, Any]] = [{"name": DATASET, "files": "bars/*", "keys": keys, "checks": checks}]
    return {"datasets": [*datasets, *({"name": name, "files": f"{name}/*", **rest} for name, rest in others.items())]}


def found(
    home: Path, checks: Sequence[Mapping[str, Any]], *files: str, keys: Sequence[str] = (), now: datetime | None = None
) -> list[CheckResult]:
    """The results of checks on new files, given as SQL of their rows."""
    context = RecordingContext(home, configured(*checks, keys=keys))
    for number, sql in enumerate(files):
        put(context, DATASET, sql, f"file {number}")
    return judged(context, now)


def judged(context: RecordingContext, now: datetime | None = None) -> list[CheckResult]:
    with HoldLedger(context.workspace.ledger_file) as ledger:
        pending, released = ledger.pending(DATASET), ledger.released()
    with duck.connect(context.workspace) as connection:
        subject = open_subject(connection, context.workspace, context.settings, DATASET, pending)
        assert subject is not None
        dataset = context.settings.dataset(DATASET)
        assert dataset is not None
        return judge(context, subject, dataset.checks, None, released, now)
