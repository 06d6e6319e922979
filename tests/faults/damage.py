"""The faults: each is done to a server in the middle of a run, at an instant drawn by chance, and leaves no process behind."""

import contextlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import psutil

from faults.survival import all_events, wait_for_no_process
from faults.wall_clock import WallClock
from quarterhour.events import EventRecord
from quarterhour.lifecycle import ACTIVE
from quarterhour.slots import slots_of
from serving import Server, serving

# A run of these tests takes about this long: faults are spread over it.
_RUN_S = 1.6
# One after the other in the life of one server.
_WORKERS_KILLED = 7
_WORKER_WITHIN_S = 30.0
_JUMPS = 4
_MARK_WITHIN_S = 60.0

Damage = Callable[[Path, random.Random], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`do` harms a home while it is at work. What it started has ended when it returns."""

    name: str
    do: Damage
    count: int = 1
    """How many faults it does at a time."""
    needs_mounts: bool = False
    """It needs a small file system of its own, so root, on Linux."""
    needs_compiler: bool = False
    """It compiles what it preloads, on Linux."""


@contextmanager
def at_an_instant(home: Path, chance: random.Random) -> Iterator[Server]:
    """A server, somewhere in a run; afterwards it is stopped, where it still is there."""
    with serving(home, "--no-schedule") as server:
        server.start_run()
        time.sleep(chance.uniform(0.0, _RUN_S))
        yield server
        if server.process.poll() is None:
            server.stop()


def workers_of(server: Server) -> list[psutil.Process]:
    """The processes that do the work: children of the forkserver."""
    helpers = psutil.Process(server.process.pid).children()
    return [worker for helper in helpers for worker in helper.children(recursive=True)]


def kill_server(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        workers = psutil.Process(server.process.pid).children(recursive=True)
        server.kill()
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert alive == [], "a worker outlived its server"


def kill_workers(home: Path, chance: random.Random) -> None:
    """Whatever is at work, first attempt, retry or the next run, is killed again and again."""
    with at_an_instant(home, chance) as server:
        for _ in range(_WORKERS_KILLED):
            _signal(_at_work(server), signal.SIGKILL)
            time.sleep(chance.uniform(0.0, _RUN_S / 2))
        _ended(server)


def _at_work(server: Server) -> list[psutil.Process]:
    """At least one worker: a run is started where none goes on. So each kill hits somebody."""
    deadline = time.monotonic() + _WORKER_WITHIN_S
    while time.monotonic() < deadline:
        if workers := workers_of(server):
            return workers
        if server.get("/api/pipeline/status")["state"] not in ACTIVE:
            server.start_run()
    raise AssertionError(f"no worker in {_WORKER_WITHIN_S:g} s")


def kill_both(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        _signal(_at_work(server), signal.SIGKILL)
        server.kill()


def kill_forkserver(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        _signal(psutil.Process(server.process.pid).children(), signal.SIGKILL)
        _ended(server)


def terminate_server(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        assert server.stop() == 0


def freeze_server(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.2, 1.5))
        server.process.send_signal(signal.SIGCONT)
        assert _ended(server) == "success"


def freeze_worker(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        workers = workers_of(server)
        _signal(workers, signal.SIGSTOP)
        time.sleep(chance.uniform(0.2, 1.5))
        _signal(workers, signal.SIGCONT)
        assert _ended(server) == "success"


def fill_disk(home: Path, chance: random.Random) -> None:
    """Its file system has no room from an instant on; there is some again before the next run."""
    ballast = home / "ballast"
    with at_an_instant(home, chance) as server:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        time.sleep(chance.uniform(0.2, 2.0))
        ballast.unlink()
        _ended(server)


def forbid_writing(home: Path, chance: random.Random) -> None:
    """One of its folders is mounted read-only for a while."""
    folder = home / "data" / chance.choice(["translated", "analyzed", "merged", "quarantine"])
    with at_an_instant(home, chance) as server:
        folder.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(folder), str(folder))
        try:
            _mount("-o", "remount,ro,bind", str(folder))
            time.sleep(chance.uniform(0.2, 1.0))
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        _ended(server)


def exhaust_descriptors(home: Path, chance: random.Random) -> None:
    with at_an_instant(home, chance) as server:
        process = psutil.Process(server.process.pid)
        limits = process.rlimit(resource.RLIMIT_NOFILE)
        process.rlimit(resource.RLIMIT_NOFILE, (process.num_fds(), limits[1]))
        time.sleep(chance.uniform(0.2, 1.0))
        process.rlimit(resource.RLIMIT_NOFILE, limits)
        _ended(server)


def copy_half(home: Path, chance: random.Random) -> None:
    """The home is copied while it is at work, as a backup would, and the copy is what is gone on with."""
    copy = home.with_name(home.name + "-copy")
    with at_an_instant(home, chance) as server:
        subprocess.run(["cp", "-r", str(home), str(copy)], check=False, capture_output=True)
        server.kill()
    assert wait_for_no_process(home) == []
    shutil.rmtree(home)
    copy.rename(home)


def jump_clock(home: Path, chance: random.Random) -> None:
    """The wall clock is set by hours while a run goes on: it ends well, no mark has two verdicts, and the next one runs."""
    clock = WallClock(home.with_name("clock"))
    with serving(home, environment=clock.environment) as server:
        run_id = server.start_run()
        for _ in range(_JUMPS):
            time.sleep(chance.uniform(0.0, _RUN_S))
            clock.jump(timedelta(seconds=chance.choice([-7200, -900, -1, 1, 900, 7200, 86400])))
        assert server.ended_run(run_id)["state"] == "success"
        _run_at_next_mark(server, clock)
        marks = Counter(
            slot.mark for event in all_events(server) for slot in slots_of(EventRecord.parse(orjson.dumps(event)))
        )
        assert set(marks.values()) <= {1}, f"marks with two verdicts: {marks.most_common(3)}"
        assert server.stop() == 0


def _run_at_next_mark(server: Server, clock: WallClock) -> None:
    """Set the clock to a moment before the next mark, and see its run."""
    deadline = time.monotonic() + _MARK_WITHIN_S
    while time.monotonic() < deadline:
        status = server.get("/api/pipeline/status")
        mark = datetime.fromisoformat(status["next_run_at"])
        if status["state"] not in ACTIVE and mark > clock.now():
            break
        time.sleep(0.05)
    clock.jump(mark - clock.now() - timedelta(seconds=0.5))
    while time.monotonic() < deadline:
        run = server.get("/api/runs", limit=1)["items"][0]
        if run["mark"] is not None and datetime.fromisoformat(run["mark"]) == mark and run["state"] == "success":
            return
        time.sleep(0.05)
    raise AssertionError(f"no run at the mark {mark}: {server.get('/api/pipeline/status')}")


def crowd(home: Path, chance: random.Random) -> None:
    """Two servers and three runs of the command line at once."""
    del chance
    with serving(home, "--no-schedule") as server:
        second = _start(home, "up", "--api-port", "0", "--dashboard-port", "0")
        runs = [_start(home, "run") for _ in range(3)]
        said, _ = second.communicate(timeout=60)
        assert second.returncode == 1, said
        assert b"in use" in said
        codes = []
        for run in runs:
            said, _ = run.communicate(timeout=60)
            codes.append(run.returncode)
            assert run.returncode == 0 or b"in progress" in said, said
        assert 0 in codes, "none of three runs ran"
        server.stop()


def _start(home: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "quarterhour", *arguments, "--home", str(home)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _ended(server: Server) -> str:
    """The state in which the run ended."""
    run_id = server.get("/api/pipeline/status")["run_id"]
    return server.ended_run(run_id)["state"]


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@contextmanager
def small_file_system(folder: Path, megabytes: int = 24) -> Iterator[None]:
    """A file system in memory at `folder`, gone afterwards with what is in it. Needs root, on Linux."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


FAULTS = (
    Fault("SIGKILL of the server", kill_server),
    Fault("SIGKILL of the worker", kill_workers, count=_WORKERS_KILLED),
    Fault("SIGKILL of both", kill_both),
    Fault("SIGKILL of the forkserver", kill_forkserver),
    Fault("SIGTERM of the server", terminate_server),
    Fault("SIGSTOP and SIGCONT of the server", freeze_server),
    Fault("SIGSTOP and SIGCONT of the worker", freeze_worker),
    Fault("disk full", fill_disk, needs_mounts=True),
    Fault("folder read-only", forbid_writing, needs_mounts=True),
    Fault("file descriptors exhausted", exhaust_descriptors),
    Fault("home copied in the middle of a run", copy_half),
    Fault("wall clock set by hours", jump_clock, count=_JUMPS, needs_compiler=True),
    Fault("two servers and three runs at once", crowd),
)
