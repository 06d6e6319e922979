"""The profile of one file and of a dataset, over HTTP and by `quarterhour profile`: of real flights in three files."""

import json
from pathlib import Path
from typing import Any

import polars
import pytest

from commands import command
from pipelines import stand_still
from real_tables import flights_csv
from serving import serving

pytestmark = pytest.mark.slow

SETTINGS = """
[[datasets]]
name = "flights"
files = "flights/*"
keys = ["year", "month", "day", "carrier", "flight", "origin"]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of flights went through one run; the last repeats two rows of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "data" / "raw" / "flights").mkdir(parents=True)
    (home / "quarterhour.toml").write_text(SETTINGS)
    header, *rows = flights_csv().decode().splitlines()[:3001]
    for number in range(3):
        part = rows[number * 1000 : (number + 1) * 1000] + (rows[2000:2002] if number == 2 else [])
        path = home / "data" / "raw" / "flights" / f"{number}.csv"
        path.write_text("\n".join([header, *part]) + "\n")
        stand_still(path)
    assert command(home, "run").exit_code == 0
    return home


def test_a_file_s_profile_is_of_its_rows_alone(home: Path) -> None:
    found: dict[str, Any] = json.loads(command(home, "profile", "--file", "data/raw/flights/2.csv", "--json").stdout)
    rows = polars.read_csv(home / "data" / "raw" / "flights" / "2.csv", null_values="NA")
    assert (found["file"], found["dataset"], found["state"]) == ("flights/2.csv", "flights", "merged")
    assert found["rows"] == 1002
    for name in ("dep_delay", "distance", "air_time"):
        facts, column = found["columns"][name], rows[name]
        assert (facts["nulls"], facts["min"], facts["max"]) == (column.null_count(), column.min(), column.max())
        assert facts["distinct"] == column.drop_nulls().n_unique()
        assert facts["mean"] == pytest.approx(column.mean())
    assert found["duplicates"] == {"by": ["year", "month", "day", "carrier", "flight", "origin"], "rows": 2}
    fresh = found["freshness"]
    assert fresh["column"] == "time_hour"
    assert fresh["newest"] == str(rows["time_hour"].max())
    assert fresh["age_s"] > 10 * 365 * 86_400
    assert 0 <= fresh["arrival_age_s"] < 600


def test_the_profile_of_a_dataset_is_told_as_a_table(home: Path) -> None:
    told = command(home, "profile", "flights")
    assert told.exit_code == 0
    lines = [line.split("\t") for line in told.stdout.splitlines()]
    assert lines[0] == ["column", "type", "count", "nulls", "distinct", "min", "max", "mean"]
    by_name = {line[0]: line for line in lines}
    assert by_name["distance"][1:4] == ["BIGINT", "3000", "0"]
    moments = [line.split(",")[-1] for line in flights_csv().decode().splitlines()[1:3001]]
    assert f"3000 rows; newest time_hour {max(moments)}" in told.stderr
    assert "2 duplicates by year, month, day" in told.stderr


def test_what_has_no_profile_is_told(home: Path) -> None:
    assert "no merged table is named 'nothing'" in command(home, "profile", "nothing").stderr
    assert "flights/9.csv" in command(home, "profile", "--file", "flights/9.csv").stderr
    assert command(home, "profile").exit_code == 2


def test_a_server_answers_the_same(home: Path) -> None:
    alone = json.loads(command(home, "profile", "--file", "flights/0.csv", "--json").stdout)
    with serving(home, "--no-schedule") as server:
        by_http = server.get(f"/api/inputs/{alone['id']}/profile")
        assert list(by_http["columns"]) == list(alone["columns"])
        for name, facts in alone["columns"].items():
            found = by_http["columns"][name]
            # Sums of fractions depend on their order, which threads change.
            for fact in ("mean", "std"):
                assert found.pop(fact, None) == pytest.approx(facts.pop(fact, None))
            assert found == facts
        assert server.http.get("/api/inputs/ffffffffff/profile").status_code == 404
