"""Who may do what, where tokens are asked for: by a bearer token, or by the cookie that a login with one sets."""

import hashlib
import hmac
import time
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import parse_qs, quote, unquote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from quarterhour.tokens import Role, Token, TokenStore
from quarterhour.web.open_calls import OpenCalls
from quarterhour.web.problems import problem

COOKIE = "quarterhour_session"
_LOGIN_LASTS_S = 30 * 86_400
_LOGIN, _LOGOUT = "/login", "/logout"
_SAFE = ("GET", "HEAD", "OPTIONS")
# What holds nothing of the pipeline, and what the login page itself needs.
_OPEN = ("/healthz", "/readyz")
_OPEN_BELOW = ("/assets/", "/favicon")
_API = ("/api/", "/ws/", "/openapi.json", "/docs", "/redoc", "/metrics")

_MOST_FAILURES = 10
_WITHIN_S = 60.0
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a call."""

    name: str
    role: Role
    token_id: str | None = None
    """Of the token that it came by; None for this machine's command line."""
    is_login: bool = False
    """Whether it came by the cookie of a login."""


PRINCIPAL = "principal"
"""Where the state of a request keeps who makes it; nowhere, where no token is asked for."""


class TokenUses:
    """When each token was used last, since the server's start. A file that each call wrote would be too dear."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._at: dict[str, datetime] = {}

    def used(self, token_id: str) -> None:
        self._at[token_id] = self._now()

    def last(self, token_id: str) -> datetime | None:
        return self._at.get(token_id)


class Attempts:
    """How often an address gave a wrong token lately. Ten in a minute are let be."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[str, deque[float]] = {}

    def blocked_s(self, address: str) -> float:
        """For how many seconds it is not heard any more; 0 where it is."""
        times = self._recent(address)
        return max(0.0, times[0] + _WITHIN_S - self._clock()) if len(times) >= _MOST_FAILURES else 0.0

    def failed(self, address: str) -> None:
        if address not in self._failed and len(self._failed) >= _MOST_ADDRESSES:
            # The one that failed first; who commands so many addresses is not stopped by a count.
            del self._failed[next(iter(self._failed))]
        self._failed.setdefault(address, deque(maxlen=_MOST_FAILURES)).append(self._clock())

    def _recent(self, address: str) -> deque[float]:
        times = self._failed.get(address, deque[float]())
        while times and times[0] <= self._clock() - _WITHIN_S:
            times.popleft()
        if not times:
            self._failed.pop(address, None)
        return times


