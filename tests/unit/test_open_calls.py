"""What goes on by a token ends with it, though nothing is sent; what does not go on is let be (E22)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterhour.tokens import Role, TokenStore
from quarterhour.web.open_calls import OpenCalls

SOON_S = 0.001
CLOSED = {"type": "websocket.close", "code": 1008, "reason": "the token was revoked"}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def quiet_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    await receive()


async def quiet_stream(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
    await receive()


def revoked_elsewhere(path: Path) -> None:
    """By another process: another store of the same file."""
    TokenStore(path).revoke("wall")


def damaged(path: Path) -> None:
    path.write_text("[{")


async def called(
    path: Path,
    app: ASGIApp,
    kind: str,
    then: Callable[[Path], None],
    go_on: Callable[[OpenCalls], Awaitable[None]] | None = None,
) -> list[Message]:
    """What is sent by a call whose token is made invalid once it has begun."""
    store = TokenStore(path)
    token, _ = store.create("wall", Role.VIEWER)
    store.create("other", Role.VIEWER)
    sent, has_begun = list[Message](), asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message)
        has_begun.set()

    calls = OpenCalls(store, SOON_S)
    task = asyncio.create_task(calls.let_through(app, {"type": kind}, never, send, token.id))
    await has_begun.wait()
    then(path)
    if go_on is not None:
        await go_on(calls)
    await task
    assert calls._open == {}
    return sent


@pytest.mark.parametrize("then", [revoked_elsewhere, damaged])
@pytest.mark.parametrize(("app", "kind"), [(quiet_socket, "websocket"), (quiet_stream, "http")])
def test_a_quiet_call_ends_with_its_token(
    tmp_path: Path, app: ASGIApp, kind: str, then: Callable[[Path], None]
) -> None:
    sent = asyncio.run(called(tmp_path / "tokens.json", app, kind, then))
    assert sent[-1] == CLOSED if kind == "websocket" else sent[-1]["more_body"]
    assert len(sent) == 2


def test_the_next_event_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"

    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        revoked_elsewhere(path)
        await send({"type": "websocket.send", "text": "an event"})

    sent = asyncio.run(called(path, socket, "websocket", lambda _: None))
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]


def test_a_command_is_done_to_its_end(tmp_path: Path) -> None:
    """It was begun by the token; another call of the same server is cut off meanwhile."""
    path = tmp_path / "tokens.json"

    async def go() -> list[Message]:
        is_asked = asyncio.Event()

        async def command(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await is_asked.wait()
            await send({"type": "http.response.body", "body": b"done"})

        async def other_call_ends(calls: OpenCalls) -> None:
            store = TokenStore(path)
            token, _ = store.create("next", Role.VIEWER)

            async def drop(message: Message) -> None:
                if message["type"] == "websocket.accept":
                    store.revoke("next")

            await calls.let_through(quiet_socket, {"type": "websocket"}, never, drop, token.id)
            is_asked.set()

        return await called(path, command, "http", revoked_elsewhere, other_call_ends)

    sent = asyncio.run(go())
    assert sent[-1] == {"type": "http.response.body", "body": b"done"}


def test_a_timeout_of_the_call_itself_is_its_own(tmp_path: Path) -> None:
    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        raise TimeoutError("of a lock")

    with pytest.raises(TimeoutError, match="of a lock"):
        asyncio.run(called(tmp_path / "tokens.json", late, "websocket", lambda _: None))
