"""`make bench`: prints the figures that issue and README speak of, in some twenty minutes, with --quick ten. Needs no network."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import httpx
import psutil
from websockets.sync.client import connect

from bench.exports import QUICK_ROWS, ROWS, measure_exports
from bench.flights import grown_flights
from bench.history import EVENTS, LONG_EVENTS, measure_history
from bench.lateness import measure_lateness
from bench.merging import LONG as LONG_MERGING
from bench.merging import QUICK as QUICK_MERGING
from bench.merging import Sizes as MergingSizes
from bench.merging import measure_merging
from bench.page import measure_page
from bench.profiling import measure_profiling
from bench.scrolling import EVENTS as SCROLLED_EVENTS
from bench.scrolling import LONG_EVENTS as LONG_SCROLLED_EVENTS
from bench.scrolling import measure_scrolling
from bench.sockets import measure_sockets
from bench.translation import QUICK, Sizes, measure_memory, measure_speed

_EMPTY_STAGES = "".join(
    f'[[stages]]\nname = "{name}"\npython = "bench.empty:Empty"\n' for name in ("one", "two", "three")
)
_THREADED_STAGES = _EMPTY_STAGES.replace("python =", 'isolation = "thread"\npython =')
_RUNS = 15
_IDLE_S = 15
_BIG_FILE_BYTES = 300 * 2**20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small files: the ratios are rough then")
    parser.add_argument(
        "--latency", action="store_true", help="only the server: starts, runs, marks, events, idle costs"
    )
    parser.add_argument(
        "--memory", action="store_true", help="only the Translator's peak memory, on a file beyond its limit"
    )
    parser.add_argument("--translation", action="store_true", help="only the Translator beside other engines")
    parser.add_argument("--exports", action="store_true", help="only the exports: ten million rows in each format")
    parser.add_argument("--profiling", action="store_true", help="only the Analyzer's profile beside SUMMARIZE")
    parser.add_argument("--sockets", action="store_true", help="only the event stream: many clients, many events")
    parser.add_argument("--page", action="store_true", help="only the dashboard in a browser")
    parser.add_argument("--merging", action="store_true", help="only the Merger beside deltalake and DuckDB")
    parser.add_argument("--scrolling", action="store_true", help="only the page of past events, scrolled in a browser")
    parser.add_argument("--history", action="store_true", help="only the index of past events, and the start with it")
    parser.add_argument(
        "--long",
        action="store_true",
        help="with --merging: 50 million rows; with --history or --scrolling: 10 million events",
    )
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else Sizes()
    print(f"{'what':<84}{'measured':>14}{'aim':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.latency:
            measure_latency(folder)
            return
        if arguments.sockets:
            measure_sockets(folder, show)
            return
        if arguments.page:
            measure_page(folder, show)
            return
        if arguments.profiling:
            measure_profiling(folder, show, is_quick=arguments.quick)
            return
        if arguments.memory:
            measure_memory(folder, show, sizes)
            return
        if arguments.exports:
            measure_exports(folder, show, QUICK_ROWS if arguments.quick else ROWS)
            return
        if arguments.history:
            measure_history(folder, show, LONG_EVENTS if arguments.long else EVENTS)
            return
        if arguments.scrolling:
            measure_scrolling(folder, show, LONG_SCROLLED_EVENTS if arguments.long else SCROLLED_EVENTS)
            return
        if arguments.merging:
            merging = QUICK_MERGING if arguments.quick else LONG_MERGING if arguments.long else MergingSizes()
            measure_merging(folder, show, merging)
            return
        if not arguments.translation:
            measure_latency(folder)
            measure_translator(folder)
        measure_speed(folder, show, sizes)
        if not arguments.translation:
            # Their full sizes are measured by name: they take an hour.
            measure_sockets(folder, show)
            measure_page(folder, show)
            measure_history(folder, show, EVENTS)
            measure_profiling(folder, show, is_quick=True)
            measure_merging(folder, show, QUICK_MERGING)
            measure_exports(folder, show, QUICK_ROWS)


def measure_latency(folder: Path) -> None:
    measure_server(folder)
    measure_threads(folder)
    measure_lateness(folder, show, _EMPTY_STAGES)


def measure_server(folder: Path) -> None:
    """Start, runs, events, and what an idle server costs."""
    home = folder / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text(_EMPTY_STAGES)
    start_up_s, process, api = start(home)
    try:
        show("start-up to first answer, first start", f"{start_up_s:.2f} s", "1.5 s")
        runs_s, receipts_s = measure_runs(api)
        show(
            "POST start to success, three empty stages, median",
            f"{statistics.median(runs_s) * 1000:.0f} ms",
            "50 ms",
        )
        show("event's time to WebSocket receipt, median", f"{statistics.median(receipts_s) * 1000:.1f} ms", "10 ms")
        show(
            "event's time to WebSocket receipt, p95",
            f"{sorted(receipts_s)[int(len(receipts_s) * 0.95)] * 1000:.1f} ms",
            "",
        )
        idle_mb, cpu_share = measure_idle(process)
        show("idle memory of all processes (PSS)", f"{idle_mb:.0f} MB", "120 MB")
        show(f"idle CPU of all processes over {_IDLE_S} s", f"{cpu_share:.2f} %", "0.3 %")
    finally:
        process.terminate()
        process.wait()
    start_up_s, process, _ = start(home)
    process.terminate()
    process.wait()
    show("start-up to first answer, second start", f"{start_up_s:.2f} s", "1.5 s")


def measure_threads(folder: Path) -> None:
    """The same run where its stages are in threads."""
    home = folder / "threads"
    home.mkdir()
    (home / "quarterhour.toml").write_text(_THREADED_STAGES)
    _, process, api = start(home)
    try:
        runs_s, _ = measure_runs(api)
        median_ms = statistics.median(runs_s) * 1000
        show("the same, the stages in threads (isolation), median", f"{median_ms:.0f} ms", "15 ms")
    finally:
        process.terminate()
        process.wait()


def show(what: str, measured: str, aim: str) -> None:
    print(f"{what:<84}{measured:>14}{aim:>10}", flush=True)


def start(home: Path) -> tuple[float, subprocess.Popen[str], str]:
    begun_s = time.perf_counter()
    paths = (str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", ""))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "quarterhour", "up", "--home", str(home), "--no-schedule"]
    process = subprocess.Popen(
        [*command, "--api-port", "0", "--dashboard-port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    api = process.stdout.readline().split("api=")[1].split()[0]
    httpx.get(f"{api}/api/pipeline/status").raise_for_status()
    return time.perf_counter() - begun_s, process, api


def measure_runs(api: str) -> tuple[list[float], list[float]]:
    runs_s: list[float] = []
    receipts_s: list[float] = []
    with connect(api.replace("http", "ws") + "/ws/events") as socket, httpx.Client(base_url=api) as http:
        socket.recv()
        # Not counted: the forkserver loads its libraries at the first run.
        for number in range(_RUNS + 1):
            begun_s = time.perf_counter()
            http.post("/api/pipeline/start").raise_for_status()
            while True:
                event = json.loads(socket.recv(timeout=60))
                if number:
                    receipts_s.append((datetime.now(UTC) - datetime.fromisoformat(event["timestamp"])).total_seconds())
                if (event["stage"], event["event"]) == ("pipeline", "success"):
                    break
            if number:
                runs_s.append(time.perf_counter() - begun_s)
    return runs_s, receipts_s


def measure_idle(process: "subprocess.Popen[str]") -> tuple[float, float]:
    """Megabytes of PSS, and the CPU's share in percent of one core. Linux."""
    server = psutil.Process(process.pid)
    family = [server, *server.children(recursive=True)]
    time.sleep(2)
    before_s = sum(sum(each.cpu_times()[:2]) for each in family)
    time.sleep(_IDLE_S)
    used_s = sum(sum(each.cpu_times()[:2]) for each in family) - before_s
    return sum(each.memory_full_info().pss for each in family) / 2**20, 100 * used_s / _IDLE_S


