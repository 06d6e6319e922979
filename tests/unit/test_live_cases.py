"""What live views died of in earlier systems, shown not to happen here: many events, many viewers, viewers that vanish."""

import json
import re
import socket as sockets
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from websockets.sync.client import connect

from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace
from serving import Server, serving

ROOT = Path(__file__).parents[2]

# Ten lines a millisecond: far more than a viewer's first look.
_CHATTY = """
import json
for number in range(3000):
    print(json.dumps({"event": "log", "msg": f"line {number}"}))
for number in range(20000):
    print(json.dumps({"event": "progress", "data": {"done": number, "total": 20000}}))
"""
_HANDSHAKE = (
    "GET /ws/events HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("live") / "home"
    home.mkdir()
    (home / "chatty.py").write_text(_CHATTY)
    (home / "quarterhour.toml").write_text('[[stages]]\nname = "chatty"\ncommand = ["python", "chatty.py"]\n')
    with serving(home, "--no-schedule") as running:
        yield running


def live(server: Server) -> connect:
    return connect(f"{server.api.replace('http', 'ws')}/ws/events", max_size=None)


@pytest.mark.slow
def test_what_is_shown_live_is_the_line_in_the_file(server: Server) -> None:
    """E3, E5, E8: every kind of event comes live, as one form with one time and number; progress is sampled, not dropped."""
    shown: list[str] = []
    with live(server) as viewer:
        viewer.recv()
        run_id = server.start_run()
        while not shown or (json.loads(shown[-1])["stage"], json.loads(shown[-1])["event"]) != ("pipeline", "success"):
            shown.append(str(viewer.recv(timeout=60)))
    workspace = Workspace(server.home)
    log = JsonlEventLog(workspace)
    assert log.open() == []
    first, last = json.loads(shown[0])["seq"], json.loads(shown[-1])["seq"]
    assert shown == [record.line.decode() for record in log.read(first - 1, last - first + 1)]
    log.close()
    events = [json.loads(line) for line in shown]
    assert {event["run_id"] for event in events} == {run_id}
    assert sum(event["msg"].startswith("line ") for event in events) == 3000
    progress = [event["data"]["done"] for event in events if event["event"] == "progress"]
    assert progress[-1] == 19_999
    assert len(progress) < 200
    assert {"start", "state", "log", "progress", "success"} <= {event["event"] for event in events}


@pytest.mark.slow
def test_a_new_viewer_is_given_the_newest_events(server: Server) -> None:
    """E6, E7, E11, E21: from the end, a bounded number, without the files being read."""
    server.ended_run(server.start_run())
    with live(server) as viewer:
        snapshot = json.loads(viewer.recv())["data"]
    numbers = [event["seq"] for event in snapshot["events"]]
    assert numbers == list(range(snapshot["last_seq"] - 499, snapshot["last_seq"] + 1))
    assert server.get("/api/pipeline/snapshot")["events"][-1]["seq"] == snapshot["last_seq"]


@pytest.mark.slow
def test_viewers_that_vanish_leave_nothing(server: Server) -> None:
    """E17."""
    process = psutil.Process(server.process.pid)
    before = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    host, port = server.api.removeprefix("http://").split(":")
    viewers = [sockets.create_connection((host, int(port))) for _ in range(30)]
    for viewer in viewers:
        viewer.sendall(_HANDSHAKE.format(host=host, port=port).encode())
        assert viewer.recv(4096).startswith(b"HTTP/1.1 101")
    # As when a laptop is closed: no farewell.
    for viewer in viewers:
        viewer.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
        viewer.close()
    deadline_s = time.monotonic() + 30
    while (process.num_fds() if hasattr(process, "num_fds") else process.num_handles()) > before + 3:
        assert time.monotonic() < deadline_s, "sockets of viewers that are gone are still open"
        time.sleep(0.05)
    assert server.get("/readyz")["status"] == "ok"


def test_documents_name_the_ports_that_settings_have() -> None:
    """E23: one setting, and no document that says another."""
    ports = {str(Settings().server.api_port), str(Settings().server.dashboard_port)}
    assert ports == {"8000", "5173"}
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {port for path in documents for port in re.findall(r"localhost:(\d+)", path.read_text(encoding="utf-8"))}
    assert named == ports
