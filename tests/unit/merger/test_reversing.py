"""Rows that are taken out of merged tables and put back, and versions that are restored: always what a plain model says."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pending_inputs import put, table_rows
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake.exports.request import ExportRequest, PageWanted
from quarterhour.lake.history import dataset_history
from quarterhour.lake.ledger import InputState, UnknownInput
from quarterhour.lake.maintenance import maintain
from quarterhour.lake.reversals import NotRetractable
from quarterhour.lake.row_pages import dataset_rows
from quarterhour.stages.merger import MergerService
from quarterhour.stages.merger.restoring import restore
from quarterhour.stages.merger.retraction import retract

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}

Row = tuple[int | None, int | None]


def values(*rows: tuple[object, object]) -> str:
    cells = (tuple("NULL::INTEGER" if cell is None else cell for cell in row) for row in rows)
    return "SELECT * FROM (VALUES " + ", ".join(f"({k}, {v})" for k, v in cells) + ") t(k, v)"


def merge(context: RecordingContext, name: str, *rows: Row) -> str:
    mark = put(context, "bars", values(*rows), name)
    data = MergerService().run(context).data
    assert data["rows"] == data["inserted"] + data["updated"] + data["unchanged"] == len(rows)
    return mark


def take(context: RecordingContext, name: str, **how: Any) -> dict[str, Any]:
    return retract(context.workspace, context.settings, name, **how)


def state_of(context: RecordingContext, name: str) -> InputState:
    with context.lake.ledger() as ledger:
        return ledger.named(name).state


def test_a_retracted_files_rows_go_and_what_it_updated_is_as_before(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    merge(context, "one", (1, 10), (2, 20), (None, 5))
    merge(context, "two", (2, 21), (3, 30), (None, 6))
    merge(context, "three", (3, 30), (1, 11))
    before = table_rows(context, "bars", "k v _file _record")
    would = take(context, "two", dry_run=True)
    assert (would["changes"], would["rows"]) == ({"removed": 0, "restored": 2, "added": 0, "reassigned": 1}, 4)
    assert table_rows(context, "bars", "k v _file _record") == before
    done = take(context, "two")
    assert (done["operation"], done["changes"], done["version"]) == ("retract", would["changes"], 4)
    assert table_rows(context, "bars", "k v") == [(None, 5), (1, 11), (2, 20), (3, 30)]
    assert state_of(context, "two") is InputState.RETRACTED
    assert take(context, "two", to="retracted")["operation"] == "none"
    assert take(context, "two")["operation"] == "put_back"
    assert state_of(context, "two") is InputState.MERGED
    assert [row[:2] for row in table_rows(context, "bars", "k v _file")] == [row[:2] for row in before]


def test_without_keys_only_the_files_own_rows_go_and_come(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    merge(context, "one", (1, 10), (1, 10))
    merge(context, "two", (1, 10), (2, 20))
    first = DeltaTable(context.workspace.table("bars")).file_uris()
    assert take(context, "one")["changes"]["removed"] == 2
    assert table_rows(context, "bars", "k v") == [(1, 10), (2, 20)]
    # The other file's rows were not written again.
    assert set(DeltaTable(context.workspace.table("bars")).file_uris()) < set(first)
    assert take(context, "one")["changes"]["added"] == 2
    assert table_rows(context, "bars", "k v") == [(1, 10)] * 3 + [(2, 20)]


def test_what_is_retracted_is_not_merged_by_itself(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    merge(context, "one", (1, 10))
    take(context, "one")
    assert table_rows(context, "bars", "k v") == []
    assert MergerService().run(context).data["rows"] == 0
    merge(context, "two", (2, 20))
    assert table_rows(context, "bars", "k v") == [(2, 20)]


def test_a_file_named_by_its_name_goes_with_what_it_grew_from(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    first = merge(context, "one", (1, 10))
    grown = put(context, "bars", values((2, 20)), "one, grown")
    _link(context, grown, name="one", grew_from=first)
    MergerService().run(context)
    assert take(context, grown, whole_file=True)["changes"]["removed"] == 2
    assert take(context, grown)["changes"]["added"] == 1
    assert table_rows(context, "bars", "k v") == [(2, 20)]


def _link(context: RecordingContext, mark: str, **changes: str) -> None:
    """Make an input a later version of another, as the translator records it."""
    import sqlite3

    with sqlite3.connect(context.workspace.ledger_file) as connection:
        for column, value in changes.items():
            connection.execute(f"UPDATE inputs SET {column} = ? WHERE fingerprint = ?", (value, mark))
    connection.close()


def test_what_cannot_be_retracted_says_why(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    put(context, "bars", values((1, 10)), "waiting")
    with pytest.raises(NotRetractable, match="wait for the merger"):
        take(context, "waiting")
    MergerService().run(context)
    held = put(context, "bars", "SELECT 5 AS v", "without its key")
    MergerService().run(context)
    with pytest.raises(NotRetractable, match=r"held back.*lacks the key column k"):
        take(context, held[:12])
    with pytest.raises(UnknownInput, match="no input is named"):
        take(context, "absent.csv")
    merge(context, "two", (1, 11))
    with context.lake.ledger() as ledger:
        mark = ledger.named("waiting").fingerprint
    path = context.workspace.translated_file("bars", mark)
    path.unlink()
    with pytest.raises(NotRetractable, match=f"{mark}.parquet"):
        take(context, "two")


def test_columns_that_a_restored_version_had_not_come_back_with_their_file(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    merge(context, "one", (1, 10), (2, 20))
    put(context, "bars", "SELECT 2 AS k, 0.5::DOUBLE AS v, 'new' AS w", "two")
    MergerService().run(context)
    restore(context.workspace, context.settings, "bars", 1)
    assert DeltaTable(context.workspace.table("bars")).schema().fields[-1].name == "_record"
    assert take(context, "two")["changes"]["restored"] == 1
    assert table_rows(context, "bars", "k v w") == [(1, 10.0, None), (2, 0.5, "new")]


def test_a_restored_version_equals_the_old_one_and_the_newer_files_can_come_back(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    merge(context, "one", (1, 10))
    merge(context, "two", (1, 11), (2, 20))
    take(context, "one")
    merge(context, "three", (2, 22))
    before = table_rows(context, "bars", "k v _file _record")
    would = restore(context.workspace, context.settings, "bars", 2, True)
    moved = {one["name"]: one["state"] for one in would["inputs"]}
    assert moved == {"one": "merged", "three": "retracted"}
    done = restore(context.workspace, context.settings, "bars", 2)
    assert (done["version"], done["rows"], done["inputs"]) == (5, 2, would["inputs"])
    assert table_rows(context, "bars", "k v") == [(1, 11), (2, 20)]
    assert take(context, "three")["operation"] == "put_back"
    restore(context.workspace, context.settings, "bars", 4)
    assert table_rows(context, "bars", "k v _file _record") == before
    assert [state_of(context, name) for name in ("one", "two", "three")] == ["retracted", "merged", "merged"]


def test_the_history_tells_what_made_each_version_and_which_can_be_read(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    merge(context, "one", (1, 10))
    merge(context, "two", (1, 11), (2, 20))
    take(context, "two")
    restore(context.workspace, context.settings, "bars", 2)
    page = dataset_history(context.workspace, context.settings, "bars", 3)
    told = [(one["version"], one["operation"], one["files"], one["rows"], one["is_kept"]) for one in page["items"]]
    assert told == [
        (4, "restore", ["two"], 2, True),
        (3, "retract", ["two"], 1, True),
        (2, "merge", ["two"], 2, True),
    ]
    assert page["items"][2]["counts"] == {"inserted": 1, "updated": 1, "unchanged": 0}
    assert (page["next"], page["total"]) == (2, 5)
    rest = dataset_history(context.workspace, context.settings, "bars", 3, page["next"])
    assert [(one["version"], one["operation"], one["rows"]) for one in rest["items"]] == [
        (1, "merge", 1),
        (0, "create", 0),
    ]
    assert rest["next"] is None
    # What a clean-up takes away.
    (gone,) = DeltaTable(context.workspace.table("bars"), version=1).file_uris()
    Path(gone).unlink()
    page = dataset_history(context.workspace, context.settings, "bars")
    assert [one["is_kept"] for one in page["items"]] == [True, True, True, False, True]
    for call in (
        lambda: dataset_rows(context.workspace, context.settings, ExportRequest("bars", "csv", 1), PageWanted()),
        lambda: restore(context.workspace, context.settings, "bars", 1),
    ):
        with pytest.raises(InvalidQuery, match="has version 1 no longer"):
            call()
    with pytest.raises(InvalidQuery, match="from 0 to 4"):
        restore(context.workspace, context.settings, "bars", 5)
    with pytest.raises(UnknownDataset):
        dataset_history(context.workspace, context.settings, "absent")


@pytest.mark.slow
def test_joined_data_files_are_no_hindrance(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    for number in range(9):
        merge(context, f"file {number}", (number, number), (100, number))
    before = table_rows(context, "bars", "k v")
    maintain(context.workspace, context.settings)
    assert dataset_history(context.workspace, context.settings, "bars", 1)["items"][0]["operation"] == "compaction"
    assert len(DeltaTable(context.workspace.table("bars")).file_uris()) < 9
    assert take(context, "file 8")["changes"] == {"removed": 1, "restored": 1, "added": 0, "reassigned": 0}
    assert table_rows(context, "bars", "k v") == [*((number, number) for number in range(8)), (100, 7)]
    restore(context.workspace, context.settings, "bars", 9)
    assert (table_rows(context, "bars", "k v"), state_of(context, "file 8")) == (before, InputState.MERGED)
    restore(context.workspace, context.settings, "bars", 3)
    assert table_rows(context, "bars", "k v") == [(0, 0), (1, 1), (2, 2), (100, 2)]


def config(**rules: Any) -> dict[str, Any]:
    return {"datasets": [{"name": "bars", "files": "bars/*", **rules}]}


RULES: dict[str, dict[str, Any]] = {
    "newest": config(keys=["k"]),
    "first": config(keys=["k"], conflict="first"),
    "fail": config(keys=["k"], conflict="fail"),
    "keep": config(),
    "drop": config(duplicates="drop"),
}
CELL = st.one_of(st.none(), st.integers(0, 1))
COLUMNS = st.sampled_from(["k v", "k v", "k w", "k v w"])
STEP = st.one_of(
    st.tuples(st.just("merge"), st.tuples(COLUMNS, st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4))),
    st.tuples(st.just("retract"), st.integers(0, 9)),
    st.tuples(st.just("restore"), st.integers(0, 19)),
)
File = list[dict[str, int | None]]


class Clashing(Exception):
    """The model would hold a file back."""


def model(files: list[File], rule: str) -> list[tuple[int | None, ...]]:
    """What a table without keys, or of one row a key, is to hold."""
    if rule in ("keep", "drop"):
        rows: list[tuple[int | None, ...]] = []
        for file in files:
            fresh = [tuple(row.get(name) for name in "kvw") for row in file]
            rows += [row for row in fresh if rule == "keep" or row not in rows[: len(rows)]]
        return rows
    table: dict[int | None, dict[str, int | None]] = {}
    for row in itertools.chain.from_iterable(files):
        stands = table.get(row["k"])
        if stands is None:
            table[row["k"]] = {"k": None, "v": None, "w": None} | row
        elif rule == "newest":
            stands |= row
        elif rule == "fail" and any(stands[name] != value for name, value in row.items()):
            raise Clashing
    return [tuple(row.values()) for row in table.values()]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
@settings(
    max_examples=6,
    # Shrinking would take minutes; the steps are few and printed.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=st.lists(STEP, min_size=3, max_size=8))
def test_any_sequence_of_steps_makes_what_a_plain_model_makes(
    tmp_path_factory: pytest.TempPathFactory, rule: str, steps: list[tuple[str, Any]]
) -> None:
    context = RecordingContext(tmp_path_factory.mktemp("home"), RULES[rule])
    files: dict[str, File] = {"start": [{"k": 9, "v": 0, "w": 0}]}
    put_rows(context, "start", files["start"])
    standing = {"start"}
    versions: dict[int, frozenset[str]] = {0: frozenset(), table_version(context): frozenset(standing)}

    def expected(names: set[str]) -> list[tuple[int | None, ...]]:
        return model([files[name] for name in files if name in names], rule)

    for number, (step, what) in enumerate(steps):
        wanted = set(standing)
        if step == "merge":
            name = f"file {number}"
            columns, cells = what
            rows = [{key: value for key, value in zip("kvw", row, strict=True) if key in columns} for row in cells]
            files[name] = rows
            wanted.add(name)
            try:
                expected(wanted)
            except Clashing:
                put_rows(context, name, rows)
                assert state_of(context, name) is InputState.HELD_BACK
                del files[name]
                continue
            put_rows(context, name, rows)
        elif step == "retract":
            name = list(files)[what % len(files)]
            wanted ^= {name}
            try:
                expected(wanted)
            except Clashing:
                with pytest.raises(NotRetractable, match="would say something else"):
                    take(context, name)
                continue
            take(context, name)
        else:
            version = list(versions)[what % len(versions)]
            restore(context.workspace, context.settings, "bars", version)
            wanted = set(versions[version])
        standing = wanted
        versions[table_version(context)] = frozenset(standing)
        found = [
            tuple(row.get(name) for name in "kvw")
            for row in DeltaTable(context.workspace.table("bars")).to_pyarrow_table().to_pylist()
        ]
        assert sorted(found, key=repr) == sorted(expected(standing), key=repr)
    for name in files:
        assert state_of(context, name) == ("merged" if name in standing else "retracted")


def put_rows(context: RecordingContext, name: str, rows: File) -> None:
    columns = list(rows[0])
    cells = ", ".join(
        "(" + ", ".join("NULL::INTEGER" if row[one] is None else str(row[one]) for one in columns) + ")" for row in rows
    )
    put(context, "bars", f"SELECT * FROM (VALUES {cells}) t({', '.join(columns)})", name)
    MergerService().run(context)


def table_version(context: RecordingContext) -> int:
    return DeltaTable(context.workspace.table("bars")).version()
