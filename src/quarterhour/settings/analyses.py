"""What quarterhour.toml may say of one analysis: its SQL or a built-in, how its result is kept, and what it may cost."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from quarterhour.settings.types import DATASET_NAME, Section

_SPAN = re.compile(r"([1-9]\d{0,5})\s*([a-z]+)")
# The unit of DuckDB's intervals that each spelling stands for.
_UNITS = {
    unit: name
    for name, units in {
        "second": ("s", "sec", "second", "seconds"),
        "minute": ("m", "min", "minute", "minutes"),
        "hour": ("h", "hour", "hours"),
        "day": ("d", "day", "days"),
        "week": ("w", "week", "weeks"),
        "month": ("mo", "month", "months"),
        "year": ("y", "year", "years"),
    }.items()
    for unit in units
}


def check_span(text: str) -> str:
    """`15m`, `1h`, `20 days` as DuckDB's intervals have it: `15 minute`. Raises ValueError where it is none."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or found.group(2) not in _UNITS:
        raise ValueError(
            f"{text!r} is no span of time: give a number and s, m, h, d, w, mo or y, such as '15m' or '1 day'"
        )
    return f"{found.group(1)} {_UNITS[found.group(2)]}"


Span = Annotated[str, AfterValidator(check_span)]
DatasetName = Annotated[str, Field(pattern=DATASET_NAME)]
Column = Annotated[str, Field(min_length=1)]
Columns = tuple[Column, ...]

Mode = Literal["full", "window", "append"]


class WindowSettings(Section):
    """Which rows of the result a new row of the dataset can change: those of its own span of time."""

    every: Annotated[Span, Field(description="How wide a window is: 15m, 1h, 1d, 1mo.")]
    time: Annotated[Column | None, Field(description="The dataset's time column; not needed where it has one.")] = None
    into: Annotated[Column, Field(description="The result's column with a time within the window.")]
    lookback: Annotated[
        Span | None, Field(description="How far before its own time a row of the result reads; nothing without.")
    ] = None


class BucketsSettings(Section):
    """Figures for each span of time."""

    dataset: DatasetName
    every: Annotated[Span, Field(description="How wide a bucket is.")]
    time: Annotated[Column | None, Field(description="The time column; not needed where the dataset has one.")] = None
    by: Annotated[Columns, Field(description="A bucket for each value of these columns.")] = ()
    sum: Columns = ()
    mean: Columns = ()
    min: Columns = ()
    max: Columns = ()
    ohlc: Annotated[Column | None, Field(description="Its first, greatest, least and last value.")] = None
    volume: Annotated[Column | None, Field(description="Its sum; with ohlc the mean weighted by it too (vwap).")] = None


class RollingSettings(Section):
    """Figures over the rows before each row."""

    dataset: DatasetName
    time: Annotated[Column | None, Field(description="The time column; not needed where the dataset has one.")] = None
    by: Annotated[Columns, Field(description="Each value of these columns has its own rows.")] = ()
    rows: Annotated[int | None, Field(ge=1, description="Over so many rows, the row itself included.")] = None
    span: Annotated[Span | None, Field(description="Over this span of time up to the row, its beginning left out.")] = (
        None
    )
    sum: Columns = ()
    mean: Columns = ()
    min: Columns = ()
    max: Columns = ()
    std: Columns = ()
    min_rows: Annotated[int, Field(ge=1, description="Null where fewer values stand in the window.")] = 1

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.rows is None) == (self.span is None):
            raise ValueError("give rows (such as 20) or span (such as '20d')")
        if not (self.sum or self.mean or self.min or self.max or self.std):
            raise ValueError("give at least one of sum, mean, min, max, std: lists of columns")
        return self


class TopSettings(Section):
    """The N greatest rows, or groups of rows."""

    dataset: DatasetName
    n: Annotated[int, Field(ge=1)] = 10
    by: Annotated[Column, Field(description="The column that is compared.")]
    of: Annotated[Columns, Field(description="Rank groups by these columns; single rows without.")] = ()
    measure: Annotated[Literal["sum", "mean", "min", "max", "count"], Field(description="Of a group's `by`.")] = "sum"
    per: Annotated[Columns, Field(description="N for each value of these columns.")] = ()
    order: Literal["most", "least"] = "most"


