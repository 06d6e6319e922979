"""What systemd and a dead man's switch hear of a real server, and what the watchdog sees of the server's own process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from pipelines import pipeline, settings_for
from quarterhour.clock import SystemClock
from quarterhour.errors import AlertWithheld, SettingsError
from quarterhour.notify.dead_mans_switch import DeadMansSwitch
from quarterhour.notify.service_manager import ServiceManager
from quarterhour.notify.signs_of_life import SignsOfLife
from quarterhour.server_vitals import LOOK_EVERY_S, Grown, ServerVitals, Zombies
from quarterhour.settings.types import MemoryLimit
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from serving import serving

_WAIT_S = 30.0


class Switch(ThreadingHTTPServer):
    """A dead man's switch that counts its calls, and fails while told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.calls = 0
        self.is_broken = False
        self.url = f"http://127.0.0.1:{self.server_address[1]}/secret-uuid"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Switch)
        if self.path.endswith("/moved"):
            self.send_response(302)
            self.send_header("location", "/another-secret")
            self.end_headers()
            return
        self.server.calls += 1
        self.send_response(503 if self.server.is_broken else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        del format, args


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def until(condition: "type[bool] | object") -> None:
    assert callable(condition)
    deadline_s = time.monotonic() + _WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come true"
        await asyncio.sleep(0.005)


def test_the_switch_is_called_while_all_is_well_and_its_silence_is_told_once(tmp_path: Path, switch: Switch) -> None:
    wrong: dict[str, str | None] = {"disk": "nearly full"}

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            called = DeadMansSwitch(switch.url, 0.01, lambda: wrong, parts.bus, SystemClock())
            signs = SignsOfLife(ServiceManager(), called, SystemClock())
            task = asyncio.create_task(signs.run())

            def said() -> list[tuple[str, str]]:
                events = [event for event in parts.log.read(0, 1000) if event.stage == "watchdog"]
                return [(event.event, event.msg) for event in events]

            await asyncio.sleep(0.1)
            assert switch.calls == 0
            wrong["disk"] = None
            await until(lambda: switch.calls > 2)
            assert said() == []
            switch.is_broken = True
            await until(said)
            broken_calls = switch.calls
            await until(lambda: switch.calls > broken_calls + 2)
            switch.is_broken = False
            await until(lambda: len(said()) > 1)
            task.cancel()
            [(kind, msg), (later, _)] = said()
            assert (kind, later) == ("error", "log")
            assert "503" in msg
            assert "secret" not in msg

    asyncio.run(go())


def test_a_person_tries_the_switch_and_is_told_what_became_of_it(tmp_path: Path, switch: Switch) -> None:
    settings = settings_for("Good")
    watchdog = settings.watchdog.model_copy(update={"ping_url": switch.url})

    async def go() -> None:
        async with pipeline(tmp_path, settings.model_copy(update={"watchdog": watchdog})) as parts:
            app = make_app(Services.of(parts))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
                [known] = (await http.get("/api/alerts")).json()["items"]
                assert (known["host"], known["last"]) == ("127.0.0.1", None)
                path = f"/api/alerts/{known['name']}/test"
                delivered = await http.post(path)
                assert (delivered.status_code, delivered.json()["error"], switch.calls) == (200, None, 1)
                switch.is_broken = True
                refused = await http.post(path)
                assert (refused.status_code, switch.calls) == (502, 2)
                assert refused.json()["detail"] == "127.0.0.1: answered 503 Service Unavailable"
                [item] = (await http.get("/api/alerts")).json()["items"]
                assert item["last"]["error"] == "answered 503 Service Unavailable"
                assert (await http.post("/api/alerts/pager/test")).status_code == 404
                tested = [event for event in parts.log.read(0, 1000) if event.data.get("alert")]
                assert [(event.data["by"], event.data["address"], event.data["error"]) for event in tested] == [
                    (None, "127.0.0.1", None),
                    (None, "127.0.0.1", "answered 503 Service Unavailable"),
                ]
                told = b"".join(event.line for event in parts.log.read(0, 1000))
                assert b"secret" not in told + delivered.content + refused.content

    asyncio.run(go())


def test_the_switch_is_not_tried_while_something_is_wrong_nor_told_where_it_was_led(
    tmp_path: Path, switch: Switch
) -> None:
    wrong: dict[str, str | None] = {"disk": "nearly full"}

    async def go() -> None:
        async with pipeline(tmp_path, settings_for("Good")) as parts:
            tried = DeadMansSwitch(switch.url + "/moved", 1, lambda: wrong, parts.bus, SystemClock())
            with pytest.raises(AlertWithheld, match="disk: nearly full"):
                await tried.test("ada", "10.0.0.1")
            assert switch.calls == 0
            wrong["disk"] = None
            switch.is_broken = True
            delivery = await tried.test("ada", "10.0.0.1")
            assert delivery.error == "answered 503 Service Unavailable"
            nowhere = DeadMansSwitch("http://127.0.0.1:1/secret-uuid", 1, lambda: wrong, parts.bus, SystemClock())
            unreached = await nowhere.test("ada", "10.0.0.1")
            assert unreached.error is not None
            assert "ConnectError" in unreached.error
            assert b"secret" not in b"".join(event.line for event in parts.log.read(0, 1000))

    asyncio.run(go())


def test_no_manager_is_told_nothing_and_a_wrong_time_is_refused() -> None:
    assert ServiceManager.of({}) == ServiceManager(None, None)
    theirs = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}
    assert ServiceManager.of(theirs) == ServiceManager("/run/x", None)
    assert ServiceManager.of({**theirs, "WATCHDOG_PID": str(os.getpid())}) == ServiceManager("/run/x", 5.0)
    with pytest.raises(SettingsError, match="WATCHDOG_USEC is 'soon'"):
        ServiceManager.of({"WATCHDOG_USEC": "soon"})


