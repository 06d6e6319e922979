"""The dashboard's files as they are sent: small, named as what they are, and asked for once."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest

from quarterhour.web.assets import Assets

_SCRIPT = b"export const quarter = 15;\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "index-abc.js").write_bytes(_SCRIPT)
    (assets / "index-abc.js.gz").write_bytes(gzip.compress(_SCRIPT))
    (assets / "index-abc.js.br").write_bytes(b"smallest")
    (assets / "small-def.js").write_bytes(b"0")
    (tmp_path / "robots.txt").write_text("none")
    return tmp_path


def get(built: Path, path: str, **headers: str) -> httpx.Response:
    async def call() -> httpx.Response:
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(Assets(directory=built)), base_url="http://it") as http,
            http.stream("GET", path, headers={"accept-encoding": "", **headers}) as answer,
        ):
            answer.extensions["raw"] = b"".join([part async for part in answer.aiter_raw()])
            return answer

    return asyncio.run(call())


@pytest.mark.parametrize(
    ("taken", "sent"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("BR;q=1.0, gzip;q=0.8", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_smallest_form_that_is_taken_is_sent(built: Path, taken: str, sent: str | None) -> None:
    answer = get(built, "/assets/index-abc.js", **{"accept-encoding": taken})
    bodies = {"br": b"smallest", "gzip": (built / "assets" / "index-abc.js.gz").read_bytes(), None: _SCRIPT}
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == sent
    assert answer.extensions["raw"] == bodies[sent]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_file_without_another_form_is_sent_as_it_is(built: Path) -> None:
    answer = get(built, "/assets/small-def.js", **{"accept-encoding": "br"})
    assert "content-encoding" not in answer.headers
    assert answer.extensions["raw"] == b"0"


def test_what_is_named_by_its_content_is_kept_and_another_file_is_asked_for_again(built: Path) -> None:
    assert "immutable" in get(built, "/assets/index-abc.js").headers["cache-control"]
    assert "cache-control" not in get(built, "/robots.txt").headers


def test_what_the_browser_has_is_not_sent_again_and_each_form_has_its_own_tag(built: Path) -> None:
    tags = {
        taken: get(built, "/assets/index-abc.js", **{"accept-encoding": taken}).headers["etag"] for taken in ("br", "")
    }
    assert tags["br"] != tags[""]
    again = get(built, "/assets/index-abc.js", **{"accept-encoding": "br", "if-none-match": tags["br"]})
    assert (again.status_code, again.extensions["raw"]) == (304, b"")
    other = get(built, "/assets/index-abc.js", **{"accept-encoding": "", "if-none-match": tags["br"]})
    assert other.status_code == 200
