"""The call that looks at rows: a page of a merged table, sorted and filtered in a worker, in the time that an export has."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from quarterhour.lake.exports.request import ExportRequest, PageWanted
from quarterhour.web.downloads import Gone
from quarterhour.web.exports import CLIENT_LEFT, TOO_LONG, Injected
from quarterhour.web.models import MOST, RowPage
from quarterhour.web.problems import documented

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_DATASET_ROWS = "quarterhour.lake.row_pages:dataset_rows"


@router.get(
    "/datasets/{name}/rows",
    operation_id="listDatasetRows",
    tags=["datasets"],
    response_model=RowPage,
    responses={**TOO_LONG, **documented(404, 422, 500, 503)},
)
async def list_dataset_rows(
    name: str,
    request: Request,
    downloads: Injected,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows of a page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=MOST, description="Number of rows before the page.")] = 0,
    version: Annotated[
        int | None, Query(ge=0, le=MOST, description="An earlier version; without it the newest.")
    ] = None,
    sort: Annotated[str | None, Query(description="A column; null values come last.")] = None,
    descending: bool = False,
    where: Annotated[
        str, Query(max_length=10_000, description="SQL that is true for the rows: dep_delay > 60 AND origin = 'JFK'")
    ] = "",
) -> object:
    """A page of a merged table, sorted by a column and filtered as an export is; `total` is of the rows that the filter takes."""
    wanted = PageWanted(limit, offset, sort, descending)
    try:
        return await downloads.ask(request, _DATASET_ROWS, ExportRequest(name, "csv", version, where=where), wanted)
    except Gone:
        return CLIENT_LEFT