class ChangeSettings(Section):
    """Figures of a dataset now, beside what they were when the analysis ran last."""

    dataset: DatasetName
    by: Annotated[Columns, Field(description="For each value of these columns.")] = ()
    sum: Columns = ()
    mean: Columns = ()
    min: Columns = ()
    max: Columns = ()


BuiltIn = BucketsSettings | RollingSettings | TopSettings | ChangeSettings
_BODIES = ("sql", "buckets", "rolling", "top", "change")


class AnalysisSettings(Section):
    """A query whose result is a dataset of its own."""

    name: DatasetName
    sql: Annotated[str | None, Field(description="One SELECT, in DuckDB's SQL.")] = None
    buckets: BucketsSettings | None = None
    rolling: RollingSettings | None = None
    top: TopSettings | None = None
    change: ChangeSettings | None = None
    mode: Annotated[
        Mode | None,
        Field(description="How the result is kept. full where nothing is said; window for buckets and rolling spans."),
    ] = None
    over: Annotated[
        DatasetName | None,
        Field(description="window, append: the dataset whose new rows count; not needed where one is read."),
    ] = None
    window: Annotated[WindowSettings | None, Field(description="Of mode window.")] = None
    timeout: Annotated[float, Field(gt=0, description="Seconds after which the query is ended.")] = 600.0
    max_rows: Annotated[int, Field(ge=1, description="Rows above which the result is refused.")] = 10_000_000
    on_error: Annotated[
        Literal["report", "fail"], Field(description="Whether the run goes on without it, or fails.")
    ] = "report"

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = [body for body in _BODIES if getattr(self, body) is not None]
        if len(given) != 1:
            raise ValueError(
                f"analysis {self.name!r}: give exactly one of {', '.join(_BODIES)}"
                + (f", not {' and '.join(given)}" if given else "")
            )
        if self.sql is not None and not self.sql.strip():
            raise ValueError(f"analysis {self.name!r}: sql is empty")
        if self.built_in is not None:
            self._check_built_in()
        elif self.mode == "window" and self.window is None:
            raise ValueError(
                f"analysis {self.name!r}: mode window needs to know the windows, such as "
                'window = {every = "1h", into = "hour"}'
            )
        if self.window is not None and self.mode != "window":
            raise ValueError(f'analysis {self.name!r}: a window is for mode = "window", not for {self.effective_mode}')
        if self.over is not None and self.effective_mode == "full":
            raise ValueError(f"analysis {self.name!r}: over is for mode window and append; full reads all rows")
        if self.reads_itself:
            raise ValueError(f"analysis {self.name!r} reads its own result: name another dataset")
        return self

    def _check_built_in(self) -> None:
        kind = self.kind
        allowed = {"full", self.default_mode}
        if self.mode is not None and self.mode not in allowed:
            raise ValueError(
                f"analysis {self.name!r}: {kind} can be kept as {' or '.join(sorted(allowed))}, not as {self.mode}"
            )
        for unused in ("window", "over"):
            if getattr(self, unused) is not None:
                raise ValueError(f"analysis {self.name!r}: {kind} knows its {unused} by itself: leave it out")

    @property
    def built_in(self) -> BuiltIn | None:
        return self.buckets or self.rolling or self.top or self.change

    @property
    def kind(self) -> str:
        """Which of sql and the built-ins it is."""
        return next(body for body in _BODIES if getattr(self, body) is not None)

    @property
    def default_mode(self) -> Mode:
        is_by_time = self.buckets is not None or (self.rolling is not None and self.rolling.span is not None)
        return "window" if is_by_time else "full"

    @property
    def effective_mode(self) -> Mode:
        return self.mode or self.default_mode

    @property
    def reads_itself(self) -> bool:
        return self.built_in is not None and self.built_in.dataset == self.name
