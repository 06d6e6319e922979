"""The shapes of profiles: what a page draws is described here, and what else the analyzer tells comes along."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Histogram(BaseModel):
    """Counts in bins of one width between two values."""

    model_config = ConfigDict(populate_by_name=True)

    start: Annotated[float, Field(alias="from")]
    end: Annotated[float, Field(alias="to")]
    counts: list[int]


class TopValue(BaseModel):
    value: Any
    count: int


class ColumnFacts(BaseModel):
    """Of one column; what its type has not is left out. Those named in `approximate` are estimates."""

    model_config = ConfigDict(extra="allow")

    type: str
    count: Annotated[int, Field(description="Values that are not null.")]
    nulls: int
    approximate: list[str]
    distinct: int | None = None
    min: Any = None
    max: Any = None
    mean: float | str | None = None
    quantiles: Annotated[dict[str, Any] | None, Field(description="p01 to p99.")] = None
    histogram: Histogram | None = None
    top: list[TopValue] | None = None


class ProfilePart(BaseModel):
    """Of some rows."""

    model_config = ConfigDict(extra="allow")

    rows: int
    columns: dict[str, ColumnFacts]


class DatasetProfile(BaseModel):
    model_config = ConfigDict(extra="allow")

    run_id: str
    generated_at: str
    new: Annotated[ProfilePart | None, Field(description="Of the rows that the run brought.")] = None
    whole: ProfilePart
