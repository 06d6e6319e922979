"""The HTTP server: both ports bound early, one uvicorn for both, stopped by signals in order."""

import asyncio
import errno
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import psutil
import uvicorn
from starlette.types import ASGIApp

from quarterhour.errors import PortInUse, SettingsError
from quarterhour.settings.server import ServerSettings

_BACKLOG = 2048
# After a stop, open sockets and downloads have this long to end.
_SHUTDOWN_S = 2


def bind(host: str, port: int) -> socket.socket:
    """A bound socket (port 0: a free one), not yet answering. Raises PortInUse, with the program that holds the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        # On Windows this option would let two programs share the port.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} is held by {_port_holder(port)}: stop it, or choose another port", port=port
            ) from error
        raise PortInUse(f"{host}:{port} cannot be used: {error.strerror}", port=port) from error
    return bound


def _port_holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {process.pid}: {' '.join(process.cmdline())[:100]})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return "another program (which one, only an administrator may see)"
    return "another program"


class _Server(uvicorn.Server):
    """uvicorn, but the signals are ours: it would end the process before the run is closed."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()


async def serve(
    app: ASGIApp, sockets: list[socket.socket], on_ready: Callable[[], None], settings: ServerSettings
) -> None:
    """Answer on the sockets until SIGINT or SIGTERM, or until cancelled. Raises SettingsError for an unusable certificate."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        ws="websockets-sansio",
        # Believed are only those that the settings name, by our own hand.
        proxy_headers=False,
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"server.certfile {settings.certfile}: it cannot be used: {error}") from error
    server = _Server(config, on_ready)
    with _stopped_by_signals(server):
        await server.serve(sockets=sockets)


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Generator[None]:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
        yield
    else:
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
