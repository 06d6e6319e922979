"""DeadMansSwitch: an address that is called while all is well, from the loop, and raises an alarm where nobody calls it.

healthchecks.io and its like: the one alarm that also comes when the machine is gone.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.errors import AlertWithheld
from quarterhour.events import SwitchAnswered, SwitchSilent
from quarterhour.notify.channel import Delivery, tell_test
from quarterhour.settings.alerts import DEAD_MANS_SWITCH

_TIMEOUT_S = 10.0

Problems = Callable[[], Mapping[str, str | None]]
"""By check what is wrong, or None."""


class DeadMansSwitch:
    """`url` is called every `every_s` while no check has a problem; empty: there is no switch."""

    name = DEAD_MANS_SWITCH
    title = "Dead man's switch"

    def __init__(self, url: str, every_s: float, problems: Problems, bus: EventBus, clock: Clock) -> None:
        self._url = url
        self.every_s = every_s
        self.last: Delivery | None = None
        """None before the first call since the start."""
        self._problems = problems
        self._bus = bus
        self._clock = clock
        self._is_silent = False

    @property
    def is_configured(self) -> bool:
        return bool(self._url)

    @property
    def host(self) -> str | None:
        """All that may be told of the address: who has it can keep the switch quiet."""
        return urlsplit(self._url).hostname

    @property
    def tells(self) -> str:
        return (
            f"Called every {self.every_s:g} s while all is well. Its owner raises the alarm when the calls stay away, "
            "also when this machine is gone."
        )

    @property
    def withheld(self) -> str | None:
        """Why it is not called now: what is wrong; None while all is well."""
        return "; ".join(f"{name}: {problem}" for name, problem in self._problems().items() if problem) or None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self.withheld is None:
                await self._tell((await self._call()).error)
            await self._clock.sleep(self.every_s)

    async def test(self, by: str | None, address: str) -> Delivery:
        """A call of its own, told with who asked for it (None: no token is asked for). Raises AlertWithheld."""
        if (wrong := self.withheld) is not None:
            raise AlertWithheld(
                f"the switch is not called while something is wrong ({wrong}): a call would keep its alarm quiet"
            )
        delivery = await self._call()
        await tell_test(self._bus, self, delivery, by, address)
        await self._tell(delivery.error)
        return delivery

    async def _call(self) -> Delivery:
        # Not loaded where nobody asks for it.
        import httpx

        error = None
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=True) as http:
                answer = await http.get(self._url)
            if not answer.is_success:
                # Not in httpx's words, which hold the address; a redirect's too.
                error = f"answered {answer.status_code} {answer.reason_phrase}".rstrip()
        except httpx.TimeoutException:
            error = f"no answer within {_TIMEOUT_S:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {str(failure).replace(self._url, 'its address')}"
        self.last = Delivery(self._clock.now(), error)
        return self.last

    async def _tell(self, error: str | None) -> None:
        """An event where it is news."""
        is_silent = error is not None
        if is_silent is self._is_silent:
            return
        self._is_silent = is_silent
        at, data = self._clock.now(), {"host": self.host, "error": error}
        if is_silent:
            msg = f"The dead man's switch at {self.host} cannot be reached, and may raise an alarm: {error}"
            await self._bus.publish(SwitchSilent(at=at, run_id=None, stage="watchdog", msg=msg, data=data))
        else:
            msg = f"The dead man's switch at {self.host} answers again"
            await self._bus.publish(SwitchAnswered(at=at, run_id=None, stage="watchdog", msg=msg, data=data))
