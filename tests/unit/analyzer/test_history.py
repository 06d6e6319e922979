"""The history of profiles."""

from pathlib import Path

from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.history import MOST_RUNS, append_history, read_history
from quarterhour.stages.merger import MergerService


def test_each_run_leaves_one_line(tmp_path: Path) -> None:
    for run in ("one", "two", "two"):
        context = RecordingContext(tmp_path, run_id=run)
        put(context, "bars", f"SELECT i AS k, NULL AS n FROM range({len(run)}) t(i)", run)
        AnalyzerService().run(context)
        if run == "one":
            MergerService().run(context)
    path = context.workspace.profile_history_file("bars")
    first, second = read_history(path)
    assert (first["run_id"], second["run_id"]) == ("one", "two")
    assert (second["new"]["rows"], second["whole"]["rows"]) == (3, 6)
    assert second["new"]["columns"]["n"]["nulls"] == 3


def test_files_that_a_run_did_not_merge_leave_one_line_too(tmp_path: Path) -> None:
    for run in ("one", "two"):
        context = RecordingContext(tmp_path, run_id=run)
        put(context, "bars", "SELECT 1 AS k", "file")
        AnalyzerService().run(context)
    assert [line["run_id"] for line in read_history(context.workspace.profile_history_file("bars"))] == ["two"]


def test_the_oldest_lines_go_first(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for number in range(MOST_RUNS + 2):
        part = {"rows": number, "columns": {}}
        facts = {"run_id": str(number), "generated_at": "", "main_timestamp": None, "inputs": [str(number)]}
        append_history(path, {**facts, "new": None, "whole": part})
    lines = read_history(path)
    assert [line["whole"]["rows"] for line in lines] == list(range(2, MOST_RUNS + 2))
