"""Downloads from a real server: whole, in parts, given up, and refused."""

import base64
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.merger import MergerService
from serving import Server, serving

pytestmark = pytest.mark.slow

EXPORT = "/api/datasets/numbers/export"
ROWS = 300_000
# Longer to make than any test waits.
ENDLESS = " AND ".join(f"{'md5(' * 50}s || '{n}'{')' * 50} <> ''" for n in range(30))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    context = RecordingContext(tmp_path_factory.mktemp("downloads") / "home")
    put(context, "numbers", f"SELECT i AS k, 'row ' || i AS s FROM range({ROWS}) t(i)", "one")
    MergerService().run(context)
    with serving(context.workspace.home, "--no-schedule") as running:
        yield running


def test_a_download_goes_on_where_it_broke_off(server: Server) -> None:
    whole = server.http.get(EXPORT, params={"format": "csv"})
    assert whole.content.count(b"\n") == ROWS + 1
    assert whole.headers["content-disposition"] == 'attachment; filename="numbers-v1.csv"'
    digest = sha256(whole.content).digest()
    assert whole.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    etag = whole.headers["etag"]
    half = len(whole.content) // 2
    asked = {"range": f"bytes={half}-", "if-range": etag}
    rest = server.http.get(EXPORT, params={"format": "csv"}, headers=asked)
    assert (rest.status_code, rest.headers["content-range"]) == (
        206,
        f"bytes {half}-{len(whole.content) - 1}/{len(whole.content)}",
    )
    assert whole.content[:half] + rest.content == whole.content
    other = server.http.get(EXPORT, params={"format": "csv"}, headers=asked | {"if-range": f'"{"0" * 64}"'})
    assert (other.status_code, other.content == whole.content) == (200, True)
    last = server.http.get(EXPORT, params={"format": "csv"}, headers={"range": "bytes=-10"})
    assert (last.status_code, last.content) == (206, whole.content[-10:])


def test_a_client_that_has_it_is_told_so_and_a_head_has_no_body(server: Server) -> None:
    head = server.http.head(EXPORT, params={"format": "parquet"})
    assert (head.status_code, head.content, int(head.headers["content-length"]) > 1000) == (200, b"", True)
    again = server.http.get(EXPORT, params={"format": "parquet"}, headers={"if-none-match": head.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("asked", "status"), [("bytes=99999999999-", 416), ("bytes=5-3,x", 200), ("rows=1-2", 200)])
def test_a_range_that_is_none(server: Server, asked: str, status: int) -> None:
    answer = server.http.get(EXPORT, params={"where": "k < 10"}, headers={"range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-range"].startswith("bytes */")


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"where": "k >"}, 422, "where: line 1, column 4"),
        ({"where": "k IN (SELECT 1)"}, 422, "a subquery may not stand in a filter"),
        ({"columns": "no"}, 422, "there is no 'no'"),
        ({"version": "7"}, 422, "no version 7"),
        ({"format": "pdf"}, 422, "'csv', 'parquet', 'xlsx' or 'arrow'"),
        ({"format": "arrow", "safe": "1"}, 422, "arrow holds no formulas"),
        ({"where": "s::INTEGER > 1"}, 422, "where: line 1, column 2: Could not convert string"),
    ],
)
def test_a_refusal_is_a_problem_and_never_half_a_file(
    server: Server, query: dict[str, str], status: int, told: str
) -> None:
    answer = server.http.get(EXPORT, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


def test_the_check_tells_what_an_export_would_hold(server: Server) -> None:
    told = server.get(f"{EXPORT}/check", where="k < 7", columns="s", format="xlsx")
    assert told == {"version": 1, "rows": 7, "columns": ["s"], "refusal": None, "size": None}
    answer = server.http.get(f"{EXPORT}/check", params={"where": "k < 'x'"})
    assert (answer.status_code, "where: line 1, column 5" in answer.json()["detail"]) == (422, True)


def test_two_at_once_are_both_whole(server: Server) -> None:
    def rows(query: dict[str, str]) -> int:
        return server.http.get(EXPORT, params=query).content.count(b"\n") - 1

    with ThreadPoolExecutor() as pool:
        queries = [{"where": "k % 3 = 0"}, {"where": "k % 3 = 0"}, {"where": "k % 3 <> 0"}]
        assert list(pool.map(rows, queries)) == [ROWS // 3, ROWS // 3, ROWS - ROWS // 3]


def test_a_client_that_leaves_frees_its_worker_and_files(server: Server) -> None:
    scratch = server.home / "automation" / "state" / "scratch"

    asked = server.http.build_request("GET", EXPORT, params={"where": ENDLESS})
    with socket.create_connection((asked.url.host, asked.url.port)) as client:
        client.sendall(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (asked.url.raw_path, asked.url.netloc))
        wait_until(lambda: any(scratch.glob("export-*")))
        # The answer has not begun.
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
    wait_until(lambda: not any(scratch.glob("export-*")))


def wait_until(is_so, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come so"
        time.sleep(0.05)


def test_what_takes_too_long_is_ended_and_told(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path / "home")
    put(context, "numbers", f"SELECT i AS k, 'row ' || i AS s FROM range({ROWS}) t(i)", "one")
    MergerService().run(context)
    context.workspace.settings_file.write_text("[downloads]\ntimeout = 0.5\n")
    with serving(context.workspace.home, "--no-schedule") as running:
        answer = running.http.get(EXPORT, params={"where": ENDLESS})
        assert (answer.status_code, "more than the 0.5 seconds" in answer.json()["detail"]) == (503, True)
        wait_until(lambda: not any(context.workspace.scratch.iterdir()))
