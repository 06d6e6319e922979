"""The merger: translated rows into the merged tables, exactly once, every row accounted for."""

from quarterhour.stages.merger.service import MergerService

__all__ = ["MergerService"]
