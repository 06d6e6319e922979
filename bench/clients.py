"""Many WebSocket clients in one process: how long events take to them, and whether any is lost."""

import asyncio
import re
import statistics
import sys
import time

import orjson
import psutil
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

_SENT = re.compile(rb'"sent_s":([0-9.]+)')
_MARK = b'"sent_s":'
# Of each so many clients one tells how long its events took: reading all would be what is measured.
_EVERY = 10
_CONNECTING = 100
# A server that is so long silent will send no more.
_SILENT_S = 10.0


class Client(WSListener):
    def __init__(self, is_timed: bool) -> None:
        self.is_timed = is_timed
        self.events = 0
        self.took_s: list[float] = []
        self.first_s = 0.0
        self.last_s = 0.0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        payload = frame.get_payload_as_bytes()
        now_s = time.monotonic()
        self.first_s = self.first_s or now_s
        self.last_s = now_s
        self.events += payload.count(_MARK)
        if self.is_timed:
            self.took_s += [now_s - float(sent) for sent in _SENT.findall(payload)]


async def main(port: int, count: int, events: int, server: int) -> None:
    process = psutil.Process(server)
    before = process.memory_info().rss
    clients: list[Client] = []
    url = f"ws://127.0.0.1:{port}/ws/events?batch=1"
    for start in range(0, count, _CONNECTING):
        some = [Client((start + number) % _EVERY == 0) for number in range(min(_CONNECTING, count - start))]
        await asyncio.gather(*(ws_connect(lambda client=client: client, url) for client in some))
        clients += some
    await asyncio.sleep(1)
    kb_a_client = (process.memory_info().rss - before) / 1024 / count
    for client in clients:
        # The snapshot is none of it.
        client.events, client.first_s, client.took_s = 0, 0.0, []
    print("connected", flush=True)
    while any(client.events < events for client in clients):
        await asyncio.sleep(0.2)
        last_s = max(client.last_s for client in clients)
        if last_s and time.monotonic() - last_s > _SILENT_S:
            break
    took_ms = sorted(1000 * took for client in clients for took in client.took_s)
    delivered = sum(client.events for client in clients)
    spent_s = max(client.last_s for client in clients) - min(client.first_s for client in clients)
    told = {
        "median_ms": statistics.median(took_ms),
        "p99_ms": took_ms[int(len(took_ms) * 0.99) - 1],
        "delivered_per_s": delivered / spent_s,
        "lost": count * events - delivered,
        "kb_a_client": kb_a_client,
    }
    sys.stdout.buffer.write(orjson.dumps(told))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as _runner:
        _runner.run(main(*(int(argument) for argument in sys.argv[1:])))