def measure_translator(folder: Path) -> None:
    path = folder / "flights.csv"
    grown_flights(path, _BIG_FILE_BYTES)
    ours_s = timed(
        f"from quarterhour.stages.translator.batch import translate_paths; from quarterhour.settings import Settings;"
        f"from pathlib import Path;"
        f"print(next(iter(translate_paths([Path({str(path)!r})], Path({str(folder / 'out')!r}), 'auto', Settings()))).rows)"
    )
    theirs_s = timed(
        f"import duckdb; duckdb.sql(\"COPY (FROM read_csv('{path}')) TO '{folder / 'theirs.parquet'}' (FORMAT parquet)\");"
        f"print(duckdb.sql(\"SELECT count(*) FROM '{folder / 'theirs.parquet'}'\").fetchall()[0][0])"
    )
    show(
        f"DuckDB {duckdb.__version__}: COPY of {path.stat().st_size / 2**20:.0f} MB of flights to Parquet",
        f"{theirs_s:.2f} s",
        "",
    )
    show("Translator: the same file, detected, with lineage and balance", f"{ours_s:.2f} s", "")
    show("Translator's rows/s as a ratio to DuckDB's", f"{theirs_s / ours_s:.2f}", "0.8")
    path.unlink()


def timed(program: str) -> float:
    """Seconds of a Python program in a process of its own, its imports left out."""
    timed_program = f"import duckdb, quarterhour.stages.translator.batch, time; t = time.perf_counter(); {program}"
    source = f"{timed_program}; print(time.perf_counter() - t)"
    output = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    return float(output.split()[-1])


if __name__ == "__main__":
    main()
