"""Of rows together: how fresh they are, and how many repeat another; run after run as one look at all would tell."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.queries import dataset_profile
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.freshness import freshness_of
from quarterhour.stages.merger import MergerService

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def bars(*keys: int) -> str:
    rows = ", ".join(f"({key}, TIMESTAMP '2024-01-01' + to_minutes({key}))" for key in keys)
    return f"FROM (VALUES {rows}) t(k, moment)"


def keyed(conflict: str = "newest") -> dict[str, Any]:
    return {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"], "conflict": conflict}]}


def run(context: RecordingContext) -> dict[str, Any]:
    """The profile of an analysis, after which its files are merged."""
    AnalyzerService().run(context)
    MergerService().run(context)
    found = dataset_profile(context.workspace, context.settings, "bars")
    assert found is not None
    return found


def duplicates(found: dict[str, Any]) -> tuple[int | None, int | None]:
    return found["new"]["duplicates"]["rows"], found["whole"]["duplicates"]["rows"]


def test_the_newest_moment_is_late_once_the_usual_spacing_is_over() -> None:
    facts = {"max": "2026-01-01T11:50:00", "usual_spacing_s": 60.0}
    found = freshness_of("at", facts, "2026-01-01T11:59:00Z", NOW)
    assert found == {
        "column": "at",
        "newest": "2026-01-01T11:50:00",
        "age_s": 600.0,
        "usual_spacing_s": 60.0,
        "late_s": 540.0,
        "last_arrival": "2026-01-01T11:59:00Z",
        "arrival_age_s": 60.0,
    }


@pytest.mark.parametrize(
    ("newest", "spacing", "age", "late"),
    [
        ("2026-01-01T13:00:00+01:00", 60.0, 0.0, 0.0),
        ("2026-01-01", 86_400.0, 43_200.0, 0.0),
        ("2026-01-02T12:00:00Z", 60.0, -86_400.0, 0.0),
        ("2026-01-01T11:00:00", None, 3600.0, None),
        ("infinity", 60.0, None, None),
        ("20000-01-01T00:00:00", 60.0, None, None),
        (None, None, None, None),
    ],
)
def test_moments_of_other_zones_to_come_or_beyond_calendars(
    newest: str | None, spacing: float | None, age: float | None, late: float | None
) -> None:
    found = freshness_of("at", {"max": newest, "usual_spacing_s": spacing}, None, NOW)
    assert (found["age_s"], found["late_s"], found["arrival_age_s"]) == (age, late, None)


def test_a_profile_tells_the_freshness_of_the_new_and_of_the_whole(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", bars(1, 2, 3, 9), "one")
    run(context)
    put(context, "bars", bars(4, 5), "two")
    found = run(context)
    new, whole = found["new"]["freshness"], found["whole"]["freshness"]
    assert (new["newest"], whole["newest"]) == ("2024-01-01T00:05:00", "2024-01-01T00:09:00")
    assert (whole["column"], whole["usual_spacing_s"], whole["last_arrival"]) == (
        "moment",
        60.0,
        "2026-01-01T00:00:00Z",
    )
    at = datetime.fromisoformat(found["generated_at"])
    assert whole["age_s"] == pytest.approx((at - datetime(2024, 1, 1, 0, 9, tzinfo=UTC)).total_seconds(), abs=1)
    assert whole["late_s"] == whole["age_s"] - 60


def test_a_dataset_without_moments_tells_when_its_last_file_came(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT 1 AS k", "one")
    whole = run(context)["whole"]["freshness"]
    assert (whole["column"], whole["age_s"], whole["last_arrival"]) == (None, None, "2026-01-01T00:00:00Z")
    assert whole["arrival_age_s"] > 0


def test_keys_that_occur_again_are_told_by_file_and_of_all(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", bars(1, 1, 1, 2), "one")
    put(context, "bars", bars(2, 3), "two")
    found = run(context)
    assert found["new"]["duplicates"] == {"by": ["k"], "rows": 3, "by_file": [{"file": "one", "rows": 2}]}
    assert found["whole"]["duplicates"] == {"by": ["k"], "rows": 3}
    put(context, "bars", bars(3, 4), "three")
    assert duplicates(run(context)) == (0, 4)


def test_without_keys_identical_rows_are_told(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", bars(1, 1, 2), "one")
    assert duplicates(run(context)) == (1, 1)
    put(context, "bars", bars(2, 3), "two")
    assert duplicates(run(context)) == (0, 2)


def test_rows_of_another_program_make_the_number_unknown(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, keyed())
    put(context, "bars", bars(1, 1), "one")
    run(context)
    rows = polars.DataFrame({"k": [2]}, schema={"k": polars.Int32})
    write_deltalake(context.workspace.table("bars"), rows, mode="append", schema_mode="merge")
    put(context, "bars", bars(3, 3), "two")
    assert duplicates(run(context)) == (1, None)


_FILES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=4)


@settings(max_examples=3)
@given(files=_FILES, conflict=st.sampled_from(["newest", "first"]))
@pytest.mark.slow
def test_files_in_any_runs_have_the_duplicates_of_all_their_rows(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]], conflict: str
) -> None:
    context = RecordingContext(tmp_path_factory.mktemp("lake"), keyed(conflict))
    came: list[int] = []
    for number, keys in enumerate(files):
        put(context, "bars", bars(*keys), f"file {number}")
        came += keys
        assert duplicates(run(context)) == (len(keys) - len(set(keys)), len(came) - len(set(came)))
