"""`python -m torture.removal`: kill the removal of the oldest runs' events at each call that writes, then start twice.

The first start ends the removal where it was announced, else nothing is gone; the second changes nothing. Prints a line a point;
exit status 1 where any ended otherwise.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pipelines import grow_old, pipeline, settings_for
from quarterhour.assembly import Machine, Pipeline
from quarterhour.clock import wire_time
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import event_files, opened
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import EventRecord, MarkSkipped, MarksPassed
from quarterhour.index.question import Question
from quarterhour.index.reading import catch_up
from quarterhour.index.store import IndexStore
from quarterhour.lifecycle import Trigger
from quarterhour.retention import Retention
from quarterhour.settings import RetentionSettings
from quarterhour.workspace import Workspace
from torture.tracing import apart
from torture.walk import told, walk

_FIRST_MARK = datetime(2025, 12, 5, 12, 15, tzinfo=UTC)
_KEPT, _COMPRESSED = RetentionSettings(keep_runs=2, compress_after=100), RetentionSettings(compress_after=1)
_ALL = 1 << 40
_QUESTIONS = (Question(), Question(text="succeeded"), Question(event="skipped"), Question(stage="pipeline"))


@asynccontextmanager
async def server(home: Path) -> AsyncGenerator[Pipeline]:
    """What a server has of an event log, with its index as it is after the start."""
    settings, workspace = settings_for("Good"), Workspace(home)
    async with pipeline(home, settings, log=Machine.real(workspace, settings).log) as parts:
        await parts.orchestrator.recover([])
        indexing = asyncio.create_task(parts.indexer.run())
        try:
            while parts.log.last_seq and await parts.indexer.runs(1, None) is None:
                await asyncio.sleep(0.002)
            await parts.bus.settle()
            yield parts
        finally:
            indexing.cancel()
            await asyncio.gather(indexing, return_exceptions=True)


async def retain(parts: Pipeline, kept: RetentionSettings) -> None:
    await Retention(kept, parts.log, parts.bus, parts.indexer.forget, parts.clock).step()


def live(home: Path, first: int) -> None:
    """Three runs at marks of the schedule, with a mark that was skipped and some that passed after each; long ago."""

    async def go() -> None:
        async with server(home) as parts:
            for number in range(first, first + 3):
                mark = _FIRST_MARK + number * timedelta(hours=1)
                await parts.orchestrator.start(Trigger.SCHEDULE, mark=mark)
                await parts.orchestrator.wait()
                tell = partial(dict[str, Any], at=parts.clock.now(), run_id=None, stage="scheduler", msg="")
                skipped = {"mark": wire_time(mark + timedelta(minutes=15)), "reason": "breaker"}
                ends = {"first": mark + timedelta(minutes=30), "last": mark + timedelta(minutes=45)}
                passed = {"cron": "*/15 * * * *", "timezone": "UTC", "count": 2, "reason": "down"}
                passed |= {key: wire_time(end) for key, end in ends.items()}
                await parts.bus.publish(MarkSkipped(**tell(data=skipped)), MarksPassed(**tell(data=passed)))

    asyncio.run(go())
    grow_old(home)


def work(home: Path, kept: RetentionSettings = _KEPT) -> None:
    """A server's life with one step of retention."""

    async def go() -> None:
        async with server(home) as parts:
            await retain(parts, kept)

    asyncio.run(go())


def templates(folder: Path) -> list[Path]:
    """A home from which nothing was removed yet, half of it compressed; and one with a removal, which is compressed too."""
    first, again = folder / "first", folder / "again"
    for home in (first, again):
        live(home, 0)
        work(home, _COMPRESSED)
        live(home, 3)
    work(again)
    grow_old(again)
    work(again, _COMPRESSED)
    live(again, 6)
    for home in (first, again):
        work(home, RetentionSettings(compress_after=100))  # the index knows the files as they are
    return [first, again]


def records_in(home: Path) -> dict[int, bytes]:
    """The lines of all event files as they lie, by seq."""
    folder, lines = Workspace(home).events, list[bytes]()
    for name in event_files(folder):
        with opened(folder / name) as file:
            lines += file.read().splitlines()
    return {EventRecord.parse(line).seq: line for line in lines}


