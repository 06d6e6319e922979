"""Answers that the client has already come without a body; a tag changes with its answer, compressed or not."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving import Server, serving

pytestmark = pytest.mark.slow

TAGGED = [
    "/api/pipeline/status",
    "/api/runs",
    "/api/runs?limit=1",
    "/api/runs/RUN",
    "/api/datasets",
    "/api/datasets/bars",
]


def bring(home: Path, name: str, text: str) -> None:
    """A file that has lain there for so long that it is whole."""
    path = home / "data/raw" / name
    path.write_text(text)
    os.utime(path, (1e9, 1e9))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("etags") / "home"
    (home / "data/raw").mkdir(parents=True)
    bring(home, "bars_1.csv", "a,b\n1,2\n")
    (home / "quarterhour.toml").write_text("[watchdog]\nbeat_every = 600\nhung_after = 3600\n")
    with serving(home, "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


def asked(server: Server, path: str, tag: str | None = None, encoding: str = "identity") -> httpx.Response:
    headers = {"accept-encoding": encoding, **({"if-none-match": tag} if tag else {})}
    answer = server.http.get(path, headers=headers)
    assert answer.status_code in (200, 304), answer.text
    return answer


def newest_run(server: Server) -> str:
    return server.get("/api/runs")["items"][0]["run_id"]


def lasting(answer: httpx.Response) -> dict[str, Any]:
    """Without what the clock alone changes."""
    return {name: value for name, value in answer.json().items() if name != "seconds_to_next_run"}


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_the_client_has_comes_without_a_body(server: Server, path: str, encoding: str) -> None:
    path = path.replace("RUN", newest_run(server))
    first = asked(server, path, encoding=encoding)
    # The server may still tell of the run's aftermath: only then is there another answer at once.
    while (again := asked(server, path, first.headers["etag"], encoding)).status_code == 200:
        assert lasting(again) != lasting(first)
        first = again
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = asked(server, path, known, encoding)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = asked(server, path, 'W/"other"', encoding)
    assert (other.status_code, lasting(other)) == (200, lasting(first))
    # The same tag for both forms: a proxy may compress what the server did not.
    assert asked(server, path).headers["etag"] == tag


def test_a_tag_changes_with_its_answer(server: Server) -> None:
    run_id = newest_run(server)
    paths = [path.replace("RUN", run_id) for path in TAGGED]
    before = {path: asked(server, path) for path in paths}
    bring(server.home, "bars_2.csv", "a,b\n3,4\n")
    server.ended_run(server.start_run())
    for path in paths:
        after = asked(server, path, before[path].headers["etag"])
        # A run that has ended stays as it is.
        is_same = path.endswith(run_id)
        assert after.status_code == (304 if is_same else 200), path
        assert is_same or lasting(after) != lasting(before[path])


def test_each_change_of_the_schedule_changes_the_status_tag(server: Server) -> None:
    tags = [asked(server, "/api/pipeline/status").headers["etag"]]
    for call in ("pause", "resume", "pause", "resume"):
        server.http.post(f"/api/schedule/{call}").raise_for_status()
        answer = asked(server, "/api/pipeline/status", tags[-1])
        assert (answer.status_code, answer.json()["schedule"]["paused"]) == (200, call == "pause")
        tags.append(answer.headers["etag"])
    assert len(set(tags)) == 5


def test_a_missing_one_has_no_tag(server: Server) -> None:
    for path in ("/api/runs/none", "/api/datasets/none"):
        answer = server.http.get(path, headers={"if-none-match": "*"})
        assert (answer.status_code, "etag" in answer.headers) == (404, False)
