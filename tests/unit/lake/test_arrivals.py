"""Which raw files wait, which still move, and what dataset each belongs to."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterhour.lake.arrivals import ArrivalState, DatasetNames, FileUnreadable, arrivals, fingerprint, reading
from quarterhour.lake.ledger import Sighting
from quarterhour.settings import DATASET_NAME, Settings
from quarterhour.workspace import Workspace

NOW = datetime(2025, 12, 5, 12, 15, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.create()
    return workspace


def drop(workspace: Workspace, name: str, content: str = "a,b\n1,2\n", age_s: float = 60.0) -> Path:
    path = workspace.raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    moment = NOW.timestamp() - age_s
    os.utime(path, (moment, moment))
    return path


def states(workspace: Workspace, **options) -> dict[str, str]:
    found = arrivals(workspace, Settings(), options.pop("sightings", {}), NOW, **options)
    return {arrival.name: arrival.state.value for arrival in found}


def test_a_file_waits_once_its_time_has_stood_still(workspace):
    """A4: any *.csv was read at once."""
    drop(workspace, "old.csv", age_s=2.0)
    drop(workspace, "young.csv", age_s=1.9)
    drop(workspace, "deep/below/x.csv")
    assert states(workspace) == {"deep/below/x.csv": "waiting", "old.csv": "waiting", "young.csv": "settling"}


def test_names_of_unfinished_files_are_left_alone(workspace):
    for name in (".hidden.csv", "x.csv.tmp", "x.csv.part", "x.csv.crdownload", "x.CSV.TMP", ".git/x.csv", "x.csv~"):
        drop(workspace, name)
    assert states(workspace) == {}


def test_a_file_is_known_by_its_size_and_time(workspace):
    path = drop(workspace, "x.csv")
    seen = Sighting("x.csv", path.stat().st_size, path.stat().st_mtime_ns, "f")
    assert states(workspace, sightings={"x.csv": seen}) == {"x.csv": "known"}
    drop(workspace, "x.csv", "a,b\n1,2\n3,4\n")
    assert states(workspace, sightings={"x.csv": seen}) == {"x.csv": "waiting"}


def test_a_time_in_the_future_does_not_keep_a_file_out_for_ever(workspace):
    path = drop(workspace, "x.csv", age_s=-3600)
    assert states(workspace) == {"x.csv": "settling"}
    pauses: list[float] = []
    assert states(workspace, pause=pauses.append) == {"x.csv": "waiting"}
    assert pauses == [2.0]

    def write_meanwhile(_: float) -> None:
        path.write_text("a,b\n1,2\n3,4\n")

    assert states(workspace, pause=write_meanwhile) == {"x.csv": "settling"}


def test_links_out_of_the_folder_are_not_followed(workspace, tmp_path):
    outside = tmp_path / "secret.csv"
    outside.write_text("a\n1\n")
    (workspace.raw / "out.csv").symlink_to(outside)
    (workspace.raw / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    (workspace.raw / "up").symlink_to(tmp_path)
    (workspace.raw / "round").symlink_to(workspace.raw)
    drop(workspace, "real.csv")
    (workspace.raw / "alias.csv").symlink_to(workspace.raw / "real.csv")
    assert set(states(workspace)) == {"real.csv", "alias.csv"}


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("flights_2013-01-01.csv", "flights"),
        ("weather-20130101-003.csv.gz", "weather"),
        ("stocks.csv", "stocks"),
        ("bars/2025/x.csv", "bars"),
        ("Mon Dossier/x.csv", "mon_dossier"),
        ("flights_20130101T121500Z.csv", "flights"),
        ("Sales Report (3).TSV", "sales_report"),
        ("covid19.csv", "covid19"),
        ("2013-01-01.csv", "data_2013_01_01"),
        ("my file.2024.txt", "my_file"),
        ("special.csv", "pinned"),
    ],
)
def test_the_dataset_of_a_name(name, dataset):
    names = DatasetNames(Settings(datasets=[{"name": "pinned", "files": "special*"}]))
    assert names.of(name) == dataset


@given(st.text(min_size=1).filter(lambda text: "\0" not in text and "/" not in text))
def test_every_name_has_a_dataset_that_settings_would_accept(name):
    assert re.match(DATASET_NAME, DatasetNames(Settings()).of(name))


def test_names_without_ascii_letters_stay_distinct():
    names = DatasetNames(Settings())
    assert names.of("売上.csv") != names.of("天気.csv")


def test_a_fingerprint_is_of_the_content(workspace):
    first, second = drop(workspace, "x.csv"), drop(workspace, "y.csv", age_s=100)
    assert fingerprint(first) == fingerprint(second)
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(first))
    assert fingerprint(drop(workspace, "z.csv", "other")) != fingerprint(first)


def test_a_file_that_vanishes_or_moves_while_read_is_an_error_of_this_file(workspace, tmp_path):
    with pytest.raises(FileUnreadable, match=r"gone\.csv: it was removed"):
        fingerprint(workspace.raw / "gone.csv")
    path = drop(workspace, "x.csv")

    def grow() -> None:
        with path.open("a") as file:
            file.write("3,4\n")

    with pytest.raises(FileUnreadable, match="changed while it was read"):
        fingerprint(path, check=grow)
    with pytest.raises(FileUnreadable, match="removed while"), reading(path):
        path.unlink()


def test_ten_thousand_unchanged_files_are_known(workspace):
    sightings: dict[str, Sighting] = {}
    for folder in range(10):
        (workspace.raw / f"d{folder}").mkdir()
        for number in range(1000):
            path = f"{workspace.raw}/d{folder}/{number}.csv"
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            status = os.stat(path)  # noqa: PTH116 - ten thousand times
            name = f"d{folder}/{number}.csv"
            sightings[name] = Sighting(name, 0, status.st_mtime_ns, "f")
    found = arrivals(workspace, Settings(), sightings, datetime.now(UTC))
    assert len(found) == 10_000
    assert {arrival.state for arrival in found} == {ArrivalState.KNOWN}


def test_the_web_server_can_ask_without_a_data_engine():
    code = "import sys, quarterhour.lake.arrivals; sys.exit('duckdb' in sys.modules or 'deltalake' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
