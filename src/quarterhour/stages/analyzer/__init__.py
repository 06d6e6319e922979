"""The analyzer: profiles of what is new and of the whole, and time-bucketed aggregates."""

from quarterhour.stages.analyzer.service import AnalyzerService

__all__ = ["AnalyzerService"]
