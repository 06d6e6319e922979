"""What a failing check does: it tells, holds back a file, or holds back the run; attempts, kills and releases in between."""

from pathlib import Path
from typing import Any

import pytest
from checking import DATASET, configured
from pending_inputs import put, table_rows
from stage_context import RecordingContext

from quarterhour.errors import StageError
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import InputState
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.checks import service
from quarterhour.stages.analyzer.checks.keeping import read_results
from quarterhour.stages.analyzer.history import read_history
from quarterhour.stages.merger import MergerService

POSITIVE: dict[str, Any] = {"check": "range", "column": "v", "min": 0}


def _home(path: Path, check: dict[str, Any], run: int = 1, attempt: int = 1) -> RecordingContext:
    run_id = f"20251205T12{run:02}00Z-000001"
    return RecordingContext(path, configured(check), run_id=run_id, attempt=attempt)


def _analyse(context: RecordingContext) -> dict[str, Any]:
    return AnalyzerService().run(context).data


def _merge(context: RecordingContext) -> dict[str, Any]:
    data = MergerService().run(context).data
    assert data["rows"] == data["inserted"] + data["updated"] + data["unchanged"] + data["held_back"]
    return data


def _state(context: RecordingContext, name: str) -> tuple[InputState, str]:
    with HoldLedger(context.workspace.ledger_file) as ledger:
        entry = ledger.named(name)
    return entry.state, entry.message


def test_a_warning_only_tells(tmp_path: Path) -> None:
    context = _home(tmp_path, POSITIVE | {"severity": "warn"})
    put(context, DATASET, "SELECT -1 AS v", "bars/bad.csv")
    data = _analyse(context)
    assert (data["checks"], data["checks_warned"]) == (1, {DATASET: ["range(v)"]})
    ((level, msg, facts),) = context.lines
    assert (level, facts["files"], facts["held_back"]) == ("warning", ["bars/bad.csv"], [])
    assert msg.endswith("1 of 1 rows of bars/bad.csv do not pass; first: record 1 (v = -1)")
    assert facts["examples"] == ["record 1 (v = -1)"]
    assert _merge(context)["held_back"] == 0


def test_a_failing_file_is_held_back_and_the_others_go_on(tmp_path: Path) -> None:
    context = _home(tmp_path, POSITIVE)
    put(context, DATASET, "SELECT unnest([1, 2]) AS v", "bars/good.csv")
    put(context, DATASET, "SELECT unnest([3, -4, -5]) AS v", "bars/bad.csv")
    result = AnalyzerService().run(context)
    assert result.msg == "Profiled 1 dataset; 1 check, 1 failed, 1 file held back"
    assert (result.data["files_held"], result.data["checks_failed"]) == (1, {DATASET: ["range(v)"]})
    assert _state(context, "bars/bad.csv") == (InputState.TRANSLATED, "")
    merged = _merge(context)
    assert (merged["rows"], merged["inserted"], merged["held_back"]) == (5, 2, 3)
    state, message = _state(context, "bars/bad.csv")
    assert state is InputState.HELD_BACK
    assert message == (
        "bars/bad.csv: its 3 rows are held back: 2 rows do not pass check range(v), first: record 2 (v = -4). "
        "Correct the file and drop it again, or have it merged as it is: quarterhour checks release bars/bad.csv"
    )
    # The profile and its history are of what was merged.
    (line,) = read_history(context.workspace.profile_history_file(DATASET))
    assert (line["new"]["rows"], line["whole"]["rows"]) == (2, 2)
    kept = read_results(context.workspace.checks_file(DATASET))
    assert kept["results"][0]["files"][0]["failures"] == 2
    assert [one["record"] for one in kept["results"][0]["examples"]] == [2, 3]
    assert kept["history"][0]["results"] == [{"name": "range(v)", "outcome": "failed", "failures": 2}]


def test_a_dataset_of_which_nothing_is_left_has_nothing_merged(tmp_path: Path) -> None:
    context = _home(tmp_path, POSITIVE)
    put(context, DATASET, "SELECT -4 AS v", "bars/bad.csv")
    assert _analyse(context)["datasets"] == 0
    assert _merge(context)["held_back"] == 1
    assert not context.workspace.table(DATASET).exists()


