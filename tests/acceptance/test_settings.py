"""The settings on a real server: wide, narrow, in both themes; what is saved is what the scheduler does."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import NARROW, WIDE, assert_accessible
from commands import command
from receivers import Receiver, receiving
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
def team() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, switch_url: str, team: Receiver) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("settings") / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text(f"""
[runner]
attempts = 1
[watchdog]
ping_url = "{switch_url}"
# Of a machine busy with other tests nobody is told, nor is the switch silent.
lag_limit = 3600
[[alerts]]
name = "team"
url = "{team.url}"
on = ["pipeline"]
[[stages]]
name = "work"
command = ['{sys.executable}', "-c", "import pathlib; assert not pathlib.Path('{home.as_posix()}/broken').exists()"]
""")
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
    alerts = page.get_by_test_id("alerts").get_by_role("listitem").filter(has_text="Dead man's switch")
    alerts.get_by_role("button", name="Test Dead man's switch").click()
    expect(alerts.get_by_role("status")).to_have_text("Delivered.")
    expect(alerts).to_contain_text("at 127.0.0.1")
    assert "secret-uuid" not in page.content()
    page.close()


def test_a_team_is_told_once_of_runs_that_fail_and_once_that_all_is_well(
    server: Server, team: Receiver, browser: Browser
) -> None:
    page = opened(browser, server)
    line = page.get_by_test_id("alerts").get_by_role("listitem").filter(has_text="JSON “team”")
    expect(line).to_contain_text("Nothing was sent since the server’s start.")
    (server.home / "broken").touch()
    assert server.ended_run(server.start_run())["state"] == "failed"
    expect(line).to_contain_text("Delivered")
    assert server.ended_run(server.start_run())["state"] == "failed"
    (server.home / "broken").unlink()
    assert server.ended_run(server.start_run())["state"] == "success"
    team.wait_for(2)
    line.get_by_role("button", name="Test JSON “team”").click()
    expect(line.get_by_role("status")).to_have_text("Delivered.")
    assert [message["title"].partition(": ")[2] for message in team.messages] == [
        "pipeline is not well",
        "all is well again",
        "this is a test",
    ]
    team.is_broken = True
    line.get_by_role("button", name="Test JSON “team”").click()
    expect(line.get_by_role("alert")).to_contain_text("500")
    expect(line).to_contain_text("Not delivered: ")
    team.is_broken = False
    assert_accessible(page)
    events = server.http.get("/api/events", params={"limit": 1000}).text
    assert "secret-path" not in page.content() + events + server.output.read_text()
    page.close()


def test_a_token_is_made_copied_used_and_revoked(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')
    made = command(home, "token", "create", "ada", "--role", "operator", "--json").stdout
    with serving(home, "--no-schedule") as guarded:
        page = log_in(browser, guarded, json.loads(made)["token"])
        page.get_by_label("New token for").fill("kiosk")
        page.get_by_label("New token for").press("Enter")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        assert_accessible(page)
        secret = page.evaluate("navigator.clipboard.readText()")
        expect(page.get_by_role("rowheader", name="kiosk")).to_be_visible()
        kiosk = log_in(browser, guarded, secret)
        expect(kiosk.get_by_test_id("tokens")).to_contain_text("You are logged in as kiosk, a viewer")
        expect(kiosk.get_by_label("Cron text")).to_have_attribute("readonly", "")
        page.get_by_role("button", name="Revoke… kiosk").click()
        page.get_by_role("button", name="Revoke kiosk").click()
        expect(page.get_by_role("rowheader", name="kiosk")).to_have_count(0)
        # Its socket was closed with the token.
        expect(kiosk).to_have_url(re.compile("/login\\?next=%2Fsettings$"))
        page.get_by_role("button", name="Revoke… ada").click()
        page.get_by_role("button", name="Revoke ada").click()
        expect(page).to_have_url(re.compile("/login"))
        page.context.close()
        kiosk.context.close()


def log_in(browser: Browser, server: Server, secret: str) -> Page:
    """The settings, in a context whose cookie is its own."""
    context = browser.new_context(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.dashboard}/login?next=/settings")
    page.get_by_label("Your token").fill(secret)
    page.get_by_role("button", name="Log in").click()
    return page


def test_the_look_is_kept_and_stands_before_the_first_paint(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE, color_scheme="light", timezone_id="America/New_York")
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{server.dashboard}/settings")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_text("Compact", exact=True).click()
    marks = page.get_by_role("table", name="The next 10 marks")
    expect(marks).to_contain_text("Here (America/New_York)")
    page.get_by_role("group", name="Times in").get_by_text("UTC", exact=True).click()
    expect(marks).to_contain_text("Here (UTC)")
    assert_accessible(page)
    assert [text for text in told if "Content Security Policy" in text] == []
    # The page's own script never comes: what is seen meanwhile is dark all the same.
    later = context.new_page()
    later.route("**/assets/*.js", lambda route: route.abort())
    later.goto(f"{server.dashboard}/settings")
    expect(later.locator("html")).to_have_attribute("data-theme", "dark")
    assert later.evaluate(paper) != light
    context.close()


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
