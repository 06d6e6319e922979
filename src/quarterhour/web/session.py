"""The call that says who makes it, and what that lets them do."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from quarterhour.tokens import Role
from quarterhour.web.access import PRINCIPAL, Principal
from quarterhour.web.settings_models import Session

router = APIRouter(prefix="/api")


def principal_of(request: Request) -> Principal | None:
    """Who makes a call; None where no token is asked for."""
    return getattr(request.state, PRINCIPAL, None)


Caller = Annotated[Principal | None, Depends(principal_of)]


@router.get("/session", operation_id="getSession", tags=["session"])
async def get_session(caller: Caller, response: Response) -> Session:
    """Who makes the call, and what they may do."""
    response.headers["cache-control"] = "no-store"
    if caller is None:
        return Session(name=None, role=Role.OPERATOR, asks_for_tokens=False, is_login=False)
    return Session(name=caller.name, role=caller.role, asks_for_tokens=True, is_login=caller.is_login)
