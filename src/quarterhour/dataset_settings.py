"""What quarterhour.toml may say of one dataset: its files, keys, contract, and how much of it may be rejected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator, model_validator

DATASET_NAME = r"^[a-z][a-z0-9_]{0,62}$"

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
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Section(BaseModel):
    """A table of quarterhour.toml: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_timezone(name: str) -> str:
    """Raises ValueError where `name` is not in the IANA database."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone: give an IANA name, such as 'Europe/Paris' or 'UTC'")
    return name


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """How many records of a dataset a run may put aside: a share of those read, or a number. At 100% there is no limit."""

    amount: Decimal
    is_share: bool

    @classmethod
    def parse(cls, value: object) -> "RejectLimit":
        """Raises ValueError where `value` is neither a number of records nor a share such as '0.1%'."""
        if isinstance(value, RejectLimit):
            return value
        text = str(value).strip()
        if not isinstance(value, bool | float):
            if share := _PERCENT.fullmatch(text):
                amount = Decimal(share.group(1))
                if amount <= 100:
                    return cls(amount, is_share=True)
            elif text.isascii() and text.isdecimal():
                return cls(Decimal(text), is_share=False)
        raise ValueError(
            f"{value!r} is no limit: give a share from '0%' to '100%', such as '0.1%', or a number of records"
        )

    @property
    def is_none(self) -> bool:
        return self.is_share and self.amount == 100

    def is_exceeded(self, rejected: int, records: int) -> bool:
        """Whether `rejected` of `records` are too many. Exact: no rounding decides."""
        return rejected * 100 > self.amount * records if self.is_share else rejected > self.amount

    def __str__(self) -> str:
        return f"{self.amount}%" if self.is_share else str(self.amount)


MaxRejected = Annotated[RejectLimit, BeforeValidator(RejectLimit.parse), PlainSerializer(str, return_type=str)]


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

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        seen: set[str] = set()
        for column in self.columns:
            if column.name.casefold() in seen:
                raise ValueError(f"dataset {self.name!r}: columns names {column.name!r} twice")
            seen.add(column.name.casefold())
        return self

    def column(self, name: str) -> ColumnSettings | None:
        """What is pinned of a column, letter case aside."""
        return next((column for column in self.columns if column.name.casefold() == name.casefold()), None)
