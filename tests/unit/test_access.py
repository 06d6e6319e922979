"""Who may call a real server, and what is refused: each attack that docs/security.md names (E22)."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from commands import command
from quarterhour.events import CommandGiven
from quarterhour.tokens import Role, TokenError, TokenStore
from quarterhour.web.access import COOKIE, Attempts, Sessions
from quarterhour.web.security import MAX_BODY_BYTES, Doors
from serving import Server, serving

DOORS = Doors.of("0.0.0.0", (8000, 5173), "http", ["Data.example"], ["https://intranet.example"])


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.1.5", True),
        ("data.example:8000", True),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_a_name_that_others_own_is_not_ours(host: str, known: bool) -> None:
    """DNS rebinding: a page's own name is made to lead to this machine."""
    assert DOORS.know_host(host) is known


@pytest.mark.parametrize(
    ("origin", "host", "known"),
    [
        ("http://localhost:5173", "localhost:8000", True),
        ("http://192.168.1.5:8000", "192.168.1.5:8000", True),
        ("https://data.example", "data.example", True),
        ("https://intranet.example", "data.example:8000", True),
        ("https://evil.example", "localhost:8000", False),
        ("http://localhost:9999", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("http://192.168.1.5:8000.evil.example", "192.168.1.5:8000", False),
    ],
)
def test_a_page_of_elsewhere_is_foreign(origin: str, host: str, known: bool) -> None:
    """Cross-site requests and cross-site WebSocket hijacking."""
    assert DOORS.know_origin(origin, host) is known


def test_ten_wrong_tokens_in_a_minute_are_let_be() -> None:
    now_s = [0.0]
    attempts = Attempts(lambda: now_s[0])
    for second in range(10):
        now_s[0] = second
        assert attempts.blocked_s("10.0.0.1") == 0
        attempts.failed("10.0.0.1")
    assert attempts.blocked_s("10.0.0.1") == 51
    assert attempts.blocked_s("10.0.0.2") == 0
    now_s[0] = 60.0
    assert attempts.blocked_s("10.0.0.1") == 0


def test_a_login_ends_with_time_with_its_token_and_with_any_change(tmp_path: Path) -> None:
    store, now_s = TokenStore(tmp_path / "tokens.json"), [1000.0]
    token, _ = store.create("kiosk", Role.VIEWER)
    sessions = Sessions(store, b"k" * 32, lambda: now_s[0])
    cookie = sessions.cookie(token)
    assert sessions.token(cookie) == token
    body, _, signature = cookie.rpartition(".")
    later = f"{token.id}.{int(body.partition('.')[2]) + 1}"
    changed = "0" if signature[-1] != "0" else "1"
    for forged in (f"{later}.{signature}", f"{body}.{signature[:-1]}{changed}", "", ".", "..", f"{body}."):
        assert sessions.token(forged) is None
    assert Sessions(store, b"x" * 32).token(cookie) is None
    now_s[0] += 31 * 86_400
    assert sessions.token(cookie) is None
    now_s[0] = 1000.0
    store.revoke("kiosk")
    assert sessions.token(cookie) is None


def test_tokens_are_kept_as_hashes_that_their_owner_alone_may_read(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = TokenStore(path)
    token, secret = store.create("ada", Role.OPERATOR)
    assert TokenStore(path).find(secret) == token
    assert store.find(secret + "x") is None
    assert secret not in path.read_text()
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(TokenError, match="named 'ada' already"):
        store.create("ada", Role.VIEWER)
    # What another process does is known at once.
    TokenStore(path).revoke("ada")
    assert store.find(secret) is None
    path.write_text("[{")
    with pytest.raises(TokenError, match="damaged"):
        TokenStore(path).find(secret)


@pytest.fixture(scope="module")
def secrets_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server that asks for tokens, and one of each role."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')
    made = {
        role: json.loads(command(home, "token", "create", f"a-{role}", "--role", role, "--json").stdout)["token"]
        for role in ("viewer", "operator")
    }
    with serving(home, "--no-schedule") as server:
        yield server, made


@pytest.mark.slow
def test_nothing_is_told_without_a_token(secrets_of: tuple[Server, dict[str, str]]) -> None:
    server, _ = secrets_of
    for path in ("/api/pipeline/status", "/api/events", "/openapi.json", "/docs", "/api/nothing"):
        answer = server.http.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    assert server.http.post("/api/pipeline/start").status_code == 401
    assert server.http.get("/healthz").status_code == 200
    page = server.http.get("/runs")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/runs")
    with pytest.raises(InvalidStatus, match="403"):
        connect(server.api.replace("http", "ws") + "/ws/events")


@pytest.mark.slow
def test_a_viewer_reads_and_an_operator_commands_and_events_tell_who(
    secrets_of: tuple[Server, dict[str, str]],
) -> None:
    server, made = secrets_of
    viewer, operator = ({"authorization": f"Bearer {made[role]}"} for role in ("viewer", "operator"))
    assert server.http.get("/api/pipeline/status", headers=viewer).status_code == 200
    session = {"name": "a-viewer", "role": "viewer", "asks_for_tokens": True, "is_login": False}
    assert server.http.get("/api/session", headers=viewer).json() == session
    with connect(server.api.replace("http", "ws") + "/ws/events", additional_headers=viewer) as socket:
        assert json.loads(socket.recv())["type"] == "snapshot"
    refused = server.http.post("/api/schedule/pause", headers=viewer)
    assert refused.status_code == 403
    assert "a-viewer is a viewer" in refused.json()["detail"]
    assert server.http.post("/api/schedule/pause", headers=operator).status_code == 200
    given = [
        event["data"]
        for event in server.http.get("/api/events", headers=viewer).json()["items"]
        if event["data"].get("by")
    ]
    assert CommandGiven.__doc__ is not None
    assert [(each["method"], each["path"], each["by"]) for each in given] == [
        ("POST", "/api/schedule/pause", "a-operator")
    ]
    assert given[0]["address"] == "127.0.0.1"


@pytest.mark.slow
def test_a_login_sets_a_cookie_that_no_script_and_no_other_site_gets(
    secrets_of: tuple[Server, dict[str, str]],
) -> None:
    server, made = secrets_of
    with httpx.Client(base_url=server.api) as browser:
        page = browser.get("/login?next=/runs")
        assert "name=next value='/runs'" in page.text
        assert browser.post("/login", data={"token": "qh_wrong"}).status_code == 401
        answer = browser.post("/login", data={"token": made["viewer"], "next": "//evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert "HttpOnly" in cookie
        assert re.search("SameSite=strict", cookie, re.IGNORECASE)
        assert made["viewer"] not in cookie
        assert browser.get("/api/pipeline/status").status_code == 200
        # Another site's form, sent by this browser.
        foreign = browser.post("/api/pipeline/start", headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert "https://evil.example" in foreign.json()["detail"]
        browser.post("/logout")
        assert browser.get("/api/pipeline/status").status_code == 401


@pytest.mark.slow
def test_commands_on_the_same_machine_need_no_token(secrets_of: tuple[Server, dict[str, str]]) -> None:
    server, made = secrets_of
    assert command(server.home, "status").exit_code == 0
    told = server.home / "automation" / "state" / "server.json"
    if os.name != "nt":
        assert stat.S_IMODE(told.stat().st_mode) == 0o600
    # A token that is revoked beside the server opens nothing from that moment on.
    command(server.home, "token", "create", "short", "--json")
    assert "short" in command(server.home, "token", "list").stdout
    assert command(server.home, "token", "revoke", "short").exit_code == 0
    assert "short" not in command(server.home, "token", "list").stdout
    events = "".join(path.read_text() for path in (server.home / "automation" / "logs" / "events").glob("*.jsonl"))
    assert not any(secret in events + server.output.read_text() for secret in made.values())


@pytest.mark.slow
def test_what_is_too_large_foreign_or_outside_is_refused_without_any_token(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serving(home, "--no-schedule") as server:
        answer = server.http.get("/api/pipeline/status", headers={"host": "evil.example"})
        assert answer.status_code == 421
        assert "server.allowed_hosts" in answer.json()["detail"]
        with pytest.raises(InvalidStatus, match="403"):
            connect(server.api.replace("http", "ws") + "/ws/events", origin="https://evil.example")
        large = b"x" * (MAX_BODY_BYTES + 1)
        assert server.http.post("/api/pipeline/start", content=large).status_code == 413
        chunks = iter([large])
        assert server.http.post("/api/pipeline/start", content=chunks).status_code == 413
        page = server.http.get("/")
        for path in (
            "/../../../etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/assets/..%2f..%2fapp.py",
            "/api/runs/..%2f..%2f",
        ):
            outside = server.http.send(httpx.Request("GET", httpx.URL(server.api, raw_path=path.encode())))
            # The dashboard's own page says that there is no such page.
            assert outside.status_code in (404, 422) or outside.content == page.content
            assert b"root:" not in outside.content
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_an_address_that_others_reach_asks_for_tokens(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    up = [sys.executable, "-m", "quarterhour", "up", "--home", str(home), "--host", "0.0.0.0"]
    refused = subprocess.run(
        [*up, "--api-port", "0", "--dashboard-port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert "quarterhour token create NAME --role operator" in refused.stderr
    with serving(home, "--no-schedule", "--host", "0.0.0.0", "--insecure") as server:
        assert server.http.get("/api/pipeline/status").status_code == 200


@pytest.mark.slow
def test_both_ports_speak_tls_and_commands_know_the_certificate(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    authority = trustme.CA()
    made = authority.issue_cert("data.example")
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems) + authority.cert_pem.bytes())
    made.private_key_pem.write_to_path(key)
    options = ("--certfile", str(certificate), "--keyfile", str(key))
    with serving(home, "--no-schedule", *options) as server:
        assert server.api.startswith("https://")
        assert server.dashboard.startswith("https://")
        told = command(home, "status", "--json")
        assert told.exit_code == 0
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{server.api}/healthz")
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    up = [sys.executable, "-m", "quarterhour", "up", "--home", str(home), "--certfile", str(broken)]
    refused = subprocess.run(
        [*up, "--api-port", "0", "--dashboard-port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert "server.certfile" in refused.stderr
