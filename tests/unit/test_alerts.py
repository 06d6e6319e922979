"""Channels of alerts: a real receiver is told where trouble begins and ends, over restarts and outages."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines import pipeline, settings_for
from quarterhour.assembly import Pipeline
from quarterhour.clock import SystemClock
from quarterhour.errors import SettingsError
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import EventRecord
from quarterhour.health import failure
from quarterhour.lifecycle import Reason, Run, RunState, Schedule, Status, Trigger
from quarterhour.notify.alerts import AlertChannel
from quarterhour.settings import Settings, load_settings
from quarterhour.settings.alerts import AlertSettings
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace
from receivers import PostOffice, Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as server:
        yield server


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    with receiving(PostOffice()) as server:
        yield server


class Clock(SystemClock):
    """Its seconds pass when the test says so."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await super().sleep(0.001)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Wrong(dict[str, str | None]):
    """The troubles that a test has; each channel made of it is as after a start of the server."""

    def channel(self, folder: Path, parts: Pipeline, url: str, clock: Clock, **settings: Any) -> AlertChannel:
        known = AlertSettings(name="team", url=url, **settings)
        channel = AlertChannel(known, folder / "team.json", lambda: self, parts.bus, clock)
        channel.open()
        return channel


async def told(parts: Pipeline) -> list[EventRecord]:
    await parts.bus.settle()
    return [event for event in parts.log.read(0, 1000) if event.data.get("alert") == "team"]


def test_trouble_is_told_where_it_begins_and_where_it_is_over_and_not_again_after_a_restart(
    tmp_path: Path, receiver: Receiver, clock: Clock
) -> None:
    wrong = Wrong()

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            before = wrong.channel(tmp_path, parts, receiver.url, clock)
            await before.tell()
            wrong["disk"] = "1 GB is free, 5 GB are asked for"
            for _ in range(3):
                await before.tell()
            after = wrong.channel(tmp_path, parts, receiver.url, clock)
            await after.tell()
            wrong["schedule"] = "the mark 05:15 is overdue"
            await after.tell()
            wrong.clear()
            for _ in range(3):
                await after.tell()
            assert [event.event for event in await told(parts)] == ["log"] * 3

    asyncio.run(go())
    began, overdue, over = receiver.messages
    assert (began["type"], began["title"].partition(": ")[2]) == ("failure", "disk is not well")
    assert began["message"].endswith(" disk: 1 GB is free, 5 GB are asked for")
    assert overdue["title"].endswith(": disk is not well, schedule is not well")
    assert "disk:" not in overdue["message"]
    assert (over["type"], over["title"].partition(": ")[2]) == ("success", "all is well again")
    assert over["message"].count(": well again; since ") == 2


def test_what_came_while_nobody_could_be_told_is_told_in_one_message(
    tmp_path: Path, receiver: Receiver, clock: Clock
) -> None:
    wrong = Wrong()
    receiver.is_broken = True

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            channel = wrong.channel(tmp_path, parts, receiver.url, clock)
            for number in range(15):
                wrong["memory"] = f"grown {number}"
                await channel.tell()
                wrong.clear()
                await channel.tell()
            # However often it looks, it tries again only after a while, and after longer ones each time.
            assert receiver.refused == 1
            clock.seconds += 5
            await channel.tell()
            clock.seconds += 9
            await channel.tell()
            assert receiver.refused == 2
            receiver.is_broken = False
            clock.seconds += 1
            # What waits is kept over a restart.
            await wrong.channel(tmp_path, parts, receiver.url, clock).tell()
            undelivered, sent = await told(parts)
            # The outage is told once, however often it was tried.
            assert (undelivered.event, "500" in undelivered.msg) == ("error", True)
            assert b"secret" not in undelivered.line
            assert (sent.event, sent.data["messages"]) == ("log", 30)

    asyncio.run(go())
    [message] = receiver.messages
    assert message["type"] == "success"
    lines = message["message"].splitlines()
    assert lines[0] == "(10 lines before these are left out)"
    assert (len(lines), "grown 14" in lines[-1]) == (21, True)


