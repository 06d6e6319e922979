"""Intake: which waiting files are new content, and what each is to the version before it under the same name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from quarterhour.lake.arrivals import Arrival, Content
from quarterhour.lake.ledger import Input, InputLedger, Sighting
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Task:
    """A file to translate."""

    arrival: Arrival
    fingerprint: str
    before: Input | None = None
    """The version before it under the same name."""
    has_grown: bool = False
    """It begins with `before`, and only what follows is new."""

    @property
    def after_record(self) -> int:
        return self.before.after_record + self.before.records if self.before and self.has_grown else 0

    @property
    def repeats_rows(self) -> bool:
        """Whether rows of versions before it were handed on, and may be in it again."""
        if self.before is None or self.has_grown:
            return False
        return self.before.rows > 0 or self.before.after_record > 0


class Known(Enum):
    """Why a file is not to be translated."""

    IN_LEDGER = auto()
    """Its content is in the ledger."""
    IN_RUN = auto()
    """An earlier file of this run, by name, has the same content."""


class Intake:
    """Judges the files of one run, which come in the order of their names: of two with the same content the first counts."""

    def __init__(self, ledger: InputLedger, workspace: Workspace, sightings: Mapping[str, Sighting]) -> None:
        self._ledger = ledger
        self._workspace = workspace
        self._sightings = sightings
        self._taken: set[str] = set()

    def head_bytes(self, arrival: Arrival) -> int:
        """How long the version before it was, where the file may have grown from it; else 0."""
        seen = self._sightings.get(arrival.name)
        return seen.size if seen is not None and seen.size < arrival.size else 0

    def is_back(self, arrival: Arrival, fingerprint: str) -> bool:
        """Whether the file had other content when it was last read."""
        seen = self._sightings.get(arrival.name)
        return seen is not None and seen.fingerprint != fingerprint

    def judge(self, arrival: Arrival, content: Content) -> Task | Known:
        mark = content.fingerprint
        if mark in self._taken:
            return Known.IN_RUN
        if self._ledger.find(mark) is not None:
            return Known.IN_LEDGER
        self._taken.add(mark)
        seen = self._sightings.get(arrival.name)
        before = self._ledger.find(seen.fingerprint) if seen is not None else None
        if before is None or seen is None:
            return Task(arrival, mark)
        has_grown = (
            content.head == seen.fingerprint
            and not before.is_rejected
            and before.dataset == arrival.dataset
            and self._is_closed(before)
        )
        return Task(arrival, mark, before, has_grown)

    def _is_closed(self, before: Input) -> bool:
        """Whether no quote was left open in it: what was added could close it, and change the records before."""
        if not before.quarantined and not before.repaired:
            return True
        aside: Path = self._workspace.quarantine_file(before.dataset, before.fingerprint)
        try:
            return all(record.raw.count('"') % 2 == 0 for record in read_quarantine(aside))
        except FileNotFoundError:
            return False  # Somebody cleared the quarantine.
