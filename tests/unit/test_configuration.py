"""What a start says of its settings: what is other than at the start before, and no secret."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.configuration import VERSION, changes, tell, told
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import EventRecord
from quarterhour.lifecycle import ConfigurationKnown
from quarterhour.settings import Settings, load_settings
from quarterhour.workspace import Workspace
from serving import serving

SECRETS = """
[watchdog]
ping_url = "https://hc.example/ping-secret"
[server]
cors_origins = ["https://me:origin-secret@intranet.example"]
[[exports]]
name = "out"
dataset = "bars"
[[stages]]
name = "translator"
[[stages]]
name = "burst"
command = ["burst", "--password=command-secret"]
[[stages]]
name = "exporter"
"""


def settings_of(folder: Path, text: str) -> Settings:
    path = folder / "quarterhour.toml"
    path.write_text(text)
    return load_settings(path)


def test_each_key_is_told_by_its_name_and_secrets_by_fingerprints(tmp_path: Path) -> None:
    found = told(settings_of(tmp_path, SECRETS), "a home")
    assert "secret" not in json.dumps(found).replace("(secret ", "")
    assert found["server.cors_origins"][0].startswith("https://(secret ")
    assert found["server.cors_origins"][0].endswith(")@intranet.example")
    assert found["runner.attempts"] == 3
    assert found["stages"] == ["translator", "burst", "exporter"]
    assert found["exports.out.dataset"] == "bars"
    assert [key for key in found if key.startswith("stages.")] == ["stages.burst.command"]
    other = told(settings_of(tmp_path, SECRETS.replace("ping-secret", "another")), "a home")
    [change] = changes(found, other)
    assert change.key == "watchdog.ping_url"
    assert {change.before, change.after} == {found["watchdog.ping_url"], other["watchdog.ping_url"]}
    # Nor can it be guessed from another home's.
    assert told(settings_of(tmp_path, SECRETS), "another home")["watchdog.ping_url"] != change.before


def test_tables_that_come_go_and_move_are_told(tmp_path: Path) -> None:
    one = '[[datasets]]\nname = "{}"\nfiles = "{}*"\nkeys = ["id"]\n'
    before = told(settings_of(tmp_path, one.format("a", "a") + one.format("b", "b")), "")
    found = {each.key: each for each in changes(before, told(settings_of(tmp_path, one.format("b", "x")), ""))}
    assert (found["datasets"].before, found["datasets"].after) == (["a", "b"], ["b"])
    assert (found["datasets.b.files"].before, found["datasets.b.files"].after) == ("b*", "x*")
    assert (found["datasets.a.keys"].before, found["datasets.a.keys"].after) == (["id"], None)
    assert set(found) == {"datasets", "datasets.a.files", "datasets.a.keys", "datasets.b.files"}
    moved = told(settings_of(tmp_path, one.format("b", "b") + one.format("a", "a")), "")
    assert [each.key for each in changes(before, moved)] == ["datasets"]


def configured(parts: Pipeline) -> ConfigurationKnown:
    known = parts.state.status.configuration
    assert known is not None
    return known


async def start(parts: Pipeline, settings: Settings) -> EventRecord | None:
    """What a start with these settings says."""
    before = parts.bus.last_seq
    await tell(settings, "a home", parts.state.status.configuration, parts.bus, parts.clock)
    await parts.bus.settle()
    return next(iter(parts.log.read(before, 10)), None)


def test_a_start_says_what_is_other_than_before_and_nothing_where_all_is_the_same(tmp_path: Path) -> None:
    settings = settings_for("Good")
    other = settings.model_copy(update={"lock": settings.lock.model_copy(update={"lease": 30.0})})

    async def go() -> None:
        async with pipeline(tmp_path, settings) as parts:
            first = await start(parts, settings)
            assert first is not None
            assert (first.data["changed"], first.data["level"]) == ([], "debug")
            assert parts.state.status.run is None
            assert configured(parts).stages == ("good",)
            assert await start(parts, settings) is None
            changed = await start(parts, other)
            assert changed is not None
            assert changed.data["changed"] == [{"key": "lock.lease", "from": 60.0, "to": 30.0}]
            assert changed.msg == "The configuration is another than at the start before: lock.lease 60.0 → 30.0"
            assert await start(parts, other) is None

    asyncio.run(go())


def test_the_stages_are_told_anew_where_an_earlier_version_told_of_none(tmp_path: Path) -> None:
    settings = settings_for("Good", "Passing")

    async def go() -> None:
        async with pipeline(tmp_path, settings) as parts:
            await start(parts, settings)
            of_earlier_version = configured(parts).model_copy(update={"stages": ()})
            await tell(settings, "a home", of_earlier_version, parts.bus, parts.clock)
            await parts.bus.settle()
            event = parts.log.read(of_earlier_version.seq, 1)[0]
            assert (event.data["changed"], event.data["stages"]) == ([], ["good", "passing"])
            assert await start(parts, settings) is None

    asyncio.run(go())


def test_what_the_log_no_longer_tells_is_recorded_anew(tmp_path: Path) -> None:
    settings = settings_for("Good")

    async def go() -> None:
        async with pipeline(tmp_path, settings) as parts:
            await start(parts, settings)
            known = configured(parts)
            gone = known.model_copy(update={"seq": 10_000})
            await tell(settings, "a home", gone, parts.bus, parts.clock)
            await tell(settings, "another home", gone, parts.bus, parts.clock)
            await tell(settings, "a home", gone.model_copy(update={"digest": ""}), parts.bus, parts.clock)
            await parts.bus.settle()
            messages = [event.msg for event in parts.log.read(known.seq, 10)]
            assert messages[0] == "The configuration is recorded"
            assert "which the log no longer tells" in messages[-1]

    asyncio.run(go())


def test_a_configuration_too_large_for_an_event_is_still_told_to_be_another(tmp_path: Path) -> None:
    names = "".join(f'[[datasets]]\nname = "d{number}"\nfiles = "d{number}_*"\n' for number in range(1500))
    large = settings_of(tmp_path, names)

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            await start(parts, settings_for("Good"))
            event = await start(parts, large)
            assert event is not None
            assert event.data["configuration"] is None
            assert len(event.data["changed"]) == 100
            assert configured(parts).seq == event.seq
            assert configured(parts).stages == ("translator", "analyzer", "merger")

    asyncio.run(go())


def test_a_change_of_the_schedule_is_told_with_what_it_was(tmp_path: Path) -> None:
    async def go() -> list[Any]:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            await parts.scheduler.load(is_enabled=True)
            await parts.scheduler.change(cron="0 3 * * *", timezone="UTC")
            await parts.scheduler.pause()
            await parts.bus.settle()
            return [event.data["changed"] for event in parts.log.read(0, 100) if "changed" in event.data]

    assert asyncio.run(go()) == [
        [{"key": "schedule.cron", "from": "*/15 * * * *", "to": "0 3 * * *"}],
        [{"key": "schedule.paused", "from": False, "to": True}],
    ]


@pytest.mark.slow
def test_a_restart_with_another_configuration_is_told_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for text in ("", "[runner]\nattempts = 1\n", "[runner]\nattempts = 1\n"):
        (home / "quarterhour.toml").write_text(text)
        with serving(home, "--no-schedule") as server:
            events = server.get("/api/events", q="The configuration", limit=100)["items"]
            known = server.get("/api/pipeline/status")["configuration"]
            assert server.stop() == 0
    first, second = events
    assert (first["data"]["changed"], second["data"]["changed"]) == (
        [],
        [{"key": "runner.attempts", "from": 3, "to": 1}],
    )
    assert known == {"seq": second["seq"], "digest": second["data"]["digest"], "stages": second["data"]["stages"]}
    assert known["stages"] == ["translator", "analyzer", "merger"]
    assert VERSION in second["data"]["configuration"]
    log = JsonlEventLog(Workspace(home))
    log.open()
    try:
        assert log.read(second["seq"] - 1, 1)[0].data == second["data"]
    finally:
        log.close()
