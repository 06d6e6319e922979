"""The analyzer among damaged files, other writers and reversals: an error names the file, or the profile is that of the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.errors import StageError
from quarterhour.lake.queries import dataset_profile
from quarterhour.lake.tables import TableError, open_table
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.merger import MergerService
from quarterhour.stages.merger.restoring import restore
from quarterhour.stages.merger.retraction import retract

pytestmark = pytest.mark.slow

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}


def bars(first: int, last: int, seed: int = 0) -> str:
    return (
        f"SELECT i AS k, (i * 7 + {seed}) % 5 AS few, hash(i + {seed}) % 1000003 / 7 AS v, md5((i + {seed})::VARCHAR) AS t "
        f"FROM range({first}, {last}) r(i)"
    )


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    match how:
        case "truncated":
            path.write_bytes(whole[: len(whole) // 2])
        case "pages":
            path.write_bytes(whole[:4] + bytes(len(whole) // 2) + whole[4 + len(whole) // 2 :])
        case _:
            polars.DataFrame({"other": [1, 2]}).write_parquet(path)


def profile(context: RecordingContext, dataset: str = "bars") -> dict[str, Any]:
    found = dataset_profile(context.workspace, context.settings, dataset)
    assert found is not None
    return found


@pytest.mark.parametrize("how", ["truncated", "pages", "foreign columns"])
def test_a_damaged_translated_file_names_itself_and_the_others_are_profiled(tmp_path: Path, how: str) -> None:
    context = RecordingContext(tmp_path, KEYED)
    path = context.workspace.translated_file("bars", put(context, "bars", bars(0, 3000), "one"))
    put(context, "bars", bars(5000, 5010), "two")
    put(context, "aaa", "SELECT 1 AS k", "three")
    damage(path, how)
    AnalyzerService().run(context)
    MergerService().run(context)
    assert profile(context)["whole"]["rows"] == 10
    assert profile(context, "aaa")["whole"]["rows"] == 1
    # The analyzer names it where it finds it, the merger with the way out.
    assert all("one: " in error for error in context.errors())
    assert f"its translated file {path} is damaged" in context.errors()[-1]


@pytest.mark.parametrize("how", ["truncated", "pages", "foreign columns"])
def test_a_damaged_merged_file_fails_its_dataset_by_name_where_it_is_read(tmp_path: Path, how: str) -> None:
    context = RecordingContext(tmp_path, KEYED)
    put(context, "bars", bars(0, 3000), "one")
    AnalyzerService().run(context)
    MergerService().run(context)
    [file] = context.workspace.table("bars").glob("*.parquet")
    damage(file, how)
    put(context, "bars", bars(2000, 2100, 1), "two")
    with pytest.raises((StageError, TableError), match=f"bars.*{file.name}"):
        AnalyzerService().run(context)


def _add(path: str) -> None:
    rows = polars.DataFrame({"k": [10_000, 10_001], "few": [1, 2], "v": [0.5, 0.25], "t": ["a", "b"]})
    write_deltalake(path, rows, mode="append", schema_mode="merge")


def _delete(path: str) -> None:
    DeltaTable(path).delete("k < 100")


def _update(path: str) -> None:
    DeltaTable(path).update(predicate="k < 100", new_values={"few": 77})


def _add_column(path: str) -> None:
    rows = polars.DataFrame({"k": [10_000], "more": ["x"]})
    write_deltalake(path, rows, mode="append", schema_mode="merge")


def _compact(path: str) -> None:
    DeltaTable(path).optimize.compact()


@pytest.mark.parametrize(
    ("write", "settings"),
    [(_add, KEYED), (_delete, KEYED), (_update, None), (_add_column, None), (_compact, KEYED)],
)
def test_another_writer_has_the_table_read_anew(
    tmp_path: Path, settings: dict[str, Any] | None, write: Callable[[str], None]
) -> None:
    context = RecordingContext(tmp_path, settings)
    for number, (first, last) in enumerate([(0, 300), (300, 600)]):
        put(context, "bars", bars(first, last), f"file {number}")
        AnalyzerService().run(context)
        MergerService().run(context)
    write(str(context.workspace.table("bars")))
    put(context, "bars", bars(550, 700, 1), "last")
    AnalyzerService().run(context)
    found = profile(context)
    is_rewritten_only = write is _compact
    assert (found["recomputed"] is None) is is_rewritten_only
    MergerService().run(context)
    assert_as_fresh(context, found)


def assert_as_fresh(context: RecordingContext, found: dict[str, Any]) -> None:
    """The facts are those that a look at the whole table finds."""
    table = open_table(context.workspace.table("bars"))
    assert table is not None
    assert found["whole"]["rows"] == table.rows
    context.workspace.states_file("bars").unlink(missing_ok=True)
    AnalyzerService().run(context)
    fresh = profile(context)
    assert fresh["recomputed"] == "nothing was kept from before"
    for name, facts in fresh["whole"]["columns"].items():
        told = found["whole"]["columns"][name]
        for fact in ("count", "nulls", "distinct", "min", "max", "mean", "std", "top", "max_length"):
            if isinstance(facts.get(fact), float):
                assert told[fact] == pytest.approx(facts[fact]), (name, fact)
            elif fact not in facts["approximate"]:
                assert told.get(fact) == facts.get(fact), (name, fact)
    if found["whole"]["duplicates"]["rows"] is not None:
        assert found["whole"]["duplicates"] == fresh["whole"]["duplicates"]


_STEP = st.one_of(
    st.tuples(st.just("file"), st.integers(0, 40), st.integers(1, 30)),
    st.tuples(st.just("retract"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("restore"), st.integers(0, 8), st.just(0)),
)


@settings(max_examples=3)
@given(steps=st.lists(_STEP, min_size=2, max_size=6), is_keyed=st.booleans())
def test_after_any_steps_the_next_profile_is_a_fresh_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], *, is_keyed: bool
) -> None:
    context = RecordingContext(tmp_path_factory.mktemp("lake"), KEYED if is_keyed else None)
    files: list[str] = []
    for kind, number, size in [("file", 0, 20), *steps, ("file", 30, 9)]:
        if kind == "file":
            files.append(put(context, "bars", bars(number, number + size, len(files)), f"file {len(files)}"))
            AnalyzerService().run(context)
            MergerService().run(context)
        elif kind == "retract":
            retract(context.workspace, context.settings, files[number % len(files)])
        else:
            table = open_table(context.workspace.table("bars"))
            assert table is not None
            # Version 0 is the table before its first file.
            restore(context.workspace, context.settings, "bars", 1 + number % table.version)
    assert_as_fresh(context, profile(context))
