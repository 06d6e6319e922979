"""The shapes of what the Settings page asks for: who calls, who is told, who may call."""

from typing import Annotated

from pydantic import BaseModel, Field

from quarterhour.tokens import Role
from quarterhour.units import Time


class Session(BaseModel):
    name: Annotated[str | None, Field(description="The token's; null where none is asked for.", examples=["ada"])]
    role: Annotated[Role, Field(description="`viewer` reads, `operator` also commands.")]
    asks_for_tokens: bool
    is_login: Annotated[bool, Field(description="Whether it came by a login, which can be left.")]


class AlertDelivery(BaseModel):
    at: Time
    error: Annotated[str | None, Field(description="Null where it was delivered.", examples=["answered 503"])]


class AlertItem(BaseModel):
    """A channel. Its address is a secret: only the host is told."""

    name: Annotated[str, Field(examples=["dead-mans-switch"])]
    title: Annotated[str, Field(examples=["Dead man's switch"])]
    host: Annotated[
        str | None, Field(description="Null where the address has none that may be told.", examples=["hc.example"])
    ]
    tells: Annotated[str, Field(description="What it is told, and when.")]
    withheld: Annotated[str | None, Field(description="Why it is silent now; null where it is not.")]
    last: Annotated[
        AlertDelivery | None, Field(description="The last message since the server's start; null before it.")
    ]


class TokenItem(BaseModel):
    id: Annotated[str, Field(examples=["1f0c3a9b"])]
    name: Annotated[str, Field(examples=["kiosk"])]
    role: Role
    created_at: Time
    last_used_at: Annotated[
        Time | None, Field(description="Since the server's start; null where it was not. UTC, ISO 8601.")
    ]
    is_own: Annotated[bool, Field(description="Whether this call came by it.")]


class TokenRequest(BaseModel):
    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$",
            description="Whose it is: events of what is done with it tell this name.",
            examples=["kiosk"],
        ),
    ]
    role: Role = Role.VIEWER


class MadeToken(TokenItem):
    token: Annotated[str, Field(description="Its text, this once: only a hash is kept.", examples=["qh_…"])]
