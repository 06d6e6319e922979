"""OpenCalls: what goes on by a token, also a quiet socket or stream, ends soon after the token is revoked, by any process."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterhour.tokens import TokenError, TokenStore

_LOOKS_EVERY_S = 2.0


class _Revoked(Exception):
    """The token of an answer that is under way opens nothing any more."""


class OpenCalls:
    """It looks at the tokens' file, and only while something goes on. Belongs to the event loop's thread."""

    def __init__(self, tokens: TokenStore, every_s: float = _LOOKS_EVERY_S) -> None:
        self._tokens = tokens
        self._every_s = every_s
        self._open: dict[asyncio.Timeout, str] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def let_through(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, token_id: str) -> None:
        """What goes on (a socket, a stream, a download) ends with its token; a command is done to its end."""
        is_revoked = False
        call = asyncio.timeout(None)

        async def checked(message: Message) -> None:
            nonlocal is_revoked
            if message["type"] in ("websocket.accept", "websocket.send") or message.get("more_body"):
                if not self._is_valid(token_id):
                    is_revoked = True
                    raise _Revoked
                self._watch(call, token_id)
            await send(message)

        try:
            async with call:
                await app(scope, receive, checked)
        except _Revoked:
            pass
        except TimeoutError:
            if not call.expired():
                raise
            is_revoked = True
        finally:
            self._open.pop(call, None)
        # An answer without an end has its connection closed by the server itself.
        if is_revoked and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "the token was revoked"})

    def _watch(self, call: asyncio.Timeout, token_id: str) -> None:
        self._open[call] = token_id
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._look)

    def _is_valid(self, token_id: str) -> bool:
        try:
            return self._tokens.with_id(token_id) is not None
        except TokenError:
            # Of damaged tokens none opens anything.
            return False

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for call in [call for call, token_id in self._open.items() if not self._is_valid(token_id)]:
            del self._open[call]
            call.reschedule(loop.time())
        self._timer = loop.call_later(self._every_s, self._look) if self._open else None