def files_in(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Workspace(home).events.iterdir())}


def answers_of(store: IndexStore) -> list[Any]:
    found: list[Any] = [store.find(question, 0, _ALL, _ALL, is_newest_first=False) for question in _QUESTIONS]
    return [*found, store.pages(Question(), 0, _ALL, 10), store.runs(1000, None), store.slots("", "~")]


def wrong_in(home: Path, template: Path) -> str:
    """What two starts after the kill find wrong; empty where nothing."""
    before, removed = records_in(template), set(event_files(Workspace(template).events))
    workspace, floor_before = Workspace(home), verify_chain(Workspace(template).events).removed_up_to
    if (finding := verify_chain(workspace.events).finding) is not None:
        return f"as it lies: {finding.file}, line {finding.line}: {finding.what}"
    work(home, RetentionSettings(compress_after=100))
    floor = verify_chain(workspace.events).removed_up_to
    if floor > floor_before:
        removed = {name for name in removed if name not in event_files(workspace.events)}
        if not removed or any(EventRecord.parse(line).seq <= floor for line in _run_lines(home)):
            return "the removal is not finished"
    elif removed - set(event_files(workspace.events)):
        return "files are gone, and nothing was announced"
    return (
        _wrong_events(home, {seq: line for seq, line in before.items() if seq > floor}, floor)
        or _wrong_audit(home, floor)
        or _wrong_index(home, floor, template)
        or _wrong_second_start(home)
    )


def _run_lines(home: Path) -> list[bytes]:
    return [line for line in records_in(home).values() if EventRecord.parse(line).run_id is not None]


def _wrong_events(home: Path, expected: dict[int, bytes], floor: int) -> str:
    log = JsonlEventLog(Workspace(home))
    if repairs := log.open():
        return f"a torn line in {repairs[0].file}"
    found = {record.seq: record.line for record in log.read(0, _ALL)}
    log.close()
    if list(found) != list(range(floor + 1, log.last_seq + 1)):
        return "events are missing"
    return "" if expected.items() <= found.items() else "events are others"


def _wrong_audit(home: Path, floor: int) -> str:
    """The hole that was announced is accepted, and no other."""
    folder = Workspace(home).events
    audit = verify_chain(folder)
    if audit.finding is not None or audit.removed_up_to != floor:
        return f"the audit: {audit.finding}, removed up to {audit.removed_up_to}"
    for path in sorted(folder.glob("pipeline_*")):
        aside = path.rename(folder / f"aside_{path.name}")
        is_missed = verify_chain(folder).finding is not None
        aside.rename(path)
        if not is_missed:
            return f"the audit does not miss {path.name}"
    return ""


def _wrong_index(home: Path, floor: int, template: Path) -> str:
    workspace = Workspace(home)
    ours = IndexStore(workspace.index_file)
    fresh = IndexStore(workspace.index_file.with_name("fresh.sqlite"))
    for store in (ours, fresh):
        store.create_or_check()
        # The events that tell of an index made anew are entered later.
        catch_up(store, workspace.events, _ALL, lambda: None, floor_seq=floor)
    pairs = zip(answers_of(ours), answers_of(fresh), strict=True)
    differ = [number for number, (one, anew) in enumerate(pairs) if one != anew]
    if differ:
        return f"the index answers otherwise than one made anew: {differ}"
    before = IndexStore(Workspace(template).index_file).slots("", "~")
    return "" if before == ours.slots("", "~") else "marks have other verdicts"


def _wrong_second_start(home: Path) -> str:
    before = files_in(home)
    work(home, RetentionSettings(compress_after=100))
    after = files_in(home)
    differ = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return f"the second start changes {', '.join(differ)}" if differ else ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m torture.removal", description=__doc__)
    parser.add_argument("--points", type=int, default=0, help="only about so many of each home; 0 is each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        apart(lambda: {"homes": len(templates(folder))})
        points = (
            walk(home, work, partial(_judged, home), arguments.points) for home in (folder / "first", folder / "again")
        )
        return told(chain.from_iterable(points))


def _judged(template: Path, home: Path) -> str:
    # In a child: this process must have no threads.
    return apart(lambda: {"wrong": wrong_in(home, template)})["wrong"]


if __name__ == "__main__":
    sys.exit(main())
