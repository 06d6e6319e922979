"""Which rows stand: where keys meet, where a file lacks a column, where files without keys overlap."""

from pathlib import Path
from typing import Any

import bokeh_sampledata
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put, table_rows
from pydantic import ValidationError
from stage_context import RecordingContext

from merging import counts, keyed, merge, values
from quarterhour.lake.ledger import InputState
from quarterhour.lake.tables import open_table
from quarterhour.settings import Settings
from quarterhour.stages.merger.rules import MergeRules

DROP = {"datasets": [{"name": "bars", "files": "bars/*", "duplicates": "drop"}]}


def test_first_keeps_what_stands_and_says_which_rows_it_passed_over(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed("first"))
    one = put(context, "bars", values((1, 10), (2, 20), (2, 21)), "one")
    assert counts(merge(context)) == (2, 0, 1, 0)
    two = put(context, "bars", values((1, 11), (2, 20), (3, 30)), "two")
    data = merge(context)
    assert counts(data) == (1, 0, 2, 0)
    assert data["datasets"]["bars"]["conflicts"] == 1
    assert table_rows(context, "bars", "k v _file") == [(1, 10, one), (2, 20, one), (3, 30, two)]
    assert "two: 1 row with a key that stands with other values: what stands is kept" in context.lines[-1][1]
    assert "record 1 (k = 1) has v = 11 where v = 10 stands" in context.lines[-1][1]


def test_first_holds_within_a_batch_too(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed("first"))
    one = put(context, "bars", values((1, 10)), "one")
    put(context, "bars", values((1, 11), (1, 10)), "two")
    data = merge(context)
    assert counts(data) == (1, 0, 2, 0)
    assert data["datasets"]["bars"]["conflicts"] == 1
    assert table_rows(context, "bars", "k v _file") == [(1, 10, one)]


def test_fail_holds_a_file_back_and_names_its_rows(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed("fail"))
    put(context, "bars", values((1, 10), (2, 20)), "one")
    assert counts(merge(context)) == (2, 0, 0, 0)
    bad = put(context, "bars", values((3, 30), (2, 22)), "two")
    # Clashes only with what is held back, so it does not clash.
    put(context, "bars", values((3, 31), (1, 10)), "three")
    worse = put(context, "bars", values((4, 40), (4, 41)), "four")
    assert counts(merge(context)) == (1, 0, 1, 4)
    assert table_rows(context, "bars", "k v") == [(1, 10), (2, 20), (3, 31)]
    with context.lake.ledger() as ledger:
        held = {entry.fingerprint: entry.message for _, entry in ledger.recent(10, state=InputState.HELD_BACK)}
    assert held.keys() == {bad, worse}
    assert "record 2 (k = 2) has v = 22 where v = 20 stands" in held[bad]
    assert "record 2 (k = 4) has v = 41 where v = 40 stands" in held[worse]


def test_a_column_that_only_a_held_back_file_has_is_not_added(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed("fail"))
    put(context, "bars", values((1, 10)), "one")
    put(context, "bars", values((1, 11, 5), columns="k, v, w"), "two")
    put(context, "bars", values((2, 20)), "three")
    assert counts(merge(context)) == (2, 0, 0, 1)
    table = open_table(context.workspace.table("bars"))
    assert table is not None
    assert list(table.columns) == ["k", "v", "_file", "_record"]


def test_a_column_that_a_file_lacks_keeps_the_values_that_stand(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 10, 100), (2, 20, 200), columns="k, v, w"), "one")
    merge(context)
    put(context, "bars", values((1, 10), (2, 21), (3, 30)), "two")
    assert counts(merge(context)) == (1, 1, 1, 0)
    assert table_rows(context, "bars", "k v w") == [(1, 10, 100), (2, 21, 200), (3, 30, None)]


def test_a_null_that_a_file_does_say_replaces(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", values((1, 10)), "one")
    put(context, "bars", values((1, None)), "two")
    merge(context)
    assert table_rows(context, "bars", "k v") == [(1, None)]


_ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 2)), st.integers(0, 2)), min_size=1, max_size=5
)


@pytest.mark.slow
@settings(max_examples=20)
@given(
    st.lists(st.tuples(_ROWS, st.sampled_from(["v", "w", "v w"]), st.booleans()), min_size=1, max_size=4),
    st.sampled_from(["newest", "first", "fail"]),
)
def test_however_files_are_batched_the_table_is_that_of_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[list[Any], str, bool]], conflict: str
) -> None:
    context = RecordingContext(tmp_path_factory.mktemp("home"), keyed(conflict))
    # A row with v and w that no other meets, so that the table has both columns from the start.
    put(context, "bars", values((9, 0, 0), columns="k, v, w"), "start")
    model: dict[int, dict[str, int | None]] = {9: {"v": 0, "w": 0}}
    held = 0
    for number, (rows, names, is_merged_now) in enumerate(files):
        columns = names.split()
        said = [(k, dict(zip("vw", vw, strict=True))) for k, *vw in rows]
        put(
            context,
            "bars",
            values(*((k, *(row[name] for name in columns)) for k, row in said), columns=", ".join(["k", *columns])),
            f"file {number}",
        )
        held += _apply(model, [(k, {name: row[name] for name in columns}) for k, row in said], conflict)
        if is_merged_now:
            held -= merge(context)["held_back"]
    held -= merge(context)["held_back"]
    assert held == 0
    assert {k: {"v": v, "w": w} for k, v, w in table_rows(context, "bars", "k v w")} == model


