"""What is configured of the server: where it listens, who may call it."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from quarterhour.setting_types import Section


def is_loopback(host: str) -> bool:
    """Whether only this machine can call that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ServerSettings(Section):
    host: Annotated[str, Field(description="Address to listen on; any but the loopback's asks for tokens.")] = (
        "127.0.0.1"
    )
    api_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    dashboard_port: Annotated[int, Field(ge=0, le=65535)] = 5173
    auth: Annotated[
        Literal["auto", "always", "never"],
        Field(description="Whether calls need a token; auto: where the address is not the loopback's."),
    ] = "auto"
    allowed_hosts: Annotated[
        tuple[str, ...], Field(description="Names under which the server is called, beside addresses and localhost.")
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...], Field(description="Origins of other pages that may call, such as https://intranet.example.")
    ] = ()
    certfile: Annotated[Path | None, Field(description="Certificate chain (PEM): both ports then speak TLS.")] = None
    keyfile: Annotated[Path | None, Field(description="The certificate's private key, if it is not in certfile.")] = (
        None
    )

    @property
    def asks_for_tokens(self) -> bool:
        return self.auth == "always" or (self.auth == "auto" and not is_loopback(self.host))

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.keyfile is not None and self.certfile is None:
            raise ValueError("keyfile is given without certfile")
        return self
