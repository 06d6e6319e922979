"""What must hold of every event log."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.errors import SequenceConflict
from quarterhour.event_log.base import EventLog
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.events import EventRecord, StageLogged
from quarterhour.workspace import Workspace


def events(first: int, count: int, run_id: str | None = None, size: int = 10) -> list[EventRecord]:
    at = datetime(2025, 12, 5, 12, 15, tzinfo=UTC)
    return [
        StageLogged(at=at, run_id=run_id, stage="good", msg="x" * size).to_record(seq)
        for seq in range(first, first + count)
    ]


def jsonl(folder: Path) -> JsonlEventLog:
    workspace = Workspace(folder)
    workspace.create()
    return JsonlEventLog(workspace)


@pytest.fixture(params=["memory", "jsonl"])
def log(request: pytest.FixtureRequest, tmp_path: Path):
    made: EventLog = MemoryEventLog() if request.param == "memory" else jsonl(tmp_path)
    assert made.open() == []
    yield made
    made.close()


def test_what_is_appended_is_read_in_order_from_any_seq_and_backwards(log: EventLog) -> None:
    log.append(events(1, 3))
    log.append([*events(4, 2, "r1"), *events(6, 1), *events(7, 2, "r1"), *events(9, 1, "r2")])
    assert log.last_seq == 9
    for since in range(10):
        assert [record.seq for record in log.read(since, 100)] == list(range(since + 1, 10))
    assert [record.seq for record in log.read(2, 3)] == [3, 4, 5]
    assert [record.seq for record in log.read(0, 100, run_id="r1")] == [4, 5, 7, 8]
    assert [record.seq for record in log.read(0, 2, match=lambda record: record.seq % 3 == 0)] == [3, 6]
    assert [record.seq for record in log.read_back(8, 4)] == [7, 6, 5, 4]
    assert [record.seq for record in log.read_back(9, 10, run_id="r1")] == [8, 7, 5, 4]
    assert log.run_ids() == ["r2", "r1"]


@pytest.mark.parametrize("first", [1, 3])
def test_of_two_writers_one_loses(log: EventLog, first: int) -> None:
    log.append(events(1, 1))
    with pytest.raises(SequenceConflict):
        log.append(events(first, 1))
    assert log.last_seq == 1


def test_a_log_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    first = jsonl(tmp_path)
    first.open()
    first.append([*events(1, 2), *events(3, 500, "r1", size=1000)])
    first.close()
    second = jsonl(tmp_path)
    assert second.open() == []
    assert second.last_seq == 502
    for since in (2, 3, 77, 250, 499, 501):
        assert [record.seq for record in second.read(since, 2)] == [seq for seq in (since + 1, since + 2) if seq <= 502]


@settings(max_examples=60)
@given(cut=st.integers(0, 2000), junk=st.binary(max_size=20))
def test_a_torn_end_is_cut_off_and_told(tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes) -> None:
    """E10: half or malformed last line; the sequence goes on."""
    folder = tmp_path_factory.mktemp("torn")
    log = jsonl(folder)
    log.open()
    log.append(events(1, 10, "r1"))
    log.close()
    (path,) = Workspace(folder).events.iterdir()
    whole = path.read_bytes()
    kept = whole[: min(cut, len(whole))]
    path.write_bytes(kept + junk)
    again = jsonl(folder)
    repairs = again.open()
    found = [record.seq for record in again.read(0, 100)]
    assert found == list(range(1, kept.count(b"\n") + 1))
    torn = len(kept + junk) - path.stat().st_size
    assert [repair.cut_bytes for repair in repairs] == ([torn] if torn else [])
    again.append(events(again.last_seq + 1, 1, "r1"))
    assert again.last_seq == len(found) + 1
    again.close()


def test_e10_a_file_deleted_under_the_log_takes_only_its_own_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = jsonl(tmp_path)
    log.open()
    log.append([*events(1, 2, "r1"), *events(3, 2, "r2"), *events(5, 2, "r3")])
    Workspace(tmp_path).run_events("r2").unlink()
    assert [record.seq for record in log.read(0, 100)] == [1, 2, 5, 6]
    assert [record.seq for record in log.read_back(7, 100)] == [6, 5, 2, 1]
    assert "event_file_gone" in capsys.readouterr().out
    log.append(events(7, 1))
    assert log.last_seq == 7, "the sequence goes on"
    log.close()
