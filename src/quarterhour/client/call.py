"""Call: one call of the API as a value, and how its answer is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call, and how its answer is read."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    read: Callable[[bytes], T]
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: BaseModel | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    answers: frozenset[int] = frozenset()
    """Statuses of 400 and above that are answers too, not problems."""
    takes_long: bool = False
    """As long as the table is large: it is waited for without end."""


def get(path: str, kind: type[M], **query: Any) -> Call[M]:
    return Call("GET", path, kind.model_validate_json, given(query))


def post(path: str, kind: type[M], body: BaseModel | None = None, *, takes_long: bool = False) -> Call[M]:
    return Call("POST", path, kind.model_validate_json, body=body, takes_long=takes_long)


def given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        {"start": "from", "end": "to"}.get(name, name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in query.items()
        if value is not None
    }


def keyed(key: str | None) -> dict[str, str]:
    return {} if key is None else {"idempotency-key": key}


def within(kind: str, name: str, *rest: str) -> str:
    return "/".join(["/api", kind, quote(name, safe=""), *rest])
