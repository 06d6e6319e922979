"""Datasets as the server asks for them, on real tables."""

import json
from pathlib import Path
from typing import Any

import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake import queries
from quarterhour.lake.exports.making import check_export
from quarterhour.lake.exports.request import ExportRequest, PageWanted
from quarterhour.lake.history import dataset_history
from quarterhour.lake.row_pages import dataset_rows
from quarterhour.stages.merger import MergerService


@pytest.fixture
def home(tmp_path: Path) -> RecordingContext:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT i AS k, 'a, \"' || i AS s, 'nan'::DOUBLE AS f FROM range(5) t(i)", "one")
    MergerService().run(context)
    put(context, "bars", "SELECT 9007199254740993 AS k, NULL AS s, 1.5::DOUBLE AS f", "two")
    MergerService().run(context)
    return context


def rows(home: RecordingContext, page: PageWanted | None = None, version: int | None = None, where: str = "") -> Any:
    request = ExportRequest("bars", "csv", version, where=where)
    return dataset_rows(home.workspace, home.settings, request, page or PageWanted())


def test_rows_come_in_pages_and_at_any_version(home: RecordingContext) -> None:
    page = rows(home, PageWanted(4, 3))
    json.dumps(page, allow_nan=False)
    assert page["items"] == [[3, 'a, "3', None], [4, 'a, "4', None], ["9007199254740993", None, 1.5]]
    assert (page["next"], page["total"]) == (None, 6)
    first = rows(home, PageWanted(2), version=1)
    assert (first["next"], first["total"]) == (2, 5)


def test_rows_are_sorted_and_filtered_over_all_pages(home: RecordingContext) -> None:
    page = rows(home, PageWanted(2, 0, "s", descending=True), where="k > 1")
    assert ([row[0] for row in page["items"]], page["next"], page["total"]) == ([4, 3], 2, 4)
    page = rows(home, PageWanted(2, 2, "s", descending=True), where="k > 1")
    # Null comes last.
    assert ([row[0] for row in page["items"]], page["next"]) == ([2, "9007199254740993"], None)
    ties = [rows(home, PageWanted(1, offset, "f"))["items"][0][0] for offset in range(6)]
    assert ties == ["9007199254740993", 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("page", "where", "words"),
    [
        (PageWanted(sort="_file"), "", "no column '_file'; there are k, s, f"),
        (PageWanted(sort='k" DESC; --'), "", "there is no column"),
        (PageWanted(), "k IN (SELECT 1)", "a subquery may not stand in a filter"),
        (PageWanted(), "true) LIMIT (1", "more than one expression"),
    ],
)
def test_a_sort_or_a_filter_that_cannot_be_is_refused(
    home: RecordingContext, page: PageWanted, where: str, words: str
) -> None:
    with pytest.raises(InvalidQuery, match=words):
        rows(home, page, where=where)


def test_the_list_and_the_history_say_what_stands(home: RecordingContext) -> None:
    (found,) = queries.list_datasets(home.workspace, home.settings)
    assert (found["name"], found["rows"], found["version"], found["files"]) == ("bars", 6, 2, 2)
    history = dataset_history(home.workspace, home.settings, "bars")
    assert [(one["version"], one["run_id"], one["counts"].get("inserted")) for one in history["items"]] == [
        (2, home.run_id, 1),
        (1, home.run_id, 5),
        (0, None, None),
    ]


def test_the_history_says_which_columns_came_went_or_are_of_another_type(home: RecordingContext) -> None:
    put(home, "days", "SELECT 1::BIGINT AS k, 'x' AS s", "three")
    MergerService().run(home)
    put(home, "days", "SELECT 1.5::DOUBLE AS k, 'y' AS s, true AS flag", "four")
    MergerService().run(home)
    history = dataset_history(home.workspace, home.settings, "days")["items"]
    changed = {one["version"]: one["columns"] for one in history if one["columns"]}
    # The first version has nothing before it, and lineage is nobody's column.
    assert changed == {
        history[0]["version"]: [
            {"name": "k", "before": "BIGINT", "after": "DOUBLE"},
            {"name": "flag", "before": None, "after": "BOOLEAN"},
        ]
    }
    # A page that begins later tells the same of its versions.
    assert all(
        not one["columns"]
        for one in dataset_history(home.workspace, home.settings, "days", 1, history[0]["version"])["items"]
    )


@pytest.mark.parametrize("name", ["absent", "../state", "", "BARS"])
def test_an_unknown_name_is_refused_before_a_path_is_made(home: RecordingContext, name: str) -> None:
    with pytest.raises(UnknownDataset):
        queries.dataset_profile(home.workspace, home.settings, name)
    with pytest.raises(UnknownDataset):
        check_export(home.workspace, home.settings, ExportRequest(name, "csv"))


def test_an_unknown_version_is_refused(home: RecordingContext) -> None:
    with pytest.raises(InvalidQuery, match="from 0 to 2"):
        rows(home, version=3)
