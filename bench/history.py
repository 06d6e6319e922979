"""The event log's past: how fast the index is made, how large it is, what a page of it takes, and how long a start."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quarterhour.event_log.jsonl import JsonlEventLog, Range
from quarterhour.events import EventRecord, RunSucceeded, StageFailed, StageLogged, StageSucceeded
from quarterhour.index.question import Question
from quarterhour.index.reading import catch_up, read_found
from quarterhour.index.store import IndexStore
from quarterhour.workspace import Workspace

Show = Callable[[str, str, str], None]
"""Prints what was measured, the figure, and the aim."""

EVENTS, LONG_EVENTS = 300_000, 10_000_000
_RUNS = 10_000
_STAGES = ("translator", "analyzer", "merger")
_PAGE = 200
_TRIES = 5
_TRANSLATED = {
    "dataset": "flights",
    "encoding": "utf-8",
    "delimiter": ",",
    "columns": {"year": "BIGINT", "carrier": "VARCHAR", "air_time": "DOUBLE", "time_hour": "TIMESTAMP WITH TIME ZONE"},
    "records": 1042,
    "rows": 1042,
    "quarantined": 0,
}
"""What the event of a translated file tells, but for its name."""


def measure_history(folder: Path, show: Show, events: int) -> None:
    """What stands in `folder` meanwhile is removed again. A home of ten thousand runs with so many events."""
    workspace = Workspace(folder / "history")
    last_seq = write_history(workspace, events, _RUNS)
    what = f"{last_seq:,} events of {_RUNS:,} runs"
    store = IndexStore(workspace.index_file)
    store.create_or_check()
    begun_s = time.perf_counter()
    catch_up(store, workspace.events, last_seq, lambda: None)
    taken_s = time.perf_counter() - begun_s
    show(f"Index of {what}", f"{last_seq / taken_s / 1000:.0f} k/s", "")
    size = workspace.index_file.stat().st_size
    files = sum(path.stat().st_size for path in workspace.events.iterdir())
    show("  its size, as a share of the files", f"{size / files:.2f}", "")
    for name, asked in _questions(last_seq).items():
        show(f"  a page of {_PAGE}: {name}", f"{_page_s(store, workspace, asked, last_seq) * 1000:.1f} ms", "50 ms")
    for name, remembered in (("", _remembered(store)), (" without the index", dict[str, Range]())):
        begun_s = time.perf_counter()
        JsonlEventLog(workspace, lambda known=remembered: known).open()
        aim = "" if name else "2 s"
        show(f"The log of {_RUNS:,} runs opens{name}", f"{time.perf_counter() - begun_s:.2f} s", aim)


def write_history(workspace: Workspace, events: int, runs: int) -> int:
    """The event files of so many runs, with so many events in all; the last seq."""
    workspace.create()
    log = JsonlEventLog(workspace)
    log.open()
    for batch in _runs(runs, events // runs):
        log.append(batch)
    log.close()
    return log.last_seq


def _runs(runs: int, events_a_run: int) -> Iterator[list[EventRecord]]:
    """A run's events at a time, a quarter of an hour apart."""
    begin, seq = datetime(2025, 1, 1, tzinfo=UTC), 0
    for number in range(runs):
        at = begin + timedelta(minutes=15 * number)
        run_id = f"{at:%Y%m%dT%H%M%SZ}-{number:06x}"
        batch: list[EventRecord] = []
        for place in range(events_a_run - 1):
            seq += 1
            stage = _STAGES[place * 3 // events_a_run]
            file = f"flights/flights_{number % 365:03}_{place:04}.csv"
            msg = f"{file}: 1042 rows, {number * place % 7} put aside"
            kind = (
                StageFailed if (number * 31 + place) % 5003 == 0 else StageSucceeded if place % 10 == 9 else StageLogged
            )
            data = {**_TRANSLATED, "file": file, "previous": f"{number * 7919 + place:010x}"}
            event = kind(at=at + timedelta(milliseconds=place), run_id=run_id, stage=stage, msg=msg, data=data)
            batch.append(event.to_record(seq))
        seq += 1
        end = RunSucceeded(at=at + timedelta(minutes=1), run_id=run_id, stage="pipeline", msg="Run succeeded", data={})
        batch.append(end.to_record(seq))
        yield batch


def _questions(last_seq: int) -> dict[str, Question]:
    middle = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * _RUNS // 2)
    run_id = f"{middle:%Y%m%dT%H%M%SZ}-{_RUNS // 2:06x}"
    assert last_seq
    return {
        "one stage": Question(stage="merger"),
        "failures": Question(event="failed"),
        "errors of one stage": Question(stage="translator", level="error"),
        "an hour in the middle": Question(
            start=f"{middle:%Y-%m-%dT%H:%M:%S.000Z}", end=f"{middle:%Y-%m-%dT%H:59:59.999Z}"
        ),
        "one run's stage": Question(run_id=run_id, stage="analyzer"),
        "a frequent text": Question(text="put aside"),
        "a rare text": Question(text="flights_364_0003"),
        "a text of one event's data": Question(text=f"{_RUNS // 2 * 7919:010x}"),
        "a text that is nowhere": Question(text="no such text"),
        "a text among failures": Question(text="flights_1", event="failed"),
    }


def _page_s(store: IndexStore, workspace: Workspace, asked: Question, last_seq: int) -> float:
    """The median, newest first."""
    taken_s: list[float] = []
    for _ in range(_TRIES):
        begun_s = time.perf_counter()
        read_found(workspace.events, store.find(asked, 0, last_seq + 1, _PAGE, is_newest_first=True))
        taken_s.append(time.perf_counter() - begun_s)
    return sorted(taken_s)[_TRIES // 2]


def _remembered(store: IndexStore) -> dict[str, Range]:
    files = store.files().items()
    return {name: Range(file.size, file.mtime_ns, file.first_seq, file.last_seq) for name, file in files}
