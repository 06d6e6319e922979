"""The stage that writes scheduled exports."""

from quarterhour.stages.exporter.service import ExporterService

__all__ = ["ExporterService"]
