"""A real browser for tests: its pages at each width and in each theme, and whether they can be used by everybody."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Page, expect, sync_playwright

from serving import BROWSER_OPTIONS, chromium

_AXE = Path(__file__).parents[1] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong leaves the page: what axe says of each element that is right takes longer to send than to find.
_BROKEN = """async ([tags, without, theme]) => {
  // Set by the page's own script; the login page has none.
  const { theme: chosen } = JSON.parse(localStorage.getItem('quarterhour.appearance') ?? '{}');
  const shown = chosen === 'light' || chosen === 'dark' ? chosen : theme;
  while ((document.documentElement.dataset.theme ?? shown) !== shown) await new Promise(requestAnimationFrame);
  // What is not of colour is the same in both themes.
  const ofColour = axe.getRules(tags).filter(rule => rule.tags.includes('cat.color'));
  const found = await axe.run(document, {
    runOnly: theme === 'dark' ? { type: 'rule', values: ofColour.map(({ ruleId }) => ruleId) } : tags,
    rules: Object.fromEntries(without.map(rule => [rule, { enabled: false }])),
    resultTypes: ['violations'],
  });
  return found.violations.map(({ id, help, nodes }) => (
    { rule: id, help, places: nodes.map(node => `${node.html.slice(0, 300)}: ${node.failureSummary}`) }
  ));
}"""

# Nothing here is timed: a machine that is busy with other tests is only waited for.
expect.set_options(timeout=30_000)

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 780}


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, *options: str) -> Iterator[Browser]:
    browser = kind.launch(executable_path=chromium() or None, args=[*BROWSER_OPTIONS, *options])
    try:
        yield browser
    finally:
        browser.close()


def assert_accessible(page: Page, *, without: Sequence[str] = ()) -> None:
    """Axe finds nothing in either theme but by the rules `without`, and the page itself does not scroll sideways."""
    if not page.evaluate("'axe' in window"):
        # Evaluated by the debugger, which the page's policy does not bind.
        page.evaluate(_AXE.read_text())
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        broken = page.evaluate(_BROKEN, [_TAGS, list(without), theme])
        assert broken == [], f"{page.url} in {theme}: {json.dumps(broken, indent=1)}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"
