"""What becomes of an analysis, in plain data that crosses from process to process."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of an analysis in this run."""

    COMPUTED = "computed"
    UNCHANGED = "unchanged"
    """What it reads is as it was when it ran last."""
    WAITING = "waiting"
    """A dataset that it reads has no rows yet."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """It crosses from process to process: plain data only."""

    outcome: Outcome
    rows: int = 0
    how: str = ""
    """In words: all of it, so many windows, so many new rows."""
    waits_for: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    """Of a waiting one: the datasets that there are."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a result, and what it would be."""

    columns: dict[str, str]
    rows: list[list[Any]]
    sql: str
    plan: str = ""
