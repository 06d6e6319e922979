"""Kill the server with SIGKILL in mid-run, start it again: nothing lost, nothing twice, no run left open (A3, S5, L6)."""

import random
import time
from pathlib import Path

import polars as pl
import psutil
from deltalake import DeltaTable

from real_tables import flights_by_month, read_rows
from serving import Server, serving

_KILLS = 4


def test_a_server_killed_at_any_moment_of_a_run_ends_with_the_tables_of_an_uninterrupted_one(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  a failing instant can be looked for again
    chance = random.Random(seed)
    home = tmp_path / "home"
    months = dict(list(flights_by_month().items())[:3])
    raw = home / "data" / "raw" / "flights"
    raw.mkdir(parents=True)
    for name, content in months.items():
        (raw / name).write_bytes(content)
    time.sleep(2.1)  # the settle time

    for _ in range(_KILLS):
        with serving(home, "--no-schedule") as server:
            server.start_run()
            time.sleep(chance.uniform(0.05, 4))
            workers = psutil.Process(server.process.pid).children(recursive=True)
            server.kill()
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert alive == [], "a worker outlived its server"

    with serving(home, "--no-schedule") as server:
        status = server.get("/api/pipeline/status")
        assert status["state"] in ("failed", "success")
        assert status["state"] == "success" or status["run"]["reason"] == "interrupted"
        last = server.ended_run(server.start_run())
        assert last["state"] == "success"
        assert_no_gap(server)
        assert server.stop() == 0

    expected = [row for content in months.values() for row in read_rows(content)]
    merged = pl.from_arrow(DeltaTable(home / "data" / "merged" / "flights").to_pyarrow_table())
    assert isinstance(merged, pl.DataFrame)
    assert merged.height == len(expected)
    assert merged.select("_file", "_record").is_duplicated().sum() == 0
    assert merged["distance"].sum() == sum(float(row["distance"]) for row in expected)
    assert list((home / "data").rglob("*.tmp")) == []


def assert_no_gap(server: Server) -> None:
    since, numbers = 0, []
    while True:
        page = server.get("/api/events", since=since, limit=1000)
        numbers += [event["seq"] for event in page["items"]]
        if page["next"] is None:
            break
        since = page["next"]
    assert numbers == list(range(1, numbers[-1] + 1))
