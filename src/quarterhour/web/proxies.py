"""Behind a reverse proxy: whom to believe what it says of a call, and the path below which it serves this server."""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class TrustedProxies:
    """Takes the caller's address, scheme and host from a trusted proxy's X-Forwarded-* headers; all others' are not read."""

    def __init__(self, app: ASGIApp, proxies: Iterable[str]) -> None:
        """`proxies`: addresses, or networks such as 10.0.0.0/8."""
        # Its types are its own, of the same interface.
        self._believed = ProxyHeadersMiddleware(app, list(proxies))  # pyright: ignore[reportArgumentType]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            client = scope.get("client")
            headers = Headers(scope=scope)
            if "x-forwarded-host" in headers and (client[0] if client else None) in self._believed.trusted_hosts:
                scope = {**scope, "headers": list(scope["headers"])}
                # What came to the trusted proxy may hold a host that a caller made up: its own word is the last.
                told = ",".join(headers.getlist("x-forwarded-host"))
                MutableHeaders(scope=scope)["host"] = told.rpartition(",")[2].strip()
        await self._believed(scope, receive, send)  # pyright: ignore[reportArgumentType]


class BelowPath:
    """Serves the same below `root_path`, whether the proxy strips it from the path or not. What is inside sees it stripped."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """`root_path`: such as /quarterhour, with which none of the server's own addresses begins."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path = str(scope["path"])
            if path == self._root_path or path.startswith(f"{self._root_path}/"):
                path = path[len(self._root_path) :] or "/"
            scope = {**scope, "path": path, "root_path": self._root_path}
        await self._app(scope, receive, send)
