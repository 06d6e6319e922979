"""What is configured of the server: where it listens, who may call it."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from quarterhour.settings.types import Section


def is_loopback(host: str) -> bool:
    """Whether only this machine can call that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_ROOT_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
# A proxy may strip the root path or not: what comes is told apart only where no own address begins like it.
_OWN_ADDRESSES = re.compile(
    r"/(api|assets|data|docs|events|healthz|login|logout|metrics|openapi\.json|quarantine|readyz|redoc|runs|settings|ws)"
)


def below_proxy(value: object) -> str:
    """A root path without a slash at its end. Raises ValueError for what is no path, or could be an own address."""
    path = str(value).rstrip("/")
    if not _ROOT_PATH.fullmatch(path):
        raise ValueError(
            f"{value!r} is no path: begin with a slash, and use letters, digits, '.', '_', '~' and '-', such as '/quarterhour'"
        )
    if _OWN_ADDRESSES.fullmatch(path):
        raise ValueError(f"{path} is an address of the server's own: serve it below another, such as '/quarterhour'")
    return path


def _address_or_network(value: str) -> str:
    """Raises ValueError: a name is none, since nobody calls by a name."""
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(
            f"{value!r} is no address or network ({error}): give one such as 127.0.0.1 or 10.0.0.0/8"
        ) from error
    return value


class ServerSettings(Section):
    host: Annotated[str, Field(description="Address to listen on; any but the loopback's asks for tokens.")] = (
        "127.0.0.1"
    )
    api_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    dashboard_port: Annotated[int, Field(ge=0, le=65535)] = 5173
    auth: Annotated[
        Literal["auto", "always", "never"],
        Field(
            description="Whether calls need a token; auto: where the address is not the loopback's, or a proxy stands before it."
        ),
    ] = "auto"
    allowed_hosts: Annotated[
        tuple[str, ...], Field(description="Names under which the server is called, beside addresses and localhost.")
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...], Field(description="Origins of other pages that may call, such as https://intranet.example.")
    ] = ()
    root_path: Annotated[
        str,
        BeforeValidator(below_proxy),
        Field(description="Path below which a reverse proxy serves this server, such as /quarterhour."),
    ] = ""
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_address_or_network)], ...],
        Field(description="Addresses or networks of the proxies whose X-Forwarded-For, -Proto and -Host are believed."),
    ] = ()
    certfile: Annotated[Path | None, Field(description="Certificate chain (PEM): both ports then speak TLS.")] = None
    keyfile: Annotated[Path | None, Field(description="The certificate's private key, if it is not in certfile.")] = (
        None
    )

    @property
    def asks_for_tokens(self) -> bool:
        # A proxy on this machine calls by the loopback, whoever calls the proxy.
        is_reached_by_others = not is_loopback(self.host) or bool(self.root_path or self.trusted_proxies)
        return self.auth == "always" or (self.auth == "auto" and is_reached_by_others)

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.keyfile is not None and self.certfile is None:
            raise ValueError(f"keyfile is {str(self.keyfile)!r}, without a certfile: give its certificate too")
        return self
