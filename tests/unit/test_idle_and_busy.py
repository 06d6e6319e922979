"""What earlier systems did while nothing happened, and did not while much did: shown not to happen here."""

import asyncio
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from quarterhour.assembly import Pipeline
from quarterhour.settings import InputSettings, Settings
from quarterhour.settings.schedule import ScheduleSettings
from quarterhour.web.data import list_inputs
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace
from serving import serving

_LINES = 1000
_BURST = f"""
import json
for number in range({_LINES}):
    print(json.dumps({{"event": "log", "msg": f"line {{number}}"}}))
"""


class LooksAt:
    """The folders below one that this process looks into, while it is asked to keep them."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self.seen: list[str] | None = None
        # A hook is there until the process ends; without a list it keeps nothing.
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.seen is not None and event in ("os.scandir", "os.listdir", "open"):
            path = str(arguments[0])
            if path.startswith(self._folder):
                self.seen.append(path)


@pytest.mark.slow
def test_an_idle_server_looks_into_no_folder_of_data_until_somebody_asks(tmp_path: Path) -> None:
    """E14: no scan every two seconds, no cache that is kept warm, no counting."""
    workspace = Workspace(tmp_path)
    workspace.create()
    for number in range(3):
        (workspace.raw / f"bars_{number}.csv").write_text("id\n1\n")
    looks = LooksAt(tmp_path / "data")

    async def go() -> None:
        # No mark comes while it looks.
        schedule = ScheduleSettings(cron="0 0 29 2 *")
        parts = Pipeline(Settings(inputs=InputSettings(settle=0.01), schedule=schedule), workspace)
        async with parts.running("a test", is_scheduled=True):
            looks.seen = []
            before = parts.bus.last_seq
            # Longer than the watchdog waits between two looks of its own.
            await asyncio.sleep(2.5)
            assert (looks.seen, parts.bus.last_seq) == ([], before)
            page = await list_inputs(Services.of(parts), cursor=None, limit=10)
            assert page.total == 3
            assert str(workspace.raw) in looks.seen
            looks.seen = None

    asyncio.run(go())


@pytest.mark.slow
def test_in_a_burst_of_events_each_call_is_answered_and_none_is_lost(tmp_path: Path) -> None:
    """E15, E25: calls are answered beside a thousand events, and what they count is right while files come and go."""
    home = tmp_path / "home"
    raw = home / "data" / "raw"
    raw.mkdir(parents=True)
    for number in range(20):
        (raw / f"stays_{number}.csv").write_text("id\n1\n")
    (home / "burst.py").write_text(_BURST)
    command = json.dumps([sys.executable, "burst.py"])
    (home / "quarterhour.toml").write_text(f'[[stages]]\nname = "burst"\ncommand = {command}\n')
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            for number in range(20):
                (raw / f"passing_{number}.csv").write_text("id\n1\n")
            for number in range(20):
                (raw / f"passing_{number}.csv").unlink()

    with serving(home, "--no-schedule") as server, ThreadPoolExecutor(5) as threads:
        moving = threads.submit(come_and_go)
        try:
            run_id = server.start_run()
            paths = ["/api/pipeline/status", "/api/inputs", "/api/runs", "/api/events?limit=10"] * 20
            answers = list(threads.map(server.http.get, paths))
            assert server.ended_run(run_id)["state"] == "success"
        finally:
            is_over.set()
        moving.result()
        assert {answer.status_code for answer in answers} == {200}
        counted = [answer.json()["total"] for answer in answers if answer.url.path == "/api/inputs"]
        assert all(20 <= total <= 40 for total in counted), counted
        lines = server.get(f"/api/runs/{run_id}/events", limit=1000)["items"]
        lines += server.get(f"/api/runs/{run_id}/events", limit=1000, since=lines[-1]["seq"])["items"]
        told = [event["msg"] for event in lines if event["event"] == "log" and event["stage"] == "burst"]
        assert [msg for msg in told if msg.startswith("line ")] == [f"line {number}" for number in range(_LINES)]
