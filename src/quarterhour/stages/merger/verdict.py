"""What a batch means for a table: the outcome of the comparison, and what people should be told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from quarterhour.lake.renewals import StateMoves
from quarterhour.lake.reversals import read_moves
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
class Renewal:
    """Which inputs of a batch stand in the place of other inputs, and what becomes of those."""

    superseding: list[str] = field(default_factory=list[str])
    moves: StateMoves = field(default_factory=StateMoves)
    removed: int = 0
    """Rows that are gone."""

    def as_facts(self) -> dict[str, str]:
        """For the commit."""
        if not self.superseding:
            return {}
        return {
            "superseding": orjson.dumps(self.superseding).decode(),
            "moved": orjson.dumps(self.moves).decode(),
            "removed": str(self.removed),
        }

    @classmethod
    def read(cls, commit_info: Mapping[str, Any]) -> "Renewal":
        if "superseding" not in commit_info:
            return cls()
        superseding = orjson.loads(commit_info["superseding"])
        return cls(superseding, read_moves(commit_info), int(commit_info["removed"]))


@dataclass(frozen=True, slots=True)
class Write:
    """Rows that are to be written to data files of their own."""

    query: str
    after: str | None = None
    """The data file in whose place among the table's files they come; None for the end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the comparison of a batch with the table."""

    by_input: dict[str, Counts]
    writes: list[Write]
    """What is to be written; nothing where no row changes the table."""
    replaced: list[DataFile]
    """Data files whose rows are all in `writes` or superseded by them."""
    findings: list[Finding] = field(default_factory=list[Finding])
    renewal: Renewal = field(default_factory=Renewal)


def rows_text(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
