"""What a stage can do to its server, against real workers: it prints, floods, crashes, leaks, spins and forks."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines import pipeline, settings_for
from quarterhour.engines.local import LocalEngine
from quarterhour.errors import SettingsError
from quarterhour.events import EventRecord
from quarterhour.lifecycle import Reason, Run, RunState, Trigger
from quarterhour.settings import RunnerSettings, Settings, load_settings
from quarterhour.workspace import Workspace

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Ran:
    run: Run
    events: list[EventRecord]
    output: Path

    def of(self, kind: str) -> list[EventRecord]:
        return [event for event in self.events if event.event == kind]

    def printed(self) -> list[tuple[str, str, str]]:
        """Level, who said it, and what."""
        logs = [event for event in self.events if event.event in ("log", "error") and event.stage != "pipeline"]
        return [(e.data["level"], e.data.get("stream") or e.data["logger"], e.msg) for e in logs]


def ran(home: Path, settings: Settings) -> Ran:
    """One run of the settings' stages, to its end."""

    async def go() -> Ran:
        async with pipeline(home, settings, engine=LocalEngine()) as parts:
            await parts.orchestrator.start(Trigger.API)
            await asyncio.wait_for(parts.orchestrator.wait(), 60)
            await parts.bus.settle()
            run = parts.state.status.run
            assert run is not None
            return Ran(run, parts.bus.recent(100_000), Workspace(home).run_output(run.run_id))

    return asyncio.run(go())


def with_runner(settings: Settings, **changes: Any) -> Settings:
    values = settings.runner.model_dump() | changes
    return settings.model_copy(update={"runner": RunnerSettings(**values)})


def failure(of: Ran) -> dict[str, Any]:
    (event,) = [event for event in of.of("failed") if event.stage != "pipeline"]
    return event.data


def test_each_way_of_saying_becomes_events_and_stands_in_the_file(tmp_path: Path) -> None:
    found = ran(tmp_path, settings_for("Talking"))
    assert found.run.state is RunState.SUCCESS
    said = found.printed()
    for line in (
        ("info", "stdout", "by print ✓"),
        ("warning", "stderr", "by stderr"),
        ("error", "talk", "by logging"),
        ("info", "stdout", "by a descriptor"),
        ("info", "stdout", "by a program"),
        ("warning", "stderr", "by its stderr"),
        ("info", "stdout", "the last"),
    ):
        assert said.count(line) == 1, line
    assert any(level == "warning" and who == "py.warnings" and "by warnings" in msg for level, who, msg in said)
    text = found.output.read_text(encoding="utf-8")
    assert [msg for _, _, msg in said if msg not in text] == []


def test_a_flood_neither_blocks_nor_floods(tmp_path: Path) -> None:
    """A stage that prints 100 MB ends well; its events are few, its file is bounded, and one event says what was left out."""
    found = ran(tmp_path, settings_for("Flooding"))
    assert found.run.state is RunState.SUCCESS
    said = [event for event in found.of("log") if event.stage == "flooding"]
    assert 100 < len(said) <= 10_001
    assert said[-1].data["level"] == "warning"
    assert "the first 64 MB are in" in said[-1].msg
    blocks = 100_000_000 // (25_000 * 41) + 1
    assert said[-1].data["left_out"] + len(said) - 1 == 25_000 * blocks + 1
    assert 64 * 2**20 <= found.output.stat().st_size < 65 * 2**20


def test_a_segmentation_fault_leaves_its_last_words_and_its_trace(tmp_path: Path) -> None:
    found = ran(tmp_path, settings_for("Overflowing"))
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.CRASHED)
    assert ("info", "stdout", "the last word before the fault") in found.printed()
    trace = failure(found)["trace"]
    assert trace.startswith("Fatal Python error: Segmentation fault")
    assert "example_stages.py" in trace


def test_an_exit_without_a_result_is_a_crash(tmp_path: Path) -> None:
    """L8: an end without a verdict is never a success."""
    found = ran(tmp_path, settings_for("Leave"))
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.CRASHED)
    (failed,) = [event for event in found.of("failed") if event.stage == "leave"]
    assert "exited with status 0 and without a result" in failed.msg


def test_a_stage_that_keeps_the_interpreter_is_killed_as_hung(tmp_path: Path) -> None:
    """L8: silence is a verdict, also where no Python code of the worker can run."""
    found = ran(tmp_path, settings_for("Spinning", hung_after_s=0.8))
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.HUNG)


def test_a_leak_ends_at_the_limit_with_figures(tmp_path: Path) -> None:
    found = ran(tmp_path, with_runner(settings_for("Leaking"), memory_limit="300MB"))
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.OUT_OF_MEMORY)
    (killed,) = [event for event in found.of("error") if event.stage == "watchdog"]
    assert "its memory_limit is 300 MB" in killed.msg
    assert len(found.of("start")) == 2, "it is not tried again"


@pytest.mark.parametrize("stage", ["Patient", "Deaf"])
def test_a_run_over_its_time_is_ended_and_was_told_of_before(tmp_path: Path, stage: str) -> None:
    """L3: one budget; L7: the worker is gone when the run has ended."""
    settings = with_runner(settings_for(stage, grace_s=0.1), run_timeout=0.8, timeout=0.8, must_finish_within=0.4)
    found = ran(tmp_path, settings)
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.TIMED_OUT)
    (nearly,) = [event for event in found.of("log") if event.data.get("within_s")]
    (late,) = [event for event in found.of("error") if event.data.get("within_s")]
    assert nearly.seq < late.seq < found.of("failed")[-1].seq
    assert found.of("failed")[-1].data["reason"] == "timed_out"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[runner]\nrun_timeout = 60\ntimeout = 90", "timeout is 90 s, more than run_timeout, 60 s"),
        ("[runner]\nrun_timeout = 60\nmust_finish_within = 90", "must_finish_within is 90 s, more than run_timeout"),
        ("[runner]\nrun_timeout = 60\n[[stages]]\nname = 'merger'\ntimeout = 90", "'merger' has a timeout of 90 s"),
        ("[runner]\nmemory_limit = 'much'", "line 2: runner.memory_limit: 'much' is no limit of memory"),
        ("[runner]\nmemory_limit = '120%'", "is no limit of memory"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """L3: no legal attempt is longer than its run."""
    path = tmp_path / "quarterhour.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(words)):
        load_settings(path)


@pytest.mark.parametrize("limit", [{"run_timeout": 1.0, "timeout": 1.0, "must_finish_within": 1.0}, {"timeout": 1.0}])
def test_no_program_outlives_its_attempt(tmp_path: Path, limit: dict[str, float]) -> None:
    """S11, L7: what the stage started is gone when its run has ended, also what began a session of its own."""
    found = ran(tmp_path, with_runner(settings_for("Forking", grace_s=0.1), **limit))
    assert (found.run.state, found.run.reason) == (RunState.FAILED, Reason.TIMED_OUT)
    (started,) = [event for event in found.events if event.msg == "started"]
    assert len(started.data["pids"]) == 2
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in started.data["pids"] if psutil.pid_exists(pid)], 2)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
