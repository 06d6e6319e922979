"""A newcomer's page: an empty home, the demo's files by one press, Start, and the tables are there."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, assert_accessible
from serving import serving


@pytest.mark.browser
def test_from_an_empty_home_to_merged_tables_in_two_presses(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as server:
        page = browser.new_page(viewport=NARROW)
        page.goto(server.dashboard)
        steps = page.get_by_test_id("first-steps")
        expect(steps).to_contain_text(str(home.resolve() / "data" / "raw"))
        expect(page.get_by_test_id("export-panel")).to_contain_text("nothing yet")
        assert_accessible(page)
        steps.get_by_role("button", name="Load the demo data").click()
        expect(steps).to_contain_text("3 files waiting. Press Start")
        expect(page.get_by_test_id("export-panel")).to_contain_text("flights/flights_2013-01-01.csv")
        assert_accessible(page)
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_test_id("state")).to_have_text("success", timeout=90_000)
        expect(steps).to_have_count(0)
        page.close()
        assert {each["name"] for each in server.get("/api/datasets")["items"]} == {"flights", "weather", "stocks"}