def test_only_what_it_asks_for_is_told(tmp_path: Path, receiver: Receiver, clock: Clock) -> None:
    wrong = Wrong(memory="grown")

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            channel = wrong.channel(tmp_path, parts, receiver.url, clock, on=("disk",))
            task = asyncio.create_task(channel.run())
            while clock.seconds < 3:
                await asyncio.sleep(0.001)
            assert receiver.messages == []
            wrong["disk"] = "low"
            while not await told(parts):
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())
    [message] = receiver.messages
    assert "memory" not in message["message"] + message["title"]


def test_what_is_mended_before_the_next_look_is_news_too(tmp_path: Path, receiver: Receiver, clock: Clock) -> None:
    wrong = Wrong()

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            channel = wrong.channel(tmp_path, parts, receiver.url, clock)
            await channel.tell()
            wrong["pipeline"] = "it failed"
            await parts.orchestrator.start(Trigger.API)
            wrong.clear()
            await parts.orchestrator.wait()
            await channel.tell()

    asyncio.run(go())
    [message] = receiver.messages
    assert message["message"].endswith("it was: it failed")


def test_what_is_kept_of_it_may_be_damaged_or_not_be_written(tmp_path: Path, receiver: Receiver, clock: Clock) -> None:
    wrong = Wrong(disk="full")
    (tmp_path / "team.json").write_text("{")

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            await wrong.channel(tmp_path, parts, receiver.url, clock).tell()
            assert (tmp_path / "team.json.damaged-1").read_text() == "{"
            # A folder in the way of its temporary file stands for a disk that takes none.
            (tmp_path / ".team.json.tmp" / "x").mkdir(parents=True)
            wrong["memory"] = "grown"
            await wrong.channel(tmp_path, parts, receiver.url, clock).tell()

    asyncio.run(go())
    assert [message["message"].partition(": ")[2] for message in receiver.messages] == ["full", "grown"]


def test_a_failed_run_is_told_and_the_next_good_one(tmp_path: Path, receiver: Receiver) -> None:
    alerts = (AlertSettings(name="team", url=receiver.url),)
    failed: list[str] = []

    async def go() -> None:
        # Two that fail in a row, as two processes of `quarterhour run` would, are one trouble.
        for stage in ("Bad", "Bad", "Good", "Good"):
            settings = settings_for(stage).model_copy(update={"alerts": alerts})
            async with pipeline(tmp_path, settings, log=JsonlEventLog(Workspace(tmp_path))) as parts:
                [channel] = parts.channels
                assert isinstance(channel, AlertChannel)
                channel.open()
                run = await parts.orchestrator.start(Trigger.CLI)
                await parts.orchestrator.wait()
                await parts.tell_alerts()
                if stage == "Bad":
                    failed.append(run.run_id)

    asyncio.run(go())
    began, well = receiver.messages
    assert began["title"].endswith("pipeline is not well")
    assert f"run {failed[0]} failed: bad: line 7 of x.csv" in began["message"]
    assert well["title"].endswith("all is well again")


def test_a_run_that_is_stopped_says_neither_that_all_is_well_nor_that_it_is_not() -> None:
    def run(state: RunState, reason: Reason | None = None) -> Run:
        return Run(
            run_id="20251205T121500Z-7f3a9c",
            state=state,
            trigger=Trigger.API,
            started_at="2025-12-05T12:15:00.000Z",
            ended_at="2025-12-05T12:16:00.000Z",
            stages=(),
            reason=reason,
            message="line 7",
        )

    def after(*runs: Run) -> str | None:
        schedule = Schedule()
        for each in runs:
            schedule = schedule.after_run(each)
        return failure(Status(last_run=runs[-1], schedule=schedule))

    bad, stopped = run(RunState.FAILED, Reason.STAGE_ERROR), run(RunState.STOPPED)
    assert after(stopped) is None
    assert after(run(RunState.FAILED, Reason.INTERRUPTED)) is None
    assert "20251205T121500Z-7f3a9c failed: line 7" in (after(bad) or "")
    assert "failed, at 2025-12-05T12:16:00.000Z" in (after(bad, stopped) or "")
    assert after(bad, run(RunState.SUCCESS)) is None


