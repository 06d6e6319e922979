"""The event stream under load: publishing alone, and many WebSocket clients in a process of their own.

The reference is a bare Starlette loop, without a disk, that sends the same text to the same clients, event by event.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from quarterhour.assembly import Pipeline
from quarterhour.bus import EventBus, Written
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import StageLogged
from quarterhour.memory import collect_seldom
from quarterhour.settings import EventSettings, load_settings
from quarterhour.settings.server import ServerSettings
from quarterhour.web.app import make_app
from quarterhour.web.server import bind, serve
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace

Show = Callable[[str, str, str], None]

_PUBLISHED = 300_000
_PUBLISHED_AT_ONCE = 500


@dataclass(frozen=True)
class Load:
    clients: int
    per_s: int
    seconds: int
    p99_aim: str
    ratio_aim: str

    @property
    def events(self) -> int:
        return self.per_s * self.seconds


# The last is more than the bare loop can send, so that only there the two rates tell who delivers more.
LOADS = (Load(50, 5_000, 10, "50 ms", ""), Load(1_000, 100, 10, "200 ms", ""), Load(50, 15_000, 10, "", "3"))


def measure_sockets(folder: Path, show: Show) -> None:
    collect_seldom()  # as a server does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        per_s = runner.run(_publish(folder / "publish"))
    show("events published, each on the disk by group commit", f"{per_s / 1000:.0f} k/s", "100 k/s")
    for load in LOADS:
        name = f"{load.clients:,} clients at {load.per_s:,} events/s"
        bare = _under(load, "bare", folder)
        ours = _under(load, "product", folder / f"{load.clients}-{load.per_s}")
        for who, found in (("bare loop", bare), ("quarterhour, batch=1", ours)):
            told = f"{name}, {who}"
            show(f"{told}: publish to receipt, median", f"{found['median_ms']:.1f} ms", "")
            show(f"{told}: p99", f"{found['p99_ms']:.1f} ms", load.p99_aim if found is ours else "")
            show(f"{told}: delivered", f"{found['delivered_per_s'] / 1000:.0f} k/s", "")
            show(f"{told}: lost", f"{found['lost']:,}", "0")
            show(f"{told}: memory of the server a client", f"{found['kb_a_client']:.0f} kB", "")
        ratio = ours["delivered_per_s"] / bare["delivered_per_s"]
        show("  delivered, as a ratio to the bare loop", f"{ratio:.2f}", load.ratio_aim)


async def _publish(home: Path) -> float:
    """Events a second that are on the disk, in the files of a real log."""
    workspace = Workspace(home)
    workspace.create()
    log = JsonlEventLog(workspace)
    log.open()
    bus = EventBus(log, EventSettings())
    writer = asyncio.create_task(bus.run())
    began = time.perf_counter()
    written: list[Written] = []
    for start in range(0, _PUBLISHED, _PUBLISHED_AT_ONCE):
        written.append(bus.publish(*(_event(start + number) for number in range(_PUBLISHED_AT_ONCE))))
        await asyncio.sleep(0)
    await asyncio.gather(*written)
    took_s = time.perf_counter() - began
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert log.last_seq == _PUBLISHED
    log.close()
    return _PUBLISHED / took_s


def _event(number: int) -> StageLogged:
    # The clock of all processes of a machine, so that another one can tell how long it took.
    data = {"number": number, "sent_s": time.monotonic()}
    return StageLogged(at=datetime.now(UTC), run_id=None, stage="bench", msg=f"event {number:,} of many", data=data)


def _under(load: Load, who: str, home: Path) -> dict[str, float]:
    home.mkdir(exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.sockets", who, str(home), str(load.per_s), str(load.events)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        port = int(server.stdout.readline())
        clients = subprocess.Popen(
            [sys.executable, "-m", "bench.clients", str(port), str(load.clients), str(load.events), str(server.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert clients.stdout is not None
        assert clients.stdout.readline() == b"connected\n"
        server.stdin.write(b"go\n")
        server.stdin.flush()
        told, _ = clients.communicate()
        return orjson.loads(told)
    finally:
        server.kill()
        server.wait()


# The server's process


async def _serve(who: str, home: Path, per_s: int, count: int) -> None:
    sock = bind("127.0.0.1", 0)

    def ready() -> None:
        print(sock.getsockname()[1], flush=True)

    if who == "bare":
        app, send = _bare()
        publishing = asyncio.create_task(_paced(per_s, count, send))
        await serve(app, [sock], ready, ServerSettings())
        publishing.cancel()
        return
    collect_seldom()
    workspace = Workspace(home)
    pipeline = Pipeline(load_settings(workspace.settings_file), workspace)
    async with pipeline.running("bench", is_scheduled=False):

        async def publish(events: list[StageLogged]) -> None:
            pipeline.bus.publish(*events)

        publishing = asyncio.create_task(_paced(per_s, count, publish))
        await serve(make_app(Services.of(pipeline)), [sock], ready, ServerSettings())
        publishing.cancel()


async def _paced(per_s: int, count: int, send: Callable[[list[StageLogged]], Awaitable[None]]) -> None:
    """Once somebody says so: `count` events, some each hundredth of a second."""
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    sent = 0
    while sent < count:
        due = min(count, int((time.monotonic() - began) * per_s) + 1)
        if due > sent:
            await send([_event(number) for number in range(sent, due)])
            sent = due
        await asyncio.sleep(0.01)


def _bare() -> tuple[Starlette, Callable[[list[StageLogged]], Awaitable[None]]]:
    sockets: set[WebSocket] = set()

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        sockets.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(websocket)

    async def send(events: list[StageLogged]) -> None:
        for event in events:
            text = event.to_record(1).line.decode()
            for websocket in list(sockets):
                await websocket.send_text(text)

    return Starlette(routes=[WebSocketRoute("/ws/events", live)]), send


if __name__ == "__main__":
    _, _who, _home, _per_s, _count = sys.argv
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as _runner:
        _runner.run(_serve(_who, Path(_home), int(_per_s), int(_count)))
