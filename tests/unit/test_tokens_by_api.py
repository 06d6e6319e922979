"""Tokens made and revoked by calls: who may, from where, how often, and that no secret is told but once (E22)."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from commands import command
from quarterhour.client import Client, ServerRefused
from quarterhour.clock import SystemClock
from quarterhour.errors import TooManyTokens
from quarterhour.tokens import Role, TokenStore
from quarterhour.web.access import TokenUses
from quarterhour.web.token_desk import TokenDesk
from serving import Server, serving

TOKENS = "/api/tokens"


def all_of(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=30)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server that asks for tokens, and an operator's."""
    home = tmp_path_factory.mktemp("tokens") / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')
    made = command(home, "token", "create", "ada", "--role", "operator", "--json").stdout
    with serving(home, "--no-schedule") as server:
        yield server, json.loads(made)["token"]


def made(guarded: tuple[Server, str], name: str, role: str = "viewer") -> dict[str, str]:
    server, ada = guarded
    answer = server.http.post(TOKENS, json={"name": name, "role": role}, headers=bearer(ada))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


@pytest.mark.slow
def test_a_made_token_opens_until_it_is_revoked_and_is_told_nowhere_but_in_the_answer(
    guarded: tuple[Server, str],
) -> None:
    server, ada = guarded
    kiosk = made(guarded, "kiosk")
    assert server.http.get("/api/runs", headers=bearer(kiosk["token"])).status_code == 200
    listed = server.http.get(TOKENS, headers=bearer(ada))
    by_name = {each["name"]: each for each in listed.json()["items"]}
    assert (by_name["ada"]["is_own"], by_name["kiosk"]["is_own"]) == (True, False)
    assert by_name["kiosk"]["last_used_at"] is not None
    assert listed.headers["cache-control"] == "no-store"
    assert server.http.delete(f"{TOKENS}/{kiosk['id']}", headers=bearer(ada)).status_code == 200
    assert server.http.get("/api/runs", headers=bearer(kiosk["token"])).status_code == 401
    assert server.http.delete(f"{TOKENS}/{kiosk['id']}", headers=bearer(ada)).status_code == 404
    events = server.http.get("/api/events", params={"q": "kiosk"}, headers=bearer(ada))
    told = [(each["msg"], each["data"]["by"], each["data"]["address"]) for each in events.json()["items"]]
    assert told == [
        ("ada at 127.0.0.1 made a token for kiosk (viewer)", "ada", "127.0.0.1"),
        ("ada at 127.0.0.1 revoked the token of kiosk", "ada", "127.0.0.1"),
    ]
    files = [path for path in (server.home / "automation").rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in [*files, server.output])
    assert kiosk["token"].encode() not in written + listed.content + events.content


@pytest.mark.slow
def test_a_viewer_sees_no_token_and_makes_none(guarded: tuple[Server, str]) -> None:
    server, _ = guarded
    viewer = bearer(made(guarded, "viewer")["token"])
    seen = server.http.get(TOKENS, headers=viewer)
    assert seen.status_code == 403
    assert "tokens are for an operator" in seen.json()["detail"]
    assert server.http.post(TOKENS, json={"name": "more"}, headers=viewer).status_code == 403
    assert server.http.delete(f"{TOKENS}/00000000", headers=viewer).status_code == 403


@pytest.mark.slow
def test_a_login_makes_tokens_from_the_own_page_alone_and_ends_with_its_token(guarded: tuple[Server, str]) -> None:
    server, _ = guarded
    token = made(guarded, "browser", "operator")
    with httpx.Client(base_url=server.api) as browser:
        assert browser.post("/login", data={"token": token["token"]}).status_code == 303
        assert browser.get(TOKENS).status_code == 200
        asked = {"name": "stolen"}
        for headers in ({}, {"origin": "https://evil.example"}, {"origin": server.dashboard}, {"origin": "null"}):
            refused = browser.post(TOKENS, json=asked, headers=headers)
            assert refused.status_code == 403, headers
        assert browser.delete(f"{TOKENS}/{token['id']}").status_code == 403
        own_page = {"origin": server.api}
        assert browser.post(TOKENS, json={"name": "given"}, headers=own_page).status_code == 201
        out = browser.delete(f"{TOKENS}/{token['id']}", headers=own_page)
        assert (out.status_code, out.json()["is_own"]) == (200, True)
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert browser.get(TOKENS).status_code == 401


