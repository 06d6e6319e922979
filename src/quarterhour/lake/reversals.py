"""The ledger's view of what can be taken out of the merged tables: which inputs stand, and intents that outlive a kill.

Imports no data engine: the server asks it too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from quarterhour.errors import QuarterhourError
from quarterhour.lake.ledger import Input, InputLedger, InputState

# The table's commit is the fact; an intent only says where to look for one that a kill kept from the ledger.
_TABLE = """
CREATE TABLE IF NOT EXISTS reversals (
    dataset TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    token   TEXT NOT NULL
) WITHOUT ROWID
"""
MERGED_STATES = frozenset({InputState.MERGED, InputState.REPLACED, InputState.RETRACTED})
"""Of the inputs that a merged table took in."""

Moves = Mapping[str, tuple[InputState, InputState]]
"""By fingerprint: the state before and after."""


class NotRetractable(QuarterhourError):
    """The input's rows cannot be taken out, or put back."""


class TranslatedFileGone(NotRetractable):
    """A translated file that decides which rows stand is not in data/translated any more."""


def read_moves(commit_info: Mapping[str, Any]) -> dict[str, tuple[InputState, InputState]]:
    """The inputs that a commit moved; without those that it took in for the first time."""
    moved: dict[str, list[str]] = orjson.loads(commit_info.get("moved", "{}"))
    return {mark: (InputState(before), InputState(after)) for mark, (before, after) in moved.items()}


class Intent(NamedTuple):
    """A commit that was about to be made: the version that it would make, and the token that it would carry."""

    dataset: str
    version: int
    token: str


class ReversalLedger(InputLedger):
    """The ledger of inputs, with what is taken out of the tables."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.execute(_TABLE)

    def __enter__(self) -> "ReversalLedger":
        return self

    def intend(self, intent: Intent) -> None:
        """Before the commit that moves inputs."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO reversals (dataset, version, token) VALUES (?,?,?)", intent
            )

    def intents(self) -> list[Intent]:
        """What a kill may have left between a commit and the ledger."""
        rows = self._connection.execute("SELECT dataset, version, token FROM reversals ORDER BY dataset")
        return [Intent(*row) for row in rows]

    def settle(self, dataset: str, moves: Moves) -> None:
        """After the commit: the inputs are in their new states, and nothing of the dataset is intended any more."""
        with self._transaction():
            self._set_states({fingerprint: after for fingerprint, (_, after) in moves.items()})
            self._connection.execute("DELETE FROM reversals WHERE dataset = ?", (dataset,))


def with_earlier(inputs: Iterable[Input], entry: Input) -> list[Input]:
    """The input, and the versions that it grew from: all the rows of its raw file. Earliest first."""
    by_fingerprint = {one.fingerprint: one for one in inputs}
    chain = [entry]
    while (earlier := by_fingerprint.get(chain[-1].grew_from or "")) is not None:
        chain.append(earlier)
    return chain[::-1]


def states_with(inputs: Sequence[Input], retracted: Collection[str]) -> dict[str, InputState]:
    """The states of a dataset's merged inputs where exactly `retracted` are taken out.

    Of the versions of one raw file the newest that is not taken out stands, if it supersedes those before it.
    """
    by_fingerprint = {one.fingerprint: one for one in inputs}
    replaced: set[str] = set()
    for entry in inputs:
        if entry.state in MERGED_STATES and entry.fingerprint not in retracted:
            replaced |= superseded_by(entry, by_fingerprint)

    def state(fingerprint: str) -> InputState:
        if fingerprint in retracted:
            return InputState.RETRACTED
        return InputState.REPLACED if fingerprint in replaced else InputState.MERGED

    return {one.fingerprint: state(one.fingerprint) for one in inputs if one.state in MERGED_STATES}


def superseded_by(entry: Input, by_fingerprint: Mapping[str, Input]) -> set[str]:
    """All the versions before an input in whose place its rows stand."""
    found: set[str] = set()
    before = by_fingerprint.get(entry.replaces or "") if entry.supersedes else None
    while before is not None and before.fingerprint not in found:
        found.add(before.fingerprint)
        # A version that grew goes with those that it grew from, down to the one that it replaced.
        earlier = before.grew_from or (before.replaces if before.supersedes else None)
        before = by_fingerprint.get(earlier or "")
    return found
