"""What the routes need of the running server, handed to them by FastAPI's own dependency."""

from dataclasses import dataclass, fields
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from quarterhour.assembly import Pipeline
from quarterhour.backfill import Backfiller
from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.disk import DiskGuard
from quarterhour.engines.base import Engine
from quarterhour.indexer import Indexer
from quarterhour.notify.channel import Channel
from quarterhour.orchestrator import PipelineOrchestrator
from quarterhour.retention import Retention
from quarterhour.scheduler import Scheduler
from quarterhour.settings import Settings
from quarterhour.state import StateManager
from quarterhour.watchdog import Watchdog
from quarterhour.web.models import PipelineStatus
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that requests are answered with."""

    settings: Settings
    workspace: Workspace
    clock: Clock
    bus: EventBus
    state: StateManager
    engine: Engine
    orchestrator: PipelineOrchestrator
    scheduler: Scheduler
    backfiller: Backfiller
    indexer: Indexer
    retention: Retention
    disk: DiskGuard
    watchdog: Watchdog
    channels: list[Channel]

    @classmethod
    def of(cls, pipeline: Pipeline) -> "Services":
        return cls(**{part.name: getattr(pipeline, part.name) for part in fields(cls)})

    @property
    def removed_up_to(self) -> int:
        """The seq of the last event that was removed; 0 where none was."""
        floor = self.bus.log.floor
        return floor.seq if floor else 0

    def status(self) -> PipelineStatus:
        """The folded status, and what depends on the clock."""
        status = self.state.status
        seconds = self.scheduler.seconds_to_next_run()
        return PipelineStatus(
            **{name: getattr(status, name) for name in type(status).model_fields},
            seconds_to_next_run=max(0.0, round(seconds, 3)) if seconds is not None else None,
            overdue=self.watchdog.overdue.problem is not None,
        )


def _services(connection: HTTPConnection) -> Services:
    return cast(Services, connection.app.state.services)


Injected = Annotated[Services, Depends(_services)]
