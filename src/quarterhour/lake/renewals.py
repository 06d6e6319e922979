"""Which inputs are new versions that stand alone, and what becomes of the versions before them. No data engine."""

from collections.abc import Sequence
from dataclasses import replace

from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.reversals import MERGED_STATES, states_with
from quarterhour.settings import Settings

StateMoves = dict[str, tuple[InputState, InputState]]
"""By fingerprint: the state before and after."""


def is_renewing(settings: Settings, entry: Input) -> bool:
    """Whether the input is a new version that is to stand alone."""
    found = settings.dataset(entry.dataset)
    is_wanted = found is None or (not found.keys and found.rewritten == "replace")
    return is_wanted and entry.replaces is not None


def shift_states(inputs: Sequence[Input], batch: Sequence[Input], renewing: Sequence[Input]) -> StateMoves:
    """What becomes of a dataset's inputs once a batch is merged, of which some renew others.

    Of the batch itself only those are named that do not stand afterwards.
    """
    supersedes = {entry.fingerprint for entry in renewing}
    marks = {entry.fingerprint for entry in batch}
    taken = [replace(one, state=InputState.MERGED, supersedes=one.fingerprint in supersedes) for one in batch]
    virtual = [*(one for one in inputs if one.fingerprint not in marks), *taken]
    after = states_with(virtual, {one.fingerprint for one in inputs if one.state is InputState.RETRACTED})
    return {
        one.fingerprint: (one.state, after[one.fingerprint])
        for one in virtual
        if one.state in MERGED_STATES and after[one.fingerprint] is not one.state
    }
