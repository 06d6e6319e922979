"""What a batch means for a table: the outcome of the comparison, and what people should be told of it."""

from dataclasses import dataclass, field
from typing import Any

from quarterhour.lake.tables import DataFile
from quarterhour.stages.merger.accounts import Counts

EXAMPLES = 5
"""Rows that a message names; the number tells of the others."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about an input's rows that is no error, but worth a look."""

    fingerprint: str
    what: str
    """The rest of a sentence that begins with the input's name."""
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the comparison of a batch with the table."""

    by_input: dict[str, Counts]
    query: str | None
    """SQL of the rows to write; None where no row changes the table."""
    replaced: list[DataFile]
    """Data files whose rows are all in `query` or superseded by it."""
    findings: list[Finding] = field(default_factory=list[Finding])


def rows_text(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
