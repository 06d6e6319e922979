"""Which raw files wait, which still move, and what dataset each belongs to."""

import hashlib
import os
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterhour.errors import QuarterhourError, StageCancelled
from quarterhour.lake.arrivals import (
    ArrivalState,
    DatasetNames,
    FileUnreadable,
    arrivals,
    fingerprint,
    read_content,
    readable,
    reading,
)
from quarterhour.lake.ledger import Sighting
from quarterhour.lake.writers import open_for_writing
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


def test_known_files_can_be_left_out(workspace):
    path = drop(workspace, "x.csv")
    drop(workspace, "y.csv")
    seen = Sighting("x.csv", path.stat().st_size, path.stat().st_mtime_ns, "f")
    assert states(workspace, sightings={"x.csv": seen}, with_known=False) == {"y.csv": "waiting"}


def test_a_file_that_was_at_fault_because_it_moved_is_read_again(workspace):
    path = drop(workspace, "x.csv")

    def fault_while_it_changes(error: Exception) -> None:
        with reading(path), path.open("a") as file:
            file.write("more\n")
            raise error

    with pytest.raises(FileUnreadable, match="changed while it was read"):
        fault_while_it_changes(QuarterhourError("it is no table"))
    with pytest.raises(StageCancelled):
        fault_while_it_changes(StageCancelled())


@pytest.mark.parametrize(
    ("before", "after", "is_head"),
    [
        (b"a\n1\n", b"2\n", True),
        (b"a\r\n1\r\n", b"2\r\n", True),
        (b"a\r1\r", b"2\r", True),
        (b"a\r\n1\r", b"\n2\r\n", False),
        (b"a\n1", b"2\n", False),
        ("a\n1\n".encode("utf-16-le"), "2\n".encode("utf-16-le"), True),
        ("a\r1\r".encode("utf-16-be"), "\n2\r".encode("utf-16-be"), False),
        (b"\x1f\x8b\x08\n", b"2\n", False),
        (b"\n", b"a" * 3_000_000, True),
        (b"a" * 3_000_000 + b"\n", b"b", True),
    ],
)
def test_one_reading_gives_the_fingerprints_of_the_file_and_of_what_it_was(workspace, before, after, is_head):
    path = workspace.raw / "x.csv"
    path.write_bytes(before)
    earlier = fingerprint(path)
    path.write_bytes(before + after)
    content = read_content(path, head_bytes=len(before))
    assert content.fingerprint == fingerprint(path) == hashlib.sha256(before + after).hexdigest()[:32]
    assert content.head == (earlier if is_head else None)
    assert read_content(path).head is None


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_a_file_was_is_found_again_at_any_place(tmp_path_factory, before, after):
    path = tmp_path_factory.mktemp("content") / "x.csv"
    path.write_bytes(before + b"\n" + after)
    head = read_content(path, head_bytes=len(before) + 1).head
    assert head in (None, hashlib.sha256(before + b"\n").hexdigest()[:32])


@given(st.binary(max_size=40).map(lambda name: os.fsdecode(name.replace(b"\0", b"").replace(b"/", b""))))
def test_a_readable_name_is_one_line_of_unicode(name):
    text = readable(name)
    text.encode()
    assert len(text.splitlines()) <= 1
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
    if name.isprintable():
        assert text == name


def test_what_is_open_for_writing_is_told_where_the_system_can(workspace):
    path, other = drop(workspace, "x.csv"), drop(workspace, "y.csv")
    both = [str(path), str(other), str(workspace.raw / "missing.csv")]
    with path.open("ab"), other.open("rb"):
        expected = {str(path)} if sys.platform in ("linux", "win32") else set()
        assert open_for_writing(both) == expected
    assert open_for_writing(both) == set()


def test_a_look_at_a_file_leaves_no_lease_behind(workspace):
    """A lease that stayed would have others wait for it when they open the file."""
    path = drop(workspace, "x.csv")
    for _ in range(50):
        assert open_for_writing([str(path)]) == set()
        with path.open("ab") as file:
            file.write(b"x")


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
