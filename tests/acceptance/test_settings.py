"""The settings on a real server: wide, narrow, in both themes; what is saved is what the scheduler does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import NARROW, WIDE, assert_accessible
from serving import Server, serving

pytestmark = pytest.mark.browser


class Switch(BaseHTTPRequestHandler):
    """A dead man's switch, as its owner runs it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        del format, args


@pytest.fixture(scope="module")
def switch_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Switch) as switch:
        thread = threading.Thread(target=switch.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{switch.server_address[1]}/secret-uuid"
        finally:
            switch.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, switch_url: str) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("settings") / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text(f'[watchdog]\nping_url = "{switch_url}"\n')
    with serving(home) as running:
        # Nothing of what is shown is to move while it is looked at.
        assert running.http.put("/api/schedule", json={"cron": "0 0 1 1 *"}).is_success
        yield running


def opened(browser: Browser, server: Server, size: dict[str, int] = WIDE) -> Page:
    page = browser.new_page(viewport=size)
    page.goto(f"{server.dashboard}/settings")
    return page


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_the_settings(server: Server, browser: Browser, size: dict[str, int]) -> None:
    page = opened(browser, server, size)
    expect(page.get_by_role("link", name="Settings")).to_have_attribute("data-status", "active")
    expect(page.get_by_role("table", name="The next 10 marks").get_by_role("row")).to_have_count(11)
    assert_accessible(page)
    page.get_by_label("Cron text").fill("61 * * * *")
    expect(page.get_by_text("field 1, the minute, is '61'")).to_be_visible()
    assert_accessible(page)
    page.close()


def test_the_alarm_is_tried(server: Server, browser: Browser) -> None:
    page = opened(browser, server)
    alerts = page.get_by_test_id("alerts")
    alerts.get_by_role("button", name="Test Dead man's switch").click()
    expect(alerts.get_by_role("status")).to_have_text("Delivered.")
    expect(alerts).to_contain_text("at 127.0.0.1")
    assert "secret-uuid" not in page.content()
    page.close()


def test_what_is_typed_is_previewed_saved_and_told_to_another_tab(server: Server, browser: Browser) -> None:
    page, other = opened(browser, server), opened(browser, server)
    other.get_by_label("Jitter").fill("5")
    page.get_by_label("Cron text").fill("30 2 * * *")
    page.get_by_label("Time zone").fill("Europe/Paris")
    marks = page.get_by_role("table", name="The next 10 marks")
    expect(marks.get_by_role("row").nth(1)).to_contain_text("02:30")
    page.get_by_label("Cron text").press("Enter")
    expect(page.get_by_text("Saved: runs start by 30 2 * * * in Europe/Paris.")).to_be_visible()
    schedule = server.get("/api/schedule")
    assert (schedule["cron"], schedule["timezone"]) == ("30 2 * * *", "Europe/Paris")
    expect(other.get_by_role("alert")).to_contain_text("30 2 * * * in Europe/Paris")
    other.get_by_role("button", name="Take theirs").click()
    expect(other.get_by_label("Cron text")).to_have_value("30 2 * * *")
    page.get_by_role("switch", name="Schedule").click()
    expect(other.get_by_test_id("schedule")).to_contain_text("paused: none of them starts a run")
    page.get_by_role("switch", name="Schedule").click()
    page.close()
    other.close()
