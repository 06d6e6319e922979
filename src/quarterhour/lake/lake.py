"""The lake: where data rests. Nothing outside this package opens a data file."""

from dataclasses import dataclass

from quarterhour.lake.ledger import InputLedger
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Lake:
    """One home's data, as stages and queries see it."""

    workspace: Workspace
    settings: Settings

    def ledger(self) -> InputLedger:
        """A connection of its own: use it as a context manager, in one thread."""
        return InputLedger(self.workspace.ledger_file)
