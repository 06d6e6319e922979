"""Scheduled exports: the right version, only when something changed, whole or not at all, and never silently not."""

import json
from pathlib import Path
from typing import Any

import polars
import pytest
from deltalake import DeltaTable
from pending_inputs import put
from pydantic import ValidationError
from stage_context import RecordingContext

from quarterhour.errors import SettingsError, StageCancelled
from quarterhour.lifecycle import RunState
from quarterhour.settings import Settings, StageSettings, load_settings
from quarterhour.settings.exports import ExportSettings
from quarterhour.stages.exporter import ExporterService
from quarterhour.stages.merger import MergerService


def exports(context: RecordingContext, *entries: dict[str, Any]) -> None:
    context.settings = Settings(exports=entries)  # pyright: ignore[reportArgumentType]


def run(context: RecordingContext) -> dict[str, Any]:
    context.lines.clear()
    return ExporterService().run(context).data


def merge(context: RecordingContext, name: str, k: int) -> None:
    put(context, "bars", f"SELECT {k}::BIGINT AS k, 'x' AS s", name)
    MergerService().run(context)


def counts(**given: int) -> dict[str, int]:
    return {"written": 0, "unchanged": 0, "waiting": 0, "failed": 0} | given


def test_an_export_is_written_when_its_dataset_changed_and_only_then(bars: RecordingContext) -> None:
    exports(
        bars, {"name": "all", "dataset": "bars"}, {"name": "few", "dataset": "bars", "format": "csv", "where": "k < 2"}
    )
    assert run(bars) == counts(written=2)
    folder = bars.workspace.home / "data" / "exports"
    assert (folder / "bars.csv").read_text() == "k,s\n0,a0\n1,a1\n"
    written = (folder / "bars.parquet").stat().st_mtime_ns
    assert run(bars) == counts(unchanged=2)
    assert (folder / "bars.parquet").stat().st_mtime_ns == written
    merge(bars, "two", 9)
    assert run(bars) == counts(written=2)
    assert polars.read_parquet(folder / "bars.parquet")["k"].to_list() == [0, 1, 2, 3, 4, 9]
    told = next(data for _, msg, data in bars.lines if msg.startswith("export all: bars version 2, 6 rows → "))
    assert (told["version"], told["rows"], told["size"]) == (2, 6, (folder / "bars.parquet").stat().st_size)
    assert sorted(path.name for path in folder.iterdir()) == ["bars.csv", "bars.parquet"]


def test_a_commit_that_only_arranges_rows_anew_is_no_change_and_another_setting_is_one(bars: RecordingContext) -> None:
    merge(bars, "two", 9)
    exports(bars, {"name": "all", "dataset": "bars"})
    assert run(bars) == counts(written=1)
    DeltaTable(bars.workspace.table("bars")).optimize.compact()
    assert DeltaTable(bars.workspace.table("bars")).version() == 3
    assert run(bars) == counts(unchanged=1)
    exports(bars, {"name": "all", "dataset": "bars", "columns": ("s",)})
    assert run(bars) == counts(written=1)


def test_the_file_is_named_by_the_pattern(bars: RecordingContext) -> None:
    exports(bars, {"name": "all", "dataset": "bars", "file": "{dataset}/{run_id}/v{version}-{date}.{format}"})
    run(bars)
    [path] = (bars.workspace.exports / "bars" / bars.run_id).iterdir()
    assert path.name.startswith("v1-20")
    assert path.name.endswith(".parquet")


