"""The shapes of a plotted column. They are the client's too, and so apart from the route."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from quarterhour.web.models import written_time


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC it is not of the years 1 to 9999") from error


DataMoment = Annotated[AwareDatetime, BeforeValidator(written_time), AfterValidator(_in_utc)]
"""Of data, which may be older than any run."""

_EXAMPLE: JsonDict = {
    "version": 3,
    "value_type": "BIGINT",
    "time_type": "TIMESTAMP WITH TIME ZONE",
    "from": 1357034400000,
    "to": 1388548740000,
    "rows": 336776,
    "drawn": 328521,
    "nulls": 8255,
    "not_finite": 0,
    "without_time": 0,
    "outside": 0,
    "downsampled": True,
    "series": [
        {
            "name": None,
            "rows": 328521,
            "time": [1357034400000, 1357048800000, 1357071300000.25],
            "value": [2.0, -18.0, 853.0],
            "before": None,
            "after": {"time": 1388548800000, "value": 12.0},
        }
    ],
    "others": {"series": 0, "rows": 0},
}


class SeriesPoint(BaseModel):
    time: Annotated[int | float, Field(description="Milliseconds since 1970 in UTC, as those of the series.")]
    value: Annotated[float, Field(description="In the unit of the column.")]


class Series(BaseModel):
    """Points in the order of time; of equal times, of value."""

    name: Annotated[str | None, Field(description="Its value of the column `by`; null without one, and of null.")]
    rows: Annotated[int, Field(description="Number of rows that it draws; its points stand for them.")]
    time: Annotated[
        list[int | float],
        Field(description="Milliseconds since 1970 in UTC; a time without a zone is taken for UTC."),
    ]
    value: Annotated[list[float], Field(description="In the unit of the column, one for each of `time`.")]
    before: Annotated[
        SeriesPoint | None,
        Field(description="Its last point before the span, which its line comes from; null without one."),
    ]
    after: Annotated[SeriesPoint | None, Field(description="Its first point after the span, which its line goes to.")]


class OtherSeries(BaseModel):
    """Beyond the eight with the most rows."""

    series: Annotated[int, Field(description="Number of series.")]
    rows: Annotated[int, Field(description="Number of rows.")]


class SeriesAnswer(BaseModel):
    """`rows` is the sum of `drawn`, `nulls`, `not_finite`, `without_time` and `outside`."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"example": _EXAMPLE})

    version: Annotated[int, Field(description="The version of the table.")]
    value_type: str
    time_type: Annotated[str, Field(examples=["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])]
    start: Annotated[
        int | float | None,
        Field(alias="from", description="Where the plot begins, in milliseconds as `time`; null without a row."),
    ]
    end: Annotated[int | float | None, Field(alias="to", description="Where it ends, in milliseconds as `time`.")]
    rows: Annotated[int, Field(description="Number of rows that the filter takes.")]
    drawn: Annotated[int, Field(description="Number of its rows in the span with a time and a finite number.")]
    nulls: Annotated[int, Field(description="Number of rows in the span without a value.")]
    not_finite: Annotated[int, Field(description="Number of rows in the span with NaN or an infinity.")]
    without_time: Annotated[int, Field(description="Number of rows.")]
    outside: Annotated[int, Field(description="Number of rows of another time than the span.")]
    downsampled: Annotated[
        bool,
        Field(description="More rows are drawn than `points`: they cover the same pixels as all, but are not all."),
    ]
    series: list[Series]
    others: OtherSeries
