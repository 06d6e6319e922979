"""What people ask about checks: the declared ones with their last results, and how all that is there would fare."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from quarterhour.errors import UnknownDataset
from quarterhour.lake import duck
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import InputState
from quarterhour.lake.schema_plan import Source
from quarterhour.settings import DATASET_NAME, Settings
from quarterhour.settings.checks import Check
from quarterhour.stages.analyzer.checks.evaluate import Surroundings, evaluate
from quarterhour.stages.analyzer.checks.keeping import read_results
from quarterhour.stages.analyzer.checks.results import CheckResult
from quarterhour.stages.analyzer.checks.wording import requirement
from quarterhour.stages.analyzer.subject import Subject, open_subject
from quarterhour.workspace import Workspace


def dataset_checks(workspace: Workspace, settings: Settings, name: str) -> dict[str, Any]:
    """The declared checks, each with its result of the last run that made it, and the outcomes of the runs before."""
    checks = _declared(settings, name)
    kept = read_results(workspace.checks_file(name)) if re.fullmatch(DATASET_NAME, name) else {}
    if not checks and not kept and not (re.fullmatch(DATASET_NAME, name) and workspace.table(name).is_dir()):
        raise UnknownDataset(f"no dataset is named {name!r}", dataset=name)
    results = {result["name"]: result for result in kept.get("results", [])}
    return {
        "dataset": name,
        "run_id": kept.get("run_id"),
        "checked_at": kept.get("checked_at"),
        "checks": [
            {
                "name": check.label,
                "check": check.kind,
                "columns": check.subject,
                "severity": check.severity,
                "on_failure": check.action,
                "asks": requirement(check),
                "result": results.get(check.label),
            }
            for check in checks
        ],
        "history": kept.get("history", []),
    }


def audit(workspace: Workspace, settings: Settings, name: str) -> list[CheckResult]:
    """The declared checks on all rows: what is merged and what waits. Nothing is kept, told or held back.

    Raises UnknownDataset where there are neither.
    """
    # As none holds anything back, each sees all rows.
    checks = [check.model_copy(update={"on_failure": "report"}) for check in _declared(settings, name)]
    with duck.connect(workspace) as connection:
        subject = all_rows(connection, workspace, settings, name)
        around = Surroundings(workspace, settings, datetime.now(UTC), lambda: None, None, [])
        return evaluate(subject, checks, around)


def all_rows(connection: duckdb.DuckDBPyConnection, workspace: Workspace, settings: Settings, name: str) -> Subject:
    """The dataset as if all its rows were new: what is merged, and what waits. Raises UnknownDataset where there are none."""
    with HoldLedger(workspace.ledger_file) as ledger:
        pending = ledger.pending(name)
        merged = [entry for entry in ledger.of_dataset(name) if entry.state is InputState.MERGED]
    subject = open_subject(connection, workspace, settings, name, pending)
    if subject is None:
        raise UnknownDataset(f"{name!r} has no rows yet", dataset=name)
    unfit = {one.entry.fingerprint for one in subject.plan.held_back}
    standing = [one for one in (*merged, *pending) if one.fingerprint not in unfit]
    sources = [Source(one, workspace.translated_file(name, one.fingerprint), {}) for one in standing]
    return replace(subject, new=subject.whole, plan=replace(subject.plan, sources=sources))


def _declared(settings: Settings, name: str) -> tuple[Check, ...]:
    configured = settings.dataset(name)
    return configured.checks if configured else ()
