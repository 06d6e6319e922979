"""What quarterhour.toml may say of exports: how long made ones are kept, and which are written after each run."""

import re
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from quarterhour.settings.types import DATASET_NAME, Section

ExportFormat = Literal["csv", "parquet", "xlsx", "arrow"]

EXPORT_NAME = r"^[a-z][a-z0-9_-]{0,62}$"
S3_SCHEME = "s3://"

NEUTRALISING_FORMATS: tuple[ExportFormat, ...] = ("csv", "xlsx")
"""Those that a spreadsheet opens: the others hold no formulas."""

_PLACEHOLDERS = ("dataset", "version", "run_id", "date", "format")
_FILE = re.compile(r"[^/\\]+(/[^/\\]+)*")


class DownloadSettings(Section):
    """Exports that people ask for are made as files, and kept for a while so that a download can be resumed."""

    keep: Annotated[float, Field(ge=0, description="Seconds that a made export is kept after its last use.")] = 3600.0
    keep_bytes: Annotated[
        int, Field(ge=0, description="Bytes of all kept exports, above which those used longest ago are removed.")
    ] = 5_000_000_000
    timeout: Annotated[float, Field(gt=0, description="Seconds that making one may take.")] = 1800.0
    at_once: Annotated[int, Field(ge=1, description="Exports made at the same time; more of them wait.")] = 2


class ExportSettings(Section):
    """One export that is written after each successful run in which its dataset changed."""

    name: Annotated[str, Field(pattern=EXPORT_NAME)]
    dataset: Annotated[str, Field(pattern=DATASET_NAME)]
    format: ExportFormat = "parquet"
    to: Annotated[str, Field(min_length=1, description="A folder, or s3://bucket/prefix.")] = "data/exports"
    file: Annotated[
        str, Field(description="The file's name below it, with {dataset}, {version}, {run_id}, {date}.")
    ] = "{dataset}.{format}"
    columns: Annotated[
        tuple[str, ...], Field(description="The columns, in this order; without, all that are data.")
    ] = ()
    where: Annotated[str, Field(description="SQL that is true for the rows to take; without, all.")] = ""
    safe: Annotated[bool, Field(description="Neutralise formulas in text.")] = False

    @field_validator("to")
    @classmethod
    def _known_address(cls, to: str) -> str:
        if to.startswith(S3_SCHEME):
            if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[^?#]*)?", to):
                raise ValueError(f"{to!r} is no S3 address: give s3://bucket or s3://bucket/prefix")
        elif "://" in to:
            raise ValueError(f"{to!r}: give a folder, or an address that begins with {S3_SCHEME}")
        return to

    @field_validator("file")
    @classmethod
    def _known_pattern(cls, pattern: str) -> str:
        try:
            fields = [(name, spec, how) for _, name, spec, how in Formatter().parse(pattern) if name is not None]
        except ValueError as error:
            raise ValueError(f"{pattern!r}: {error}") from error
        known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
        if unknown := [name for name, spec, how in fields if name not in _PLACEHOLDERS or spec or how]:
            raise ValueError(f"{pattern!r}: {{{unknown[0]}}} is not known; there are {known}")
        if not _FILE.fullmatch(pattern) or any(part in (".", "..") for part in pattern.split("/")):
            raise ValueError(f"{pattern!r} is no file name below a folder: give one such as {{date}}/{{dataset}}.csv")
        return pattern

    @model_validator(mode="after")
    def _safe_where_it_means_something(self) -> Self:
        if self.safe and self.format not in NEUTRALISING_FORMATS:
            raise ValueError(f"safe is for {' and '.join(NEUTRALISING_FORMATS)}: {self.format} holds no formulas")
        return self
