"""SignsOfLife: tells the service manager and a dead man's switch that all is well, from the loop, while it is.

A switch is an address that raises an alarm where nobody has called it for a while (healthchecks.io and its like): the one alarm
that also comes when the machine is gone.
"""

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.events import SwitchAnswered, SwitchSilent
from quarterhour.notify.service_manager import ServiceManager

_TIMEOUT_S = 10.0
# As sd_watchdog_enabled(3) advises: half of the time that is given.
_OFTEN = 0.5

Problems = Callable[[], Mapping[str, str | None]]
"""By check what is wrong, or None."""


class SignsOfLife:
    """`ping_url` is called every `ping_every_s` while no check has a problem; empty: there is no switch."""

    def __init__(
        self,
        manager: ServiceManager,
        ping_url: str,
        ping_every_s: float,
        problems: Problems,
        bus: EventBus,
        clock: Clock,
    ) -> None:
        self._manager = manager
        self._ping_url = ping_url
        self._ping_every_s = ping_every_s
        self._problems = problems
        self._bus = bus
        self._clock = clock
        self._is_silent = False

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as loops:
            if self._manager.watchdog_s is not None:
                loops.create_task(self._beat(self._manager.watchdog_s * _OFTEN), name="service-manager")
            if self._ping_url:
                loops.create_task(self._ping(), name="dead-mans-switch")

    async def _beat(self, every_s: float) -> None:
        while True:
            # A full disk or a late mark is no reason to be started anew; a blocked loop is, and does not come here.
            wrong = [f"{name}: {problem}" for name, problem in self._problems().items() if problem]
            self._manager.alive("; ".join(wrong) or "all is well")
            await self._clock.sleep(every_s)

    async def _ping(self) -> None:
        # Not loaded where nobody asks for it.
        import httpx

        async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=True) as http:
            while True:
                if not any(self._problems().values()):
                    try:
                        (await http.get(self._ping_url)).raise_for_status()
                    except httpx.HTTPError as error:
                        await self._tell(f"{type(error).__name__}: {_without(self._ping_url, str(error))}")
                    else:
                        await self._tell(None)
                await self._clock.sleep(self._ping_every_s)

    async def _tell(self, error: str | None) -> None:
        """An event where it is news."""
        is_silent = error is not None
        if is_silent is self._is_silent:
            return
        self._is_silent = is_silent
        # The address is a secret: who has it can keep the switch quiet.
        host = urlsplit(self._ping_url).hostname
        at, data = self._clock.now(), {"host": host, "error": error}
        if is_silent:
            msg = f"The dead man's switch at {host} cannot be reached, and may raise an alarm: {error}"
            await self._bus.publish(SwitchSilent(at=at, run_id=None, stage="watchdog", msg=msg, data=data))
        else:
            msg = f"The dead man's switch at {host} answers again"
            await self._bus.publish(SwitchAnswered(at=at, run_id=None, stage="watchdog", msg=msg, data=data))


def _without(url: str, text: str) -> str:
    return text.replace(url, "its address")
