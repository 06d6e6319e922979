"""Settings: every default, and how quarterhour.toml and QUARTERHOUR_* become one frozen object."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from quarterhour.errors import SettingsError
from quarterhour.settings.alerts import AlertSettings
from quarterhour.settings.analyses import AnalysisSettings
from quarterhour.settings.datasets import ColumnSettings, DatasetSettings
from quarterhour.settings.environment import DELIMITER, PREFIX, EnvironmentSource
from quarterhour.settings.exports import DownloadSettings, ExportSettings
from quarterhour.settings.problems import explain, syntax_error
from quarterhour.settings.runner import LockSettings, RunnerSettings, WatchdogSettings
from quarterhour.settings.schedule import ScheduleSettings, check_cron, check_jitter
from quarterhour.settings.server import ServerSettings
from quarterhour.settings.types import (
    DATASET_NAME,
    SECRET,
    MaxRejected,
    Memory,
    MemoryLimit,
    RejectLimit,
    Seconds,
    Section,
    check_timezone,
)

__all__ = [
    "DATASET_NAME",
    "AnalysisSettings",
    "ColumnSettings",
    "DatasetSettings",
    "RejectLimit",
    "RunnerSettings",
    "ScheduleSettings",
    "Settings",
    "WatchdogSettings",
    "check_cron",
    "check_jitter",
    "check_timezone",
    "load_settings",
]

STAGE_NAME = r"^[a-z][a-z0-9_-]{0,62}$"
# Names that events use for parts which are not stages.
_RESERVED_STAGE_NAMES = frozenset({"pipeline", "scheduler", "watchdog"})


class InputSettings(Section):
    settle: Annotated[Seconds, Field(description="Seconds that a file's size and time must stand still.")] = 2.0
    after: Annotated[Literal["keep", "archive"], Field(description="What happens to a raw file once translated.")] = (
        "keep"
    )
    misfit_share: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Share of a column's values that may not fit its dataset's type; above it the file is of another schema.",
        ),
    ] = 0.1
    marker: Annotated[
        str,
        Field(
            pattern=r"^[^/\\\s]*$",
            description="Ending of a name that says a file is whole, such as .done: x.csv waits for x.csv.done or x.done.",
        ),
    ] = ""
    max_rejected: Annotated[
        MaxRejected,
        Field(description="Share ('0.1%') or number of a dataset's records above which a run fails; 100% is no limit."),
    ] = RejectLimit.parse("100%")


class EventSettings(Section):
    ring: Annotated[int, Field(ge=100, description="Events kept in memory.")] = 10_000
    group_commit: Annotated[
        Seconds, Field(description="Seconds within which events share one write, unless one of them is waited for.")
    ] = 0.005
    queue: Annotated[int, Field(ge=10, description="Events that wait for one slow viewer before it gets a gap.")] = (
        5_000
    )


class RetentionSettings(Section):
    """Of the event log, after each run."""

    compress_after: Annotated[
        float, Field(gt=0, description="Days after its last event from which on a file of events is kept compressed.")
    ] = 7.0
    keep_days: Annotated[
        float | None,
        Field(
            ge=1, description="Days after its last event from which on a run's events are removed; without it, never."
        ),
    ] = None
    keep_runs: Annotated[int | None, Field(ge=1, description="Runs whose events are kept; without it, all.")] = None
    max_size: Annotated[
        Memory | None,
        Field(
            description="Size, such as '5GB', of the runs' events on the disk above which the oldest go; without it, any."
        ),
    ] = None

    @field_validator("max_size")
    @classmethod
    def _is_a_size(cls, size: MemoryLimit | None) -> MemoryLimit | None:
        if size is not None and size.text.endswith("%"):
            raise ValueError(f"{size} is no size: give one such as '5GB' or '500MB'")
        return size


class MaintenanceSettings(Section):
    """Of the merged tables, after each run."""

    enabled: Annotated[bool, Field(description="Join small data files and forget old versions after each run.")] = True
    keep_days: Annotated[float, Field(gt=0, description="Days for which the versions that stood can be read.")] = 7.0
    budget: Annotated[
        Seconds, Field(description="Seconds after which no further data files are joined after a run.")
    ] = 60.0


class StageSettings(Section):
    """One stage of the pipeline: one of ours by name, a Python class, or a program."""

    name: Annotated[str, Field(pattern=STAGE_NAME)]
    command: Annotated[tuple[str, ...] | None, SECRET, Field(description="Program and arguments.")] = None
    python: Annotated[str | None, Field(description="'module:Class' of a Stage.")] = None
    isolation: Annotated[
        Literal["process", "thread"],
        Field(description="Where an attempt runs; a thread starts faster, and cannot be killed. For python stages."),
    ] = "process"
    attempts: Annotated[
        int | None,
        Field(ge=1, description="Attempts it has, for errors that can pass; 1 where it must not be done twice."),
    ] = None
    timeout: Seconds | None = None
    memory_limit: Memory | None = None

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in _RESERVED_STAGE_NAMES:
            raise ValueError(f"{name!r} is taken by quarterhour itself: choose another name")
        return name

    @model_validator(mode="after")
    def _has_a_body(self) -> Self:
        if self.command is not None and self.python is not None:
            raise ValueError("give command or python, not both")
        if self.command is None and self.python is None and self.name not in BUILT_IN_STAGES:
            raise ValueError(f"{self.name!r} is none of {', '.join(BUILT_IN_STAGES)}: give it a command or python")
        if self.isolation == "thread" and self.python is None:
            raise ValueError(
                f"{self.name!r} cannot run in a thread: that is for stages given by python = 'module:Class'"
            )
        if self.isolation == "thread" and self.memory_limit is not None:
            raise ValueError(
                f"{self.name!r} runs in a thread, whose memory cannot be told apart: leave out memory_limit"
            )
        return self


EXPORTER = "exporter"
"""The stage that writes `[[exports]]`; it is in the pipeline where there are any."""
BUILT_IN_STAGES = ("translator", "analyzer", "merger", EXPORTER)


def _default_stages(given: Mapping[str, Any]) -> tuple[StageSettings, ...]:
    return tuple(StageSettings(name=name) for name in BUILT_IN_STAGES if name != EXPORTER or given.get("exports"))


class Settings(BaseSettings):
    """All that can be configured. Made once, by `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, frozen=True, extra="forbid", env_ignore_empty=True
    )

    schedule: ScheduleSettings = ScheduleSettings()
    inputs: InputSettings = InputSettings()
    runner: RunnerSettings = RunnerSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    events: EventSettings = EventSettings()
    retention: RetentionSettings = RetentionSettings()
    lock: LockSettings = LockSettings()
    server: ServerSettings = ServerSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    alerts: tuple[AlertSettings, ...] = ()
    datasets: tuple[DatasetSettings, ...] = ()
    analyses: tuple[AnalysisSettings, ...] = ()
    downloads: DownloadSettings = DownloadSettings()
    exports: tuple[ExportSettings, ...] = ()
    stages: tuple[StageSettings, ...] = Field(min_length=1, default_factory=_default_stages)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        named = (
            ("stages", self.stages),
            ("datasets", self.datasets),
            ("analyses", self.analyses),
            ("exports", self.exports),
            ("alerts", self.alerts),
        )
        for kind, names in named:
            seen: set[str] = set()
            for item in names:
                if item.name in seen:
                    raise ValueError(f"[[{kind}]] names {item.name!r} twice")
                seen.add(item.name)
        if both := {item.name for item in self.datasets} & {item.name for item in self.analyses}:
            raise ValueError(f"{sorted(both)[0]!r} is the name of a dataset and of an analysis: rename the analysis")
        return self

    @model_validator(mode="after")
    def _stages_fit_in_the_run(self) -> Self:
        for stage in self.stages:
            if stage.timeout is not None and stage.timeout > self.runner.run_timeout:
                raise ValueError(
                    f"the stage {stage.name!r} has a timeout of {stage.timeout:g} s, "
                    f"more than runner.run_timeout, {self.runner.run_timeout:g} s"
                )
        return self

    @model_validator(mode="after")
    def _exports_have_their_stage(self) -> Self:
        names = [stage.name for stage in self.stages]
        if self.exports and EXPORTER not in names:
            raise ValueError(f"[[exports]] are written by a stage: add [[stages]] with name = {EXPORTER!r} as the last")
        if EXPORTER in names[:-1]:
            raise ValueError(f"the stage {EXPORTER!r} comes last: it writes what the run has merged")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return EnvironmentSource(settings_cls), init_settings

    def keys_of(self, dataset: str) -> tuple[str, ...]:
        found = self.dataset(dataset)
        return found.keys if found else ()

    def dataset(self, name: str) -> DatasetSettings | None:
        """What is configured of a dataset; most have nothing."""
        return next((dataset for dataset in self.datasets if dataset.name == name), None)

    def max_rejected_of(self, dataset: str) -> RejectLimit:
        found = self.dataset(dataset)
        return found.max_rejected if found and found.max_rejected else self.inputs.max_rejected


def load_settings(path: Path) -> Settings:
    """Read `path` (it may be missing: all has defaults), then QUARTERHOUR_* from the environment over it.

    Raises SettingsError that names the file, the line and the key, or the variable.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {syntax_error(error, Settings, text)}", file=str(path)) from error
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, path, text), file=str(path)) from error