@pytest.mark.parametrize("dies_at", ["keep_results", "the ledger", "nowhere"])
def test_attempts_after_a_kill_hold_back_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    context = _home(tmp_path, POSITIVE)
    put(context, DATASET, "SELECT unnest([3, -4]) AS v", "bars/bad.csv")
    put(context, DATASET, "SELECT 1 AS v", "bars/good.csv")

    class Killed(BaseException):
        """Nothing of the product catches it."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if dies_at == "keep_results":
            patch.setattr(service, "keep_results", die)
        elif dies_at == "the ledger":
            patch.setattr(HoldLedger, "hold", die)
        if dies_at == "nowhere":
            _analyse(context)
        else:
            with pytest.raises(Killed):
                _analyse(context)
    again = _home(tmp_path, POSITIVE, attempt=2)
    assert _analyse(again)["files_held"] == 1
    assert _merge(again)["held_back"] == 2
    after = _home(tmp_path, POSITIVE, attempt=2)
    assert _merge(after)["held_back"] == 2
    assert _state(after, "bars/bad.csv")[0] is InputState.HELD_BACK
    assert len(read_results(context.workspace.checks_file(DATASET))["history"]) == 1
    assert table_rows(context, DATASET, "v") == [(1,)]


def test_what_was_released_is_merged_and_still_told(tmp_path: Path) -> None:
    context = _home(tmp_path, POSITIVE)
    bad = put(context, DATASET, "SELECT -4 AS v", "bars/bad.csv")
    _analyse(context)
    _merge(context)
    with HoldLedger(context.workspace.ledger_file) as ledger:
        ledger.release(bad)
    later = _home(tmp_path, POSITIVE, run=2)
    data = _analyse(later)
    assert (data["checks_failed"], "files_held" in data) == ({DATASET: ["range(v)"]}, False)
    assert later.errors()[0].endswith("; released by hand: bars/bad.csv")
    merged = _merge(later)
    assert (merged["inserted"], merged["held_back"], merged["carried_over"]) == (1, 0, 1)


def test_a_held_run_merges_nothing_and_the_next_one_checks_again(tmp_path: Path) -> None:
    check = POSITIVE | {"on_failure": "hold_run"}
    context = _home(tmp_path, check)
    bad = put(context, DATASET, "SELECT -4 AS v", "bars/bad.csv")
    put(context, "others", "SELECT 1 AS v", "others/good.csv")
    for run in (1, 2):
        with pytest.raises(StageError) as caught:
            _analyse(_home(tmp_path, check, run=run))
        assert not caught.value.is_transient
        assert "the run is held back: bars: check range(v) (at least 0): 1 of 1 rows of bars/bad.csv" in str(
            caught.value
        )
    assert _state(context, "bars/bad.csv")[0] is InputState.TRANSLATED
    with HoldLedger(context.workspace.ledger_file) as ledger:
        ledger.release(bad)
    later = _home(tmp_path, check, run=3)
    assert _analyse(later)["datasets"] == 2
    assert _merge(later)["inserted"] == 2


def test_once_a_check_is_taken_away_what_waits_is_merged(tmp_path: Path) -> None:
    context = _home(tmp_path, POSITIVE)
    put(context, DATASET, "SELECT -4 AS v", "bars/bad.csv")
    _analyse(context)
    later = RecordingContext(tmp_path, run_id="20251205T123000Z-000001")
    _analyse(later)
    assert _merge(later)["inserted"] == 1


def test_stale_data_are_told_though_nothing_is_new(tmp_path: Path) -> None:
    check = {"check": "freshness", "column": "at", "max_age": "1 day", "on_failure": "report"}
    context = _home(tmp_path, check)
    put(context, DATASET, "SELECT TIMESTAMP '2024-01-01' AS at", "bars/old.csv")
    assert _analyse(context)["checks_failed"] == {DATASET: ["freshness(at)"]}
    _merge(context)
    later = _home(tmp_path, check, run=2)
    data = _analyse(later)
    assert (data["datasets"], data["checks_failed"]) == (0, {DATASET: ["freshness(at)"]})
    assert "the newest at is 2024-01-01T00:00:00.000Z, more than 1 day ago" in later.errors()[0]
