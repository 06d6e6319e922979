"""Analyses: users' SQL and built-ins over the datasets as they will stand after the merge; each result is a dataset."""

from quarterhour.stages.analyzer.analyses.definition import check_analyses
from quarterhour.stages.analyzer.analyses.service import in_words, run_analyses

__all__ = ["check_analyses", "in_words", "run_analyses"]
