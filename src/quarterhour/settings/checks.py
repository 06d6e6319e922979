"""What `[[datasets.checks]]` in quarterhour.toml may say: a class for each kind of check, and what its failing does."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic_core import SchemaError

from quarterhour.settings.types import DATASET_NAME, MaxRejected, RejectLimit, Section, check_timezone

Severity = Literal["warn", "fail"]
Action = Literal["report", "hold_file", "hold_run"]
Measure = Literal["volume", "null_share", "mean", "distribution"]

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_MOST_SECONDS = 1e12


def parse_duration(value: object) -> timedelta:
    """Raises ValueError where `value` is not a number and a unit, such as '90 minutes'."""
    if isinstance(value, timedelta):
        return value
    parts = _DURATION.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if parts:
        number, word = float(parts[1]), parts[2]
        unit = next((unit for unit in _UNITS if word in (unit[0], unit, f"{unit}s")), None)
        if unit and number * _UNITS[unit] < _MOST_SECONDS:
            return timedelta(seconds=number * _UNITS[unit])
    raise ValueError(
        f"{value!r} is no duration: give a number of {', '.join(f'{unit}s' for unit in _UNITS)}, such as '90 minutes'"
    )


def show_duration(value: timedelta) -> str:
    """In the largest unit in which it is a whole number."""
    seconds = value.total_seconds()
    unit = next((unit for unit in reversed(_UNITS) if seconds and seconds % _UNITS[unit] == 0), "second")
    number = seconds / _UNITS[unit]
    return f"{number:g} {unit}" + ("" if number == 1 else "s")


def check_pattern(pattern: str) -> str:
    """Raises ValueError, with the position, where `pattern` is no regular expression of RE2's kind.

    The server has no RE2: this is the syntax of pydantic's own engine, which is all but the same. RE2 itself looks at the
    pattern before the check is made.
    """
    try:
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except SchemaError as error:
        raise ValueError(f"{pattern!r} is no regular expression: {_pattern_fault(pattern, str(error))}") from error
    return pattern


def _pattern_fault(pattern: str, told: str) -> str:
    """The engine shows the pattern with a mark below the fault."""
    lines = told.splitlines()
    what = lines[-1].strip().removeprefix("error: ")
    place = next((number for number, line in enumerate(lines) if set(line.strip()) == {"^"}), None)
    if place is None or "\n" in pattern:
        return what
    indent = len(lines[place - 1]) - len(pattern)
    return f"{what}, at character {lines[place].index('^') - indent + 1}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(show_duration, return_type=str)]
Column = Annotated[str, Field(min_length=1)]
# As TOML has it: none of these is turned into another.
Bound = bool | int | float | datetime | date | time | str


class Check(Section):
    """What every check has."""

    name: Annotated[
        str | None, Field(min_length=1, description="What it is called; made of its kind and columns without.")
    ] = None
    severity: Annotated[Severity, Field(description="warn only tells; fail also does what on_failure says.")] = "fail"
    on_failure: Annotated[Action | None, Field(description="report, hold_file (the default of fail) or hold_run.")] = (
        None
    )
    examples: Annotated[int, Field(ge=0, le=1000, description="How many failing rows are shown.")] = 10

    @model_validator(mode="after")
    def _a_warning_holds_nothing(self) -> Self:
        if self.severity == "warn" and self.on_failure not in (None, "report"):
            raise ValueError(f'severity "warn" only tells: for on_failure = "{self.on_failure}" give severity = "fail"')
        return self

    @property
    def kind(self) -> str:
        return str(cast(Any, self).check)

    @property
    def action(self) -> Action:
        """What its failing does."""
        return "report" if self.severity == "warn" else self.on_failure or "hold_file"

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return ()

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or f"{self.kind}({', '.join(self.subject)})"


def _spelled_out(values: Any) -> Any:
    """`column = "x"` is short for `columns = ["x"]`."""
    if isinstance(values, dict) and "column" in values and "columns" not in values:
        given = cast(dict[str, Any], values)
        return {name: value for name, value in given.items() if name != "column"} | {"columns": [given["column"]]}
    return cast(Any, values)


class _ColumnsCheck(Check):
    columns: Annotated[tuple[Column, ...], Field(min_length=1, description="Its columns; column = names a single one.")]

    _short = model_validator(mode="before")(_spelled_out)

    @property
    def subject(self) -> tuple[str, ...]:
        return self.columns


class _RowsCheck(_ColumnsCheck):
    """One that each row passes or fails."""

    max_failures: Annotated[
        MaxRejected, Field(description="Share ('0.1%') or number of a file's rows that may fail it.")
    ] = RejectLimit.parse("0")


class NotNullCheck(_RowsCheck):
    """Each of the columns has a value."""

    check: Literal["not_null"]


class UniqueCheck(_RowsCheck):
    """No two rows have the same values in the columns."""

    check: Literal["unique"]
    within: Annotated[
        Literal["file", "dataset"] | None,
        Field(description="Where; the dataset as it will stand, or, where the columns hold its keys, the file."),
    ] = None


def _check_order(low: Bound, high: Bound) -> None:
    """Raises ValueError where no value can lie between. A text may be a moment: its column will tell."""
    if isinstance(low, str) or isinstance(high, str):
        return
    is_number = [isinstance(one, int | float) for one in (low, high)]
    if is_number[0] != is_number[1]:
        raise ValueError(f"min {low} and max {high} are of two kinds")
    if (all(is_number) or type(low) is type(high)) and cast(Any, low) > high:
        raise ValueError(f"min {low} is above max {high}")


class RangeCheck(_RowsCheck):
    """The columns' values lie from min to max, both included."""

    check: Literal["range"]
    min: Annotated[Bound | None, Field(description="Least value.")] = None
    max: Annotated[Bound | None, Field(description="Greatest value.")] = None

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a range has a min, a max, or both")
        if self.min is not None and self.max is not None:
            _check_order(self.min, self.max)
        return self


