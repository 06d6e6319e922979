"""The Tab key goes through each page, shows where it is, and what it reaches works by Enter and Space."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser import WIDE
from real_tables import flights_by_month
from serving import Server, serving

pytestmark = pytest.mark.browser

_SETTINGS = """
[inputs]
settle = 0.1

[[analyses]]
name = "carriers"
sql = "SELECT carrier, count(*) AS flights FROM flights GROUP BY ALL"
"""

# More than any page here has: one that does not end would be a trap for the keyboard.
_MOST_STOPS = 400

# Of the element in focus, and of a label that stands for one which is not drawn: the ring as it is drawn, and as it is without
# focus, which shows once the focus has gone on. `null` where the page's end is reached.
_STEP = """() => {
  const ring = (element) => {
    const { outlineStyle, outlineWidth, outlineColor, outlineOffset, boxShadow } = getComputedStyle(element);
    const reach = parseFloat(outlineWidth) + parseFloat(outlineOffset);
    return { outlineStyle, outlineWidth, outlineColor, boxShadow, reach };
  };
  const isCut = (element, reach) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const sides = [left - reach, right + reach, top - reach, bottom + reach];
    for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
      if (getComputedStyle(around).overflow === "visible") continue;
      const box = around.getBoundingClientRect();
      const inside = [sides[0] >= box.left - 1, sides[1] <= box.right + 1, sides[2] >= box.top - 1, sides[3] <= box.bottom + 1];
      if (inside.filter(Boolean).length < 3) return true;
    }
    return false;
  };
  const wrong = [];
  const element = document.activeElement;
  const stop = window.lastStop;
  // A field of a date has a stop for each part of it.
  const isWithin = stop?.element === element;
  if (stop) {
    const { outlineStyle, outlineWidth, outlineColor } = stop.ring;
    const isDrawn = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !/, 0\\)$|transparent/.test(outlineColor);
    if (!isDrawn) wrong.push("no ring");
    if (JSON.stringify(ring(stop.shown)) === JSON.stringify(stop.ring)) wrong.push("looks the same without focus");
    if (stop.isCut) wrong.push("its ring is cut off");
    if (stop.area < 100) wrong.push("too small to be seen");
  }
  const told = !isWithin && stop && wrong.length ? `${wrong.join(", ")}: ${stop.html}` : null;
  window.stops ??= new Set();
  const isEnd = !element || element === document.body || (!isWithin && window.stops.has(element));
  if (isEnd) {
    window.lastStop = undefined;
    return { told, isEnd, count: window.stops.size };
  }
  window.stops.add(element);
  const { width, height } = element.getBoundingClientRect();
  const shown = width * height < 100 ? element.closest("label") ?? element : element;
  const box = shown.getBoundingClientRect();
  window.lastStop = {
    element,
    shown,
    ring: ring(shown),
    isCut: isCut(shown, ring(shown).reach),
    area: box.width * box.height,
    html: element.outerHTML.slice(0, 200),
  };
  return { told, isEnd, count: window.stops.size };
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After a month of flights, and a file with a record that cannot be read."""
    home = tmp_path_factory.mktemp("focus") / "home"
    raw = home / "data" / "raw"
    (raw / "flights").mkdir(parents=True)
    name, content = next(iter(flights_by_month().items()))
    (raw / "flights" / name).write_bytes(content)
    (raw / "odd.csv").write_text('a,b\n1,2\n3,"x\n')
    (home / "quarterhour.toml").write_text(_SETTINGS)
    with serving(home, "--no-schedule") as running:
        assert running.ended_run(running.start_run())["counts"]["inserted"] > 0
        yield running


def walk(page: Page) -> tuple[int, list[str]]:
    """How many stops the Tab key makes, and what is wrong with the look of each."""
    wrong: list[str] = []
    # What is in focus already is a stop too.
    page.evaluate(_STEP)
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        step = page.evaluate(_STEP)
        wrong += [step["told"]] if step["told"] else []
        if step["isEnd"]:
            return step["count"], wrong
    raise AssertionError(f"Tab does not come to an end of {page.url}")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until what is wanted is in focus."""
    focused = page.locator(":focus").and_(wanted)
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        if focused.count() == 1:
            return
    raise AssertionError(f"Tab does not reach {wanted} on {page.url}")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/", "flights"),
        ("/runs", "Runs"),
        ("/runs/RUN", "Files"),
        ("/events", "succeeded"),
        ("/settings", "Appearance"),
        ("/data", "1 record put aside"),
        ("/data/inputs/INPUT", "Events"),
        ("/data/flights", "1 to 100 of"),
        ("/data/flights?part=plot&column=dep_delay&by=origin", "EWR"),
        ("/data/flights?part=columns", "dep_delay"),
        ("/data/flights?part=checks", "Nothing is declared of this table"),
        ("/data/flights?part=history", "merge"),
        ("/quarantine?dataset=odd", "record 2, line 3"),
        ("/analyses", "carriers"),
        ("/analyses/carriers", "carrier"),
        ("/no/such/page", "There is no such page"),
    ],
)
def test_each_stop_of_the_tab_key_is_seen(server: Server, browser: Browser, address: str, shown: str) -> None:
    run_id = server.get("/api/runs")["items"][0]["run_id"]
    item_id = server.get("/api/inputs")["items"][0]["id"]
    page = browser.new_page(viewport=WIDE)
    page.goto(server.dashboard + address.replace("RUN", run_id).replace("INPUT", item_id))
    expect(page.get_by_role("main")).to_contain_text(shown)
    count, wrong = walk(page)
    # The way to the page's content, five pages and the palette at the least.
    assert count > 7
    assert wrong == [], "\n".join(wrong)
    page.close()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_run_is_started_and_an_event_opened_from_the_keyboard(server: Server, browser: Browser, key: str) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(server.dashboard)
    expect(page.get_by_test_id("state")).to_have_text("success")
    before = server.get("/api/runs")["total"]
    tab_to(page, page.get_by_role("button", name="Start", exact=True))
    with page.expect_response(re.compile("/api/pipeline/start")):
        page.keyboard.press(key)
    run = server.get("/api/runs")
    assert run["total"] == before + 1
    run_id = run["items"][0]["run_id"]
    server.ended_run(run_id)
    expect(page.get_by_test_id("events-log")).to_contain_text(f"Run {run_id} succeeded")
    tab_to(page, page.get_by_test_id("events-log").locator("summary").filter(has_text=run_id))
    page.keyboard.press(key)
    opened = page.get_by_test_id("events-log").locator("details[open]")
    expect(opened).to_contain_text(f'"run_id": "{run_id}"')
    page.keyboard.press(key)
    expect(opened).to_have_count(0)
    page.close()


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("Control+k", "Keyboard help"), ("?", "Single keys are shortcuts")],
    ids=["palette", "help"],
)
def test_a_dialog_keeps_the_tab_key_and_gives_the_focus_back(
    server: Server, browser: Browser, keys: str, shown: str
) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(server.dashboard)
    start = page.get_by_role("button", name="Start", exact=True)
    tab_to(page, start)
    page.keyboard.press(keys)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(shown)
    count, wrong = walk(page)
    assert count >= 1
    assert wrong == [], "\n".join(wrong)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(start).to_be_focused()
    page.close()


def test_a_menu_opens_by_a_key_and_shows_each_of_its_stops(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(server.dashboard)
    menu = page.locator("[popover]")
    tab_to(page, page.get_by_role("button", name="Run one stage"))
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    count, wrong = walk(page)
    assert count > 3
    assert wrong == [], "\n".join(wrong)
    page.close()


def test_the_skip_link_leads_past_the_navigation(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/runs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").locator(":focus")).to_have_count(1)
    page.close()
