"""What the merger does with keys that name no row, damaged files and tables that others wrote to."""

import multiprocessing
from pathlib import Path

import duckdb
import polars
import pytest
from deltalake import DeltaTable, Field, Schema, write_deltalake
from deltalake.schema import PrimitiveType
from pending_inputs import put, table_rows
from stage_context import RecordingContext

from merging import counts, keyed, merge, values
from quarterhour.errors import StageError
from quarterhour.lake.tables import TableError, open_table
from quarterhour.stages.merger import MergerService, service


def test_a_key_twice_in_one_file_leaves_the_last_row_and_is_told(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 10), (1, 11), (2, 20)), "one")
    data = merge(context)
    assert counts(data) == (2, 1, 0, 0)
    assert data["datasets"]["bars"]["repeated_keys"] == 2
    assert table_rows(context, "bars", "k v") == [(1, 11), (2, 20)]
    assert context.lines[-1][1] == (
        "one: 2 rows share their key with another row of the file, such as k = 1: the last of each stands"
    )


def test_a_key_in_two_files_of_a_batch_is_no_key_twice_in_one_file(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 10)), "one")
    put(context, "bars", values((1, 11)), "two")
    assert "repeated_keys" not in merge(context)["datasets"]["bars"]
    assert context.lines == []


def test_rows_without_a_key_count_as_one_row_and_are_told(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 10), (None, 20)), "one")
    data = merge(context)
    assert data["datasets"]["bars"]["null_keys"] == 1
    put(context, "bars", values((None, 21), (2, 5)), "two")
    assert counts(merge(context)) == (1, 1, 0, 0)
    assert table_rows(context, "bars", "k v") == [(None, 21), (1, 10), (2, 5)]
    assert "two: 1 row without a value in k, the first in record 1" in context.lines[-1][1]


def test_a_column_that_changed_its_type_is_refused_with_record_and_value(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 10)), "one")
    put(context, "bars", values((1, "'7'"), (2, "'seven'")), "two")
    assert counts(merge(context)) == (1, 0, 0, 2)
    assert (
        "column 'v' is INTEGER in the table and VARCHAR in the file (first in record 2: 'seven')" in context.errors()[0]
    )


def _damage(path: Path) -> None:
    """Break a Parquet file's pages, not its footer."""
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["no Parquet", "gone", "pages"])
def test_a_damaged_translated_file_is_held_back_and_the_others_go_on(tmp_path: Path, how: str) -> None:
    context = RecordingContext(tmp_path, keyed())
    broken = put(context, "bars", "SELECT i AS k, hash(i) AS v FROM range(1, 5000) r(i)", "one")
    put(context, "bars", values((0, 10)), "two")
    path = context.workspace.translated_file("bars", broken)
    match how:
        case "no Parquet":
            path.write_bytes(b"not Parquet")
        case "gone":
            path.unlink()
        case _:
            _damage(path)
    assert counts(merge(context)) == (1, 0, 0, 4999)
    assert table_rows(context, "bars", "k v") == [(0, 10)]
    assert str(path) in context.errors()[0]


def test_a_damaged_merged_file_fails_its_dataset_by_name_and_no_other(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, {"datasets": [{"name": "aaa", "files": "aaa/*", "keys": ["k"]}]})
    put(context, "aaa", values((1, 2)), "one")
    merge(context)
    [file] = context.workspace.table("aaa").glob("*.parquet")
    file.write_bytes(b"PAR1 not Parquet")
    put(context, "aaa", values((1, 3)), "two")
    put(context, "bbb", values((1, 2)), "three")
    with pytest.raises(StageError, match=f"aaa.*{file.name}: this data file of the merged table is damaged"):
        MergerService().run(context)
    assert table_rows(context, "bbb", "k v") == [(1, 2)]
    with context.lake.ledger() as ledger:
        assert [entry.dataset for entry in ledger.pending()] == ["aaa"]


def _other_writer(path: str, rows: dict[str, list[int]]) -> None:
    write_deltalake(path, polars.DataFrame(rows), mode="append", schema_mode="merge")


def test_rows_of_another_writer_are_merged_with(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", "SELECT 1::BIGINT AS k, 10::BIGINT AS v", "one")
    merge(context)
    _other_writer(str(context.workspace.table("bars")), {"k": [2], "v": [20]})
    put(context, "bars", values((2, 21), (3, 30)), "two")
    assert counts(merge(context)) == (1, 1, 0, 0)
    assert table_rows(context, "bars", "k v") == [(1, 10), (2, 21), (3, 30)]


def test_a_key_that_another_writer_doubled_holds_back(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", "SELECT 1::BIGINT AS k, 10::BIGINT AS v", "one")
    merge(context)
    _other_writer(str(context.workspace.table("bars")), {"k": [1], "v": [20]})
    put(context, "bars", values((2, 21)), "two")
    assert counts(merge(context)) == (0, 0, 0, 1)
    assert "holds more than one row with k = 1" in context.errors()[0]


@pytest.mark.slow
def test_another_writer_in_the_middle_of_a_merge_wins_and_the_merge_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", "SELECT 1::BIGINT AS k, 10::BIGINT AS v", "one")
    merge(context)
    put(context, "bars", values((1, 11), (2, 21)), "two")
    path = str(context.workspace.table("bars"))
    real = service.write_files

    def write_files(*arguments: object, **options: object) -> object:
        if open_table(Path(path)).version == 1:  # pyright: ignore[reportOptionalMemberAccess]
            process = multiprocessing.get_context("spawn").Process(
                target=_other_writer, args=(path, {"k": [2], "v": [20]})
            )
            process.start()
            process.join()
        return real(*arguments, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(service, "write_files", write_files)
    with pytest.raises(StageError, match="another program wrote") as raised:
        MergerService().run(context)
    assert raised.value.is_transient
    monkeypatch.undo()
    assert counts(merge(context)) == (0, 2, 0, 0)
    assert table_rows(context, "bars", "k v") == [(1, 11), (2, 21)]
    # What the losing attempt had written is gone.
    assert len(list(Path(path).glob("*.parquet"))) == len(set(DeltaTable(path).file_uris())) + 2


def test_tables_that_only_others_can_write_are_refused_by_name(tmp_path: Path) -> None:
    partitioned = tmp_path / "partitioned"
    write_deltalake(partitioned, polars.DataFrame({"k": [1], "v": [2]}), partition_by=["k"])
    with pytest.raises(TableError, match="partitioned by k"):
        open_table(partitioned)
    nested = tmp_path / "small"
    DeltaTable.create(nested, Schema([Field("k", PrimitiveType("short"))]))
    table = open_table(nested)
    assert table is not None
    with pytest.raises(TableError, match="column 'k' has type short"):
        _ = table.columns


def test_a_data_file_that_another_program_removed_is_named(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 2)), "one")
    merge(context)
    [file] = context.workspace.table("bars").glob("*.parquet")
    file.unlink()
    put(context, "bars", values((1, 3)), "two")
    with pytest.raises(StageError, match=file.name):
        MergerService().run(context)


def test_a_query_that_fails_for_another_reason_says_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 2)), "one")

    def full(*_: object, **__: object) -> None:
        raise duckdb.IOException("IO Error: no space left")

    monkeypatch.setattr(service, "write_files", full)
    with pytest.raises(duckdb.IOException, match="no space left"):
        MergerService().run(context)
