"""Datasets as the server asks for them, on real tables."""

import json
from pathlib import Path

import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake import queries
from quarterhour.lake.exports.making import check_export
from quarterhour.lake.exports.request import ExportRequest
from quarterhour.lake.history import dataset_history
from quarterhour.stages.merger import MergerService


@pytest.fixture
def home(tmp_path: Path) -> RecordingContext:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT i AS k, 'a, \"' || i AS s, 'nan'::DOUBLE AS f FROM range(5) t(i)", "one")
    MergerService().run(context)
    put(context, "bars", "SELECT 9007199254740993 AS k, NULL AS s, 1.5::DOUBLE AS f", "two")
    MergerService().run(context)
    return context


def test_rows_come_in_pages_and_at_any_version(home: RecordingContext) -> None:
    page = queries.dataset_rows(home.workspace, home.settings, "bars", limit=4, offset=3)
    json.dumps(page, allow_nan=False)
    assert page["items"] == [[3, 'a, "3', None], [4, 'a, "4', None], ["9007199254740993", None, 1.5]]
    assert (page["next"], page["total"]) == (None, 6)
    first = queries.dataset_rows(home.workspace, home.settings, "bars", limit=2, version=1)
    assert (first["next"], first["total"]) == (2, 5)


def test_the_list_and_the_history_say_what_stands(home: RecordingContext) -> None:
    (found,) = queries.list_datasets(home.workspace, home.settings)
    assert (found["name"], found["rows"], found["version"], found["files"]) == ("bars", 6, 2, 2)
    history = dataset_history(home.workspace, home.settings, "bars")
    assert [(one["version"], one["run_id"], one["counts"].get("inserted")) for one in history["items"]] == [
        (2, home.run_id, 1),
        (1, home.run_id, 5),
        (0, None, None),
    ]


@pytest.mark.parametrize("name", ["absent", "../state", "", "BARS"])
def test_an_unknown_name_is_refused_before_a_path_is_made(home: RecordingContext, name: str) -> None:
    with pytest.raises(UnknownDataset):
        queries.dataset_profile(home.workspace, home.settings, name)
    with pytest.raises(UnknownDataset):
        check_export(home.workspace, home.settings, ExportRequest(name, "csv"))


def test_an_unknown_version_is_refused(home: RecordingContext) -> None:
    with pytest.raises(InvalidQuery, match="from 0 to 2"):
        queries.dataset_rows(home.workspace, home.settings, "bars", version=3)
