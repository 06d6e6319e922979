"""What somebody asks to take out, and what is told before and after. Pure: the server uses it, which imports no engine."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from quarterhour.errors import InvalidQuery, QuarterhourError
from quarterhour.settings.exports import NEUTRALISING_FORMATS, ExportFormat

MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "arrow": "application/vnd.apache.arrow.file",
}


MAX_ROWS = 10_000
"""The most rows that one page may have."""


class ExportError(QuarterhourError):
    """The export could not be made."""


class ExportTimedOut(QuarterhourError):
    """Making the export took longer than it may."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Raises InvalidQuery where it asks for what cannot be."""

    dataset: str
    format: ExportFormat
    version: int | None = None
    """None: as the table stands when it is opened."""
    columns: tuple[str, ...] = ()
    """In this order; without any, all that are data. Each is a name, or several with commas between."""
    where: str = ""
    """A SQL expression over the columns; without one, all rows."""
    safe: bool = False
    """Formulas in text are neutralised."""

    def __post_init__(self) -> None:
        if self.format not in MEDIA_TYPES:
            raise InvalidQuery(f"format {self.format!r}: give one of {', '.join(MEDIA_TYPES)}")
        if self.safe and self.format not in NEUTRALISING_FORMATS:
            raise InvalidQuery(f"safe is for {' and '.join(NEUTRALISING_FORMATS)}: {self.format} holds no formulas")

    def file_name(self, version: int) -> str:
        return f"{self.dataset}-v{version}.{self.format}"


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Raises InvalidQuery for a page that cannot be."""

    limit: int = 100
    offset: int = 0
    sort: str | None = None
    """A column; without one, rows come as the table's files have them."""
    descending: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= MAX_ROWS or self.offset < 0:
            raise InvalidQuery(
                f"limit {self.limit} and offset {self.offset}: give a limit from 0 to {MAX_ROWS} and an offset from 0"
            )


@dataclass(frozen=True, slots=True)
class MadeExport:
    """A whole file. `digest` is the SHA-256 of its content, in hexadecimal."""

    path: Path
    name: str
    """As people should save it."""
    digest: str


@dataclass(frozen=True, slots=True)
class ExportCheck:
    """What an export would hold."""

    version: int
    rows: int
    columns: list[str]
    refusal: str | None
    """Why it cannot be made in this format, and the way out."""
    size: int | None
    """Bytes of the file where it is made already."""


MOST_POINTS = 40_000
FEWEST_POINTS = 4


@dataclass(frozen=True, slots=True)
class SeriesWanted:
    """Raises InvalidQuery for a plot that cannot be."""

    column: str
    time: str
    start: datetime | None = None
    """The span, both ends in it; without them, from the first drawn row to the last. They have a zone."""
    end: datetime | None = None
    points: int = 4_000
    by: str | None = None
    """A series for each value of this column."""

    def __post_init__(self) -> None:
        if not FEWEST_POINTS <= self.points <= MOST_POINTS:
            raise InvalidQuery(f"points {self.points}: give from {FEWEST_POINTS} to {MOST_POINTS}")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidQuery(
                f"from {self.start.isoformat()} to {self.end.isoformat()}: a span must end after it starts"
            )
