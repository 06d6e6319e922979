"""What both clients share: how a call becomes a request, an answer a model, a problem an error, a line of a stream an event."""

import ssl
from typing import Any, TypeVar

import httpx
import orjson

from quarterhour.client.call import Call
from quarterhour.errors import QuarterhourError
from quarterhour.web.models import EventWire

T = TypeVar("T")

TIMEOUT_S = 60.0
POLL_S = 0.2


class ServerRefused(QuarterhourError):
    """The server answered with a problem."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail, status=status)
        self.status = status
        self.title = title
        self.detail = detail


def options(base_url: str, token: str, certfile: str | None) -> dict[str, Any]:
    """For an httpx client. `certfile`: the server's own certificate, which may name another host than it is called by here."""
    trusted: ssl.SSLContext | bool = True
    if certfile:
        trusted = ssl.create_default_context(cafile=certfile)
        trusted.check_hostname = False
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return {"base_url": base_url, "timeout": TIMEOUT_S, "headers": headers, "verify": trusted}


def request_of(call: Call[Any]) -> dict[str, Any]:
    """The arguments of httpx' `request`."""
    body = None if call.body is None else call.body.model_dump(mode="json", by_alias=True)
    timeout_s = None if call.takes_long else TIMEOUT_S
    asked = {"method": call.method, "url": call.path, "params": call.query, "headers": call.headers}
    return {**asked, "json": body, "timeout": timeout_s}


def read(call: Call[T], answer: httpx.Response) -> T:
    """Raises ServerRefused."""
    if answer.status_code not in call.answers:
        check(answer)
    return call.read(answer.content)


def check(answer: httpx.Response) -> None:
    """Raises ServerRefused for what is an error, a proxy's page as well."""
    if not answer.is_error:
        return
    try:
        told = orjson.loads(answer.content)
        title, detail = str(told["title"]), str(told["detail"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        title, detail = answer.reason_phrase, answer.text[:500]
    raise ServerRefused(answer.status_code, title, detail)


def stream_of(since: int | None, kinds: dict[str, str | None]) -> dict[str, Any]:
    query = {"since": since, **kinds}
    asked = {name: value for name, value in query.items() if value is not None}
    return {"method": "GET", "url": "/api/events/stream", "params": asked}


class StreamReader:
    """Finds the events in the lines of a stream."""

    def __init__(self) -> None:
        self._is_named = False

    def event_in(self, line: str) -> EventWire | None:
        """The event of the next line; None for the lines between, and for what has a name, such as a `gap`."""
        if line.startswith("data: ") and not self._is_named:
            return EventWire.model_validate_json(line[6:])
        self._is_named = line.startswith("event: ") or (self._is_named and line != "")
        return None
