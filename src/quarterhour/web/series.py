"""The call that plots: a column against time, made small in a worker, in the time that an export has."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response
from starlette.requests import Request

from quarterhour.lake.exports.request import FEWEST_POINTS, MOST_POINTS, ExportRequest, SeriesWanted
from quarterhour.web.downloads import Gone
from quarterhour.web.exports import CLIENT_LEFT, TOO_LONG, Injected
from quarterhour.web.models import MOST
from quarterhour.web.problems import documented
from quarterhour.web.queries import json_response
from quarterhour.web.series_models import DataMoment, SeriesAnswer

router = APIRouter(prefix="/api")

# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_DATASET_SERIES = "quarterhour.lake.series:dataset_series"


@router.get(
    "/datasets/{name}/series",
    operation_id="getDatasetSeries",
    tags=["datasets"],
    response_model=SeriesAnswer,
    responses={**TOO_LONG, **documented(404, 422, 500, 503)},
)
async def get_dataset_series(
    name: str,
    request: Request,
    downloads: Injected,
    column: Annotated[str, Query(description="A column of numbers.", examples=["dep_delay"])],
    time: Annotated[str, Query(description="A column of dates or times.", examples=["time_hour"])],
    start: Annotated[
        DataMoment | None,
        Query(
            alias="from", description="Where the span begins; ISO 8601 with a zone.", examples=["2013-03-01T00:00:00Z"]
        ),
    ] = None,
    end: Annotated[
        DataMoment | None,
        Query(alias="to", description="Its last moment; ISO 8601 with a zone.", examples=["2013-04-01T00:00:00Z"]),
    ] = None,
    points: Annotated[
        int,
        Query(
            ge=FEWEST_POINTS,
            le=MOST_POINTS,
            description="Up to so many rows all are told. Of more, each quarter of this number is one column of pixels.",
        ),
    ] = 4_000,
    by: Annotated[
        str | None, Query(description="A series for each value of this column, up to eight.", examples=["origin"])
    ] = None,
    where: Annotated[
        str, Query(max_length=10_000, description="SQL that is true for the rows: dep_delay > 60 AND origin = 'JFK'")
    ] = "",
    version: Annotated[
        int | None, Query(ge=0, le=MOST, description="An earlier version; without it the newest.")
    ] = None,
) -> Response:
    """A column against time, with as many points as a plot can show: first, last, least and greatest of each column of pixels."""
    wanted = SeriesWanted(column, time, start, end, points, by)
    try:
        found = await downloads.ask(request, _DATASET_SERIES, ExportRequest(name, "csv", version, where=where), wanted)
    except Gone:
        return CLIENT_LEFT
    return json_response(orjson.dumps(found))
