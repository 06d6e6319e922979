"""The page of past events in a real browser: frames a second while a million are scrolled, and how soon rows are there."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import CDPSession, Page, expect, sync_playwright

from bench.history import Show, write_history
from quarterhour.index.reading import catch_up
from quarterhour.index.store import IndexStore
from quarterhour.workspace import Workspace

EVENTS, LONG_EVENTS = 1_000_000, 10_000_000
_SCROLL_S = 5
_PIXELS_A_SECOND = {"by the wheel": 1_500, "flung": 15_000}
_JUMPS = 20
_COUNTED_WITHIN_MS = 60_000
_WATCH = """() => {
  window.frames_ = []; window.empty_ = 0; let last;
  const log = document.querySelector('[role=log]');
  const view = log.getBoundingClientRect();
  const watch = (now) => {
    if (last !== undefined) window.frames_.push(now - last);
    last = now;
    // Whether a row stands in the middle, were it one that is being read.
    const there = document.elementFromPoint(view.left + view.width / 2, view.top + view.height / 2);
    if (!there?.closest('[data-row]')) window.empty_ += 1;
    window.watching_ = requestAnimationFrame(watch);
  };
  window.watching_ = requestAnimationFrame(watch);
}"""
_WATCHED = "() => { cancelAnimationFrame(window.watching_); return [window.frames_, window.empty_]; }"
# The bar from its top to its end, as a hand drags it.
_DRAG = """async (ms) => {
  const log = document.querySelector('[role=log]');
  const begun = performance.now();
  for (let share = 0; share < 1; share = (performance.now() - begun) / ms) {
    log.scrollTop = share * (log.scrollHeight - log.clientHeight);
    await new Promise(requestAnimationFrame);
  }
}"""
_JUMP = """async (share) => {
  const log = document.querySelector('[role=log]');
  const begun = performance.now();
  log.scrollTop = share * (log.scrollHeight - log.clientHeight);
  const view = log.getBoundingClientRect();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const at = document.elementFromPoint(view.left + view.width / 2, view.top + view.height / 2);
    if (at?.closest('[data-row] summary')) return performance.now() - begun;
  }
}"""


def measure_scrolling(folder: Path, show: Show, events: int) -> None:
    """The home stands in `folder`. Raises where there is no Chromium."""
    workspace = Workspace(folder / "scrolling")
    last_seq = write_history(workspace, events, runs=events // 1_000)
    store = IndexStore(workspace.index_file)
    store.create_or_check()
    catch_up(store, workspace.events, last_seq, lambda: None)
    command = [sys.executable, "-m", "quarterhour", "up", "--home", str(workspace.home), "--no-schedule"]
    with subprocess.Popen(
        [*command, "--api-port", "0", "--dashboard-port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split("dashboard=")[1].split()[0]
            with sync_playwright() as playwright:
                path = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
                with playwright.chromium.launch(executable_path=path, args=_options()) as browser:
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    _measure(page, address, f"{last_seq:,} events", show)
        finally:
            process.terminate()


def _options() -> list[str]:
    return ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []


def _measure(page: Page, address: str, what: str, show: Show) -> None:
    begun_s = time.perf_counter()
    page.goto(f"{address}/events")
    page.locator("[data-row] summary").first.wait_for()
    show(f"Log of {what}: address to first rows", f"{time.perf_counter() - begun_s:.2f} s", "")
    expect(page.get_by_test_id("log-place")).not_to_contain_text("+", timeout=_COUNTED_WITHIN_MS)
    show("  all counted after", f"{time.perf_counter() - begun_s:.2f} s", "")
    middle = page.get_by_role("log").bounding_box()
    assert middle is not None
    session = page.context.new_cdp_session(page)
    for how, speed in _PIXELS_A_SECOND.items():
        _show_frames(page, f"scrolled {how}, {speed:,} px/s", lambda speed=speed: _fling(session, middle, speed), show)
    _show_frames(page, "the bar dragged from end to end", lambda: page.evaluate(_DRAG, _SCROLL_S * 1000), show)
    shares = [((number * 7919) % 1000) / 1000 for number in range(1, _JUMPS + 1)]
    taken_ms = sorted(page.evaluate(_JUMP, share) for share in shares)
    show("  a jump to any place until its rows are there, median", f"{taken_ms[_JUMPS // 2]:.0f} ms", "")
    show("    the slowest", f"{taken_ms[-1]:.0f} ms", "")


def _show_frames(page: Page, how: str, scroll: Callable[[], object], show: Show) -> None:
    page.evaluate(_WATCH)
    scroll()
    frames, empty = cast(tuple[list[float], int], page.evaluate(_WATCHED))
    show(f"  {how}: frames a second", f"{1000 * len(frames) / sum(frames):.1f}", "55")
    ordered = sorted(frames)
    show("    the slowest of a hundred frames", f"{ordered[int(len(ordered) * 0.99)]:.0f} ms", "")
    show("    the slowest; frames without a row in the middle", f"{ordered[-1]:.0f} ms; {empty}", "")


def _fling(session: CDPSession, box: Any, speed: int) -> None:
    """A gesture of the browser's own input."""
    gesture = {
        "x": box["x"] + box["width"] / 2,
        "y": box["y"] + box["height"] / 2,
        "yDistance": -speed * _SCROLL_S,
        "speed": speed,
        "gestureSourceType": "mouse",
    }
    session.send("Input.synthesizeScrollGesture", gesture)
