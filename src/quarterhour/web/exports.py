"""The calls that take a dataset out: a file in any format, whole or from where a download broke off, and what it would hold."""

import base64
import re
from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, Response
from starlette.requests import Request

from quarterhour.lake.exports.request import MEDIA_TYPES, ExportRequest, MadeExport
from quarterhour.settings.exports import ExportFormat
from quarterhour.web.downloads import Downloads, Gone
from quarterhour.web.models import MOST, ExportCheck
from quarterhour.web.problems import documented, problem

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_CHECK_EXPORT = "quarterhour.lake.exports.making:check_export"
_MAKE_EXPORT = "quarterhour.lake.exports.making:make_export"
# By the HTTP server itself: the longest filter, in letters of four bytes, is longer than an address may be.
TOO_LONG: dict[int | str, dict[str, Any]] = {
    400: {
        "description": "The address has more than 64 KiB.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "Invalid HTTP request received."}},
    }
}
CLIENT_LEFT = Response(status_code=499)
"""Nobody reads it."""
_RANGE = re.compile(r"bytes=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*\s*")
_FIRST_BYTE = re.compile(r"bytes=\s*(\d+)-[^,]*")
_ETAG = re.compile(r'"([0-9a-f]{64})"')


def _requested(
    name: str,
    format: ExportFormat = "csv",  # noqa: A002
    version: Annotated[
        int | None, Query(ge=0, le=MOST, description="The version of the table; without it, the newest.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        Query(description="In this order: with commas between, or given again for each. Without, all that are data."),
    ] = None,
    where: Annotated[
        str, Query(max_length=10_000, description="SQL that is true for the rows: dep_delay > 60 AND origin = 'JFK'")
    ] = "",
    safe: Annotated[bool, Query(description="Neutralise formulas in text (csv, xlsx).")] = False,
) -> ExportRequest:
    return ExportRequest(name, format, version, tuple(columns or ()), where, safe)


def _downloads(request: Request) -> Downloads:
    return cast(Downloads, request.app.state.downloads)


Requested = Annotated[ExportRequest, Depends(_requested)]
Injected = Annotated[Downloads, Depends(_downloads)]


@router.get(
    "/datasets/{name}/export/check",
    operation_id="checkExport",
    tags=["datasets"],
    response_model=ExportCheck,
    responses={**TOO_LONG, **documented(404, 422, 503)},
)
async def check_export(wanted: Requested, request: Request, downloads: Injected) -> object:
    """What an export would hold, without making it."""
    try:
        return await downloads.ask(request, _CHECK_EXPORT, wanted)
    except Gone:
        return CLIENT_LEFT


@router.head("/datasets/{name}/export", include_in_schema=False)
@router.get(
    "/datasets/{name}/export",
    operation_id="exportDataset",
    tags=["datasets"],
    response_class=FileResponse,
    responses={
        200: {"description": "The file.", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}},
        206: {"description": "The part of it that `Range` asks for."},
        304: {"description": "The client has it already (`If-None-Match`)."},
        **TOO_LONG,
        **documented(404, 416, 422, 500, 503),
    },
)
async def export_dataset(wanted: Requested, request: Request, downloads: Injected) -> Response:
    """The dataset as a file: made whole first, and kept for a while so that `Range` can go on with it."""
    range_ = _range(request)
    known = _ETAG.fullmatch(request.headers.get("if-range") or request.headers.get("if-none-match") or "")
    digest = known[1] if known else None
    try:
        made: MadeExport = await downloads.ask(request, _MAKE_EXPORT, wanted, digest, range_ is not None)
    except Gone:
        return CLIENT_LEFT
    headers = _headers(made)
    if digest == made.digest and "if-none-match" in request.headers:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    told = made.path.stat()
    is_same = "if-range" not in request.headers or digest == made.digest
    if is_same and range_ and (first := _FIRST_BYTE.fullmatch(range_)) and int(first[1]) >= told.st_size:
        answer = problem(416, f"{made.name} has {told.st_size} bytes: there is none from {first[1]} on")
        answer.headers["content-range"] = f"bytes */{told.st_size}"
        return answer
    return FileResponse(
        made.path, media_type=MEDIA_TYPES[wanted.format], filename=made.name, headers=headers, stat_result=told
    )


def _range(request: Request) -> str | None:
    """The part that is asked for. One that is no range of bytes is ignored, as RFC 9110 (14.2) has it."""
    asked = request.headers.get("range")
    if asked is not None and not _RANGE.fullmatch(asked):
        request.scope["headers"] = [(name, value) for name, value in request.scope["headers"] if name != b"range"]
        return None
    return asked


def _headers(made: MadeExport) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(made.digest)).decode()
    # The digest is of the whole file, also with a part of it (RFC 9530).
    return {"etag": f'"{made.digest}"', "repr-digest": f"sha-256=:{digest}:", "cache-control": "private, no-cache"}