@pytest.mark.slow
def test_systemd_hears_that_a_server_is_ready_lives_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(_WAIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")

        def heard(wanted: str) -> str:
            while not (message := manager.recv(4096).decode()).startswith(wanted):
                pass
            return message

        with serving(home, "--no-schedule") as server:
            assert heard("READY=1") == f"READY=1\nSTATUS=serving {server.api}"
            assert heard("WATCHDOG=1") == "WATCHDOG=1\nSTATUS=all is well"
            # A server that stands still is silent, and would be started anew.
            server.process.send_signal(signal.SIGSTOP)
            manager.settimeout(1.0)
            with pytest.raises(TimeoutError):
                heard("nothing of the kind")
            manager.settimeout(_WAIT_S)
            server.process.send_signal(signal.SIGCONT)
            heard("WATCHDOG=1")
            assert server.stop() == 0
            assert heard("STOPPING=1") == "STOPPING=1"


def test_a_server_above_its_memory_is_told_once_and_once_when_it_is_small_again() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys\nfor n in sys.stdin: x = b'x' * (int(n) << 20); print('made', flush=True)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        vitals = ServerVitals(MemoryLimit.parse("100MB"), server.pid)
        looks: list[list[bool]] = []
        for number, megabytes in enumerate((1, 200, 200, 1)):
            server.stdin.write(f"{megabytes}\n")
            server.stdin.flush()
            server.stdout.readline()
            news = list(vitals.look(number * LOOK_EVERY_S))
            looks.append([each.is_large for each in news if isinstance(each, Grown)])
            assert bool(vitals.problem) is (megabytes == 200)
        server.kill()
    assert looks == [[], [True], [], [False]]


def test_children_that_nobody_waits_for_are_told_once() -> None:
    script = "import subprocess, time; p = subprocess.Popen(['true']); print(p.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        child = int(server.stdout.readline())
        vitals = ServerVitals(MemoryLimit.parse("100GB"), server.pid)
        deadline_s = time.monotonic() + _WAIT_S
        while b"Z" not in Path(f"/proc/{child}/stat").read_bytes().split()[2]:
            assert time.monotonic() < deadline_s
        found = [list(vitals.look(number * LOOK_EVERY_S)) for number in range(4)]
        server.kill()
    [zombies] = found[1]
    assert (found[0], found[2], found[3]) == ([], [], [])
    assert isinstance(zombies, Zombies)
    assert zombies.pids == (child,)
    assert str(server.pid) in zombies.parents[0]
