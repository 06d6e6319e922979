"""A small reverse proxy that serves a server below a path, as nginx or Caddy would; in a thread of its own."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ROOT = "/quarterhour"
_REFUSED = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class ReverseProxy:
    upstream: str
    strips: bool
    """Whether the server gets paths without the root path."""
    tls: ssl.SSLContext | None = None
    port: int = 0
    outside: list[str] = field(default_factory=list[str])
    """Request lines that were not below the root path."""

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._pass_on(reader, writer)
            writer.close()
        except asyncio.CancelledError:
            # The proxy ends: nobody waits for what is not sent yet.
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").strip().split("\r\n")
        method, path, version = first.split(" ")
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            self.outside.append(first)
            writer.write(_REFUSED)
            await writer.drain()
            return
        to = urlsplit(self.upstream)
        is_socket = any(line.lower().startswith("upgrade:") for line in headers)
        # One call for each connection: what comes after the headers is passed on unread.
        dropped = ("host:",) if is_socket else ("host:", "connection:")
        sent = [
            f"{method} {(path[len(ROOT) :] or '/') if self.strips else path} {version}",
            f"Host: {to.netloc}",
            f"X-Forwarded-Host: 127.0.0.1:{self.port}",
            f"X-Forwarded-Proto: {'https' if self.tls else 'http'}",
            "X-Forwarded-For: 192.0.2.7",
            *(line for line in headers if not line.lower().startswith(dropped)),
            *([] if is_socket else ["Connection: close"]),
        ]
        above, below = await asyncio.open_connection(to.hostname, to.port)
        below.write(("\r\n".join(sent) + "\r\n\r\n").encode("latin1"))
        pumps = [asyncio.create_task(_pump(reader, below)), asyncio.create_task(_pump(above, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            below.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@contextmanager
def proxying(upstream: str, *, strips: bool, tls: ssl.SSLContext | None = None) -> Iterator[ReverseProxy]:
    proxy = ReverseProxy(upstream, strips, tls)
    is_up, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
        proxy.port = server.sockets[0].getsockname()[1]
        is_up.set()
        await ended.wait()
        server.close()

    def run_to_its_end() -> None:
        # What is open still is cancelled at its end.
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=run_to_its_end, name="proxy")
    thread.start()
    try:
        assert is_up.wait(30), "the proxy did not start"
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)
