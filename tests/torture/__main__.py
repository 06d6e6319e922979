"""`python -m torture`: kill a merge and its maintenance at each call that writes, do it again, compare with an uninterrupted one.

Prints a JSON object a point with `--json`, and a summary at the end; exit status 1 where any point ended otherwise.
"""
# ruff: noqa: T201  it speaks to people

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.maintenance import maintain
from quarterhour.stages.merger import MergerService
from torture.tracing import apart, is_supported, traced

SETTINGS = {
    "datasets": [
        {"name": "bars", "files": "bars/*", "keys": ["k"]},
        {"name": "fixed", "files": "fixed/*", "keys": ["k"], "conflict": "fail"},
    ]
}
DATASETS = ("bars", "fixed", "plain", "fresh")
ROWS = "SELECT i AS k, i * {factor} AS v, 'text ' || i AS s{more} FROM range({start}, {end}) t(i)"


def template(home: Path) -> None:
    """A home where files wait that insert, update, add a column, are held back, are appended, and make a new table."""
    context = RecordingContext(home, SETTINGS)

    def wait(dataset: str, name: str, start: int, end: int, factor: float = 1.5, more: str = "") -> None:
        put(context, dataset, ROWS.format(start=start, end=end, factor=factor, more=more), name)

    for number in range(8):
        wait("bars", f"bars {number}", number * 200, number * 200 + 200)
        MergerService().run(context)
    wait("fixed", "fixed 1", 0, 100)
    wait("plain", "plain 1", 0, 100)
    MergerService().run(context)
    wait("bars", "changes", 1000, 1800, 2.5)
    wait("bars", "wider", 50, 60, 2.5, more=", 1 AS w")
    wait("fixed", "clash", 50, 150, 2.5)
    wait("plain", "more", 50, 150)
    wait("fresh", "fresh", 0, 100)


def work(home: Path) -> None:
    context = RecordingContext(home, SETTINGS)
    MergerService().run(context)
    for one in maintain(context.workspace, context.settings):
        if one["error"]:
            raise RuntimeError(one["error"])


def rows_of(home: Path) -> dict[str, str]:
    """What each table holds, as a digest of its rows in a fixed order."""
    import hashlib

    import polars

    context = RecordingContext(home, SETTINGS)
    digests: dict[str, str] = {}
    for dataset in DATASETS:
        path = context.workspace.table(dataset)
        if list((path / "_delta_log").glob("*.json")):
            rows = polars.read_delta(str(path)).sort("_file", "_record")
            digests[dataset] = hashlib.sha256(rows.select(sorted(rows.columns)).write_csv().encode()).hexdigest()[:16]
    return digests


def redone(home: Path) -> dict[str, Any]:
    """The tables as the kill left them; the work once more, as another run; then the tables and what became of the inputs."""
    left = rows_of(home)
    context = RecordingContext(home, SETTINGS, run_id="20251205T123000Z-000001")
    data = MergerService().run(context).data
    closes = data["rows"] == sum(data[one] for one in ("inserted", "updated", "unchanged", "held_back"))
    maintain(context.workspace, context.settings)
    with context.lake.ledger() as ledger:
        states = {entry.name: entry.state.value for _, entry in ledger.recent(100)}
    return {"left": left, "tables": rows_of(home), "states": states, "closes": closes}


def judge(found: dict[str, Any], before: dict[str, str], whole: dict[str, Any]) -> list[str]:
    """What is not as it should be."""
    wrong = [name for name in ("tables", "states") if found[name] != whole[name]]
    wrong += [] if found["closes"] else ["balance"]
    for dataset, digest in found["left"].items():
        if digest not in (before.get(dataset), whole["tables"][dataset]) and not _is_empty_new(dataset, before):
            wrong.append(f"{dataset} was left half merged")
    return wrong


def _is_empty_new(dataset: str, before: dict[str, str]) -> bool:
    """A new table is made empty before its first rows, and one gets its new columns before the rows that have them."""
    return dataset not in before or dataset == "bars"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--points", type=int, default=0, help="only so many, spread over all; 0 is each")
    parser.add_argument("--json", action="store_true", help="one line a point")
    arguments = parser.parse_args()
    if not is_supported():
        print("this system's calls cannot be traced", file=sys.stderr)
        return 2
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name).resolve()
        home = folder / "template"
        apart(lambda: template(home) or {})
        before = apart(lambda: rows_of(home))
        shutil.copytree(home, folder / "whole")
        total = traced(lambda: work(folder / "whole"), folder / "whole", None)
        if total.status:
            raise RuntimeError(f"the uninterrupted merge ended with status {total.status}")
        whole = apart(lambda: redone(folder / "whole"))
        step = max(1, total.calls // arguments.points) if arguments.points else 1
        bad = points = 0
        for point in range(0, total.calls, step):
            one = folder / f"kill-{point}"
            shutil.copytree(home, one)
            ended = traced(lambda one=one: work(one), one, point)
            wrong = judge(apart(lambda one=one: redone(one)), before, whole)
            points, bad = points + 1, bad + bool(wrong)
            if arguments.json or wrong:
                print(json.dumps({"point": point, "killed_at": ended.killed_at, "wrong": wrong}), flush=True)
            shutil.rmtree(one)
    seconds = time.monotonic() - begun_s
    print(
        f"{points} kills at the {total.calls} calls that write, {bad} ended otherwise than uninterrupted, {seconds:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
