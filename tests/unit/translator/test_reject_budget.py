"""How many records of a dataset a run may put aside before it fails."""

from pathlib import Path

import pytest
from arriving import ABC, drop, find, run, said
from stage_context import RecordingContext

from quarterhour.errors import StageError
from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.ledger import InputState
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.stages.merger.service import MergerService
from quarterhour.stages.translator.service import TranslatorService


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


# The budget of rejected records


def limited(tmp_path: Path, limit: str | int, **more) -> RecordingContext:
    dataset = {"name": "x", "files": "x/*", "ragged": "quarantine", "max_rejected": limit, **more}
    return RecordingContext(tmp_path, {"datasets": [dataset]})


def table(rows: int, bad: int, start: int = 0) -> bytes:
    good = b"".join(b"%d,%d,k\n" % (start + n, n) for n in range(rows))
    return b"id,n,k\n" + good + b"".join(b"%d\n" % n for n in range(bad))


def test_within_the_budget_a_run_succeeds_and_says_what_it_put_aside(tmp_path):
    context = limited(tmp_path, "1%")
    drop(context, "x/1.csv", table(199, 1))
    drop(context, "x/2.csv", table(199, 1, 500))
    drop(context, "x/3.csv", table(10, 0, 900))
    result = TranslatorService().run(context)
    assert result.msg == "Translated 3 files, 2 records of 2 files put aside"
    assert said(context, "warning")[-1] == "x: put aside: 2 of 410 records (0.488%), in 2 files"
    with context.lake.ledger() as ledger:
        assert [entry.name for entry in ledger.pending()] == ["x/1.csv", "x/2.csv", "x/3.csv"]


def test_by_default_rejected_records_and_files_are_told_and_nothing_fails(context):
    drop(context, "x.csv", b"a,b\n1,2\n" + b"5,6\n" * 30 + b"\xff\xfe,\n")
    drop(context, "junk.csv", bytes(range(256)) * 40)
    result = TranslatorService().run(context)
    assert result.data["failed_files"] == 1
    assert "1 could not be read" in result.msg
    assert "junk: put aside: 1 file whole: junk.csv" in said(context, "warning")


@pytest.mark.parametrize("limit", ["0.1%", 3, "0%", 0])
def test_over_the_budget_a_run_fails_and_hands_nothing_of_these_files_on(tmp_path, limit):
    context = limited(tmp_path, limit)
    bad = drop(context, "x/1.csv", table(196, 4))
    clean = drop(context, "x/2.csv", table(10, 0, 900))
    other = drop(context, "other.csv", ABC)
    with pytest.raises(
        StageError, match=r"x: put aside: 4 of 210 records \(1\.9%\), in 1 file; max_rejected is "
    ) as error:
        run(context)
    assert not error.value.is_transient
    assert error.value.facts["datasets"] == ["x"]
    entry = find(context, bad)
    assert (entry.state, entry.is_rejected) == (InputState.QUARANTINED, True)
    assert (entry.records, entry.rows, entry.quarantined) == (200, 0, 200)
    assert f"4 of its 200 records are rejected; max_rejected is {limit}" in entry.message
    assert len(list(read_quarantine(context.workspace.quarantine_file("x", fingerprint(bad))))) == 4
    assert not context.workspace.translated_file("x", fingerprint(bad)).exists()
    assert {find(context, path).state for path in (clean, other)} == {InputState.TRANSLATED}
    # The next run goes on with the others.
    assert run(context)["failed_files"] == 0
    merged = MergerService().run(context).data
    assert (merged["inserted"], merged["held_back"]) == (12, 0)


def test_a_number_is_of_the_whole_run(tmp_path):
    context = limited(tmp_path, 3)
    for number in range(4):
        drop(context, f"x/{number}.csv", table(100, 1, 1000 * number))
    with pytest.raises(StageError, match="4 of 404 records"):
        run(context)
    assert list((context.workspace.translated / "x").glob("*.parquet")) == []


def test_a_file_that_cannot_be_read_is_over_any_limit(tmp_path):
    context = limited(tmp_path, "50%")
    good = drop(context, "x/1.csv", table(10, 0))
    drop(context, "x/2.csv", bytes(range(256)) * 40)
    with pytest.raises(StageError, match=r"x: put aside: 1 file whole: x/2\.csv; max_rejected is 50%"):
        run(context)
    assert find(context, good).state is InputState.TRANSLATED


def test_a_second_attempt_does_not_forget_what_the_first_rejected(tmp_path):
    first = limited(tmp_path, "0.1%")
    drop(first, "x/1.csv", table(10, 5))
    with pytest.raises(StageError):
        run(first)
    second = limited(tmp_path, "0.1%")
    second.attempt = 2
    with pytest.raises(StageError, match=r"1 file whole: x/1\.csv"):
        run(second)


def test_a_corrected_file_is_taken(tmp_path):
    context = limited(tmp_path, "0.1%")
    drop(context, "x/1.csv", table(10, 5))
    with pytest.raises(StageError):
        run(context)
    drop(context, "x/1.csv", table(15, 0), age_s=30)
    assert run(context)["rows"] == 15
    assert said(context, "warning") == []


def test_a_file_put_aside_whole_is_taken_once_it_is_forgotten(tmp_path):
    context = limited(tmp_path, "0.1%")
    mark = fingerprint(drop(context, "x/1.csv", table(10, 5)))
    with pytest.raises(StageError):
        run(context)
    context = limited(tmp_path, "100%")
    assert run(context)["files_processed"] == 0
    with context.lake.ledger() as ledger:
        assert ledger.forget(mark)
    result = run(context)
    assert (result["rows"], result["quarantined"]) == (10, 5)
    with context.lake.ledger() as ledger:
        assert not ledger.forget(mark), "what is translated is not forgotten"
