"""The calls on tokens: an operator's alone, and from the server's own page where they come by a login."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Request, Response

from quarterhour.clock import wire_time
from quarterhour.errors import Forbidden, TokensNotAskedFor
from quarterhour.events import TokenMade, TokenRevoked
from quarterhour.tokens import Role, Token
from quarterhour.web.access import COOKIE, Principal
from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.security import is_own_origin
from quarterhour.web.services import Injected
from quarterhour.web.session import principal_of
from quarterhour.web.settings_models import MadeToken, TokenItem, TokenRequest
from quarterhour.web.token_desk import TokenDesk

router = APIRouter(prefix="/api", tags=["tokens"])


def _desk(request: Request, response: Response) -> TokenDesk:
    """Raises TokensNotAskedFor, Forbidden."""
    response.headers["cache-control"] = "no-store"
    caller = principal_of(request)
    if caller is None:
        raise TokensNotAskedFor(
            "this server asks for no token, so that it cannot tell who would make one: use `quarterhour token create NAME`"
        )
    if not caller.role.may(Role.OPERATOR):
        raise Forbidden(f"{caller.name} is a viewer: tokens are for an operator")
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    is_read = request.method == "GET"
    # Stricter than for other commands: no other page, also none of cors_origins, and no login from beside a page.
    if not is_read and (not is_own_origin(origin, host) if origin is not None else caller.is_login):
        raise Forbidden("tokens are made and revoked from this server's own page, or by a program that has a token")
    return cast(TokenDesk, request.app.state.token_desk)


Desk = Annotated[TokenDesk, Depends(_desk)]


def _caller(request: Request) -> Principal:
    caller = principal_of(request)
    assert caller is not None
    return caller


@router.get("/tokens", operation_id="listTokens", responses=documented(409))
async def list_tokens(desk: Desk, request: Request) -> Page[TokenItem]:
    """The tokens that open this server, an operator's to see; never their text. 409 where none is asked for."""
    caller = _caller(request)
    items = [_item(desk, token, caller) for token in await desk.all()]
    return Page(items=items, total=len(items))


@router.post("/tokens", operation_id="makeToken", status_code=201, responses=documented(400, 409, 422))
async def make_token(asked: TokenRequest, desk: Desk, services: Injected, request: Request) -> MadeToken:
    """Make a token: its text is in this answer, and nowhere else. Ten within an hour, then 429."""
    caller = _caller(request)
    token, secret = await desk.make(asked.name, asked.role)
    data = {"token": token.name, "role": token.role.value, "by": caller.name, "address": _address(request)}
    msg = f"{caller.name} at {_address(request)} made a token for {token.name} ({token.role.value})"
    event = TokenMade(at=services.clock.now(), run_id=None, stage="pipeline", msg=msg, data=data)
    await services.bus.publish(event)
    return MadeToken(**_item(desk, token, caller).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", operation_id="revokeToken", responses=documented(404, 409, 422))
async def revoke_token(
    token_id: Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", examples=["1f0c3a9b"])],
    desk: Desk,
    services: Injected,
    request: Request,
    response: Response,
) -> TokenItem:
    """From now on it opens nothing, nor does a login, a socket or a stream made by it; one's own is a log-out."""
    caller = _caller(request)
    token = await desk.revoke(token_id)
    data = {"token": token.name, "role": token.role.value, "by": caller.name, "address": _address(request)}
    msg = f"{caller.name} at {_address(request)} revoked the token of {token.name}"
    event = TokenRevoked(at=services.clock.now(), run_id=None, stage="pipeline", msg=msg, data=data)
    await services.bus.publish(event)
    if token.id == caller.token_id:
        response.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/")
    return _item(desk, token, caller)


def _item(desk: TokenDesk, token: Token, caller: Principal) -> TokenItem:
    last = desk.last_used(token)
    return TokenItem(
        id=token.id,
        name=token.name,
        role=token.role,
        created_at=token.created_at,
        last_used_at=wire_time(last) if last else None,
        is_own=token.id == caller.token_id,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
