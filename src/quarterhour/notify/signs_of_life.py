"""SignsOfLife: tells the service manager and a dead man's switch that all is well, from the loop, while it is."""

import asyncio

from quarterhour.clock import Clock
from quarterhour.notify.dead_mans_switch import DeadMansSwitch
from quarterhour.notify.service_manager import ServiceManager

# As sd_watchdog_enabled(3) advises: half of the time that is given.
_OFTEN = 0.5


class SignsOfLife:
    def __init__(self, manager: ServiceManager, switch: DeadMansSwitch, clock: Clock) -> None:
        self._manager = manager
        self._switch = switch
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as loops:
            if self._manager.watchdog_s is not None:
                loops.create_task(self._beat(self._manager.watchdog_s * _OFTEN), name="service-manager")
            if self._switch.is_configured:
                loops.create_task(self._switch.run(), name="dead-mans-switch")

    async def _beat(self, every_s: float) -> None:
        while True:
            # A full disk or a late mark is no reason to be started anew; a blocked loop is, and does not come here.
            self._manager.alive(self._switch.withheld or "all is well")
            await self._clock.sleep(every_s)
