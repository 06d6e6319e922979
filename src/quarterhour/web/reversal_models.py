"""The shapes of calls that reverse or remake what was merged: retraction, versions, restoring, translating anew."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from quarterhour.units import Time
from quarterhour.web.models import MOST, Flag, Whole


class RetractRequest(BaseModel):
    to: Annotated[
        Literal["retracted", "merged"] | None,
        Field(description="Do it only where the input is not so yet; null takes it out, or puts it back."),
    ] = None
    whole_file: Annotated[Flag, Field(description="With the versions that it grew from.")] = False
    dry_run: Annotated[Flag, Field(description="Only say what would change.")] = False


class MovedInput(BaseModel):
    id: str
    name: str
    state: Annotated[Literal["merged", "replaced", "retracted"], Field(description="After it.")]


class RowChanges(BaseModel):
    """Of the merged table."""

    removed: Annotated[int, Field(description="Number of rows that are gone, with no other in their place.")]
    restored: Annotated[int, Field(description="Number of rows with other values: those of the input that stands now.")]
    added: Annotated[int, Field(description="Number of rows that were not there.")]
    reassigned: Annotated[int, Field(description="Number of rows that another input has too, and so stay.")]


class RetractAnswer(BaseModel):
    operation: Literal["retract", "put_back", "none"]
    dataset: str
    inputs: Annotated[list[MovedInput], Field(description="Those that moved.")]
    version: Annotated[int, Field(description="The version of the merged table, after it.")]
    rows: Annotated[int, Field(description="Number of rows of the merged table, after it.")]
    changes: RowChanges
    is_dry_run: bool
    message: str


class RestoreRequest(BaseModel):
    version: Annotated[Whole, Field(ge=0, le=MOST, description="The version of the merged table that it is to equal.")]
    dry_run: Annotated[Flag, Field(description="Only say what would change.")] = False


class RestoreAnswer(BaseModel):
    dataset: str
    restored: Annotated[int, Field(description="The version that the table equals now.")]
    version: Annotated[int, Field(description="The version of the merged table, after it.")]
    rows: Annotated[int, Field(description="Number of rows of the merged table, after it.")]
    inputs: Annotated[list[MovedInput], Field(description="Those that moved.")]
    is_dry_run: bool
    message: str


class RetranslateRequest(BaseModel):
    dataset: Annotated[str | None, Field(description="Null: all.")] = None
    dry_run: Annotated[Flag, Field(description="Only say which files are damaged.")] = False


class RetranslatedFile(BaseModel):
    """One translated file that was damaged or gone."""

    id: str
    name: str
    dataset: str
    rows: Annotated[int, Field(description="Number of rows.")]
    state: Annotated[str, Field(description="Of the input afterwards.")]
    outcome: Literal["damaged", "made", "not_made"]
    damage: str
    message: Annotated[str, Field(description="Why it could not be made anew, and what to do.")]


class RetranslateAnswer(BaseModel):
    checked: Annotated[int, Field(description="Number of translated files that were looked at.")]
    files: list[RetranslatedFile]
    is_dry_run: bool
    message: str


class ColumnChange(BaseModel):
    """A column that came (`before` is null), went (`after` is null), or has another type."""

    name: str
    before: Annotated[str | None, Field(description="Its type until then.", examples=["INTEGER"])]
    after: Annotated[str | None, Field(description="Its type since.", examples=["BIGINT"])]


class VersionItem(BaseModel):
    """One version of a merged table."""

    version: Annotated[int, Field(description="The version of the table, from 0.")]
    timestamp: Time
    operation: Annotated[
        str,
        Field(
            examples=["merge", "retract", "put_back", "restore", "compaction", "analysis"],
            description="Or create, add_columns, or what another program says of its commit.",
        ),
    ]
    run_id: str | None
    inputs: Annotated[int, Field(description="Number of inputs that it took in or moved.")]
    files: Annotated[list[str], Field(description="The first of their names.")]
    counts: Annotated[dict[str, int], Field(description="Numbers of rows, by what became of them.")]
    rows: Annotated[
        int | None, Field(description="Number of rows of the whole table; null where the log does not tell any more.")
    ]
    is_kept: Annotated[bool, Field(description="It can still be read, and restored.")]
    columns: Annotated[list[ColumnChange], Field(description="That are others than in the version before.")]
