"""Each page of the dashboard has an address that can be kept; what is no page does not answer like one."""

import asyncio

import httpx
import pytest

from quarterhour.web.app import make_app

APP = make_app(None)


def ask(method: str, address: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://localhost") as client:
            return await client.request(method, address)

    return asyncio.run(answer())


@pytest.mark.parametrize(
    "address", ["/runs", "/runs/20251205_123000_0001", "/data/flights?version=3", "/index.html", "/nowhere"]
)
def test_a_page_is_served_at_its_address(address: str) -> None:
    answer = ask("GET", address)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.content == ask("GET", "/").content


@pytest.mark.parametrize(
    "address",
    [
        "/api/nothing",
        "/ws/nothing",
        "/assets/old-build",
        "/favicon.ico",
        "/runs/a.css",
        "/%2e%2e/runs",
    ],
)
def test_what_is_no_page_is_not_found(address: str) -> None:
    answer = ask("GET", address)
    assert answer.status_code == 404
    assert "html" not in answer.headers["content-type"]


def test_a_page_takes_no_commands() -> None:
    assert ask("POST", "/runs").status_code == 405
