"""What must be true of a home after any fault: the same tables, every event, nothing left behind, and the next run runs."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import psutil
from deltalake import DeltaTable

from quarterhour.errors import LockHeld
from quarterhour.lock import LockManager
from quarterhour.workspace import Workspace
from real_tables import flights_csv
from serving import Server, serving

DATASETS = ("flights", "fares")
_SETTLE_S = 0.2
_SETTINGS = f"""
[inputs]
settle = {_SETTLE_S}
[runner]
backoff = 0.1
grace = 1.0
[[datasets]]
name = "fares"
files = "fares/*.csv"
keys = ["origin", "dest"]
"""


def fill(home: Path) -> None:
    """Real flights of four days as appended rows, and the distances between airports, corrected by a second file."""
    header, *lines = flights_csv().splitlines(keepends=True)
    flights = home / "data" / "raw" / "flights"
    fares = home / "data" / "raw" / "fares"
    for folder in (flights, fares):
        folder.mkdir(parents=True)
    for day in range(4):
        rows = lines[day * 900 : day * 900 + 900]
        (flights / f"flights_2013-01-0{day + 1}.csv").write_bytes(header + b"".join(rows))
    names = header.decode().strip().split(",")
    origin, dest, distance = (names.index(name) for name in ("origin", "dest", "distance"))
    pairs = {(c[origin], c[dest]): c[distance] for c in (line.decode().strip().split(",") for line in lines[:3600])}
    known = sorted(pairs.items())
    (fares / "fares_1.csv").write_text(_fares(known, 100))
    (fares / "fares_2.csv").write_text(_fares(known[::3], 250))
    (home / "quarterhour.toml").write_text(_SETTINGS)
    # One order of the files, whatever the file system's: the newest wins.
    for number, path in enumerate(sorted((home / "data" / "raw").rglob("*.csv"))):
        os.utime(path, ns=(10**18 + number * 10**9,) * 2)


def _fares(pairs: list[tuple[tuple[str, str], str]], price: int) -> str:
    rows = (f"{a},{b},{distance},{price + n % 7}\n" for n, ((a, b), distance) in enumerate(pairs))
    return "origin,dest,distance,price\n" + "".join(rows)


def command(home: Path, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "quarterhour", *arguments, "--home", str(home)]
    return subprocess.run(line, capture_output=True, text=True, check=check, timeout=120)


def tables(home: Path) -> dict[str, pl.DataFrame]:
    found: dict[str, pl.DataFrame] = {}
    for name in DATASETS:
        table = pl.from_arrow(DeltaTable(home / "data" / "merged" / name).to_pyarrow_table())
        assert isinstance(table, pl.DataFrame)
        found[name] = table.sort("_file", "_record")
    return found


Prepared = tuple[Path, dict[str, pl.DataFrame]]
"""A home that waits to be broken, and the tables that it must have in the end."""


def prepare(folder: Path) -> Prepared:
    whole, waiting = folder / "whole", folder / "waiting"
    fill(waiting)
    shutil.copytree(waiting, whole)
    time.sleep(_SETTLE_S * 1.5)
    command(whole, "run")
    return waiting, tables(whole)


def assert_survived(home: Path, expected: dict[str, pl.DataFrame]) -> None:
    """Start anew where a fault left off, and judge what comes of it."""
    assert wait_for_no_process(home) == [], "a process outlived its server"
    with serving(home, "--no-schedule") as server:
        status = server.get("/api/pipeline/status")
        assert status["state"] in ("idle", "success", "failed", "stopped"), status
        run = server.ended_run(server.start_run())
        assert run["state"] == "success", run
        for each in server.get("/api/runs", limit=200)["items"]:
            _assert_closed(server, each)
        assert_no_gap(server)
        assert server.stop() == 0, server.output.read_text()[-2000:]
    for name, table in tables(home).items():
        assert table.equals(expected[name].select(table.columns)), f"{name} is not what an uninterrupted run makes"
    assert wait_for_no_process(home) == []
    assert [path for path in home.rglob("*.tmp") if path.is_file()] == []
    left = [path.name for path in (home / "automation" / "state" / "scratch").iterdir()]
    assert left == [], f"left in the scratch folder: {left}"
    try:
        with LockManager(Workspace(home)).hold("home", "a look"):
            pass
    except LockHeld as held:
        raise AssertionError("a lock is left") from held


def _assert_closed(server: Server, run: dict[str, Any]) -> None:
    assert run["ended_at"] is not None, f"left open: {run}"
    if run["state"] == "success":
        balance = server.get(f"/api/runs/{run['run_id']}/balance")
        differences = ("translated_difference", "merged_difference", "lost_between")
        assert [balance[name] for name in differences] == [0, 0, 0], balance


def assert_no_gap(server: Server) -> None:
    numbers = [event["seq"] for event in all_events(server)]
    assert numbers == list(range(1, numbers[-1] + 1))


def all_events(server: Server) -> list[dict[str, Any]]:
    since: int | None = 0
    events: list[dict[str, Any]] = []
    while since is not None:
        page = server.get("/api/events", since=since, limit=1000)
        events += page["items"]
        since = page["next"]
    return events


def processes_of(home: Path) -> list[psutil.Process]:
    """All that names the home on its command line or works in it; the forked workers are found by their parents."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and str(home) in (process.info["cmdline"] or ()):
            found |= {process, *process.children(recursive=True)}
    return sorted(found, key=lambda process: process.pid)


def wait_for_no_process(home: Path, within_s: float = 10.0) -> list[psutil.Process]:
    """Those that are still there after that time."""
    deadline = time.monotonic() + within_s
    while (left := processes_of(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
