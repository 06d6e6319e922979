"""A body that is no UTF-8 is refused as the document says, by each call that takes one."""

import asyncio
from typing import Any

import httpx
import pytest

from quarterhour.web.app import make_app

APP = make_app(None)
CALLS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation["responses"]
    for path, operations in APP.openapi()["paths"].items()
    for method, operation in operations.items()
    if "requestBody" in operation
}


@pytest.mark.parametrize("call", CALLS)
def test_a_body_that_is_no_text_is_refused_as_documented(call: str) -> None:
    method, path = call.split()

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, content=b"m!\xff", headers={"content-type": "application/json"})

    answer = asyncio.run(asked())
    assert (answer.status_code, answer.json()["detail"]) == (400, "There was an error parsing the body")
    assert "400" in CALLS[call]
