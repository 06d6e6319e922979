"""A running server, as programs and the command line see it: typed calls, the API's own models, problems as errors."""

import httpx
import orjson

from quarterhour.client.asynchronous import AsyncClient
from quarterhour.client.synchronous import Client
from quarterhour.client.transport import ServerRefused
from quarterhour.workspace import Workspace

__all__ = ["AsyncClient", "Client", "ServerRefused", "running_server"]


def running_server(workspace: Workspace) -> Client | None:
    """The server of this home, if one answers; to be closed after use."""
    try:
        told = orjson.loads(workspace.server_file.read_bytes())
    except FileNotFoundError:
        return None
    client = Client(told["api"], told.get("token") or "", told.get("certfile"))
    try:
        client.get_liveness()
    except httpx.TransportError:
        client.close()
        return None
    return client
