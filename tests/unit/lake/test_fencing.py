"""A run that has lost its lock cannot commit: the table itself refuses it."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from quarterhour.errors import LockLost
from quarterhour.lake.fencing import APP_ID, fenced
from quarterhour.lake.table_commits import add_columns, commit, create_table, restore_files, write_files
from quarterhour.lake.tables import Table, TableChanged, open_table

_COLUMNS = {"day": "INTEGER"}

_COMMIT_WHEN_TOLD = """
import sys
from pathlib import Path
from test_fencing import add_row, opened
from quarterhour.lake.fencing import fenced
path = Path(sys.argv[1])
table = opened(path)
with fenced(int(sys.argv[2])):
    print("ready", flush=True)
    if sys.stdin.readline() == "anew\\n":
        table = opened(path)
    add_row(table, 7)
"""


def opened(path: Path) -> Table:
    table = open_table(path)
    assert table is not None
    return table


def add_row(table: Table, day: int) -> Table:
    with duckdb.connect() as connection:
        written = write_files(connection, table.path, f"SELECT {day}::INTEGER AS day", _COLUMNS)
    return commit(table, added=written, facts={})


def days(path: Path) -> list[int]:
    return sorted(opened(path).delta.to_pyarrow_table().column("day").to_pylist())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with fenced(5):
        add_row(create_table(tmp_path / "flights", _COLUMNS), 1)
    return tmp_path / "flights"


@pytest.mark.slow
@pytest.mark.parametrize(("order", "refusal"), [("anew", LockLost), ("as it was", TableChanged)])
def test_the_older_of_two_processes_cannot_commit(path: Path, order: str, refusal: type[Exception]) -> None:
    """Whether it looks at the table again after the later holder's commit or not."""
    command = [sys.executable, "-c", _COMMIT_WHEN_TOLD, str(path), "5"]
    environment = {"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as older:
        assert older.stdout is not None
        assert older.stdout.readline() == "ready\n"
        with fenced(6):
            add_row(opened(path), 2)
        _, said = older.communicate(order + "\n")
    assert older.returncode != 0
    assert refusal.__name__ in said
    assert days(path) == [1, 2]


def test_every_way_to_change_a_table_is_fenced(path: Path) -> None:
    table = opened(path)
    with fenced(4):
        for change in (
            lambda: add_row(table, 9),
            lambda: add_columns(table, {"month": "INTEGER"}),
            lambda: restore_files(table, table, {}),
        ):
            with pytest.raises(LockLost, match="as number 4, and the holder 5"):
                change()
    assert opened(path).version == table.version


def test_every_way_to_change_a_table_leaves_its_number(path: Path) -> None:
    with fenced(6):
        table = add_columns(opened(path), {"month": "INTEGER"})
    assert table.delta.transaction_version(APP_ID) == 6
    with fenced(7):
        earlier = open_table(path, table.version - 1)
        assert earlier is not None
        table = restore_files(table, earlier, {})
    assert table.delta.transaction_version(APP_ID) == 7
    with fenced(8):
        assert add_row(opened(path), 3).delta.transaction_version(APP_ID) == 8


def test_a_command_outside_a_run_commits_and_keeps_the_number(path: Path) -> None:
    table = add_row(opened(path), 2)
    assert table.delta.transaction_version(APP_ID) == 5
    assert days(path) == [1, 2]


def test_the_number_outlives_a_checkpoint(path: Path) -> None:
    opened(path).delta.create_checkpoint()
    with fenced(4), pytest.raises(LockLost):
        add_row(opened(path), 2)
