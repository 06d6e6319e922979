"""`python -m torture.compression`: kill the compression of event files at each call that writes; every event is still there.

Prints a line a point; exit status 1 where any lost an event.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import opened
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import StageLogged
from quarterhour.workspace import Workspace
from torture.walk import told, walk

_OLD, _NEW = "20251205T121500Z-aaaaaa", "20251205T123000Z-bbbbbb"
_FAR_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def append(log: JsonlEventLog, run_id: str, count: int) -> None:
    at = datetime(2025, 12, 5, 12, 15, tzinfo=UTC)
    first = log.last_seq + 1
    log.append(
        [
            StageLogged(at=at, run_id=run_id, stage="good", msg="Good").to_record(seq)
            for seq in range(first, first + count)
        ]
    )


def template(home: Path) -> None:
    Workspace(home).create()
    log = JsonlEventLog(Workspace(home))
    log.open()
    append(log, _OLD, 50)
    append(log, _NEW, 5)
    log.close()


def work(home: Path) -> None:
    """Compress an old run, then write to it once more, which makes it plain again."""
    log = JsonlEventLog(Workspace(home))
    log.open()
    for path in log.old_files(_FAR_S):
        log.compress(path, lambda: True)
    append(log, _OLD, 1)
    log.close()


def wrong_in(home: Path, before: bytes) -> str:
    workspace = Workspace(home)
    # As it lies, for those who only read; then as its owner finds it.
    if (finding := verify_chain(workspace.events).finding) is not None:
        return f"{finding.file}, line {finding.line}: {finding.what}"
    log = JsonlEventLog(workspace)
    if repairs := log.open():
        return f"a torn line in {repairs[0].file}"
    if log.last_seq not in (55, 56):
        return f"the last event is {log.last_seq}"
    if [record.seq for record in log.read(0, 100)] != list(range(1, log.last_seq + 1)):
        return "events are missing"
    with opened(workspace.run_events(_OLD)) as file:
        if not file.read().startswith(before):
            return "the old run's events are others"
    append(log, _OLD, 1)
    log.close()
    is_left = [path.name for path in workspace.events.iterdir() if path.suffix == ".zst"]
    return f"{is_left[0]} is left beside a plain file" if is_left else ""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve() / "home"
        template(home)
        before = Workspace(home).run_events(_OLD).read_bytes()
        return told(walk(home, work, lambda one: wrong_in(one, before)))


if __name__ == "__main__":
    sys.exit(main())
