"""The demo's files by a call: into an empty home alone, and only once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from quarterhour import demo
from serving import serving


@pytest.mark.slow
def test_an_empty_home_gets_the_files_once_whoever_presses_and_the_folder_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as server:
        summary = server.get("/api/inputs")["summary"]
        assert Path(summary["folder"]) == home.resolve() / "data" / "raw"

        def press(_: int) -> httpx.Response:
            return httpx.post(f"{server.api}/api/demo", timeout=60)

        with ThreadPoolExecutor() as pool:
            answers = sorted(pool.map(press, range(3)), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [201, 409, 409]
        expected = demo.batch(0)
        assert answers[0].json() == {"files": list(expected)}
        assert {name: (home / "data" / "raw" / name).read_bytes() for name in expected} == expected
        found = server.get("/api/inputs")
        assert {item["name"]: item["state"] for item in found["items"]} == dict.fromkeys(expected, "waiting")

        refused = answers[-1].json()
        assert "3 in " in refused["detail"]
        assert "run `quarterhour demo`" in refused["detail"]
