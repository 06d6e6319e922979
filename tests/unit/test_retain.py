"""Old events are removed and compressed by hand: by the server where one runs, else by the command itself."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from commands import command
from pipelines import grow_old, pipeline, settings_for
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.files import compressed_path, event_files, opened
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.lifecycle import Trigger
from quarterhour.workspace import Workspace
from serving import serving


def live(home: Path, runs: int) -> None:
    async def go() -> None:
        async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
            await parts.orchestrator.recover([])
            for _ in range(runs):
                await parts.orchestrator.start(Trigger.API)
                await parts.orchestrator.wait()

    asyncio.run(go())
    grow_old(home)
    (home / "quarterhour.toml").write_text("[retention]\nkeep_runs = 3\n")


def run_files(home: Path) -> dict[str, bool]:
    return {name: is_packed for name, is_packed in event_files(Workspace(home).events).items() if "pipeline_" in name}


def content(path: Path) -> bytes:
    with opened(path) as file:
        return file.read()


def retained(home: Path, *options: str) -> dict[str, Any]:
    done = command(home, "retain", "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def check_what_was_done(home: Path) -> None:
    """Of five runs, long ago."""
    before = run_files(home)
    done = retained(home, "--compress-after", "1000")
    assert (done["removed_runs"], done["compressed_files"]) == (2, 0)
    assert done["removed_bytes"] > 0
    left = run_files(home)
    assert len(left) == 3
    assert left.items() < before.items(), "plain, as the setting is not asked"
    folder = Workspace(home).events
    contents = {name: content(folder / name) for name in left}
    done = retained(home)
    packed = [name for name, is_packed in run_files(home).items() if is_packed]
    assert len(packed) == 2
    assert done["removed_runs"] == 0
    assert done["compressed_files"] >= 2
    sizes = [len(contents[name]) for name in packed]
    assert sum(sizes) <= done["compressed_from_bytes"]
    assert sum(compressed_path(folder / name).stat().st_size for name in packed) <= done["compressed_to_bytes"]
    assert done["compressed_to_bytes"] < done["compressed_from_bytes"]
    assert {name: content(folder / name) for name in left} == contents
    assert verify_chain(folder).finding is None


def test_the_command_does_it_where_no_server_runs_and_the_index_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    live(home, 5)
    assert command(home, "reindex").exit_code == 0
    grow_old(home)
    check_what_was_done(home)
    assert "0 files compressed" in command(home, "retain").output
    assert command(home, "retain", "--compress-after", "-1").exit_code == 2

    async def discarded() -> int:
        async with pipeline(home, settings_for("Good"), log=JsonlEventLog(Workspace(home))) as parts:
            indexing = asyncio.create_task(parts.indexer.run())
            while await parts.indexer.runs(1, None) is None:
                await asyncio.sleep(0.002)
            indexing.cancel()
            await asyncio.gather(indexing, return_exceptions=True)
            return sum("made anew" in record.msg for record in parts.log.read(0, 1000))

    assert asyncio.run(discarded()) == 1, "by reindex, and not since"


@pytest.mark.slow
def test_the_server_does_it_for_the_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    live(home, 5)
    with serving(home, "--no-schedule") as server:
        grow_old(home)
        check_what_was_done(home)
        refused = server.http.post("/api/retention", json={"compress_after": -1})
        assert refused.status_code == 422
        assert server.http.post("/api/retention", json={"compress_after": False}).status_code == 422
        assert server.get("/api/runs")["total"] == 3
        server.ended_run(server.start_run())
