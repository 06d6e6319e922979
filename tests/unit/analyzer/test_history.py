"""The history of profiles."""

from pathlib import Path

from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.history import MOST_RUNS, append_history, read_history


def test_each_run_leaves_one_line(tmp_path: Path) -> None:
    for run in ("one", "two", "two"):
        context = RecordingContext(tmp_path, run_id=run)
        put(context, "bars", f"SELECT i AS k, NULL AS n FROM range({len(run)}) t(i)", run)
        AnalyzerService().run(context)
    path = context.workspace.profile_history_file("bars")
    first, second = read_history(path)
    assert (first["run_id"], second["run_id"]) == ("one", "two")
    assert (second["new"]["rows"], second["whole"]["rows"]) == (6, 6)
    assert second["new"]["columns"]["n"]["nulls"] == 6


def test_the_oldest_lines_go_first(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for number in range(MOST_RUNS + 2):
        part = {"rows": number, "columns": {}}
        append_history(
            path, {"run_id": str(number), "generated_at": "", "main_timestamp": None, "new": None, "whole": part}
        )
    lines = read_history(path)
    assert [line["whole"]["rows"] for line in lines] == list(range(2, MOST_RUNS + 2))
