"""Days of the simulator: what it promises, that a seed replays exactly, and that it can tell a broken promise."""

from datetime import UTC, datetime

import pytest

from quarterhour.events import MarkSkipped, RunSucceeded
from quarterhour.lifecycle import RunState
from simulation.promises import PromiseBroken, Promises
from simulation.simulator import Rates, simulate

# Both changes of Lord Howe's clock are half an hour; these days hold one, and far more faults than a real machine has.
_CHANGE = datetime(2025, 4, 3, tzinfo=UTC)
_BAD_DAYS = Rates(6, 6, 0.5, 1, 1, 1, slow_disks=2, failed_writes=2, buttons=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_days_with_every_fault_keep_every_promise_and_replay_exactly(seed: int) -> None:
    first, again = (simulate(seed, _CHANGE, 5, "Australia/Lord_Howe", _BAD_DAYS) for _ in range(2))
    assert first == again
    assert first.marks >= 5 * 96 * 0.9
    for fault in ("SIGKILL at an instant", "SIGKILL in a write of the log", "button pressed"):
        assert first.counts[f"fault: {fault}"] > 5, fault
    for fault in ("slow disk", "write that fails"):
        assert first.counts[f"fault: {fault}"] > 0, fault
    assert first.counts["runs: success"] > 50


def test_a_perfect_world_runs_at_each_mark() -> None:
    none = Rates(0, 0, 0, 0, 0, 0, 0, 0, 0)
    report = simulate(3, _CHANGE, 1, "UTC", none)
    assert sum(count for what, count in report.counts.items() if what.startswith("marks: ")) == report.marks
    assert report.marks >= 96


def test_a_promise_that_is_broken_is_told() -> None:
    promises = Promises()
    at = datetime(2025, 1, 1, tzinfo=UTC)
    record = MarkSkipped(
        at=at,
        run_id=None,
        stage="scheduler",
        msg="skipped",
        data={"mark": "2025-01-01T00:00:00.000Z", "reason": "running", "running": None},
    )
    promises.see(record.to_record(1))
    with pytest.raises(PromiseBroken, match="has a verdict already"):
        promises.see(record.to_record(2))
    with pytest.raises(PromiseBroken, match="seq follows 2"):
        promises.see(record.to_record(4))
    success = RunSucceeded(at=at, run_id="a run", stage="pipeline", msg="it succeeded", data={"counts": {}})
    with pytest.raises(PromiseBroken, match="its run ended as idle"):
        promises.see(success.to_record(3))
    with pytest.raises(PromiseBroken, match="not the fold of the events"):
        promises.check_boot(promises.status.model_copy(update={"state": RunState.RUNNING}), opened_at=1)
