"""A running server, as the command line sees it: plain HTTP, problem details as errors."""

import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson

from quarterhour.errors import QuarterhourError
from quarterhour.lifecycle import ACTIVE, RunState
from quarterhour.workspace import Workspace

_POLL_S = 0.2
_TIMEOUT_S = 60.0


class ServerRefused(QuarterhourError):
    """The server answered with a problem."""


def running_server(workspace: Workspace) -> "Client | None":
    """The server of this home, if one answers; to be closed after use."""
    try:
        told = orjson.loads(workspace.server_file.read_bytes())
    except FileNotFoundError:
        return None
    client = Client(told["api"], told.get("token") or "", told.get("certfile"))
    try:
        client.get("/healthz")
    except httpx.TransportError:
        client.close()
        return None
    return client


class Client:
    def __init__(self, base_url: str, token: str = "", certfile: str | None = None) -> None:
        """`certfile`: the server's own certificate, which may name another host than the one it is called by here."""
        trusted: ssl.SSLContext | bool = True
        if certfile:
            trusted = ssl.create_default_context(cafile=certfile)
            trusted.check_hostname = False
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=base_url, timeout=_TIMEOUT_S, headers=headers, verify=trusted)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._http.get(path, params={k: v for k, v in query.items() if v is not None}))

    def post(self, path: str, body: Any = None, *, timeout_s: float | None = _TIMEOUT_S) -> Any:
        return self._answer(self._http.post(path, json=body, timeout=timeout_s))

    def events(self, since: int, **query: Any) -> Iterator[dict[str, Any]]:
        """Past events after `since`, then new ones as they come, without end."""
        while True:
            page = self.get("/api/events", since=since, limit=1000, **query)
            for event in page["items"]:
                since = event["seq"]
                yield event
            if page["next"] is None:
                time.sleep(_POLL_S)

    def wait_for_run(self, run_id: str) -> dict[str, Any]:
        """The run once it has ended."""
        while RunState((run := self.get(f"/api/runs/{run_id}"))["state"]) in ACTIVE:
            time.sleep(_POLL_S)
        return run

    def _answer(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise ServerRefused(answer.json().get("detail", answer.text), status=answer.status_code)
        return answer.json()
