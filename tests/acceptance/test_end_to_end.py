"""The main job as a person sees it: real files, the real server, Start pressed in a real Chromium."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from real_tables import flights_by_month, read_rows
from serving import Server, serving


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("shared") / "home", "--no-schedule") as running:
        yield running


@pytest.fixture
def server(shared: Server) -> Server:
    """Idle. Other tests may have run it: each drops files of a month of its own, as a dataset of its own."""
    if shared.get("/api/pipeline/status")["state"] != "idle":
        assert shared.http.post("/api/pipeline/reset").json()["state"] == "idle"
    return shared


def month(number: int) -> tuple[str, bytes]:
    return list(flights_by_month().items())[number - 1]


def drop(server: Server, dataset: str, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = server.home / "data" / "raw" / dataset / name
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        # It has stood still for longer than the settle time.
        os.utime(part, (1e9, 1e9))
        part.rename(path)


@pytest.mark.browser
def test_start_pressed_in_a_browser_runs_the_three_stages_on_real_flights(server: Server, browser: Browser) -> None:
    months = dict([month(1), month(2)])
    drop(server, "flights", months)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(server.dashboard)
    expect(page.get_by_test_id("state")).to_have_text("idle")
    page.get_by_role("button", name="Start", exact=True).click()
    for stage in ("translator", "analyzer", "merger"):
        expect(page.get_by_test_id(f"stage-{stage}")).to_have_attribute("data-state", "success", timeout=60_000)
    expect(page.get_by_test_id("state")).to_have_text("success")
    expect(page.get_by_test_id("stage-translator")).to_contain_text("✓ Complete (2 files)")
    expect(page.get_by_test_id("events-log")).to_contain_text("succeeded")
    expect(page.get_by_test_id("export-panel")).to_contain_text("flights")
    page.close()
    assert faults == []
    expected = [row for content in months.values() for row in read_rows(content)]
    assert_merged(server, expected)


def assert_merged(server: Server, expected: list[dict[str, str]]) -> None:
    """The merged table, taken out as CSV, holds the rows that Python's own csv module reads from the raw files."""
    assert server.get("/api/datasets/flights")["rows"] == len(expected)
    exported = server.http.get("/api/datasets/flights/export", params={"format": "csv"})
    assert exported.status_code == 200
    merged = list(csv.DictReader(io.StringIO(exported.text)))
    keys = ("year", "month", "day", "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "distance")

    def key(row: dict[str, str]) -> tuple[str, ...]:
        # NA is how the exporter writes a missing value; a whole float is the integer it stands for.
        return tuple(re.sub(r"\.0$", "", "" if row[name] == "NA" else row[name]) for name in keys)

    assert sorted(map(key, merged)) == sorted(map(key, expected))


def test_the_same_content_again_is_not_translated_twice(server: Server) -> None:
    name, content = month(3)
    drop(server, "repeated", {name: content})
    first = server.ended_run(server.start_run())
    drop(server, "repeated", {"again.csv": content})
    second = server.ended_run(server.start_run())
    assert first["counts"]["inserted"] == len(read_rows(content))
    assert second["state"] == "success"
    assert second["counts"]["rows"] == 0
    assert server.get("/api/datasets/repeated")["rows"] == len(read_rows(content))


def test_rows_that_an_earlier_run_left_are_merged_and_the_balance_still_closes(server: Server) -> None:
    name, content = month(4)
    drop(server, "left", {name: content})
    alone = server.ended_run(server.http.post("/api/pipeline/stage/translator").json()["run_id"])
    assert (alone["state"], alone["counts"]["inserted"]) == ("success", 0)
    whole = server.ended_run(server.start_run())
    rows = len(read_rows(content))
    assert (whole["state"], whole["counts"]["rows"], whole["counts"]["inserted"]) == ("success", 0, rows)
    balance = server.get(f"/api/runs/{whole['run_id']}/balance")
    assert (balance["carried_over"], balance["taken_in"], balance["lost_between"]) == (rows, rows, 0)


def test_a_plain_browser_client_reads_the_snapshot_and_then_events(server: Server) -> None:
    from websockets.sync.client import connect

    address = server.api.replace("http", "ws") + "/ws/events"
    with connect(address) as socket:
        snapshot = json.loads(socket.recv())
        assert snapshot["type"] == "snapshot"
        assert snapshot["data"]["status"]["state"] == "idle"
        run_id = server.start_run()
        seen: list[dict[str, object]] = []
        ended = (run_id, "pipeline", "success")
        while not seen or (seen[-1]["run_id"], seen[-1]["stage"], seen[-1]["event"]) != ended:
            seen.append(json.loads(socket.recv(timeout=60)))
    numbers = [event["seq"] for event in seen]
    assert numbers == list(range(snapshot["data"]["last_seq"] + 1, snapshot["data"]["last_seq"] + 1 + len(numbers)))
    # Between them may stand others: the seal of the run before, its maintenance, a word of the watchdog's.
    stages = {event["stage"] for event in seen if event["run_id"] == run_id}
    assert stages == {"pipeline", "translator", "analyzer", "merger"}
    with connect(f"{address}?since={numbers[2]}&batch=1") as socket:
        resumed = json.loads(socket.recv())["data"]["events"]
    # The run's seal follows its success, and may be there by now.
    assert [event["seq"] for event in resumed][: len(numbers[3:])] == numbers[3:]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/pipeline/stop", 409),
        ("POST", "/api/pipeline/reset", 409),
        ("POST", "/api/pipeline/stage/nothing", 404),
        ("GET", "/api/runs/nothing", 404),
        ("GET", "/api/datasets/nothing/rows", 404),
        ("GET", "/api/datasets/nothing/export", 404),
        ("GET", "/api/events?limit=0", 422),
        ("GET", "/api/nothing", 404),
    ],
)
def test_every_error_is_a_problem(server: Server, method: str, path: str, status: int) -> None:
    answer = server.http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_a_foreign_page_is_refused(server: Server) -> None:
    answer = server.http.post("/api/pipeline/start", headers={"origin": "http://elsewhere.example"})
    assert answer.status_code == 403
    assert server.get("/api/pipeline/status")["state"] == "idle"