class Sessions:
    """Cookies that stand for a token, signed with `key`: they outlive a restart, and end with their token."""

    def __init__(self, tokens: TokenStore, key: bytes, now: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._key = key
        self._now = now

    def cookie(self, token: Token) -> str:
        body = f"{token.id}.{int(self._now()) + _LOGIN_LASTS_S}"
        return f"{body}.{self._signature(body, token)}"

    def token(self, cookie: str) -> Token | None:
        """Whose login it is; None where it was not made here, is too old, or its token was revoked."""
        body, _, signature = cookie.rpartition(".")
        token_id, _, until = body.partition(".")
        token = self._tokens.with_id(token_id)
        if token is None or not until.isdecimal() or int(until) < self._now():
            return None
        return token if hmac.compare_digest(self._signature(body, token).encode(), signature.encode()) else None

    def _signature(self, body: str, token: Token) -> str:
        return hmac.new(self._key, f"{body}.{token.hash}".encode(), hashlib.sha256).hexdigest()


CommandTeller = Callable[[str, str, int, str, str], Awaitable[None]]
"""Told of each command that was let through: method, path, status, who, and from which address."""


class Access:
    """Lets a call through where its token or cookie may; pages are led to the login. `local`: the token of commands here."""

    def __init__(
        self, app: ASGIApp, tokens: TokenStore, uses: TokenUses, key: bytes, local: str, tell: CommandTeller
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._uses = uses
        self._sessions = Sessions(tokens, key)
        self._local = local
        self._tell = tell
        self._open = OpenCalls(tokens)
        self._attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path, address = str(scope["path"]), scope["client"][0] if scope.get("client") else ""
        if scope["type"] == "http" and path in (_LOGIN, _LOGOUT):
            answer = await self._log_in_or_out(Request(scope, receive), address)
            await answer(scope, receive, send)
        elif path in _OPEN or path.startswith(_OPEN_BELOW):
            await self._app(scope, receive, send)
        else:
            await self._checked(scope, receive, send, path, address)

    async def _checked(self, scope: Scope, receive: Receive, send: Send, path: str, address: str) -> None:
        found = self._principal(Headers(scope=scope), address)
        is_socket = scope["type"] == "websocket"
        needed = Role.VIEWER if is_socket or scope["method"] in _SAFE else Role.OPERATOR
        if isinstance(found, Principal) and found.role.may(needed):
            scope.setdefault("state", {})[PRINCIPAL] = found
            if not is_socket:
                send = self._telling(scope, send, found, address)
            if found.token_id is None:
                await self._app(scope, receive, send)
            else:
                self._uses.used(found.token_id)
                await self._open.let_through(self._app, scope, receive, send, found.token_id)
        elif is_socket:
            await WebSocketClose(code=1008, reason="log in first")(scope, receive, send)
        elif isinstance(found, Principal):
            refusal = problem(403, f"{found.name} is a {found.role.value}: this takes an {needed.value}")
            await refusal(scope, receive, send)
        elif found is None and not path.startswith(_API):
            await RedirectResponse(_login_for(scope), 303)(scope, receive, send)
        else:
            await (found or _asked_for_a_token())(scope, receive, send)

    def _principal(self, headers: Headers, address: str) -> Principal | Response | None:
        """Who calls; a refusal for a wrong token; None where there is none."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(secret.strip(), address)
        token = self._sessions.token(_cookie(headers.get("cookie", "")))
        return Principal(token.name, token.role, token.id, is_login=True) if token else None

    def _by_token(self, secret: str, address: str) -> Principal | Response:
        if (blocked_s := self._attempts.blocked_s(address)) > 0:
            return _too_often(blocked_s)
        if hmac.compare_digest(secret.encode(), self._local.encode()):
            return Principal("this machine's command line", Role.OPERATOR)
        token = self._tokens.find(secret)
        if token is None:
            self._attempts.failed(address)
            return _asked_for_a_token("this token opens nothing")
        return Principal(token.name, token.role, token.id)

    def _telling(self, scope: Scope, send: Send, who: Principal, address: str) -> Send:
        """Commands that were done are told with who gave them."""
        if scope["method"] in _SAFE:
            return send

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                await self._tell(scope["method"], scope["path"], message["status"], who.name, address)
            await send(message)

        return told

    async def _log_in_or_out(self, request: Request, address: str) -> Response:
        root = str(request.scope.get("root_path", ""))
        if request.method != "POST":
            return _login_page(root, own_path(root, request.query_params.get("next", "")))
        if request.scope["path"] == _LOGOUT:
            answer = RedirectResponse(root + _LOGIN, 303)
            answer.delete_cookie(COOKIE, path=root or "/")
            return answer
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        after, secret = own_path(root, form.get("next", "")), form.get("token", "").strip()
        if (blocked_s := self._attempts.blocked_s(address)) > 0:
            return _login_page(root, after, f"Too many wrong tokens: try again in {blocked_s:.0f} s.", 429)
        token = self._tokens.find(secret)
        if token is None:
            self._attempts.failed(address)
            return _login_page(root, after, "This token opens nothing.", 401)
        answer = RedirectResponse(after, 303)
        answer.set_cookie(
            COOKIE,
            self._sessions.cookie(token),
            max_age=_LOGIN_LASTS_S,
            path=root or "/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer


def _cookie(header: str) -> str:
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def _asked_for_a_token(why: str = "this server asks for a token") -> Response:
    refusal = problem(401, f"{why}: log in at /login, or send `Authorization: Bearer TOKEN`")
    refusal.headers["www-authenticate"] = "Bearer"
    return refusal


def _too_often(blocked_s: float) -> Response:
    refusal = problem(429, f"too many wrong tokens: try again in {blocked_s:.0f} s")
    refusal.headers["retry-after"] = str(int(blocked_s) + 1)
    return refusal


def _login_for(scope: Scope) -> str:
    """The login, and after it the page that was asked for, with its filters."""
    root, query = str(scope.get("root_path", "")), scope["query_string"].decode("latin1")
    page = quote(f"{root}{scope['path']}") + (f"?{query}" if query else "")
    return f"{root}{_LOGIN}?next={quote(page)}"


def own_path(root: str, path: str) -> str:
    """Where to go after a login: never to another server, nor to what else stands behind the same proxy."""
    steps = unquote(path.partition("?")[0]).split("/")
    is_below = path == root or path.startswith(f"{root}/")
    # Browsers read a backslash as a slash, leave out controls, and go up where there are dots.
    is_plain = path.isprintable() and "\\" not in path and ".." not in steps and "" not in steps[1:-1]
    return path if is_below and is_plain and path else f"{root}/"


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0;"
    "background:#f2f4f1;color:#17211d}form{display:grid;gap:.75rem;width:min(22rem,88vw)}"
    "input,button{font:inherit;padding:.6rem .75rem;border-radius:.5rem;border:1px solid #7d8a84;background:#fff;color:inherit}"
    "button{background:#0b6b4f;border-color:#0b6b4f;color:#fff;cursor:pointer}h1{font-size:1.25rem;margin:0}p{margin:0}"
    ".bad{color:#a3271f}@media(prefers-color-scheme:dark){body{background:#0e1513;color:#e4ebe7}"
    "input{background:#16201d}.bad{color:#ff9a90}}"
)
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def _login_page(root: str, after: str, wrong: str = "", status: int = 200) -> Response:
    """A page without a script: it works before anything else does."""
    told = f"<p class=bad role=alert>{escape(wrong)}</p>" if wrong else ""
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Log in · quarterhour</title><style>{_STYLE}</style><main>"
        f"<form method=post action='{escape(root)}{_LOGIN}'><h1>quarterhour</h1>"
        "<label for=token>Your token</label><input id=token name=token type=password required autofocus "
        "autocomplete=current-password>"
        f"<input type=hidden name=next value='{escape(after)}'>{told}<button>Log in</button>"
        "<p><small>Tokens are made by <code>quarterhour token create NAME</code>.</small></p></form></main></html>",
        status,
        {
            "cache-control": "no-store",
            "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'",
        },
    )
