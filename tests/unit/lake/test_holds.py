"""What checks hold back: the merger counts it, attempts and kills change nothing, and a person releases it."""

from pathlib import Path

import pytest
from pending_inputs import put, table_rows
from stage_context import RecordingContext

from quarterhour.lake.holds import HoldLedger, NotHeldBack
from quarterhour.lake.ledger import InputState, UnknownInput
from quarterhour.stages.merger import MergerService

LATER = "20251205T123000Z-000001"


def _holds(context: RecordingContext) -> HoldLedger:
    return HoldLedger(context.workspace.ledger_file)


def test_a_marked_input_is_held_back_by_the_merger_and_the_balance_closes(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT 1 AS k", "good.csv")
    bad = put(context, "bars", "SELECT unnest([2, 3]) AS k", "bad.csv")
    with _holds(context) as ledger:
        ledger.hold([bad], {bad: "bad.csv: not_null(k) fails"}, context.run_id)
        assert [entry.fingerprint for entry in ledger.pending()][1] == bad
    first = MergerService().run(context).data
    assert (first["rows"], first["inserted"], first["held_back"]) == (3, 1, 2)
    again = MergerService().run(RecordingContext(tmp_path, attempt=2)).data
    assert again == first
    with _holds(context) as ledger:
        found = ledger.named("bad.csv")
    assert (found.state, found.message) == (InputState.HELD_BACK, "bad.csv: not_null(k) fails")
    assert table_rows(context, "bars", "k") == [(1,)]


def test_a_released_input_is_merged_by_the_next_run(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    bad = put(context, "bars", "SELECT 2 AS k", "bars/bad.csv")
    with _holds(context) as ledger:
        ledger.hold([bad], {bad: "why"}, context.run_id)
    MergerService().run(context)
    with _holds(context) as ledger:
        assert ledger.release(bad).state is InputState.HELD_BACK
        assert ledger.release(ledger.named(bad[:8]).fingerprint).state is InputState.TRANSLATED
        assert ledger.released() == {bad}
        assert ledger.holds() == {}
    result = MergerService().run(RecordingContext(tmp_path, run_id=LATER)).data
    assert (result["rows"], result["carried_over"], result["inserted"], result["held_back"]) == (1, 1, 1, 0)
    with _holds(context) as ledger:
        assert ledger.released() == set()
        with pytest.raises(NotHeldBack, match=r"bad\.csv is merged"):
            ledger.release(bad)
        with pytest.raises(UnknownInput, match=r"no input is named .worse\.csv"):
            ledger.named("worse.csv")


def test_the_next_checks_decide_anew_on_what_still_waits(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    one, two = put(context, "bars", "SELECT 1 AS k", "one"), put(context, "bars", "SELECT 2 AS k", "two")
    with _holds(context) as ledger:
        ledger.hold([one, two], {one: "why", two: "why"}, context.run_id)
        ledger.hold([one, two], {two: "another"}, LATER)
        assert ledger.holds() == {two: "another"}
    assert MergerService().run(context).data["held_back"] == 1
