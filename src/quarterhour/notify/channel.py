"""What each channel of alerts has in common: its name, its last delivery, and a person who tries it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quarterhour.bus import EventBus
from quarterhour.events import AlertTested


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last message, and what became of it."""

    at: datetime
    error: str | None
    """None where it was taken."""


class Channel(Protocol):
    """Who has its address can misuse it: only what is here may be told of it."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    @property
    def host(self) -> str | None:
        """Where messages go, if that may be told."""
        ...

    @property
    def tells(self) -> str:
        """What it is told, and when: a sentence or two."""
        ...

    @property
    def withheld(self) -> str | None:
        """Why it cannot be tried now; None where it can."""
        ...

    @property
    def last(self) -> Delivery | None:
        """None before the first one since the start."""
        ...

    async def test(self, by: str | None, address: str) -> Delivery:
        """A real message, told with who asked for it (None: no token is asked for). Raises AlertWithheld."""
        ...


async def tell_test(bus: EventBus, channel: Channel, delivery: Delivery, by: str | None, address: str) -> None:
    """The event that says who tried `channel`, and what became of it."""
    outcome = "was delivered" if delivery.error is None else f"was not delivered: {delivery.error}"
    where = f" at {channel.host}" if channel.host else ""
    msg = f"{by or 'Somebody'} at {address} tested {channel.title}{where}: the message {outcome}"
    data = {
        "level": "info" if delivery.error is None else "warning",
        "alert": channel.name,
        "host": channel.host,
        "error": delivery.error,
        "by": by,
        "address": address,
    }
    await bus.publish(AlertTested(at=delivery.at, run_id=None, stage="watchdog", msg=msg, data=data))