@pytest.mark.slow
def test_a_quiet_socket_and_stream_end_with_their_token(guarded: tuple[Server, str]) -> None:
    """It is revoked beside the server, which says nothing of it."""
    server, _ = guarded
    theirs = bearer(made(guarded, "screen")["token"])
    with (
        connect(server.api.replace("http", "ws") + "/ws/events?stage=none", additional_headers=theirs) as socket,
        server.http.stream("GET", "/api/events/stream?stage=none", headers=theirs) as stream,
    ):
        assert json.loads(socket.recv())["type"] == "snapshot"
        lines = stream.iter_lines()
        next(lines)
        assert command(server.home, "token", "revoke", "screen").exit_code == 0
        with pytest.raises(ConnectionClosed) as closed:
            all_of(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        with pytest.raises(httpx.RemoteProtocolError):
            list(lines)
    assert "Traceback" not in server.output.read_text()


@pytest.mark.slow
def test_an_open_socket_and_stream_end_with_their_token(guarded: tuple[Server, str]) -> None:
    server, ada = guarded
    token = made(guarded, "wall")
    theirs = bearer(token["token"])
    with (
        connect(server.api.replace("http", "ws") + "/ws/events", additional_headers=theirs) as socket,
        server.http.stream("GET", "/api/events/stream", headers=theirs) as stream,
    ):
        assert json.loads(socket.recv())["type"] == "snapshot"
        lines = stream.iter_lines()
        next(lines)
        assert server.http.delete(f"{TOKENS}/{token['id']}", headers=bearer(ada)).status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            all_of(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        with pytest.raises(httpx.RemoteProtocolError):
            list(lines)
    assert "Traceback" not in server.output.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", " x", "a\nb", "this machine's command line", "x" * 65, "<b>"])
def test_a_name_that_events_could_not_tell_plainly_is_refused(guarded: tuple[Server, str], name: str) -> None:
    server, ada = guarded
    assert server.http.post(TOKENS, json={"name": name}, headers=bearer(ada)).status_code == 422
    twice = server.http.post(TOKENS, json={"name": "ada"}, headers=bearer(ada))
    assert (twice.status_code, "named 'ada' already" in twice.json()["detail"]) == (409, True)


@pytest.mark.slow
def test_a_server_that_asks_for_none_makes_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serving(home, "--no-schedule") as server:
        for answer in (server.http.get(TOKENS), server.http.post(TOKENS, json={"name": "mine", "role": "operator"})):
            assert answer.status_code == 409
            assert "quarterhour token create" in answer.json()["detail"]
        assert not (home / "automation/state/tokens.json").exists()


@pytest.mark.slow
def test_tokens_by_the_client(guarded: tuple[Server, str]) -> None:
    server, ada = guarded
    with Client(server.api, token=ada) as client:
        token = client.make_token("by the client", role=Role.OPERATOR)
        assert (token.role, token.is_own) == (Role.OPERATOR, False)
        with Client(server.api, token=token.token) as theirs:
            assert theirs.get_session().name == "by the client"
            assert [each.name for each in theirs.list_tokens().items if each.is_own] == ["by the client"]
            assert len(theirs.preview_schedule("0 3 * * *").marks) == 10
            assert theirs.list_alerts().items == []
            assert theirs.revoke_token(token.id).is_own
            with pytest.raises(ServerRefused, match="opens nothing"):
                theirs.get_session()


def test_ten_tokens_are_made_within_an_hour(tmp_path: Path) -> None:
    now_s = [0.0]
    desk = TokenDesk(TokenStore(tmp_path / "tokens.json"), TokenUses(SystemClock().now), lambda: now_s[0])

    async def go() -> None:
        for number in range(10):
            await desk.make(f"n{number}", Role.VIEWER)
        now_s[0] = 3599.0
        with pytest.raises(TooManyTokens, match="again in 1 s"):
            await desk.make("more", Role.VIEWER)
        now_s[0] = 3600.0
        await desk.make("more", Role.VIEWER)
        assert len(await desk.all()) == 11

    asyncio.run(go())


def test_who_writes_at_once_undoes_nothing_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    TokenStore(path).create("old", Role.OPERATOR)
    makers = [threading.Thread(target=TokenStore(path).create, args=(f"n{number}", Role.VIEWER)) for number in range(8)]
    revoker = threading.Thread(target=TokenStore(path).revoke, args=("old",))
    for each in [*makers, revoker]:
        each.start()
    for each in [*makers, revoker]:
        each.join()
    assert {token.name for token in TokenStore(path).all()} == {f"n{number}" for number in range(8)}
