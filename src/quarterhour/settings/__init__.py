"""The settings: quarterhour.toml and QUARTERHOUR_* make one frozen Settings, a module for each section that is long."""

from quarterhour.settings.analyses import AnalysisSettings
from quarterhour.settings.model import (
    EXPORTER,
    EventSettings,
    InputSettings,
    RetentionSettings,
    Settings,
    StageSettings,
    load_settings,
)
from quarterhour.settings.runner import RunnerSettings, WatchdogSettings
from quarterhour.settings.schedule import ScheduleSettings, check_cron, check_jitter
from quarterhour.settings.types import DATASET_NAME, RejectLimit, check_timezone

__all__ = [
    "DATASET_NAME",
    "EXPORTER",
    "AnalysisSettings",
    "EventSettings",
    "InputSettings",
    "RejectLimit",
    "RetentionSettings",
    "RunnerSettings",
    "ScheduleSettings",
    "Settings",
    "StageSettings",
    "WatchdogSettings",
    "check_cron",
    "check_jitter",
    "check_timezone",
    "load_settings",
]