def test_a_failure_is_an_error_event_and_is_tried_again(bars: RecordingContext, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    exports(
        bars,
        {"name": "away", "dataset": "bars", "to": str(disk)},
        {"name": "wrong", "dataset": "bars", "where": "no > 1"},
        {"name": "early", "dataset": "later"},
        {"name": "good", "dataset": "bars"},
    )
    assert run(bars) == counts(written=1, waiting=1, failed=2)
    away, wrong = bars.errors()
    assert away.startswith("export away: not written, and tried again at the next run: ")
    assert away.endswith(f"{disk}: there is no such folder: make it, or mount its disk")
    assert 'where: line 1, column 1: Referenced column "no" not found' in wrong
    assert ("warning", "export early: later has no merged table yet") in [line[:2] for line in bars.lines]
    assert not disk.exists()
    disk.mkdir()
    assert run(bars) == counts(written=1, waiting=1, failed=1, unchanged=1)
    assert polars.read_parquet(disk / "bars.parquet").height == 5


def test_what_a_kill_left_is_written_over_and_the_old_file_stood_meanwhile(
    bars: RecordingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterhour.lake.exports import scheduled

    exports(bars, {"name": "all", "dataset": "bars", "file": "v{version}/bars.parquet"})
    run(bars)
    merge(bars, "two", 9)
    left = bars.workspace.exports / ".all.tmp"

    class Killed(BaseException):
        pass

    def killed(plan: Any, path: Path, report: Any) -> int:
        path.write_bytes(b"half")
        raise Killed

    monkeypatch.setattr(scheduled, "write_export", killed)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(Killed):
        run(bars)
    monkeypatch.undo()
    assert left.read_bytes() == b"half"
    assert polars.read_parquet(bars.workspace.exports / "v1" / "bars.parquet").height == 5
    assert (run(bars), bars.errors()) == (counts(written=1), [])
    assert polars.read_parquet(bars.workspace.exports / "v2" / "bars.parquet").height == 6
    assert not left.exists()


def test_a_stop_is_obeyed(bars: RecordingContext) -> None:
    exports(bars, {"name": "all", "dataset": "bars"})
    bars.cancelled = True
    with pytest.raises(StageCancelled):
        run(bars)
    bars.cancelled = False
    assert run(bars) == counts(written=1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"file": "{day}.csv"}, "{day} is not known; there are {dataset}, {version}, {run_id}, {date}, {format}"),
        ({"file": "{version:>9}.csv"}, "is not known"),
        ({"file": "../x.csv"}, "is no file name below a folder"),
        ({"file": "/x.csv"}, "is no file name below a folder"),
        ({"file": "{"}, "Single '{' encountered"),
        ({"to": "ftp://host/x"}, "give a folder, or an address that begins with s3://"),
        ({"to": "s3://"}, "is no S3 address"),
        ({"safe": True}, "parquet holds no formulas"),
    ],
)
def test_a_wrong_entry_is_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExportSettings(name="x", dataset="bars", **change)
    assert told in str(caught.value)


def test_the_stage_is_there_where_there_are_exports_and_is_the_last(tmp_path: Path) -> None:
    file = tmp_path / "quarterhour.toml"
    file.write_text('[[exports]]\nname = "all"\ndataset = "bars"\n')
    assert [stage.name for stage in load_settings(file).stages] == ["translator", "analyzer", "merger", "exporter"]
    assert [stage.name for stage in Settings().stages] == ["translator", "analyzer", "merger"]
    file.write_text(file.read_text() + '[[stages]]\nname = "merger"\n')
    with pytest.raises(SettingsError, match="written by a stage: add"):
        load_settings(file)
    with pytest.raises(ValidationError, match="comes last"):
        Settings(stages=(StageSettings(name="exporter"), StageSettings(name="merger")))


def test_a_run_exports_after_its_balance_has_closed(tmp_path: Path) -> None:
    """In a real pipeline, with a failing export beside: the run is a success all the same."""
    import asyncio

    from pipelines import pipeline
    from quarterhour.lifecycle import Trigger

    entries = [
        {"name": "good", "dataset": "bars", "format": "csv"},
        {"name": "bad", "dataset": "bars", "to": "/no/such/folder"},
    ]
    settings = Settings(
        exports=entries,  # pyright: ignore[reportArgumentType]
        inputs={"settle": 0.01},  # pyright: ignore[reportArgumentType]
    )

    async def told() -> list[tuple[str, str, str]]:
        async with pipeline(tmp_path, settings) as parts:
            raw = parts.workspace.raw / "bars.csv"
            raw.write_text("k,s\n1,a\n2,b\n")
            await asyncio.sleep(0.1)
            await parts.orchestrator.start(Trigger.API)
            while parts.state.status.state in (RunState.STARTING, RunState.RUNNING):
                await asyncio.sleep(0.02)
            assert parts.state.status.state is RunState.SUCCESS, parts.state.status
            return [(event.stage, event.event, event.msg) for event in parts.log.read(0, 1000)]

    events = asyncio.run(told())
    balance = next(n for n, (_, _, msg) in enumerate(events) if msg == "Every row is accounted for")
    begun = events.index(("exporter", "start", "exporter started"))
    assert balance < begun
    assert ("exporter", "success", "Exports: 1 written, 1 failed: tried again at the next run") in events
    [error] = [msg for stage, event, msg in events if (stage, event) == ("exporter", "error")]
    assert error.startswith("export bad: not written, and tried again at the next run: ")
    assert (tmp_path / "data" / "exports" / "bars.csv").read_text() == "k,s\n1,a\n2,b\n"
    remembered = json.loads((tmp_path / "automation" / "state" / "exports" / "good.json").read_bytes())
    assert (remembered["version"], remembered["rows"]) == (1, 2)
