"""What is asked for of one table of a text, and what is told of it once it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quarterhour.lake.translated import KnownColumn
from quarterhour.settings.datasets import DatasetSettings
from quarterhour.stages.translator.structure.layout import Layout, Note


@dataclass(frozen=True, slots=True)
class TableOrder:
    """A table in a text, and how it is to be read."""

    text: Path
    size: int
    """Bytes of the text."""
    layout: Layout
    file: str
    """The raw file's name as people see it."""
    fingerprint: str
    scratch: Path
    """A folder of its own."""
    contract: DatasetSettings | None
    keys: tuple[str, ...]
    as_text: bool
    sample: Sequence[Sequence[str]]
    """The first records' cells."""
    is_sample_whole: bool
    """Whether they are all of the text's."""
    after_record: int
    check: Callable[[], None]


@dataclass(slots=True)
class TableMade:
    """What a table became. `records == rows + quarantined`."""

    columns: dict[str, KnownColumn]
    reasons: dict[str, str]
    records: int
    rows: int
    quarantined: int
    repaired: int
    notes: list[str]
    lines: list[Note]
    """The text's lines that are no records, as far as they were met among them."""
    next_table: tuple[int, int] | None
    """Offset and line where another table begins."""
