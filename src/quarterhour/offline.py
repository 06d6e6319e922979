"""Answers to commands on data in a home that nobody serves: the API's own routes, asked in this process."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx

from quarterhour.assembly import Pipeline
from quarterhour.errors import QuarterhourError
from quarterhour.settings import Settings
from quarterhour.web.app import make_app
from quarterhour.web.services import Services
from quarterhour.workspace import Workspace


class OfflineReader:
    """`get` and `post` as the client's. No run is started; events are written only by a command."""

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self._settings = settings
        self._workspace = workspace

    def get(self, path: str, **query: Any) -> Any:
        return self._answer("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Any = None, *, timeout_s: float | None = None) -> Any:  # noqa: ARG002
        return self._answer("POST", path, json=body)

    def _answer(self, method: str, path: str, **request: Any) -> Any:
        answer = asyncio.run(self._ask(method, path, **request))
        if answer.is_error:
            raise QuarterhourError(answer.json()["detail"])
        return answer.json()

    def events(self, *_since: int, **_query: Any) -> Any:
        raise QuarterhourError("no server runs in this home, so nothing new comes: leave out --follow")

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        pipeline = Pipeline(self._settings, self._workspace)
        app = make_app(Services.of(pipeline))
        transport = httpx.ASGITransport(app)
        async with AsyncExitStack() as stack:
            if method == "GET":
                stack.enter_context(pipeline.opened("reading"))
            else:
                await stack.enter_async_context(pipeline.commanded("a command"))
            # A command on a large table takes its time.
            http = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://offline", timeout=None)
            )
            return await http.request(method, path, **request)
