"""Each panel of the dashboard in each of its states, where there is least room: in both themes, for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, expect

from browser import NARROW, assert_accessible
from serving import Server, serving

pytestmark = pytest.mark.browser

# Resolved once nothing more was drawn for so long.
_SETTLED = """() => new Promise(resolve => {
  let timer;
  const changes = new MutationObserver(() => wait());
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { changes.disconnect(); resolve(); }, 50);
  };
  changes.observe(document.body, { childList: true, subtree: true });
  wait();
})"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("states") / "home", "--no-schedule") as running:
        yield running


def test_everybody_can_use_each_panel_in_each_state(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=NARROW)
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    # What keeps this machine from its work is told above each page, and is not what is looked at here.
    page.route("**/readyz", lambda route: route.fulfill(json={"status": "ok", "checks": {}}))
    page.goto(f"{server.dashboard}/states")
    panels = page.get_by_role("navigation", name="Panels").get_by_role("link")
    expect(panels.first).to_have_attribute("aria-current", "page")
    for title in panels.all_text_contents():
        panels.get_by_text(title, exact=True).click()
        expect(page.get_by_role("heading", level=2, name=title, exact=True).first).to_be_visible()
        expect(page.get_by_text("Drawing…")).to_have_count(0)
        page.evaluate(_SETTLED)
        # The states of a panel stand below each other here, and each has its landmarks.
        assert_accessible(page, without=["landmark-unique"])
        assert said == [], f"{title}: {said}"
    page.close()
