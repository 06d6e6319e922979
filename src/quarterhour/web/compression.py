"""Compression of answers: JSON and the page's files. Downloads are left alone: their parts are asked for by bytes."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_LEAST_BYTES = 1024
# Little of it costs the loop little: a page of a thousand events a millisecond or two.
_LEVEL = 2


class Compression:
    """gzip where the client takes it. Streams of events and sockets pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, minimum_size=_LEAST_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_plain = scope["type"] != "http" or str(scope["path"]).endswith("/export")
        await (self._app if is_plain else self._compressing)(scope, receive, send)
