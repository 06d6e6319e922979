"""AlertChannel: a message where trouble begins and another where it is over, by one of the services that Apprise knows.

What is wrong is compared with what was noticed before, which is kept on the disk: a restart tells nothing twice, and what could
not be delivered is told when it can, with all that came meanwhile in one message. A kill between a delivery and its note has the
message come again.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from pydantic import BaseModel, Field, ValidationError

from quarterhour.bus import EventBus
from quarterhour.clock import Clock, wire_time
from quarterhour.events import AlertSent, AlertsUndelivered, EventKind, EventRecord
from quarterhour.files import set_aside, write_whole
from quarterhour.notify.channel import Delivery, tell_test
from quarterhour.notify.messenger import Messenger
from quarterhour.settings.alerts import AlertSettings

_log = structlog.get_logger()

Troubles = Callable[[], Mapping[str, str | None]]
"""By kind of trouble what is wrong, or None."""

LOOK_EVERY_S = 1.0
_FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 300.0
_MOST_LINES = 20


class _Noticed(BaseModel, frozen=True):
    text: str
    since: str
    """When it was first seen, RFC 3339 in UTC."""


class _Memory(BaseModel):
    """What is kept on the disk."""

    noticed: dict[str, _Noticed] = Field(default_factory=dict[str, _Noticed])
    """By kind of trouble."""
    waiting: list[str] = Field(default_factory=list[str])
    """The lines of the next message."""
    left_out: int = 0
    """Lines that came before them, and were too many."""

    def add(self, *lines: str) -> None:
        self.waiting.extend(lines)
        too_many = max(0, len(self.waiting) - _MOST_LINES)
        del self.waiting[:too_many]
        self.left_out += too_many


class AlertChannel:
    """One `[[alerts]]`. All but `open` belongs to the event loop; what is sent is sent by a worker."""

    def __init__(self, settings: AlertSettings, file: Path, find: Troubles, bus: EventBus, clock: Clock) -> None:
        self.name = settings.name
        self.host = None
        """Apprise's addresses hold tokens where others have a host."""
        self.withheld = None
        self.last: Delivery | None = None
        self._settings = settings
        self._file = file
        self._find = find
        self._bus = bus
        self._clock = clock
        self._messenger: Messenger | None = None
        self._memory: _Memory | None = None
        self._is_kept = True
        """Whether the disk has what is in memory."""
        self._failures = 0
        """Deliveries in a row that did not go well."""
        self._retry_at = clock.monotonic()
        self._telling = asyncio.Lock()
        bus.add_fold(self._see)

    @property
    def title(self) -> str:
        assert self._messenger is not None, "it was opened"
        return f"{self._messenger.service} “{self.name}”"

    @property
    def tells(self) -> str:
        kinds = ", ".join(kind.replace("_", " ") for kind in self._settings.on)
        return f"Told when one of these goes wrong, and when it is well again: {kinds}."

    @property
    def noticed(self) -> frozenset[str]:
        """What is not well, as far as it was seen."""
        return frozenset(self._memory.noticed if self._memory else ())

    def open(self) -> None:
        """Make ready to send. Raises SettingsError where no service has such an address."""
        self._messenger = Messenger(self.name, self._settings.url)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tell()
            await self._clock.sleep(LOOK_EVERY_S)

    async def tell(self) -> None:
        """Send what is news now; not where the last try failed a short time ago."""
        async with self._telling:
            if self._memory is None:
                self._memory = await asyncio.to_thread(self._load)
            self._notice(self._memory)
            if not self._is_kept:
                await self._keep(self._memory)
            if self._memory.waiting and self._clock.monotonic() >= self._retry_at:
                await self._deliver(self._memory)

    async def test(self, by: str | None, address: str) -> Delivery:
        """A message that says that it is a test, told with who asked for it (None: no token is asked for)."""
        delivery = await self._send(
            "this is a test", f"{by or 'Somebody'} tries whether this channel works.", is_good=True
        )
        await tell_test(self._bus, self, delivery, by, address)
        return delivery

    def _see(self, record: EventRecord) -> None:
        # What is mended before the next look is news too.
        if record.event == EventKind.STATE and self._memory is not None:
            self._notice(self._memory)

    def _notice(self, memory: _Memory) -> None:
        """What began, and what is over."""
        found = self._find()
        wrong = {name: text for name in self._settings.on if (text := found.get(name)) is not None}
        at = wire_time(self._clock.now())
        for name, text in [(name, text) for name, text in wrong.items() if name not in memory.noticed]:
            memory.noticed[name] = _Noticed(text=text, since=at)
            memory.add(f"{at} {name}: {text}")
            self._is_kept = False
        for name in [name for name in memory.noticed if name not in wrong]:
            over = memory.noticed.pop(name)
            memory.add(f"{at} {name}: well again; since {over.since} it was: {over.text}")
            self._is_kept = False

    async def _deliver(self, memory: _Memory) -> None:
        """Send what waits as one message."""
        lines, left_out = memory.waiting, memory.left_out
        # What comes meanwhile is of the next message.
        memory.waiting, memory.left_out = [], 0
        subject = ", ".join(f"{name} is not well" for name in memory.noticed) or "all is well again"
        shown = [f"({left_out} lines before these are left out)", *lines] if left_out else lines
        delivery = await self._send(subject, "\n".join(shown), is_good=not memory.noticed)
        self._say(delivery, subject, len(lines) + left_out)
        if delivery.error is None:
            await self._keep(memory)
            return
        meanwhile = memory.waiting
        memory.waiting, memory.left_out = lines, left_out + memory.left_out
        memory.add(*meanwhile)
        pause_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2 ** (self._failures - 1))
        self._retry_at = self._clock.monotonic() + pause_s

    def _say(self, delivery: Delivery, subject: str, count: int) -> None:
        """What was sent is an event, and once that nothing can be. Not waited for: the disk may be what is wrong."""
        data = {"alert": self.name, "messages": count, "error": delivery.error}
        if delivery.error is None:
            self._failures = 0
            msg = f"{self.title} was told: {subject}"
            self._bus.publish(AlertSent(at=delivery.at, run_id=None, stage="watchdog", msg=msg, data=data))
            return
        self._failures += 1
        if self._failures == 1:
            msg = f"{self.title} cannot be told, and is tried again: {delivery.error}"
            self._bus.publish(AlertsUndelivered(at=delivery.at, run_id=None, stage="watchdog", msg=msg, data=data))

    async def _send(self, subject: str, body: str, *, is_good: bool) -> Delivery:
        assert self._messenger is not None, "it was opened"
        title = f"quarterhour on {socket.gethostname()}: {subject}"
        error = await self._messenger.send(title, body, is_good=is_good)
        self.last = Delivery(self._clock.now(), error)
        return self.last

    def _load(self) -> _Memory:
        try:
            return _Memory.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            pass
        except ValidationError as error:
            aside = set_aside(self._file)
            _log.error("alerts_file_damaged", file=str(self._file), kept_as=str(aside), error=str(error))
        except OSError as error:
            _log.error("alerts_file_unreadable", file=str(self._file), error=str(error))
        return _Memory()

    async def _keep(self, memory: _Memory) -> None:
        content = memory.model_dump_json().encode()
        self._is_kept = True
        try:
            await asyncio.to_thread(write_whole, self._file, content)
        except OSError as error:
            # A full disk is what most needs telling.
            _log.warning(
                "alerts_not_kept", file=str(self._file), error=str(error), action="a restart may tell them again"
            )
