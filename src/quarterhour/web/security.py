"""Who may call: a page of another origin may not, neither by a call nor by a socket."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from quarterhour.web.problems import problem

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def own_origins(host: str, ports: tuple[int, ...]) -> frozenset[str]:
    """The origins of the server's own pages."""
    names = {*_LOOPBACK_NAMES, f"[{host}]" if ":" in host else host}
    return frozenset(f"http://{name}:{port}" for name in names for port in ports)


class OriginCheck:
    """Refuses what a foreign page sends. No Origin (not a browser, or a page's own plain GET) passes."""

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            origin = Headers(scope=scope).get("origin")
            if origin is not None and origin not in self._origins:
                if scope["type"] == "websocket":
                    await WebSocketClose(code=1008, reason="origin refused")(scope, receive, send)
                else:
                    refusal = problem(403, f"a page of {origin} may not call this server")
                    await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
