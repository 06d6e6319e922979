"""`quarterhour up`: the pipeline and its server as one process, from the first port to the last event."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import structlog

from quarterhour.assembly import Machine, Pipeline
from quarterhour.demo import BATCH_EVERY_S
from quarterhour.engines.base import Engine
from quarterhour.files import write_whole
from quarterhour.memory import collect_seldom
from quarterhour.notify.service_manager import ServiceManager
from quarterhour.settings import Settings
from quarterhour.web.app import make_app
from quarterhour.web.guard import Guard
from quarterhour.web.server import bind, serve
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace

# In a worker: the demo's tables are large, and the server is small.
_DROP_BATCH = "quarterhour.demo:drop_batch"


def serve_pipeline(settings: Settings, workspace: Workspace, *, is_scheduled: bool, is_demo: bool) -> None:
    """Serve until a signal. Raises PortInUse, HomeInUse."""
    configure_log()
    collect_seldom()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, workspace, is_scheduled=is_scheduled, is_demo=is_demo))


def configure_log() -> None:
    """What the server says of itself, on stderr. Traces show no values: these may be secrets, and take seconds to draw."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


async def _serve(settings: Settings, workspace: Workspace, *, is_scheduled: bool, is_demo: bool) -> None:
    host = settings.server.host
    with contextlib.ExitStack() as bound:
        # Bound before anything is started, so that a port in use is told at once; answered only after the recovery.
        sockets = [
            bound.enter_context(contextlib.closing(bind(host, port)))
            for port in (settings.server.api_port, settings.server.dashboard_port)
        ]
        ports = tuple(int(each.getsockname()[1]) for each in sockets)
        scheme = "https" if settings.server.certfile else "http"
        api, dashboard = (f"{scheme}://{_shown(host)}:{port}" for port in ports)
        pipeline = Pipeline(settings, workspace, Machine.real(workspace, settings, is_server=True))
        async with (
            pipeline.running(f"server at {api}", is_scheduled=is_scheduled, is_server=True),
            _fed(pipeline.engine, workspace, is_demo=is_demo),
        ):
            services = Services.of(pipeline)
            guard = Guard.of(settings.server, workspace, ports, pipeline.bus, pipeline.clock)
            told = {
                "api": api,
                "dashboard": dashboard,
                "token": guard.local,
                "certfile": _text(settings.server.certfile),
            }

            manager = ServiceManager.of(os.environ)

            def tell() -> None:
                # It holds a token: its owner's alone.
                write_whole(workspace.server_file, orjson.dumps(told), is_private=True)
                sys.stdout.write(f"ready api={api} dashboard={dashboard}\n")
                sys.stdout.flush()
                manager.ready(f"serving {api}")

            try:
                await serve(make_app(services, guard), sockets, tell, settings.server)
            finally:
                manager.stopping()
                workspace.server_file.unlink(missing_ok=True)


def _text(path: Path | None) -> str | None:
    return str(path.resolve()) if path else None


def _shown(host: str) -> str:
    """The host as it stands in an address that a person can open."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def _fed(engine: Engine, workspace: Workspace, *, is_demo: bool) -> AsyncGenerator[None]:
    """While the block lasts, demo files arrive."""
    if is_demo:
        # There is something to see from the first moment on.
        await engine.call(_DROP_BATCH, workspace)
    feeder = asyncio.create_task(_feed(engine, workspace), name="demo") if is_demo else None
    try:
        yield
    finally:
        if feeder is not None:
            feeder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeder


async def _feed(engine: Engine, workspace: Workspace) -> None:
    is_fed = True
    while is_fed:
        await asyncio.sleep(BATCH_EVERY_S)
        is_fed = bool(await engine.call(_DROP_BATCH, workspace))
