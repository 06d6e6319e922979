"""What killed processes left is removed at the start, and nothing else."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from quarterhour.assembly import Machine, Pipeline
from quarterhour.clock import SystemClock
from quarterhour.engines.inline import InlineEngine
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.identity import process_mark
from quarterhour.lake.scratch import remove_scratch_of_the_dead
from quarterhour.leftovers import Leftovers, remove_leftovers
from quarterhour.lock import LockManager
from quarterhour.settings import Settings
from quarterhour.settings.exports import ExportSettings
from quarterhour.workspace import Workspace

SETTINGS = Settings(exports=(ExportSettings(name="all", dataset="trips"),))


UNFINISHED = [
    "automation/state/.server.json.tmp",
    "automation/state/exports/.all.json.tmp",
    "data/translated/trips/.schema.json.tmp",
    "data/translated/trips/.0a.parquet.tmp",
    "data/quarantine/trips/.0a.jsonl.tmp",
    "data/analyzed/trips/.profile.json.tmp",
    "data/analyzed/daily/staged/.manifest.json.tmp",
    "data/exports/.all.tmp",
]
OTHERS = [
    "data/raw/trips/.a.csv.tmp",
    "data/merged/trips/_delta_log/.x.tmp",
    "data/exports/.somebody.tmp",
    "data/translated/trips/0a.parquet",
    "data/translated/trips/name.tmp",
    "automation/state/scratch/notes.txt",
]


@pytest.fixture
def short_path() -> Iterator[Path]:
    """pytest's own are too long for a socket on some systems."""
    with tempfile.TemporaryDirectory(prefix="qh") as folder:
        yield Path(folder)


def a_home(home: Path, *names: str) -> Workspace:
    workspace = Workspace(home)
    workspace.create()
    for name in names:
        (path := home / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    return workspace


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_unfinished_files_and_scratch_of_the_dead_go_and_all_else_stays(tmp_path: Path) -> None:
    scratch = "automation/state/scratch"
    pid, _, begun = process_mark().partition(".")
    # A container's first process has the same id each time, and others are given the id of a dead one.
    left = [f"{scratch}/translate-{dead_pid()}.7-x/part.parquet", f"{scratch}/mp-{pid}.{int(begun) - 1}-x/listener-y"]
    in_use = f"{scratch}/export-{process_mark()}-x/made.csv"
    workspace = a_home(tmp_path, *UNFINISHED, *OTHERS, *left, in_use)
    assert remove_leftovers(workspace, SETTINGS) == Leftovers(files=len(UNFINISHED), scratch=len(left))
    assert [name for name in (*UNFINISHED, *left) if (tmp_path / name).exists()] == []
    assert [name for name in (*OTHERS, in_use) if not (tmp_path / name).exists()] == []
    assert remove_leftovers(workspace, SETTINGS) == Leftovers(files=0, scratch=0)


def test_one_event_counts_them_and_a_clean_home_has_none(tmp_path: Path) -> None:
    workspace = a_home(tmp_path, *UNFINISHED)

    async def started() -> list[tuple[str, dict[str, object]]]:
        log = JsonlEventLog(workspace)
        machine = Machine(SystemClock(), log, InlineEngine(), LockManager(workspace))
        pipeline = Pipeline(SETTINGS, workspace, machine)
        async with pipeline.running("a test", is_scheduled=False):
            return [(e.event, e.data) for e in log.read(0, 100) if "killed processes" in e.msg]

    assert asyncio.run(started()) == [("log", {"files": len(UNFINISHED), "scratch": 0, "kept": []})]
    assert len(asyncio.run(started())) == 1, "a start without leftovers says nothing more"


def test_what_a_worker_left_that_was_ended_goes_when_the_server_ends(tmp_path: Path) -> None:
    workspace = a_home(tmp_path)
    machine = Machine(SystemClock(), JsonlEventLog(workspace), InlineEngine(), LockManager(workspace))
    parts = Pipeline(SETTINGS, workspace, machine)
    left = workspace.scratch / f"duckdb-{dead_pid()}.7-x"

    async def served() -> None:
        async with parts.running("a test", is_scheduled=False):
            left.mkdir()

    asyncio.run(served())
    assert not left.exists()


_SERVE = """
import os, sys
from multiprocessing.connection import Listener
from pathlib import Path
from quarterhour.engines.sockets import keep_sockets_in
keep_sockets_in(Path(sys.argv[1]))
listener = Listener(family="AF_UNIX")
print(os.path.dirname(listener.address), flush=True)
if len(sys.argv) > 2:
    os.kill(os.getpid(), 9)
listener.close()
"""


def served(scratch: Path, system: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    system.mkdir(exist_ok=True)
    command = [sys.executable, "-c", _SERVE, str(scratch), *more]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(system)}, check=False
    )


def test_a_killed_servers_sockets_are_in_the_home_and_the_next_start_removes_them(short_path: Path) -> None:
    workspace = a_home(short_path / "h")
    system = short_path / "t"
    assert served(workspace.scratch, system).returncode == 0
    assert list(workspace.scratch.iterdir()) == [], "one that ends by itself leaves nothing"
    killed = served(workspace.scratch, system, "kill")
    assert Path(killed.stdout.strip()).parent == workspace.scratch
    assert len(list(workspace.scratch.iterdir())) == 1
    assert list(system.iterdir()) == []
    assert remove_leftovers(workspace, SETTINGS).scratch == 1


def test_a_long_path_has_its_sockets_in_the_systems_folder_and_says_why(short_path: Path) -> None:
    workspace = a_home(short_path / ("h" * 90))
    done = served(workspace.scratch, short_path / "t")
    assert done.returncode == 0
    assert Path(done.stdout.splitlines()[-1]).parent == short_path / "t"
    assert "must not have more than 100" in done.stdout + done.stderr
    assert list(workspace.scratch.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no process that has ended")
def test_a_killed_process_of_which_its_parent_takes_no_note_is_dead(tmp_path: Path) -> None:
    """A worker that was ended with its server: else its folder would stay until the next start."""
    code = "from quarterhour.identity import process_mark; print(process_mark(), flush=True); input()"
    worker = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        mark = worker.stdout.readline().strip()
        (tmp_path / f"duckdb-{mark}-abcdefgh").mkdir()
        assert remove_scratch_of_the_dead(tmp_path) == 0
        worker.kill()
        while psutil.Process(worker.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)
        assert remove_scratch_of_the_dead(tmp_path) == 1
    finally:
        worker.kill()
        worker.communicate()
