"""What quarterhour.toml may say of one dataset: its files, keys, contract, checks, and how much of it may be rejected."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from quarterhour.settings.checks import CheckSettings
from quarterhour.settings.types import DATASET_NAME, MaxRejected, Section, check_timezone

Conflict = Literal["newest", "first", "fail"]
"""Which row stands where two have the same key and other values."""
Rewritten = Literal["replace", "keep"]
"""Without keys: whether a file that was rewritten stands in the place of its version before, or beside it."""
Duplicates = Literal["keep", "drop"]
"""Without keys: what happens to a row that another file has as well."""

_FRIENDLY_TYPES: Mapping[str, str] = {
    "text": "VARCHAR",
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "int": "BIGINT",
    "integer": "BIGINT",
    "bigint": "BIGINT",
    "hugeint": "HUGEINT",
    "float": "DOUBLE",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
}
_DECIMAL = re.compile(r"(?:decimal|numeric)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_MAX_DIGITS = 38


def duck_type(text: str) -> str:
    """The type in DuckDB's spelling. Raises ValueError for one that a contract cannot pin."""
    name = " ".join(text.lower().split())
    if known := _FRIENDLY_TYPES.get(name):
        return known
    if decimal := _DECIMAL.fullmatch(name):
        digits, scale = int(decimal.group(1)), int(decimal.group(2) or 0)
        if 1 <= digits <= _MAX_DIGITS and scale <= digits:
            return f"DECIMAL({digits},{scale})"
        raise ValueError(f"{text!r}: a decimal has 1 to {_MAX_DIGITS} digits, of which the scale is a part")
    raise ValueError(
        f"{text!r} is no type of a column: give text, integer, hugeint, decimal(18,2), double, boolean, date, time, "
        "timestamp or timestamptz"
    )


def _as_text(value: object) -> object:
    """A TOML value as it would stand in a file; what is none is left for pydantic to refuse."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else value


Value = Annotated[str, BeforeValidator(_as_text)]


class ColumnSettings(Section):
    """One column's contract: what is not named is as detected."""

    name: Annotated[str, Field(min_length=1, description="The column's name in the header, letter case aside.")]
    type: Annotated[
        str | None,
        Field(
            description="text, integer, hugeint, decimal(18,2), double, boolean, date, time, timestamp, timestamptz."
        ),
    ] = None
    format: Annotated[
        str | None, Field(min_length=1, description="How its values are written, such as %d/%m/%Y (strptime).")
    ] = None
    time_zone: Annotated[str | None, Field(description="IANA zone of its times that name none.")] = None
    required: Annotated[bool, Field(description="A record without a value in it is put aside.")] = False
    min: Annotated[Value | None, Field(description="Least value.")] = None
    max: Annotated[Value | None, Field(description="Greatest value.")] = None
    allowed: Annotated[tuple[Value, ...], Field(description="The only values that it may have.")] = ()

    @field_validator("type")
    @classmethod
    def _known_type(cls, text: str | None) -> str | None:
        return None if text is None else duck_type(text)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return None if name is None else check_timezone(name)

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.time_zone and self.type not in (None, "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
            raise ValueError(f"column {self.name!r}: a time_zone is for timestamps, not for {self.type}")
        if self.type is None:
            return self
        low, high = (None if text is None else _value_of(self.name, self.type, text) for text in (self.min, self.max))
        for text in self.allowed:
            _value_of(self.name, self.type, text)
        if low is not None and high is not None and low > high:
            raise ValueError(f"column {self.name!r}: min {self.min} is above max {self.max}")
        return self


def _value_of(column: str, type_name: str, text: str) -> Any:
    """A contract's value as its column's type has it, for comparison. Raises ValueError where it is none."""
    try:
        match type_name:
            case "VARCHAR":
                return text
            case "BOOLEAN":
                return {"false": False, "true": True}[text.lower()]
            case "DATE":
                return date.fromisoformat(text)
            case "TIME":
                return time.fromisoformat(text)
            case "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE":
                return datetime.fromisoformat(text).replace(tzinfo=None)
            case _:
                return Decimal(text)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise ValueError(f"column {column!r}: {text!r} is not {type_name}") from error


class DatasetSettings(Section):
    name: Annotated[str, Field(pattern=DATASET_NAME)]
    files: Annotated[str, Field(description="Glob below data/raw.")]
    keys: Annotated[tuple[str, ...], Field(description="Columns that name a row; rows are appended without.")] = ()
    conflict: Annotated[
        Conflict,
        Field(
            description="With keys, where a key stands with other values: newest replaces them, first keeps them, "
            "fail holds the file back."
        ),
    ] = "newest"
    duplicates: Annotated[
        Duplicates, Field(description="Without keys, rows that another file has as well: keep them, or drop them.")
    ] = "keep"
    rewritten: Annotated[
        Rewritten,
        Field(
            description="Without keys, a file with other content under its old name: its rows replace those of the version "
            "before, or both are kept."
        ),
    ] = "replace"
    max_rejected: Annotated[
        MaxRejected | None, Field(description="As inputs.max_rejected, which stands where it is not given.")
    ] = None
    ragged: Annotated[
        Literal["repair", "quarantine", "pad"],
        Field(
            description="A record that is too short or too long: mend it where one way fits, put it aside, or fill it up."
        ),
    ] = "repair"
    columns: Annotated[tuple[ColumnSettings, ...], Field(description="The contract of its columns.")] = ()
    checks: Annotated[tuple[CheckSettings, ...], Field(description="What its data must hold; see docs/checks.md.")] = ()

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        seen: set[str] = set()
        for column in self.columns:
            if column.name.casefold() in seen:
                raise ValueError(f"dataset {self.name!r}: columns names {column.name!r} twice")
            seen.add(column.name.casefold())
        return self

    @model_validator(mode="after")
    def _checks_differ(self) -> Self:
        labels = [check.label for check in self.checks]
        if twice := next((label for label in labels if labels.count(label) > 1), None):
            raise ValueError(f"dataset {self.name!r}: two checks are called {twice!r}: give them a name each")
        return self

    @model_validator(mode="after")
    def _keys_and_rules_agree(self) -> Self:
        if not self.keys and self.conflict != "newest":
            raise ValueError(f"dataset {self.name!r}: conflict is for rows with keys: name the keys, or leave it out")
        if self.keys and self.duplicates != "keep":
            raise ValueError(f"dataset {self.name!r}: duplicates is for rows without keys: leave it out, or the keys")
        if len(set(self.keys)) < len(self.keys):
            raise ValueError(f"dataset {self.name!r}: keys names a column twice")
        return self

    def column(self, name: str) -> ColumnSettings | None:
        """What is pinned of a column, letter case aside."""
        return next((column for column in self.columns if column.name.casefold() == name.casefold()), None)
