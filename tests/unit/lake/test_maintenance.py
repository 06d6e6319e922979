"""Maintenance on real tables: what it joins, forgets and removes, and what it must leave alone."""

import os
import time
from pathlib import Path

import polars
import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st
from pending_inputs import put, table_rows
from stage_context import RecordingContext
from typer.testing import CliRunner

from quarterhour.cli import app
from quarterhour.lake import maintenance
from quarterhour.lake.maintenance import level, maintain, next_group
from quarterhour.lake.tables import DataFile, Table, TableError, open_table
from quarterhour.stages.merger import MergerService

pytestmark = pytest.mark.slow

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}
DAY_S = 24 * 3600


def _grow(context: RecordingContext, files: int, first: int = 0) -> None:
    """So many runs of one file each, of ten rows."""
    for number in range(first, first + files):
        put(context, "bars", f"SELECT {number * 10} + i AS k, i AS v FROM range(10) r(i)", f"file {number}")
        MergerService().run(context)


def _table(context: RecordingContext) -> Table:
    table = open_table(context.workspace.table("bars"))
    assert table is not None
    return table


def _age(context: RecordingContext, days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of the maintenance go on."""
    now_s = time.time() + days * DAY_S
    monkeypatch.setattr(maintenance.time, "time", lambda: now_s)


def test_small_neighbours_are_joined_and_the_rows_stay(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 17)
    before = table_rows(context, "bars", "k v _file _record")
    [done] = maintain(context.workspace, context.settings)
    assert (done["joined"], done["into"], done["error"]) == (17, 1, "")
    table = _table(context)
    assert len(table.files) == 1
    assert table_rows(context, "bars", "k v _file _record") == before
    assert maintain(context.workspace, context.settings) == []
    # It is no change of rows, and the merger goes on with the keys that it finds in the commit.
    assert not table.has_changed_since(table.version - 1)
    _grow(context, 1, first=17)
    assert _table(context).rows == 180


def test_joined_files_come_where_the_first_of_them_was(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    _grow(context, 9)
    with_all = [row for row, *_ in table_rows(context, "bars", "k")]
    maintain(context.workspace, context.settings)
    _grow(context, 1, first=9)
    names = [file.name for file in _table(context).files]
    first = polars.read_parquet(context.workspace.table("bars") / names[0])
    assert first["k"].to_list() == with_all


def test_few_files_and_large_ones_are_left(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 7)
    assert maintain(context.workspace, context.settings) == []


@given(st.lists(st.integers(1, 60_000_000), max_size=300))
def test_groups_are_neighbours_and_the_number_of_files_stays_small(sizes: list[int]) -> None:
    files = [DataFile(f"{number:04}", size, 1) for number, size in enumerate(sizes)]
    while group := next_group(files):
        start = files.index(group[0])
        assert files[start : start + len(group)] == group
        files[start : start + len(group)] = [DataFile(group[0].name, sum(file.size for file in group), 1)]
    large = sum(level(file.size) == 99 for file in files)
    assert len(files) <= (large + 1) * 7 * 6


def test_old_versions_are_forgotten_and_younger_ones_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_LEAST_FORGOTTEN", 10)
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 12)
    maintain(context.workspace, context.settings)
    old = _table(context).version
    until = time.time()
    # A version's time is written in whole milliseconds.
    time.sleep(0.01)
    put(context, "bars", "SELECT i AS k, -1 AS v FROM range(5) r(i)", "change")
    MergerService().run(context)
    monkeypatch.setattr(maintenance, "_ORPHAN_AGE_S", 0.0)
    # The clock says that all but the last version were replaced seven days ago.
    monkeypatch.setattr(maintenance.time, "time", lambda: until + 7 * DAY_S)
    [done] = maintain(context.workspace, context.settings)
    assert done["error"] == ""
    assert done["forgotten_versions"] == old
    # The many files of one run each, that no version has any more.
    assert done["removed_files"] >= 12
    path = context.workspace.table("bars")
    # What stood seven days ago can be read, and what stands now.
    assert polars.read_delta(str(path), version=old).height == 120
    assert polars.read_delta(str(path))["v"].min() == -1
    with pytest.raises(TableError, match="no longer kept"):
        open_table(path, old - 1)
    assert DeltaTable(path).transaction_version(put(context, "bars", "SELECT 1 AS k, 1 AS v", "file 3")) is not None


def test_files_of_killed_merges_are_removed_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 2)
    orphan = context.workspace.table("bars") / "part-00000000-0000-7000-8000-000000000000.parquet"
    orphan.write_bytes(b"PAR1")
    assert maintain(context.workspace, context.settings) == []
    assert orphan.exists()
    day_before_s = time.time() - DAY_S - 1
    os.utime(orphan, (day_before_s, day_before_s))
    [done] = maintain(context.workspace, context.settings)
    assert done["removed_files"] == 1
    assert not orphan.exists()
    assert len(table_rows(context, "bars", "k")) == 20


def test_a_clean_up_that_was_killed_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_LEAST_FORGOTTEN", 10)
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 15)
    path = context.workspace.table("bars")
    until = time.time()
    monkeypatch.setattr(maintenance.time, "time", lambda: until + 8 * DAY_S)
    real = Path.unlink
    left = 5

    def unlink(self: Path, missing_ok: bool = False) -> None:
        nonlocal left
        if self.parent.name == "_delta_log":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(KeyboardInterrupt):
        maintain(context.workspace, context.settings)
    assert _table(context).rows == 150
    monkeypatch.setattr(Path, "unlink", real)
    maintain(context.workspace, context.settings)
    versions = sorted(int(file.stem) for file in (path / "_delta_log").glob("*.json"))
    assert versions == list(range(versions[0], versions[-1] + 1))
    assert open_table(path, versions[0]) is not None
    assert len(table_rows(context, "bars", "k")) == 150


def test_a_merge_in_the_middle_of_a_join_stands_and_so_does_the_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 8)
    real = maintenance.write_files

    def write_files(*arguments: object, **options: object) -> object:
        written = real(*arguments, **options)  # pyright: ignore[reportArgumentType]
        monkeypatch.setattr(maintenance, "write_files", real)
        _grow(context, 1, first=8)
        return written

    monkeypatch.setattr(maintenance, "write_files", write_files)
    [done] = maintain(context.workspace, context.settings)
    assert done["joined"] == 8
    assert len(_table(context).files) == 2
    assert len(set(table_rows(context, "bars", "k"))) == 90


def test_an_update_of_a_file_that_is_being_joined_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = RecordingContext(tmp_path, KEYED)
    _grow(context, 8)
    real = maintenance.write_files

    def write_files(*arguments: object, **options: object) -> object:
        written = real(*arguments, **options)  # pyright: ignore[reportArgumentType]
        monkeypatch.setattr(maintenance, "write_files", real)
        put(context, "bars", "SELECT 5 AS k, 99 AS v", "update")
        MergerService().run(context)
        return written

    monkeypatch.setattr(maintenance, "write_files", write_files)
    maintain(context.workspace, context.settings)
    assert (5, 99) in table_rows(context, "bars", "k v")
    assert len(table_rows(context, "bars", "k")) == 80
    files = set(context.workspace.table("bars").glob("*.parquet"))
    assert len(files) <= 8 + 1


def test_a_table_that_cannot_be_read_does_not_keep_others_from_maintenance(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "aaa", "SELECT 1 AS k", "broken")
    MergerService().run(context)
    log = context.workspace.table("aaa") / "_delta_log" / f"{0:020d}.json"
    log.write_bytes(b"not JSON")
    _grow(context, 8)
    done = {one["dataset"]: one for one in maintain(context.workspace, context.settings)}
    assert "aaa: not maintained" in done["aaa"]["error"]
    assert done["bars"]["joined"] == 8


def test_by_hand_it_says_what_it_did(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    _grow(context, 8)
    first, second = (CliRunner().invoke(app, ["maintain", "bars", "--home", str(tmp_path)]) for _ in range(2))
    assert "bars: 8 files joined into 1" in first.output
    assert second.output == "Nothing is due.\n"
    assert CliRunner().invoke(app, ["maintain", "none", "--home", str(tmp_path)]).exit_code == 1
