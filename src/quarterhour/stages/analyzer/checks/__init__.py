"""Declared checks of a dataset, made after the profile of what is new."""

from quarterhour.stages.analyzer.checks.order import checked_always, waves
from quarterhour.stages.analyzer.checks.service import CheckReport, check_dataset, conclude_checks, told_of_checks

__all__ = ["CheckReport", "check_dataset", "checked_always", "conclude_checks", "told_of_checks", "waves"]
