"""Past runs as a page asks for them: when their stages were at work, and which files were theirs."""

import os
from collections.abc import Iterator

import pytest

from serving import Server, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("timeline") / "home"
    (home / "data/raw").mkdir(parents=True)
    with serving(home, "--no-schedule") as running:
        yield running


def run_with(server: Server, name: str) -> str:
    """A run that takes in one new file, which has lain there for so long that it is whole."""
    path = server.home / "data/raw" / name
    path.write_text(f"a,b\n1,{name}\n")
    os.utime(path, (1e9, 1e9))
    run_id = server.start_run()
    assert server.ended_run(run_id)["state"] == "success"
    return run_id


def test_a_span_of_time_has_its_runs_and_a_run_its_files(server: Server) -> None:
    first, second = (run_with(server, name) for name in ("bars_1.csv", "bars_2.csv"))
    newest, oldest = server.get("/api/timeline")["items"]
    assert [newest["run_id"], oldest["run_id"]] == [second, first]
    assert [stage["name"] for stage in newest["stages"]] == ["translator", "analyzer", "merger"]
    assert all(newest["started_at"] <= stage["started_at"] <= stage["ended_at"] for stage in newest["stages"])

    def within(start: str, end: str) -> list[str]:
        return [run["run_id"] for run in server.get("/api/timeline", **{"from": start, "to": end})["items"]]

    assert within(oldest["started_at"], oldest["ended_at"]) == [first]
    # A run that began before the span and went on in it belongs to it.
    assert within(newest["ended_at"], newest["ended_at"]) == [second]
    assert within("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z") == []

    cut = server.get("/api/timeline", limit=1)
    assert ([run["run_id"] for run in cut["items"]], cut["next"]) == ([second], second)

    assert [item["name"] for item in server.get("/api/inputs", run_id=first)["items"]] == ["bars_1.csv"]
    assert server.get("/api/inputs", run_id="20200101T000000Z-000000")["items"] == []
