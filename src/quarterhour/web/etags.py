"""Answers that the client has already: `ETag` and `If-None-Match` (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
import secrets
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from fastapi.routing import APIRoute
from starlette.requests import Request

_SERVER = secrets.token_hex(4)
"""What an answer is made of besides events, such as settings, is read anew by each server."""

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client has it already (`If-None-Match`)."},
}
IfNoneMatch = Annotated[
    str | None,
    Header(
        description="The `ETag` of an answer that the client has; where it is this one still, a 304 without a body comes."
    ),
]


def tag_of(*parts: object) -> str:
    """Weak: the same answer may come compressed or not."""
    return f'W/"{_SERVER}-{"-".join(map(str, parts))}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether the client has named the tag."""
    named = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return "*" in named or tag.removeprefix("W/") in named


def not_modified(tag: str, cache_control: str) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": tag, "cache-control": cache_control})


class _TaggedRoute(APIRoute):
    """Tags answers by their content: where events do not tell all, no cheaper tag is sure to change with the answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer_to = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            answer = await answer_to(request)
            if answer.status_code != HTTPStatus.OK:
                return answer
            # "no-cache": browsers may keep it, and ask each time whether it is the same still.
            tag = tag_of(hashlib.blake2b(bytes(answer.body), digest_size=16).hexdigest())
            if is_known(tag, request.state.if_none_match):
                return not_modified(tag, _CACHE)
            answer.headers.update({"etag": tag, "cache-control": _CACHE})
            return answer

        return tagged


_CACHE = "private, no-cache"


def _hear(request: Request, if_none_match: IfNoneMatch = None) -> None:
    request.state.if_none_match = if_none_match


def tagged_router(prefix: str = "") -> APIRouter:
    """For calls whose answers are tagged."""
    return APIRouter(prefix=prefix, route_class=_TaggedRoute, responses=NOT_MODIFIED, dependencies=[Depends(_hear)])
