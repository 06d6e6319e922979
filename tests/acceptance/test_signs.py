"""What tells the state beside its words: the tab's title and icon, shapes without colour, no motion; zone and locale."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import WIDE
from real_tables import flights_by_month
from serving import Server, serving

pytestmark = pytest.mark.browser

# The last stage goes on until the home has this file, and ends with the status that stands in it.
RELEASE = "release"
_HELD = f"""
import pathlib, sys, time
print('{{"event": "progress", "data": {{"done": 1, "total": 2}}}}', flush=True)
while not (found := pathlib.Path("{RELEASE}")).exists():
    time.sleep(0.02)
sys.exit(int(found.read_text()))
"""

_DRAWN = (
    "svg => ({ path: svg.innerHTML, colour: getComputedStyle(svg).stroke, width: svg.getBoundingClientRect().width })"
)
_BACKGROUND = "element => getComputedStyle(element).backgroundColor"
_MOVING = "document.getAnimations().length"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Before its first run, with a month of flights to take in."""
    home = tmp_path_factory.mktemp("signs") / "home"
    raw = home / "data" / "raw" / "flights"
    raw.mkdir(parents=True)
    name, content = next(iter(flights_by_month().items()))
    (raw / name).write_bytes(content)
    (home / "held.py").write_text(_HELD)
    names = "".join(f'[[stages]]\nname = "{name}"\n' for name in ("translator", "analyzer", "merger"))
    held = f"[[stages]]\nname = \"held\"\ncommand = ['{sys.executable}', 'held.py']\n"
    (home / "quarterhour.toml").write_text(f"[runner]\nattempts = 1\n[inputs]\nsettle = 0.1\n{names}{held}")
    with serving(home, "--no-schedule") as running:
        yield running


def release(server: Server, status: int) -> None:
    """Where the stage holds, it ends so."""
    path = server.home / RELEASE
    path.with_suffix(".part").write_text(str(status))
    path.with_suffix(".part").rename(path)


@contextmanager
def held_run(server: Server) -> Iterator[None]:
    """A run that stands at half of its last stage."""
    (server.home / RELEASE).unlink(missing_ok=True)
    run_id = server.start_run()
    try:
        yield
    finally:
        release(server, 0)
        server.ended_run(run_id)


def signs(page: Page, state: str, title: str) -> tuple[str, str]:
    """The tab's icon and the state's own shape, once the page is in that state: its word stands beside it."""
    expect(page.get_by_test_id("state")).to_have_text(state)
    expect(page).to_have_title(re.compile(title))
    # Said to those who do not see.
    expect(page.get_by_role("status").filter(has_text=f"Pipeline: {state.capitalize()}.")).to_have_count(1)
    shape = page.get_by_test_id("state").locator("xpath=..").locator("svg").evaluate(_DRAWN)
    assert shape["width"] > 0
    assert shape["colour"] != page.evaluate("getComputedStyle(document.body).backgroundColor")
    return page.locator('link[rel="icon"]').get_attribute("href") or "", shape["path"]


def test_each_state_has_a_title_an_icon_a_shape_and_a_word(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE, forced_colors="active", reduced_motion="reduce")
    page.goto(server.dashboard)
    found = {"idle": signs(page, "idle", "^idle · quarterhour$")}
    held, translator = page.get_by_test_id("stage-held"), page.get_by_test_id("stage-translator")
    for stage in (translator, held):
        expect(stage).to_contain_text("Waiting")

    run_id = server.start_run()
    expect(held).to_have_attribute("data-state", "running")
    expect(held).to_contain_text("1 of 2 (50%)")
    expect(translator).to_contain_text("Complete (1 file)")
    found["running"] = signs(page, "running", r"^▶ \d+% · quarterhour$")
    # A run is shown as it goes on, and nothing moves; without that wish of the viewer something does.
    assert page.evaluate(_MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function(f"{_MOVING} > 0")
    page.emulate_media(reduced_motion="reduce")

    release(server, 3)
    found["failed"] = signs(page, "failed", "^✗ failed · quarterhour$")
    expect(held).to_contain_text("Failed")

    (server.home / RELEASE).unlink()
    server.ended_run(run_id)
    server.start_run()
    expect(held).to_have_attribute("data-state", "running")
    page.get_by_role("button", name="Stop", exact=True).click()
    found["stopped"] = signs(page, "stopped", "^stopped · quarterhour$")
    expect(held).to_contain_text("Stopped")

    release(server, 0)
    server.start_run()
    found["success"] = signs(page, "success", "^success · quarterhour$")
    for told in zip(*found.values(), strict=True):
        assert len(set(told)) == len(found), f"two states look the same: {found}"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_filled_or_chosen_is_seen_in_the_colours_that_the_viewer_forces(
    server: Server, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    with held_run(server):
        context = browser.new_context(
            viewport=WIDE, forced_colors="active", color_scheme=scheme, reduced_motion="reduce", locale="en-US"
        )
        page = context.new_page()
        page.goto(server.dashboard)
        held = page.get_by_test_id("stage-held")
        expect(held).to_contain_text("1 of 2 (50%)")
        track = held.get_by_role("progressbar")
        segments = page.get_by_test_id("events-log").locator("label")
        pages = page.get_by_role("navigation", name="Pages")
        for one, other in (
            (track.locator("div"), track),
            (segments.filter(has_text="Activity"), segments.filter(has_text="Problems")),
            (pages.get_by_role("link", name="Now"), pages.get_by_role("link", name="Runs")),
            (page.get_by_role("switch"), page.locator("body")),
            (page.get_by_test_id("connection").locator("span").first, page.locator("body")),
        ):
            assert one.evaluate(_BACKGROUND) != other.evaluate(_BACKGROUND), f"{one} looks like {other}"
        page.keyboard.press("Control+k")
        chosen, other = (page.get_by_role("option", selected=is_chosen).first for is_chosen in (True, False))
        expect(chosen).to_have_text(re.compile("Now"))
        assert chosen.evaluate(_BACKGROUND) != other.evaluate(_BACKGROUND)
        context.close()


def test_times_are_the_viewers_with_utc_on_hover_and_numbers_of_the_viewers_locale(
    server: Server, browser: Browser
) -> None:
    release(server, 0)
    run = server.ended_run(server.start_run())
    first = server.get("/api/runs")["items"][-1]
    context = browser.new_context(viewport=WIDE, timezone_id="Asia/Kolkata", locale="de-DE")
    page = context.new_page()
    page.goto(server.dashboard)
    started = page.get_by_label("Metrics").locator(f"time[datetime='{run['started_at']}']").first
    local = datetime.fromisoformat(run["started_at"]).astimezone(ZoneInfo("Asia/Kolkata"))
    expect(started).to_have_text(f"{local:%H:%M:%S}")
    expect(started).to_have_attribute("title", run["started_at"].replace("T", " ").replace("Z", " UTC"))
    grouped = f"{first['counts']['rows']:,}".replace(",", ".")
    assert "." in grouped
    expect(page.get_by_test_id("export-panel")).to_contain_text(grouped)
    for address in ("/", "/runs", f"/runs/{first['run_id']}", "/data", "/events"):
        page.goto(server.dashboard + address)
        main = page.get_by_role("main")
        expect(main.locator("time").first).to_be_visible()
        expect(main.locator("time:not([title$=' UTC'])")).to_have_count(0)
        expect(main).not_to_contain_text(re.compile(r"\d\.\d (s|kB|MB)\b"))
    context.close()
