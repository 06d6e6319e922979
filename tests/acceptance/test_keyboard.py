"""The page without a mouse: the palette, the help, the ways from page to page, and single keys switched off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, WIDE, assert_accessible
from serving import Server, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("keyboard") / "home", "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_the_palette_and_the_help(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = browser.new_page(viewport=size)
    page.goto(server.dashboard)
    page.get_by_role("button", name="Find and do").click()
    expect(page.get_by_role("combobox", name="Find a page")).to_be_focused()
    expect(page.get_by_role("option", name="Run, success")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Go to Settings")
    assert_accessible(page)
    page.close()


def test_a_run_is_started_and_pages_are_reached_by_keys_alone(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(server.dashboard)
    before = server.get("/api/runs")["total"]
    expect(page.get_by_test_id("state")).to_have_text("success")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Start a run")).to_be_visible()
    page.keyboard.type("start a run")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert server.get("/api/runs")["total"] == before + 1
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    lines = page.locator("table:not([role=grid]) tbody tr")
    expect(lines.nth(1)).to_be_visible()
    page.keyboard.press("j")
    expect(lines.first.locator(":focus")).to_have_count(1)
    page.keyboard.press("j")
    expect(lines.nth(1).locator(":focus")).to_have_count(1)
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search the messages")).to_be_focused()
    page.keyboard.type("?gn")
    expect(page.get_by_role("searchbox", name="Search the messages")).to_have_value("?gn")
    page.close()


def test_single_keys_can_be_switched_off(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(server.dashboard)
    expect(page.get_by_test_id("state")).to_have_text("success")
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single keys are shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_test_id("state")).to_have_text("success")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find and do")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(page.get_by_role("heading", level=1, include_hidden=True)).to_have_text("Now")
    context.close()
