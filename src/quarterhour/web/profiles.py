"""The shapes of profiles: what a page draws is described here, and what else the analyzer tells comes along."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from quarterhour.units import Time


class Histogram(BaseModel):
    """Counts in bins of one width between two values."""

    model_config = ConfigDict(populate_by_name=True)

    start: Annotated[float, Field(alias="from", description="In the unit of the column.")]
    end: Annotated[float, Field(alias="to", description="In the unit of the column.")]
    counts: Annotated[list[int], Field(description="Number of values in each bin.")]


class TopValue(BaseModel):
    value: Any
    count: Annotated[int, Field(description="Number of rows that have it.")]


class ColumnFacts(BaseModel):
    """Of one column; what its type has not is left out. Those named in `approximate` are estimates."""

    model_config = ConfigDict(extra="allow")

    type: str
    count: Annotated[int, Field(description="Number of values that are not null.")]
    nulls: Annotated[int, Field(description="Number of rows without a value.")]
    approximate: list[str]
    distinct: Annotated[int | None, Field(description="Number of different values.")] = None
    min: Any = None
    max: Any = None
    mean: Annotated[float | str | None, Field(description="In the unit of the column; a decimal's as text.")] = None
    quantiles: Annotated[dict[str, Any] | None, Field(description="p01 to p99.")] = None
    histogram: Histogram | None = None
    top: list[TopValue] | None = None


class ProfilePart(BaseModel):
    """Of some rows."""

    model_config = ConfigDict(extra="allow")

    rows: Annotated[int, Field(description="Number of rows.")]
    columns: dict[str, ColumnFacts]


class DatasetProfile(BaseModel):
    model_config = ConfigDict(extra="allow")

    run_id: str
    generated_at: Time
    new: Annotated[ProfilePart | None, Field(description="Of the rows that the run brought.")] = None
    whole: ProfilePart
