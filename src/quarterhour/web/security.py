"""What every call must pass, whoever makes it: its Host, its Origin, its size; and the headers of every answer."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from quarterhour.web.problems import problem

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY_BYTES = 1 << 20
_TOO_LARGE = f"a call's body may have {MAX_BODY_BYTES} bytes"

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# FastAPI's page of the API takes its parts from there.
_DOCS_CSP = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With "no-referrer" a form of our own page would be sent with no origin at all.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Doors:
    """By which names the server is called, and whose pages may call it."""

    hosts: frozenset[str]
    """Names beside addresses and those of the loopback."""
    origins: frozenset[str]
    """Of pages that may call besides those that come from the address they call."""

    @classmethod
    def of(cls, host: str, ports: Iterable[int], scheme: str, hosts: Iterable[str], origins: Iterable[str]) -> "Doors":
        """`host` and `ports`: where the server listens. One port's page may call the other."""
        names = {*_LOOPBACK_NAMES, f"[{host}]" if ":" in host else host}
        own = {f"{scheme}://{name}:{port}" for name in names for port in ports}
        return cls(frozenset(each.lower() for each in (host, *hosts)), frozenset({*own, *origins}))

    def know_host(self, host: str) -> bool:
        """Whether the server may be called so. A name that others own could be made to lead here (DNS rebinding); an address
        cannot."""
        name = (urlsplit(f"//{host}").hostname or "").lower()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name == "localhost" or name in self.hosts
        return True

    def know_origin(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may call a server that it calls `host`."""
        return origin in self.origins or is_own_origin(origin, host)


def is_own_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` came from the address that it calls."""
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


class DoorCheck:
    """Refuses a foreign name and a foreign page. No Origin (not a browser, or a page's own plain GET) passes."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refusal := self._refusal(Headers(scope=scope))) is not None:
            status, why = refusal
            if scope["type"] == "websocket":
                await WebSocketClose(code=1008, reason=why)(scope, receive, send)
            else:
                await problem(status, why)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._doors.know_host(host):
            return 421, f"this server is not called {host!r}: add the name to server.allowed_hosts"
        if origin is not None and not self._doors.know_origin(origin, host):
            return 403, f"a page of {origin} may not call this server"
        return None


class BodyLimit:
    """Refuses a call's body above `MAX_BODY_BYTES`, as soon as so much has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            await problem(413, _TOO_LARGE)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        try:
            await self._app(scope, counted, send)
        except HTTPException as error:
            await problem(error.status_code, error.detail)(scope, receive, send)


class AnswerHeaders:
    """What browsers are told to forbid, on every answer; an answer's own policy stands."""

    def __init__(self, app: ASGIApp, *, is_tls: bool) -> None:
        self._app = app
        self._is_tls = is_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _DOCS_CSP if scope["path"] in ("/docs", "/redoc") else _CSP

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self._is_tls:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, with_headers)
