"""The table of states is the whole of what may happen; the watchdog's verdict and the backoff are pure."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import pipeline, settings_for
from quarterhour.engines.base import Vitals
from quarterhour.errors import InvalidTransition, RunInProgress
from quarterhour.events import EventRecord
from quarterhour.lifecycle import ENDED, TRANSITIONS, Reason, RunState, Trigger, check_transition, fold
from quarterhour.runner import backoff_s
from quarterhour.watchdog import Limits, verdict


@given(before=st.sampled_from(RunState), after=st.sampled_from(RunState))
def test_only_the_moves_of_the_table_are_taken(before: RunState, after: RunState) -> None:
    if after in TRANSITIONS[before]:
        check_transition(before, after)
    else:
        with pytest.raises(InvalidTransition, match=f"is {before}: it cannot become {after}"):
            check_transition(before, after)


@settings(max_examples=40)
@given(
    moves=st.lists(
        st.sampled_from(["start", "running", "stopping", "success", "failed", "stopped", "reset"]), max_size=12
    )
)
def test_any_walk_leaves_a_state_that_is_the_fold_of_its_events(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str]
) -> None:
    """S3, S4, S8: every move is an event, no ended run keeps a stage at work, and its end event says what its state is."""

    async def walk() -> None:
        async with pipeline(tmp_path_factory.mktemp("walk"), settings_for("Good")) as parts:
            state = parts.state
            for move in moves:
                before = state.status
                try:
                    if move == "start":
                        await state.start(Trigger.API, ("good",))
                    elif move in ("running", "stopping", "reset"):
                        await getattr(state, move)()
                    elif before.run is not None:
                        await state.finish(RunState(move), reason=Reason.STAGE_ERROR if move == "failed" else None)
                except (InvalidTransition, RunInProgress):
                    assert state.status == before
            assert fold(parts.log.read(0, 1000)) == state.status
            _check_ends(parts.log.read(0, 1000))
            if state.status.state in ENDED:
                assert state.status.stage is None
                assert state.status.last_run == state.status.run

    asyncio.run(walk())


def _check_ends(records: list[EventRecord]) -> None:
    """Each end of a run is its state, and the event that follows from it; there is no other event of an end."""
    of_pipeline = [record for record in records if record.stage == "pipeline"]
    ends = [
        (record.data["to"], told.event)
        for record, told in zip(of_pipeline, [*of_pipeline[1:], *of_pipeline[-1:]], strict=True)
        if record.event == "state" and record.data["to"] in ENDED
    ]
    kinds = {"success": "success", "failed": "failed", "stopped": "stop"}
    assert [told for _, told in ends] == [kinds[state] for state, _ in ends]
    assert sum(record.event in kinds.values() for record in of_pipeline) == len(ends)


@pytest.mark.parametrize(
    ("started_s", "reported_s", "reason"),
    [(90.0, 99.0, None), (90.0, 89.0, Reason.HUNG), (30.0, 99.0, Reason.TIMED_OUT)],
)
def test_the_watchdogs_verdict(started_s: float, reported_s: float, reason: Reason | None) -> None:
    found = verdict(Vitals(started_s, reported_s, 99.0), 100.0, Limits(timeout_s=60, hung_after_s=10))
    assert (found.reason if found else None) == reason


@given(attempt=st.integers(1, 50), jitter=st.floats(0, 1))
def test_the_backoff_doubles_up_to_its_limit(attempt: int, jitter: float) -> None:
    whole = min(60.0, 2.0 ** (attempt - 1))
    assert whole / 2 <= backoff_s(attempt, 1.0, 60.0, jitter) <= whole
