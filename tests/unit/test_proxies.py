"""What a reverse proxy says of a call, and the path below which it serves."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from commands import command
from quarterhour.settings.server import ServerSettings
from quarterhour.web.access import own_path
from quarterhour.web.proxies import BelowPath, TrustedProxies

_SAID = {
    "host": "127.0.0.1:8000",
    "x-forwarded-for": "198.51.100.9, 192.0.2.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "localhost, data.example",
}


class _Inside:
    """Remembers what reaches it."""

    scope: Scope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def _inside_of(make: Any, path: str = "/", headers: dict[str, str] | None = None) -> Scope:
    inside = _Inside()

    async def call() -> None:
        transport = httpx.ASGITransport(make(inside), client=("10.1.2.3", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://upstream") as client:
            assert (await client.get(path, headers=headers)).status_code == 204

    asyncio.run(call())
    return inside.scope


def test_a_trusted_proxy_is_believed_in_its_last_word_alone() -> None:
    """What its caller made up comes first in each header."""
    found = _inside_of(lambda app: TrustedProxies(app, ["10.0.0.0/8"]), headers=_SAID)
    assert (found["client"][0], found["scheme"]) == ("192.0.2.7", "https")
    assert [value for name, value in found["headers"] if name == b"host"] == [b"data.example"]


def test_nobody_else_is_believed() -> None:
    found = _inside_of(lambda app: TrustedProxies(app, ["127.0.0.1"]), headers=_SAID)
    assert (found["client"][0], found["scheme"]) == ("10.1.2.3", "http")
    assert [value for name, value in found["headers"] if name == b"host"] == [b"127.0.0.1:8000"]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/q/api/runs", "/api/runs"),
        ("/api/runs", "/api/runs"),
        ("/q", "/"),
        ("/q/", "/"),
        ("/quality", "/quality"),
        ("/q/q", "/q"),
    ],
)
def test_the_root_path_may_be_stripped_or_not(path: str, seen: str) -> None:
    found = _inside_of(lambda app: BelowPath(app, "/q"), path)
    assert (found["path"], found["root_path"]) == (seen, "/q")


@pytest.mark.parametrize(
    ("root", "path", "after"),
    [
        ("", "/runs?state=failed", "/runs?state=failed"),
        ("", "//evil.example", "/"),
        ("", "/\\evil.example", "/"),
        ("", "https://evil.example", "/"),
        ("", "/a/..//evil.example", "/"),
        ("/q", "/q/runs", "/q/runs"),
        ("/q", "/q", "/q"),
        ("/q", "/other", "/q/"),
        ("/q", "/q/../other", "/q/"),
        ("/q", "/q/%2e%2e/other", "/q/"),
        ("/q", "/q/\t../other", "/q/"),
    ],
)
def test_a_login_leads_back_to_the_servers_own_pages_alone(root: str, path: str, after: str) -> None:
    assert own_path(root, path) == after


@pytest.mark.parametrize(
    ("given", "kept"), [("", ""), ("/", ""), ("/quarterhour/", "/quarterhour"), ("/a/data", "/a/data")]
)
def test_a_root_path_ends_without_a_slash(given: str, kept: str) -> None:
    assert ServerSettings(root_path=given).root_path == kept


@pytest.mark.parametrize(
    "given", ["quarterhour", "/a//b", "/a b", "/..", "/a/../b", "/a?b", "//evil.example", "/api", "/data/"]
)
def test_what_is_no_root_path_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="such as '/quarterhour'"):
        ServerSettings(root_path=given)


def test_a_proxy_is_an_address_or_a_network() -> None:
    with pytest.raises(ValidationError, match=r"'proxy\.example' is no address or network"):
        ServerSettings(trusted_proxies=("proxy.example",))


def test_behind_a_proxy_the_loopback_asks_for_tokens_too(tmp_path: Any) -> None:
    """Whoever calls the proxy comes by the loopback."""
    assert not ServerSettings().asks_for_tokens
    assert ServerSettings(root_path="/q").asks_for_tokens
    assert ServerSettings(trusted_proxies=("127.0.0.1",)).asks_for_tokens
    assert not ServerSettings(root_path="/q", auth="never").asks_for_tokens
    refused = command(tmp_path, "up", "--root-path", "nowhere")
    assert refused.exit_code == 2
    assert "'nowhere' is no path" in refused.stderr
