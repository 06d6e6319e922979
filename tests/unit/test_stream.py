"""Server-sent events of a real server: past ones, then new ones, each once, in order; compressed answers (E4, E16)."""

import gzip
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from serving import Server, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("stream") / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text("[events]\nqueue = 10\n")
    with serving(home, "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


def events_of(server: Server, count: int, headers: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    """So many events of the stream, with what it says their id is."""
    found: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{server.api}/api/events/stream", params=query, headers=headers, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        number = 0
        for line in answer.iter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                found.append(json.loads(line[6:]))
                assert found[-1]["seq"] == number
                if len(found) == count:
                    break
    return found


def all_events(server: Server, **query: Any) -> list[dict[str, Any]]:
    return server.get("/api/events", limit=1000, **query)["items"]


def test_past_events_come_first_and_then_each_new_one_once(server: Server) -> None:
    past = all_events(server)
    starter = threading.Timer(0.5, lambda: server.ended_run(server.start_run()))
    starter.start()
    found = events_of(server, len(past) + 10, since=0)
    starter.join()
    assert found == all_events(server)[: len(found)]
    # A browser that lost the connection goes on where it was.
    middle = found[4]["seq"]
    assert events_of(server, 3, {"last-event-id": str(middle)}, since=0) == found[5:8]


def test_a_slow_client_misses_nothing(server: Server) -> None:
    """Its queue holds ten events; the others come from the files."""
    last_seq = server.get("/api/pipeline/snapshot")["last_seq"]
    with httpx.stream("GET", f"{server.api}/api/events/stream", params={"since": last_seq}, timeout=60) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        server.ended_run(server.start_run())
        wanted = [event["seq"] for event in all_events(server, since=last_seq)]
        found: list[int] = []
        while len(found) < len(wanted):
            if (line := next(lines)).startswith("id: "):
                found.append(int(line[4:]))
    assert found == wanted == list(range(last_seq + 1, last_seq + 1 + len(wanted)))
    assert len(wanted) > 10


def test_streams_and_sockets_take_filters(server: Server) -> None:
    wanted = [event for event in all_events(server) if event["stage"] == "merger"]
    assert events_of(server, len(wanted), since=0, stage="merger") == wanted
    with connect(f"{server.api.replace('http', 'ws')}/ws/events?stage=merger&since=0") as socket:
        snapshot = json.loads(socket.recv())["data"]
    assert snapshot["events"] == wanted
    assert server.http.get("/api/events/stream?since=-1").status_code == 422


def test_answers_are_compressed_and_downloads_and_streams_are_not(server: Server) -> None:
    """Compression once broke sockets; here it passes them by (E16)."""
    with httpx.Client(base_url=server.api) as http:
        request = http.build_request("GET", "/api/events?limit=1000")
        answer = http.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(raw))["items"] == all_events(server)
        assert len(raw) < len(gzip.decompress(raw)) / 3
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert (
            "content-encoding" not in http.get("/api/pipeline/status", headers={"accept-encoding": "identity"}).headers
        )
    with connect(f"{server.api.replace('http', 'ws')}/ws/events") as socket:
        assert json.loads(socket.recv())["type"] == "snapshot"
