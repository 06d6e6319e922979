"""Answers to commands on data in a home that nobody serves: the API's own routes, asked in this process."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx

from quarterhour.assembly import Pipeline
from quarterhour.client.call import Call
from quarterhour.client.transport import check, request_of
from quarterhour.settings import Settings
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace


class OfflineReader:
    """`plain` as the client's. No run is started; events are written only by a command."""

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self._settings = settings
        self._workspace = workspace

    def plain(self, call: Call[Any]) -> Any:
        """The answer's own JSON. Raises QuarterhourError for a problem."""
        answer = asyncio.run(self._ask(call))
        if answer.status_code not in call.answers:
            check(answer)
        return answer.json()

    async def _ask(self, call: Call[Any]) -> httpx.Response:
        pipeline = Pipeline(self._settings, self._workspace)
        app = make_app(Services.of(pipeline))
        transport = httpx.ASGITransport(app)
        # A command on a large table takes its time.
        asked: dict[str, Any] = {**request_of(call), "timeout": None}
        async with AsyncExitStack() as stack:
            if call.method == "GET":
                stack.enter_context(pipeline.opened("reading"))
            else:
                await stack.enter_async_context(pipeline.commanded("a command"))
            http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://offline"))
            return await http.request(**asked)