def test_stages_can_be_run_alone_reset_and_the_schedule_paused(server: Server) -> None:
    """S10: each button of the dashboard, down to its effect."""
    run_id = server.http.post("/api/pipeline/stage/analyzer").json()["run_id"]
    run = server.ended_run(run_id)
    assert [stage["name"] for stage in run["stages"]] == ["analyzer"]
    assert server.http.post("/api/pipeline/reset").json()["state"] == "idle"
    paused = server.http.post("/api/schedule/pause").json()
    assert (paused["paused"], paused["next_run_at"]) == (True, None)
    assert len(paused["next_marks"]) == 10
    assert server.http.post("/api/schedule/resume").json()["paused"] is False


@pytest.mark.browser
def test_one_stage_is_run_from_the_page_by_keyboard_alone(server: Server, browser: Browser) -> None:
    """S10, as a person does it: the list opens and closes by key, and leads to the run of that stage."""
    before = server.get("/api/runs")["total"]
    page = browser.new_page()
    page.goto(server.dashboard)
    opener = page.get_by_role("button", name="Run one stage")
    analyzer = page.get_by_role("button", name="Analyzer", exact=True)
    expect(opener).to_be_enabled()
    expect(analyzer).to_be_hidden()
    opener.press("Enter")
    expect(analyzer).to_be_visible()
    page.keyboard.press("Escape")
    expect(analyzer).to_be_hidden()
    opener.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(analyzer).to_be_focused()
    page.keyboard.press("Enter")
    expect(analyzer).to_be_hidden()
    expect(page.get_by_test_id("state")).to_have_text("success")
    page.close()
    runs = server.get("/api/runs")
    assert runs["total"] == before + 1
    assert [stage["name"] for stage in runs["items"][0]["stages"]] == ["analyzer"]


def test_a_second_server_and_a_port_in_use_are_told_plainly(server: Server, tmp_path: Path) -> None:
    """E9: one process writes the events of a home."""
    with pytest.raises(AssertionError, match=r"is in use: .*home\.lock is held by process \d+"):
        Server(server.home)
    port = server.api.rpartition(":")[2]
    with pytest.raises(AssertionError, match=rf"port {port} is held by .*pid {server.process.pid}"):
        Server(tmp_path / "other", "--api-port", port)


def test_sigterm_ends_the_server_and_leaves_no_process(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--no-schedule") as server:
        assert server.stop() == 0
    assert not (server.home / "automation" / "state" / "server.json").exists()