def test_a_person_tries_a_channel_and_its_address_is_told_nowhere(tmp_path: Path, receiver: Receiver) -> None:
    settings = settings_for("Good").model_copy(update={"alerts": (AlertSettings(name="team", url=receiver.url),)})

    async def go() -> None:
        async with pipeline(tmp_path, settings) as parts:
            [channel] = parts.channels
            assert isinstance(channel, AlertChannel)
            channel.open()
            app = make_app(Services.of(parts))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
                [known] = (await http.get("/api/alerts")).json()["items"]
                assert (known["title"], known["host"], known["last"]) == ("JSON “team”", None, None)
                delivered = await http.post("/api/alerts/team/test")
                assert (delivered.status_code, delivered.json()["error"]) == (200, None)
                [message] = receiver.messages
                assert message["title"].endswith("this is a test")
                receiver.is_broken = True
                refused = await http.post("/api/alerts/team/test")
                assert refused.status_code == 502
                assert "500" in refused.json()["detail"]
                answers = (await http.get("/api/alerts")).content + refused.content
        events = b"".join(event.line for event in parts.log.read(0, 1000))
        assert b"secret" not in answers + events

    asyncio.run(go())


def test_a_service_that_never_answers_does_not_hold_up_the_end(tmp_path: Path, clock: Clock) -> None:
    async def go() -> threading.Thread:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            url = f"json://127.0.0.1:{silent.getsockname()[1]}?rto=60"
            channel = Wrong(disk="full").channel(tmp_path, parts, url, clock)
            task = asyncio.create_task(channel.run())
            accepted, _ = await asyncio.get_running_loop().sock_accept(silent)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            [sending] = [thread for thread in threading.enumerate() if thread.name == "alerts-team"]
            # Python waits for threads of pools, such as Apprise has too.
            pools = [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]
            assert set(pools) <= before
            accepted.close()
        return sending

    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        sending = asyncio.run(go())
        sending.join()
    assert sending.daemon
    # What was not delivered is told after the next start.
    assert "disk: full" in (tmp_path / "team.json").read_text()


def test_a_mail_is_sent_and_why_it_is_not_taken_is_told_without_the_password(
    tmp_path: Path, post_office: PostOffice, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = Wrong(disk="full")

    async def go() -> None:
        async with pipeline(tmp_path / "home", settings_for("Good")) as parts:
            await wrong.channel(tmp_path, parts, post_office.url, clock).tell()
            post_office.password = "another"
            wrong.clear()
            # Another one, as after a restart: Apprise has a mail wait for seconds after the one before.
            await wrong.channel(tmp_path, parts, post_office.url, clock).tell()
            sent, undelivered = await told(parts)
            assert (sent.event, undelivered.event) == ("log", "error")
            assert undelivered.data["error"]
            for known in ("p@ssword", "p%40ssword", "plant.example", "cEBzc3dvcmQ"):
                assert known not in (sent.line + undelivered.line).decode()

    asyncio.run(go())
    [mail] = post_office.mails
    assert "To: ada@plant.example" in mail
    assert "disk: full" in mail
    # Apprise's own log does not tell either.
    assert "ssword" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("url", ["carrier-pigeon://secret", "http://secret.example", "slack://secret"])
def test_an_address_that_no_service_has_ends_the_start_and_is_not_repeated(
    tmp_path: Path, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(alerts=(AlertSettings(name="team", url=url),))

    async def go() -> None:
        async with pipeline(tmp_path, settings) as parts:
            [channel] = parts.channels
            assert isinstance(channel, AlertChannel)
            with pytest.raises(SettingsError, match=r"\[\[alerts\]\] 'team'") as raised:
                channel.open()
            assert "secret" not in str(raised.value)

    asyncio.run(go())
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[alerts]]\nurl = "slack://hunter2/a"', "line 1: alerts.0.name: Field required"),
        ('[alerts]\nname = "team"\nurl = "slack://hunter2"', "line 1: alerts: it is a list: give the whole of it"),
        ('[[alerts]]\nname = "team"\nurl = "slack://hunter2', "line 3: not TOML"),
        (
            '[[alerts]]\nname = "team"\nurl = ["slack://hunter2"]',
            "line 3: alerts.0.url: Input should be a valid string",
        ),
        ('[[alerts]]\nname = "team"\nurl = "slack://hunter2"\non = ["dsk"]', "line 4: alerts.0.on.0: Input should be"),
    ],
)
def test_what_is_wrong_with_an_alert_is_said_without_its_address(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "quarterhour.toml").write_text(text)
    with pytest.raises(SettingsError) as raised:
        load_settings(tmp_path / "quarterhour.toml")
    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)