def _apply(model: dict[int, Any], rows: list[tuple[int, dict[str, int | None]]], conflict: str) -> int:
    """Merge one file into the dictionary; returns the rows that are held back."""
    after = {k: dict(row) for k, row in model.items()}
    empty = {"v": None, "w": None}
    for k, row in rows:
        stands = after.get(k)
        if stands is None or conflict == "newest":
            after[k] = (stands or empty) | row
        elif conflict == "fail" and any(stands[name] != value for name, value in row.items()):
            return len(rows)
    model.clear()
    model.update(after)
    return 0


def test_rows_that_another_file_has_are_told_with_the_keys_that_tell_rows_apart(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    rows = [(f"TIMESTAMP '2025-01-01 00:0{minute}:00'", f"'{s}'", 1.5) for minute in range(5) for s in "AB"]
    put(context, "bars", values(*rows[:8], columns="time, symbol, price"), "one")
    merge(context)
    put(context, "bars", values(*rows[6:], columns="time, symbol, price"), "two")
    data = merge(context)
    assert counts(data) == (4, 0, 0, 0)
    assert data["datasets"]["bars"]["overlapping"] == 2
    assert data["datasets"]["bars"]["suggested_keys"] == ["time", "symbol"]
    level, msg, _ = context.lines[-1]
    assert level == "warning"
    assert msg.startswith(
        'two: 2 rows that another file has as well, and are kept: keys = ["time", "symbol"] would tell'
    )


def test_files_without_rows_in_common_are_not_spoken_of(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", values((1, 2), (1, 2)), "one")
    merge(context)
    put(context, "bars", values((1, 3)), "two")
    put(context, "bars", values((2, 2)), "three")
    data = merge(context)
    assert counts(data) == (2, 0, 0, 0)
    assert "overlapping" not in data["datasets"]["bars"]
    assert context.lines == []


def test_duplicates_are_dropped_on_request_whether_merged_before_or_with_them(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, DROP)
    put(context, "bars", values((1, 2), (1, 2), (2, None)), "one")
    assert counts(merge(context)) == (3, 0, 0, 0)
    put(context, "bars", values((1, 2), (2, None), (3, 4)), "two")
    put(context, "bars", values((3, 4), (1, 2), (5, 6), (5, 6)), "three")
    data = merge(context)
    assert counts(data) == (3, 0, 4, 0)
    assert data["datasets"]["bars"]["overlapping"] == 4
    assert sorted(table_rows(context, "bars", "k v"), key=str) == sorted(
        [(1, 2), (1, 2), (2, None), (3, 4), (5, 6), (5, 6)], key=str
    )


def test_a_file_that_another_file_holds_whole_is_dropped_and_recorded(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, DROP)
    put(context, "bars", values((1, 2)), "one")
    merge(context)
    same = put(context, "bars", values((1, 2)), "two")
    assert counts(merge(context)) == (0, 0, 1, 0)
    table = open_table(context.workspace.table("bars"))
    assert table is not None
    assert table.merged_at_version(same) == table.version


@pytest.mark.slow
def test_the_keys_of_real_stock_prices_are_found(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    path = Path(bokeh_sampledata.__file__).parent / "_data" / "stocks.csv.gz"
    put(context, "bars", f"SELECT * FROM read_csv('{path}') LIMIT 8000", "one")
    merge(context)
    put(context, "bars", f"SELECT * FROM read_csv('{path}') LIMIT 3000 OFFSET 6000", "two")
    data = merge(context)["datasets"]["bars"]
    assert data["overlapping"] == 2000
    assert set(data["suggested_keys"]) == {"Ticker", "Date"}


def test_each_commit_says_by_which_rules_it_merged(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed("first"))
    put(context, "bars", values((1, 2)), "one")
    merge(context)
    table = open_table(context.workspace.table("bars"))
    assert table is not None
    info = table.commit_info(table.version)
    assert info is not None
    assert MergeRules.read(info) == MergeRules(("k",), "first", "keep")
    # As commits were before there was a choice.
    assert MergeRules.read({"keys": '["k"]'}) == MergeRules(("k",), "newest", "keep")


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        ({"conflict": "first"}, "name the keys"),
        ({"keys": ["k"], "duplicates": "drop"}, "for rows without keys"),
        ({"keys": ["k", "k"]}, "twice"),
    ],
)
def test_rules_that_do_not_go_together_are_refused(dataset: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Settings.model_validate({"datasets": [{"name": "bars", "files": "*", **dataset}]})
