"""A server that asks for tokens, as a person meets it in a real Chromium: the login, the live page, the way out."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser import assert_accessible
from commands import command
from pipelines import stand_still
from serving import serving


@pytest.mark.browser
def test_a_login_opens_the_live_page_and_its_revocation_closes_it(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')

    def token(*arguments: str) -> str:
        return command(home, "token", *arguments).stdout

    secret = json.loads(token("create", "ada", "--role", "operator", "--json"))["token"]
    with serving(home, "--no-schedule") as server:
        # Its cookie is not to be that of other tests.
        page = browser.new_context().new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(server.dashboard)
        expect(page).to_have_url(re.compile(r"/login\?next=/$"))
        assert_accessible(page)
        page.get_by_label("Your token").fill("qh_wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("This token opens nothing.")
        page.get_by_label("Your token").fill(secret)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_test_id("state")).to_have_text("idle")
        page.get_by_role("button", name="Start", exact=True).click()
        # It comes by the socket, which the cookie opened.
        expect(page.get_by_test_id("events-log")).to_contain_text("ada at 127.0.0.1: POST /api/pipeline/start")
        expect(page.get_by_test_id("state")).to_have_text("success", timeout=60_000)
        # Nothing of the page is against its own policy.
        assert [text for text in told if "Content Security Policy" in text] == []
        token("revoke", "ada")
        page.reload()
        expect(page.get_by_label("Your token")).to_be_visible()


@pytest.mark.browser
def test_a_login_that_ends_while_the_server_is_away_leads_to_a_new_one(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')
    secret, _ = (
        json.loads(command(home, "token", "create", name, "--json").stdout)["token"] for name in ("ada", "eve")
    )
    with serving(home, "--no-schedule") as first:
        page = browser.new_context().new_page()
        page.goto(f"{first.dashboard}/runs?state=failed")
        page.get_by_label("Your token").fill(secret)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_test_id("connection")).to_have_text("Live")
        port = first.dashboard.rsplit(":", 1)[1]
        first.kill()
        expect(page.get_by_test_id("connection")).to_contain_text("Not live")
    command(home, "token", "revoke", "ada")
    with serving(home, "--no-schedule", "--dashboard-port", port):
        page.wait_for_url(re.compile(r"/login\?next="))
        expect(page.get_by_label("Your token")).to_be_visible()
        assert "next=/runs%3Fstate%3Dfailed" in page.url.replace("%2F", "/")
    page.context.close()


@pytest.mark.browser
def test_a_viewer_sees_all_and_why_nothing_can_be_pressed(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    (home / "data" / "raw" / "orders").mkdir(parents=True)
    (home / "quarterhour.toml").write_text('[server]\nauth = "always"\n')
    rows = "".join(f"{number},{number}.5\n" for number in range(500))
    orders = home / "data" / "raw" / "orders" / "orders.csv"
    orders.write_text(f"id,price\n{rows}500,1,2,3\n")
    stand_still(orders)
    kim, ada = (
        json.loads(command(home, "token", "create", name, "--role", role, "--json").stdout)["token"]
        for name, role in (("kim", "viewer"), ("ada", "operator"))
    )
    with serving(home, "--no-schedule") as server:
        server.http.headers["Authorization"] = f"Bearer {ada}"
        server.ended_run(server.start_run())
        page = browser.new_context().new_page()
        page.goto(server.dashboard)
        page.get_by_label("Your token").fill(kim)
        page.get_by_role("button", name="Log in").click()
        for address, buttons in {
            "/": ("Start", "Reset"),
            "/quarantine": ("Mend",),
            "/data": ("Retract…",),
        }.items():
            page.goto(server.dashboard + address)
            for name in buttons:
                button = page.get_by_role("button", name=re.compile(f"^{name}")).first
                expect(button).to_have_attribute("title", "kim is a viewer: changes take an operator")
                expect(button).to_be_disabled()
        expect(page.get_by_role("link", name="orders", exact=True).first).to_be_visible()
    page.context.close()
