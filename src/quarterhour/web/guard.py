"""Guard: all checks of a server that can be called, in their order, from its settings."""

import secrets
from dataclasses import dataclass
from typing import Self

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.errors import SettingsError
from quarterhour.events import CommandGiven
from quarterhour.files import write_whole
from quarterhour.settings.server import ServerSettings
from quarterhour.tokens import TokenStore
from quarterhour.web.access import Access, CommandTeller, TokenUses
from quarterhour.web.proxies import BelowPath, TrustedProxies
from quarterhour.web.security import AnswerHeaders, BodyLimit, DoorCheck, Doors
from quarterhour.web.token_desk import TokenDesk
from quarterhour.workspace import Workspace

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Guard:
    """Made once for a server's life."""

    doors: Doors
    origins: tuple[str, ...]
    """Of other pages that may read answers."""
    is_tls: bool
    root_path: str
    """The path below which a proxy serves; empty at its root."""
    proxies: tuple[str, ...]
    """Who is believed what it says of the caller."""
    tokens: TokenStore
    key: bytes
    """Signs logins."""
    local: str
    """The token of this machine's commands; empty where none is asked for."""
    tell: CommandTeller
    uses: TokenUses

    @classmethod
    def of(
        cls, settings: ServerSettings, workspace: Workspace, ports: tuple[int, ...], bus: EventBus, clock: Clock
    ) -> Self:
        """Raises SettingsError where tokens are asked for and there is none, TokenError for damaged ones."""
        tokens = TokenStore(workspace.tokens_file)
        if settings.asks_for_tokens and not tokens.all():
            raise SettingsError(
                "this server can be reached by others, and nobody has a token: make one by `quarterhour token create NAME "
                '--role operator`, or let everybody in by --insecure (server.auth = "never")'
            )
        is_tls = settings.certfile is not None
        scheme = "https" if is_tls else "http"
        doors = Doors.of(settings.host, ports, scheme, settings.allowed_hosts, settings.cors_origins)
        local = secrets.token_urlsafe() if settings.asks_for_tokens else ""

        async def tell(method: str, path: str, status: int, by: str, address: str) -> None:
            data = {"method": method, "path": path, "status": status, "by": by, "address": address}
            msg = f"{by} at {address}: {method} {path}"
            await bus.publish(CommandGiven(at=clock.now(), run_id=None, stage="pipeline", msg=msg, data=data))

        return cls(
            doors=doors,
            origins=settings.cors_origins,
            is_tls=is_tls,
            root_path=settings.root_path,
            proxies=settings.trusted_proxies,
            tokens=tokens,
            key=_session_key(workspace),
            local=local,
            tell=tell,
            uses=TokenUses(clock.now),
        )

    def install(self, app: FastAPI) -> None:
        """The last added is the first that a call meets."""
        if self.local:
            app.add_middleware(
                Access, tokens=self.tokens, uses=self.uses, key=self.key, local=self.local, tell=self.tell
            )
            app.state.token_desk = TokenDesk(self.tokens, self.uses)
        app.add_middleware(BodyLimit)
        if self.origins:
            app.add_middleware(
                CORSMiddleware,
                allow_origins=self.origins,
                allow_methods=["*"],
                allow_headers=["authorization", "idempotency-key", "if-none-match"],
                expose_headers=["etag"],
            )
        app.add_middleware(DoorCheck, doors=self.doors)
        app.add_middleware(AnswerHeaders, is_tls=self.is_tls)
        if self.root_path:
            app.add_middleware(BelowPath, root_path=self.root_path)
        if self.proxies:
            app.add_middleware(TrustedProxies, proxies=self.proxies)


def _session_key(workspace: Workspace) -> bytes:
    try:
        key = workspace.session_key_file.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != _KEY_BYTES:
        key = secrets.token_bytes(_KEY_BYTES)
        write_whole(workspace.session_key_file, key, is_private=True)
    return key
