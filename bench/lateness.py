"""How long after its mark a run's `start` event is written and shown: the real scheduler, its clock set on between marks."""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import uvloop

from quarterhour.assembly import Machine, Pipeline
from quarterhour.clock import SystemClock
from quarterhour.events import EventKind, EventRecord
from quarterhour.marks import next_mark
from quarterhour.settings import load_settings
from quarterhour.workspace import Workspace

MARKS = 200
# So long before each mark the clock is set.
_LEAD_S = 0.25


class QuickClock(SystemClock):
    """The machine's own clock, set on to shortly before the next mark, as often as wanted."""

    # A wait notices that the clock was set after so long.
    longest_nap_s = 0.05

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self._offset

    def set_before(self, mark: datetime, lead_s: float) -> None:
        self._offset += mark - timedelta(seconds=lead_s) - self.now()


def measure_lateness(folder: Path, show: Callable[[str, str, str], None], stages: str) -> None:
    """`stages`: what the runs consist of, as settings."""
    for name, median_aim, p99_aim in (("idle", "5 ms", "25 ms"), ("both cores busy", "", "100 ms")):
        home = folder / name.replace(" ", "-")
        home.mkdir()
        (home / "quarterhour.toml").write_text(stages)
        spinning = 0 if name == "idle" else os.cpu_count() or 1
        with _busy(spinning), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            late_ms = sorted(1000 * late_s for late_s in runner.run(_lateness(home)))
        what = f"mark to the run's start event, {name}, {len(late_ms)} marks"
        show(f"{what}: median", f"{statistics.median(late_ms):.1f} ms", median_aim)
        show(f"{what}: p99", f"{late_ms[int(len(late_ms) * 0.99) - 1]:.1f} ms", p99_aim)


async def _lateness(home: Path) -> list[float]:
    workspace = Workspace(home)
    clock = QuickClock()
    settings = load_settings(workspace.settings_file)
    machine = replace(Machine.real(workspace, settings, is_server=True), clock=clock)
    pipeline = Pipeline(settings, workspace, machine)
    found: list[float] = []
    ended = asyncio.Event()

    def note(record: EventRecord) -> None:
        if record.stage != "pipeline":
            return
        if record.event == EventKind.START:
            found.append((clock.now() - datetime.fromisoformat(record.data["mark"])).total_seconds())
        elif record.event == EventKind.SUCCESS:
            ended.set()

    pipeline.bus.add_fold(note)
    async with pipeline.running("bench", is_scheduled=True):
        while len(found) < MARKS:
            ended.clear()
            clock.set_before(next_mark(settings.schedule.cron, settings.schedule.timezone, clock.now()), _LEAD_S)
            await ended.wait()
            await pipeline.orchestrator.idle()
            await pipeline.housekeeper.settled()
    return found


@contextmanager
def _busy(processes: int) -> Generator[None]:
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()
