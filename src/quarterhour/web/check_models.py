"""The shapes of answers on checks and analyses. They are the client's too, and so apart from the routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from quarterhour.units import Time


class FailingFile(BaseModel):
    file: Annotated[str, Field(description="The raw file's name below data/raw.")]
    fingerprint: str
    rows: Annotated[int, Field(description="Number of rows.")]
    failures: Annotated[int, Field(description="Number of rows that fail.")]
    is_over: Annotated[bool, Field(description="More fail than the check allows.")]


class FailingRow(BaseModel):
    file: str
    record: Annotated[int, Field(description="Its number in the file, from 1.")]
    key: dict[str, Any]
    values: dict[str, Any]


class CheckResult(BaseModel):
    outcome: Literal["passed", "warned", "failed", "skipped"]
    message: str
    rows: Annotated[
        int | None, Field(description="Number of rows that were looked at; null for a check of the dataset.")
    ]
    failures: Annotated[int, Field(description="Number of rows that fail.")]
    files: Annotated[list[FailingFile], Field(description="The first thousand.")]
    file_count: Annotated[int, Field(description="Number of files with rows that fail.")]
    examples: Annotated[list[FailingRow], Field(description="The first failing rows.")]
    observed: Annotated[dict[str, Any], Field(description="What a check of the dataset measured.")]


class DeclaredCheck(BaseModel):
    name: str
    check: Annotated[str, Field(description="Its kind.", examples=["not_null", "range", "drift"])]
    columns: list[str]
    severity: Literal["warn", "fail"]
    on_failure: Literal["report", "hold_file", "hold_run"]
    asks: Annotated[str, Field(description="What must hold.", examples=["at least 0"])]
    result: Annotated[CheckResult | None, Field(description="Null before the first run that makes it.")]


class CheckOutcome(BaseModel):
    name: str
    outcome: Literal["passed", "warned", "failed", "skipped"]
    failures: Annotated[int, Field(description="Number of rows that fail.")] = 0
    observed: dict[str, Any] = Field(default_factory=dict[str, Any])


class CheckedRun(BaseModel):
    run_id: str
    checked_at: Time
    results: list[CheckOutcome]


class ChecksAnswer(BaseModel):
    dataset: str
    run_id: Annotated[str | None, Field(description="The run that checked it last.")]
    checked_at: Annotated[Time | None, Field(description="UTC, ISO 8601.")]
    checks: list[DeclaredCheck]
    history: Annotated[list[CheckedRun], Field(description="Of the last runs, oldest first.")]


class ReleaseAnswer(BaseModel):
    id: Annotated[str, Field(description="The input's fingerprint.")]
    file: str
    dataset: str
    message: str


class AnalysisOutcome(BaseModel):
    """What the last run of the analyzer made of it."""

    run_id: str
    at: Time
    outcome: Annotated[str, Field(examples=["computed", "unchanged", "waiting", "failed"])]
    message: Annotated[str | None, Field(description="Of a failed one: why.")] = None


class AnalysisItem(BaseModel):
    """One analysis. Its result is the dataset of its name."""

    name: str
    kind: Annotated[str, Field(examples=["sql", "buckets", "rolling", "top", "change"])]
    mode: Literal["full", "window", "append"]
    reads: Annotated[list[str], Field(description="The names in its query.")]
    run_id: Annotated[str | None, Field(description="The run that published the result; null without one.")]
    version: Annotated[int | None, Field(description="The version of the result's table.")]
    rows: Annotated[int, Field(description="Number of rows of the result.")]
    updated_at: Annotated[Time | None, Field(description="When the result last changed; UTC, ISO 8601.")]
    sql: Annotated[str | None, Field(description="Its query; null for a built-in.")]
    declared: Annotated[dict[str, Any], Field(description="What the settings say of it, without name and SQL.")]
    last: Annotated[AnalysisOutcome | None, Field(description="Null before the first run that comes to it.")] = None
    error: Annotated[str | None, Field(description="Why its SQL cannot be read.")]
