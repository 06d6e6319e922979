"""Time as an argument: what the loops ask for now, and for a pause, so that tests can be their own clock."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when` (aware) by the wall clock, whatever is done to it meanwhile; at once when it has passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    # A wait is cut into pieces this long, so that a clock set anew or a machine that slept is noticed.
    longest_nap_s = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    async def sleep_until(self, when: datetime) -> None:
        while (remaining_s := (when - self.now()).total_seconds()) > 0:
            await self.sleep(min(remaining_s, self.longest_nap_s))


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, as events carry it. A naive datetime raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone is refused: {moment!r}")
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"
