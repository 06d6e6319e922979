"""Housekeeper: after each run, and beside whatever comes next, has the merged tables maintained in a process of its own, and old
events compressed."""

import asyncio
from typing import Any

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.engines.base import Engine
from quarterhour.errors import EventLogError
from quarterhour.events import MaintenanceFailed, TablesMaintained
from quarterhour.retention import Retention
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

# Named, not imported: DuckDB is loaded in the workers alone.
_MAINTAIN = "quarterhour.lake.maintenance:maintain_quietly"


class Housekeeper:
    """`wake` asks for one maintenance; asking again while one is under way has one more follow it."""

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        engine: Engine,
        bus: EventBus,
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._engine = engine
        self._bus = bus
        self._retention = retention
        self._clock = clock
        self._is_wanted = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def wake(self) -> None:
        self._is_wanted.set()
        self._is_idle.clear()

    async def settled(self) -> None:
        """Return once all that was asked for is done."""
        await self._is_idle.wait()

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            if self._settings.maintenance.enabled:
                await self._maintain()
            await self._keep_log()
            if not self._is_wanted.is_set():
                self._is_idle.set()

    async def _maintain(self) -> None:
        try:
            done: list[dict[str, Any]] = await self._engine.call(_MAINTAIN, self._workspace, self._settings)
        # Whatever it is, it must not end the service: the tables can be read and merged without maintenance.
        except Exception as error:  # noqa: BLE001
            await self._tell_failure(f"the tables could not be maintained: {error}", {})
            return
        for one in done:
            if one["error"]:
                await self._tell_failure(one["error"], {"dataset": one["dataset"]})
        if any(one["joined"] or one["forgotten_versions"] or one["removed_files"] for one in done):
            await self._bus.publish(
                TablesMaintained(
                    at=self._clock.now(), run_id=None, stage="pipeline", msg=_summary(done), data={"tables": done}
                )
            )

    async def _keep_log(self) -> None:
        try:
            await self._retention.step()
        except (OSError, EventLogError) as error:
            await self._tell_failure(f"old events could not be compressed or removed: {error}", {})

    async def _tell_failure(self, message: str, data: dict[str, Any]) -> None:
        await self._bus.publish(
            MaintenanceFailed(at=self._clock.now(), run_id=None, stage="pipeline", msg=message, data=data)
        )


def _summary(done: list[dict[str, Any]]) -> str:
    joined, into = sum(one["joined"] for one in done), sum(one["into"] for one in done)
    versions, files = (sum(one[name] for one in done) for name in ("forgotten_versions", "removed_files"))
    return f"Tables maintained: {joined} files joined into {into}, {versions} old versions and {files} files removed"
