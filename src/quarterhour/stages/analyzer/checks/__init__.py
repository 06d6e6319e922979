"""Declared checks of a dataset, run after its profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quarterhour.stages.analyzer.subject import Subject
from quarterhour.stages.base import StageContext


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks of one dataset found. It crosses from process to process: plain data only."""

    checks: int = 0
    """How many were made."""
    held_back: frozenset[str] = frozenset()
    """Fingerprints of the inputs that are not to be merged in this run."""


def check_dataset(context: StageContext, subject: Subject, profile: Mapping[str, Any]) -> CheckReport:
    """Called once per dataset, in the dataset's own process."""
    del context, subject, profile
    return CheckReport()


def conclude_checks(context: StageContext, reports: Mapping[str, CheckReport]) -> dict[str, Any]:
    """Called once per run, after all datasets: what `success` says of the checks. Raises StageError to hold back the run."""
    del context
    return {"checks": sum(report.checks for report in reports.values())}
