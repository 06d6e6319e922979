"""The page Now on real flights: wide, narrow, in both themes, for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, WIDE, assert_accessible
from real_tables import flights_by_month
from serving import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After one run over a month of flights."""
    home = tmp_path_factory.mktemp("now") / "home"
    raw = home / "data" / "raw" / "flights"
    raw.mkdir(parents=True)
    name, content = next(iter(flights_by_month().items()))
    (raw / name).write_bytes(content)
    (home / "quarterhour.toml").write_text("[inputs]\nsettle = 0.1\n")
    with serving(home, "--no-schedule") as running:
        assert running.ended_run(running.start_run())["counts"]["inserted"] > 0
        yield running


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_it(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = browser.new_page(viewport=size)
    page.goto(server.dashboard)
    expect(page.get_by_test_id("state")).to_have_text("success")
    expect(page.get_by_test_id("export-panel")).to_contain_text("flights")
    assert_accessible(page)
    page.close()


@pytest.mark.browser
def test_an_address_that_is_none_says_so_and_leads_back(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/no/such/page")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="Go to Now").click()
    expect(page.get_by_test_id("state")).to_have_text("success")
    page.close()