class AllowedCheck(_RowsCheck):
    """The columns' values are among those listed."""

    check: Literal["allowed"]
    values: Annotated[tuple[Bound, ...], Field(min_length=1, description="The only values that they may have.")]


class PatternCheck(_RowsCheck):
    """The columns' values match a regular expression from their beginning to their end."""

    check: Literal["pattern"]
    pattern: Annotated[str, Field(min_length=1, description="RE2; (?i) at its beginning leaves letter case aside.")]

    _pattern = field_validator("pattern")(check_pattern)


class ForeignKeyCheck(_RowsCheck):
    """The columns' values together stand in another dataset."""

    check: Literal["foreign_key"]
    references: Annotated[str, Field(pattern=DATASET_NAME, description="The other dataset.")]
    referenced: Annotated[
        tuple[Column, ...], Field(description="Its columns, in the order of columns; those of the same names without.")
    ] = ()

    @model_validator(mode="after")
    def _as_many_columns(self) -> Self:
        if self.referenced and len(self.referenced) != len(self.columns):
            raise ValueError(f"{len(self.columns)} columns refer to {len(self.referenced)}: give as many")
        return self

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}({', '.join(self.columns)} → {self.references})"


class RowCountCheck(Check):
    """The rows of each file, or of the dataset as it will stand, number from min to max."""

    check: Literal["row_count"]
    of: Annotated[Literal["file", "dataset"], Field(description="What is counted: each new file, or the dataset.")] = (
        "dataset"
    )
    min: Annotated[int | None, Field(ge=0, description="Fewest rows.")] = None
    max: Annotated[int | None, Field(ge=0, description="Most rows.")] = None

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a row_count has a min, a max, or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}({self.of})"


class FreshnessCheck(Check):
    """The newest moment of a column is not too old, and not too far in the future, when the run looks."""

    check: Literal["freshness"]
    column: Column
    max_age: Annotated[
        Duration | None, Field(description="Oldest that the newest moment may be, such as '2 days'.")
    ] = None
    max_ahead: Annotated[Duration | None, Field(description="Farthest that it may lie in the future.")] = None
    time_zone: Annotated[str, Field(description="IANA zone of moments that name none.")] = "UTC"

    _zone = field_validator("time_zone")(check_timezone)

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.max_age is None and self.max_ahead is None:
            raise ValueError("a freshness has a max_age, a max_ahead, or both")
        return self

    @property
    def subject(self) -> tuple[str, ...]:
        return (self.column,)


class DriftCheck(Check):
    """What is new in this run is like what was new in the last runs."""

    check: Literal["drift"]
    of: Annotated[Measure, Field(description="What is compared.")]
    columns: Annotated[tuple[Column, ...], Field(description="Of all but volume: the columns.")] = ()
    last: Annotated[int, Field(ge=2, le=200, description="How many of the last runs are compared with.")] = 20
    min_runs: Annotated[int, Field(ge=2, le=200, description="Without so many runs it says nothing.")] = 5
    threshold: Annotated[
        float | None,
        Field(gt=0, description="3.5 robust standard deviations without; of a distribution, an index of 0.25."),
    ] = None

    _short = model_validator(mode="before")(_spelled_out)

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if (self.of == "volume") == bool(self.columns):
            raise ValueError('a drift of "volume" has no columns, each other one has some')
        if self.min_runs > self.last:
            raise ValueError(f"min_runs {self.min_runs} is above last {self.last}")
        return self

    @property
    def subject(self) -> tuple[str, ...]:
        return self.columns

    @property
    def label(self) -> str:
        return self.name or f"drift of {self.of}" + (f"({', '.join(self.columns)})" if self.columns else "")


CheckSettings = Annotated[
    NotNullCheck
    | UniqueCheck
    | RangeCheck
    | AllowedCheck
    | PatternCheck
    | ForeignKeyCheck
    | RowCountCheck
    | FreshnessCheck
    | DriftCheck,
    Field(discriminator="check"),
]
