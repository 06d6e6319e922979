"""The dashboard in headless Chromium: how soon it shows something, how soon an event is painted, and what a flood does to it.

The flood comes from the server's process of `bench.sockets`: each event is on the disk before the page hears of it.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from browser import open_browser
from serving import serving

Show = Callable[[str, str, str], None]

_TIMES = 5
_SLOWED_DOWN = 4
_KB = 1000

_SINGLE_PER_S = 20
_SINGLE_S = 20
_FLOOD_PER_S = 5_000
_FLOOD_S = 60
# Memory is looked at once the page keeps as many events as it ever does, and at the end.
_SETTLED_S = 20

_PAINTS = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask", buffered: true });
}"""

# A row is painted in the frame after the one in which it was put into the document: the message comes after the paint.
_WATCH_ROWS = """() => {
  window.paintedMs = [];
  const seen = new Set();
  const log = document.querySelector('[data-testid="events-log"]');
  const look = () => {
    const fresh = [];
    for (const row of log.querySelectorAll("summary")) {
      const number = row.textContent.match(/event ([\\d,]+) of many/)?.[1];
      if (!number || seen.has(number)) continue;
      seen.add(number);
      fresh.push(Date.parse(row.querySelector("time").dateTime));
    }
    if (!fresh.length) return;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const nowMs = performance.timeOrigin + performance.now();
        for (const sentMs of fresh) window.paintedMs.push(nowMs - sentMs);
      };
      port2.postMessage(null);
    });
  };
  new MutationObserver(look).observe(log, { subtree: true, childList: true, characterData: true });
}"""


def measure_page(folder: Path, show: Show) -> None:
    with open_browser() as browser:
        _show_first_content(browser, folder / "first", show)
        _show_paints(browser, folder / "paints", show)
        _show_flood(browser, folder / "flood", show)


def _show_first_content(browser: Browser, home: Path, show: Show) -> None:
    with serving(home, "--demo", "--no-schedule") as server:
        server.ended_run(server.start_run())
        loads = [_first_load(browser, server.dashboard) for _ in range(_TIMES)]
    slow = f"cold cache, {_SLOWED_DOWN}x slower processor, median of {_TIMES}"
    show(f"page: first content, {slow}", f"{_median(loads, 'first_content_ms') / 1000:.2f} s", "1 s")
    show("page: the pipeline's state is shown", f"{_median(loads, 'state_ms') / 1000:.2f} s", "")
    show("page: scripts of the first page over the wire", f"{_median(loads, 'script_bytes') / _KB:.0f} kB", "200 kB")
    show("page: all that the first page takes over the wire", f"{_median(loads, 'all_bytes') / _KB:.0f} kB", "")


def _median(loads: list[dict[str, float]], what: str) -> float:
    return statistics.median(load[what] for load in loads)


def _first_load(browser: Browser, address: str) -> dict[str, float]:
    context = browser.new_context()
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWED_DOWN})
        transferred = _transferred(session)
        page.goto(address)
        page.get_by_test_id("state").wait_for()
        state_ms = page.evaluate("performance.now()")
        # Also what is fetched once the page stands.
        page.wait_for_timeout(2000)
        paints: list[dict[str, Any]] = page.evaluate(
            "performance.getEntriesByType('paint').map((each) => each.toJSON())"
        )
        first_ms = next(paint["startTime"] for paint in paints if paint["name"] == "first-contentful-paint")
        return {
            "first_content_ms": first_ms,
            "state_ms": state_ms,
            "script_bytes": transferred["Script"],
            "all_bytes": sum(transferred.values()),
        }
    finally:
        context.close()


def _transferred(session: CDPSession) -> dict[str, int]:
    """Bytes over the wire by kind of resource, kept up while the page loads."""
    kinds: dict[str, str] = {}
    found: dict[str, int] = {}

    def responded(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        found[kind] = found.get(kind, 0) + int(event["encodedDataLength"])

    session.on("Network.responseReceived", responded)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    return found


def _show_paints(browser: Browser, home: Path, show: Show) -> None:
    """One event at a time, as a quiet pipeline says them."""
    with _events(home, _SINGLE_PER_S, _SINGLE_PER_S * _SINGLE_S) as (address, begin), _page(browser, address) as page:
        page.evaluate(_WATCH_ROWS)
        begin()
        page.wait_for_function(f"window.paintedMs.length >= {_SINGLE_PER_S * _SINGLE_S * 9 // 10}", timeout=60_000)
        page.wait_for_timeout(1000)
        took_ms: list[float] = sorted(page.evaluate("window.paintedMs"))
    show(f"page: event to painted pixel, {_SINGLE_PER_S} a second, median", f"{statistics.median(took_ms):.0f} ms", "")
    show(f"page: the same, p95 of {len(took_ms)}", f"{took_ms[int(len(took_ms) * 0.95)]:.0f} ms", "100 ms")


def _show_flood(browser: Browser, home: Path, show: Show) -> None:
    with (
        _events(home, _FLOOD_PER_S, _FLOOD_PER_S * _FLOOD_S) as (address, begin),
        _page(browser, address) as page,
    ):
        session = page.context.new_cdp_session(page)
        page.evaluate(_PAINTS)
        began = time.monotonic()
        begin()
        page.wait_for_timeout(_SETTLED_S * 1000)
        settled = _heap_mb(session)
        page.wait_for_timeout(max(0.0, (_FLOOD_S + 2 - (time.monotonic() - began)) * 1000))
        ended = _heap_mb(session)
        last = f"event {_FLOOD_PER_S * _FLOOD_S - 1:,} of many"
        page.get_by_test_id("events-log").get_by_text(last).first.wait_for(timeout=60_000)
        tasks_ms: list[float] = page.evaluate("window.longTasks")
    flood = f"{_FLOOD_PER_S:,} events/s for {_FLOOD_S} s"
    show(f"page: longest task under {flood}", f"{max(tasks_ms, default=0):.0f} ms", "200 ms")
    show(f"page: memory after {_SETTLED_S} s of it", f"{settled:.1f} MB", "")
    show("page: memory at its end, the last event shown", f"{ended:.1f} MB", "the same")


def _heap_mb(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 2**20


@contextmanager
def _page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.goto(address)
        page.get_by_test_id("events-log").wait_for()
        page.get_by_role("button", name="Everything").click()
        yield page
    finally:
        context.close()


@contextmanager
def _events(home: Path, per_s: int, count: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server's address, and what makes it begin to publish."""
    home.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.sockets", "product", str(home), str(per_s), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    told = server.stdin

    def begin() -> None:
        told.write(b"go\n")
        told.flush()

    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/", begin
    finally:
        server.kill()
        server.wait()
