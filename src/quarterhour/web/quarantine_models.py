"""The shapes of records that were put aside, and of sending them back."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterhour.units import Time


class QuarantineItem(BaseModel):
    """A record, or a whole file, that is not in the tables, or only after it was mended."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    dataset: str
    file: str
    outcome: Literal["quarantined", "mended", "retried"]
    reason: str
    record: Annotated[int | None, Field(description="Its number in the file, from 1; null for a whole file.")] = None
    line: Annotated[int | None, Field(description="The line on which it begins, from 1.")] = None
    column: Annotated[str | None, Field(description="Where one column is to blame.")] = None
    value: str | None = None
    raw: Annotated[str, Field(description="The record's text; in a list, its first 1,000 characters.")] = ""
    is_raw_cut: Annotated[bool, Field(description="The record's text goes on.")] = False
    mended: Annotated[list[str | None] | None, Field(description="The texts that it was taken with.")] = None
    run_id: str = ""
    retried_as: Annotated[str | None, Field(description="The raw file as which it was sent back.")] = None
    retried_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")] = None


class QuarantineDetail(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    item: QuarantineItem
    records: Annotated[list[QuarantineItem], Field(description="Of a whole file, its first records in quarantine.")]


class RetryRequest(BaseModel):
    """How a record is mended; without either it is sent back as it stands."""

    raw: Annotated[str | None, Field(description="Its new text, in the dialect of its file.")] = None
    values: Annotated[dict[str, str] | None, Field(description="New texts of some columns.")] = None


class RetryAnswer(BaseModel):
    """What will happen."""

    id: str
    file: Annotated[str, Field(description="The raw file that the next run reads.")]
    records: Annotated[int | None, Field(description="Number of records sent back; null for a whole file.")]
    message: str
