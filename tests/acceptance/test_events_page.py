"""The page of the whole log on a real server: wide, narrow, in both themes; one event by its address; a search."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import NARROW, WIDE, assert_accessible
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.events import StageLogged
from quarterhour.workspace import Workspace
from serving import Server, serving

pytestmark = pytest.mark.browser

LINES = 3_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A log of some length, and one run more that put a line aside."""
    home = tmp_path_factory.mktemp("events") / "home"
    write_lines(Workspace(home), LINES)
    raw: Path = home / "data" / "raw"
    for name, text in {"bars_1.csv": "a,b\n1,2\n3,4\n", "bars_2.csv": "a,b\n5,6\n9,x\n"}.items():
        (raw / name).write_text(text)
        os.utime(raw / name, (1e9, 1e9))
    with serving(home, "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


def write_lines(workspace: Workspace, count: int) -> None:
    workspace.create()
    log = JsonlEventLog(workspace)
    log.open()
    at = datetime(2025, 12, 5, tzinfo=UTC)
    log.append(
        [
            StageLogged(at=at, run_id=None, stage="translator", msg=f"line {seq}", data={}).to_record(seq)
            for seq in range(1, count + 1)
        ]
    )
    log.close()


def opened(browser: Browser, server: Server, address: str, size: dict[str, int] = WIDE) -> Page:
    page = browser.new_page(viewport=size)
    page.goto(f"{server.dashboard}{address}")
    return page


def last_of(server: Server, **asked: str) -> dict[str, object]:
    return server.get("/api/events", order="desc", limit=1, **asked)["items"][0]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_the_log(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = opened(browser, server, "/", size)
    page.get_by_role("link", name="Events", exact=True).click()
    # The page before has such a list too, and stands until this one is fetched.
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    events = page.get_by_role("log", name="Events")
    events.locator("summary").first.click()
    expect(page.get_by_role("button", name="Copy as JSON")).to_be_visible()
    assert_accessible(page)
    page.close()


def test_the_bar_reaches_the_whole_log(server: Server, browser: Browser) -> None:
    page = opened(browser, server, "/events")
    events = page.get_by_role("log", name="Events")
    expect(page.get_by_test_id("log-place")).to_contain_text("live")
    events.focus()
    page.keyboard.press("End")
    expect(events.locator("summary").last).to_contain_text("line 1")
    expect(page.get_by_test_id("log-place")).to_contain_text("paused")
    middle = "log => { log.scrollTop = (log.scrollHeight - log.clientHeight) / 2 }"
    events.evaluate(middle)
    expect(events.locator("summary", has_text=f"line {LINES // 2}").first).to_be_attached()
    page.get_by_role("button", name="Follow").click()
    newest = str(last_of(server)["msg"])
    expect(events.locator("summary").first).to_contain_text(newest)
    page.close()


def test_an_address_points_at_one_event(server: Server, browser: Browser) -> None:
    for event in (last_of(server, stage="translator", event="success"), last_of(server, before="1234")):
        page = opened(browser, server, f"/events?seq={event['seq']}")
        marked = page.locator("details[aria-current]")
        expect(marked).to_be_in_viewport()
        assert json.loads(marked.locator("pre").inner_text()) == event
        page.close()


def test_a_search_is_answered_as_one_types(server: Server, browser: Browser) -> None:
    wanted = str(last_of(server, stage="merger", event="success")["msg"])
    page = opened(browser, server, "/events?stage=merger")
    rows = page.get_by_role("log", name="Events").locator("summary")
    expect(rows.first).to_contain_text("merger")
    page.get_by_role("searchbox", name="Search the messages").fill(wanted)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(wanted)
    page.reload()
    expect(rows).to_have_count(1)
    page.close()


def test_what_is_filtered_can_be_saved(server: Server, browser: Browser) -> None:
    page = opened(browser, server, "/events?stage=merger")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    lines = saved.value.path().read_text().splitlines()
    assert [json.loads(line) for line in lines] == server.get("/api/events", stage="merger")["items"]
    expect(page.get_by_text("as events.jsonl")).to_be_visible()
    page.close()
