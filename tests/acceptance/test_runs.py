"""The page of past runs on real ones: wide, narrow, in both themes, by keyboard; the address keeps what was chosen."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import NARROW, WIDE, assert_accessible
from serving import Server, serving

pytestmark = pytest.mark.browser

# The last stage of the pipeline fails where this file lies in the home.
TROUBLE = "trouble"


def settings() -> str:
    check = f"import os, sys; sys.exit('line 2, column b: a broken value' if os.path.exists('{TROUBLE}') else 0)"
    names = "".join(f'[[stages]]\nname = "{name}"\n' for name in ("translator", "analyzer", "merger"))
    command = f"[[stages]]\nname = \"inspection\"\ncommand = ['{sys.executable}', '-c', \"{check}\"]\n"
    return f"[runner]\nattempts = 1\n{names}{command}"


def bring(home: Path, name: str, text: str) -> None:
    """A file that has lain there for so long that it is whole."""
    path = home / "data" / "raw" / name
    path.write_text(text)
    os.utime(path, (1e9, 1e9))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After the marks of the last hour were made up for, and one run failed, which put a file aside."""
    home = tmp_path_factory.mktemp("runs") / "home"
    (home / "data" / "raw").mkdir(parents=True)
    (home / "quarterhour.toml").write_text(settings())
    bring(home, "bars_1.csv", "a,b\n1,2\n3,4\n")
    with serving(home, "--no-schedule") as running:
        begin = datetime.now(UTC) - timedelta(hours=1)
        answer = running.http.post("/api/backfill", json={"from": begin.isoformat()})
        assert answer.is_success, answer.text
        while running.get("/api/backfill")["state"] == "running":
            time.sleep(0.05)
        bring(home, "bars_2.csv", "a,b\n5,6\n7,8\n")
        bring(home, "bars_3.csv", "a,b\n9,x\n")
        assert running.http.put("/api/schedule", json={"cron": "*/15 * * * *", "jitter": 5}).is_success
        (home / TROUBLE).touch()
        assert running.ended_run(running.start_run())["state"] == "failed"
        yield running


def failed_run(server: Server) -> str:
    return server.get("/api/runs", state="failed")["items"][0]["run_id"]


def opened(browser: Browser, server: Server, address: str, size: dict[str, int]) -> Page:
    page = browser.new_page(viewport=size)
    page.goto(f"{server.dashboard}{address}")
    return page


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_the_history(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = opened(browser, server, "/runs", size)
    expect(page.get_by_role("table", name="Runs, newest first")).to_contain_text("failed")
    expect(page.get_by_test_id("marks")).to_contain_text("caught up")
    expect(page.get_by_test_id("next-marks")).to_contain_text("A run is expected to take")
    assert_accessible(page)
    page.close()


def test_the_address_keeps_what_was_chosen(server: Server, browser: Browser) -> None:
    page = opened(browser, server, "/runs", WIDE)
    rows = page.get_by_role("table", name="Runs, newest first").get_by_role("row")
    page.get_by_role("combobox", name="State").select_option("failed")
    expect(rows).to_have_count(2)
    page.get_by_text("Week", exact=True).click()
    expect(page).to_have_url(f"{server.dashboard}/runs?state=failed&zoom=week")
    page.reload()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("radio", name="Week")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Day")).to_be_checked()
    page.close()


def test_marks_and_runs_are_walked_by_keyboard(server: Server, browser: Browser) -> None:
    page = opened(browser, server, "/runs?zoom=hour", WIDE)
    # With the marks to come, which may add a day above, all cells are where they stay.
    expect(page.get_by_test_id("next-marks")).to_contain_text("A run is expected to take")
    grid = page.get_by_role("grid", name="Marks by day")
    mark = grid.locator("[aria-label*='caught up']").first
    grid.focus()
    page.keyboard.press("Home")
    # The newest day stands first; the marks to come may be of the day after.
    for _ in range(int(mark.get_attribute("data-day") or 0)):
        page.keyboard.press("ArrowDown")
    for _ in range(int(mark.get_attribute("data-quarter") or 0)):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("mark-readout")).to_contain_text("caught up")
    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.dashboard}/runs/{failed_run(server)}")
    page.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_a_runs_page(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = opened(browser, server, f"/runs/{failed_run(server)}", size)
    expect(page.get_by_test_id("run-state")).to_have_text("failed")
    expect(page.get_by_test_id("run-files")).to_contain_text("bars_2.csv")
    expect(page.get_by_test_id("balance")).to_contain_text("2 records read = 2 translated + 0 quarantined")
    expect(page.get_by_test_id("comparison").get_by_role("row", name="Inspection")).to_be_visible()
    expect(page.get_by_test_id("comparison")).to_contain_text("schedule.jitter is 5, and was 0")
    expect(page.get_by_test_id("run-events")).to_contain_text("inspection")
    assert_accessible(page)
    page.close()


def test_two_presses_lead_from_a_failure_to_its_run(server: Server, browser: Browser) -> None:
    page = opened(browser, server, "/", WIDE)
    # Until its last fact is there the card above grows, and a press may miss what it moves.
    for fact in ("bars_3.csv, the whole file", "the run of"):
        expect(page.get_by_test_id("failure")).to_contain_text(fact)
    page.get_by_role("link", name="Its page").click()
    expect(page).to_have_url(f"{server.dashboard}/runs/{failed_run(server)}")
    page.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_failure_leads_the_first_page(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = opened(browser, server, "/", size)
    card = page.get_by_test_id("failure")
    expect(card).to_contain_text("Inspection failed")
    expect(card).to_contain_text("inspection: line 2, column b: a broken value")
    expect(card).to_contain_text("bars_3.csv, the whole file")
    expect(card).to_contain_text("the run of")
    expect(card).to_contain_text("schedule.jitter is 5, and was 0")
    expect(card).to_contain_text("no mark is planned")
    expect(page.get_by_test_id("run-charts").get_by_role("img")).to_have_count(5)
    assert_accessible(page)
    card.get_by_role("link", name="Open the run").click()
    expect(page).to_have_url(f"{server.dashboard}/runs/{failed_run(server)}")
    page.close()
