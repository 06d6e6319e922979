"""The page in bad company: a server that dies and comes back, a machine that slept, two tabs, a screen on a wall."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocket, WebSocketRoute, expect

from browser import WIDE, assert_accessible
from serving import Server, serving

pytestmark = pytest.mark.browser

_OUTSIDE = """() => [...document.querySelectorAll('[data-testid=wall] *')].filter((element) => {
  const { bottom, right } = element.getBoundingClientRect();
  return bottom > innerHeight + 1 || right > innerWidth + 1;
}).length"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("behaviour") / "home", "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


def opened(browser: Browser, server: Server, address: str = "/") -> Page:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}{address}")
    expect(page.get_by_test_id("connection")).to_have_text("Live")
    return page


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)], ids=["hd", "uhd"])
def test_a_wall_shows_all_without_scrolling(server: Server, browser: Browser, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{server.dashboard}/?kiosk=1")
    state = page.get_by_test_id("wall").get_by_test_id("state")
    expect(state).to_have_text("success")
    box = state.bounding_box()
    assert box is not None
    assert box["height"] > size[1] / 8
    assert page.evaluate(_OUTSIDE) == 0
    expect(page.get_by_role("button")).to_have_count(0)
    assert_accessible(page)
    page.close()


def test_two_tabs_show_one_truth_and_start_pressed_twice_starts_once(server: Server, browser: Browser) -> None:
    one, other = opened(browser, server), opened(browser, server)
    before = server.get("/api/runs")["total"]
    one.get_by_role("button", name="Start", exact=True).dblclick()
    run_id = None
    for page in (one, other):
        expect(page.get_by_test_id("events-log")).to_contain_text("started by the api")
    newest, *_ = server.get("/api/runs")["items"]
    run_id = newest["run_id"]
    server.ended_run(run_id)
    assert server.get("/api/runs")["total"] == before + 1
    for page in (one, other):
        expect(page.get_by_test_id("events-log")).to_contain_text(run_id)
        expect(page.get_by_test_id("state")).to_have_text("success")
        page.close()


def test_nothing_is_asked_again_and_again_while_events_come_by_the_socket(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.clock.install()
    asked: list[str] = []
    sockets: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(server.dashboard)
    run_id = server.start_run()
    server.ended_run(run_id)
    expect(page.get_by_test_id("events-log")).to_contain_text(f"Run {run_id} succeeded")
    # The state and the events are never asked for: they come.
    assert {"/api/pipeline/status", "/api/pipeline/snapshot", "/api/events"}.isdisjoint(asked)
    # Each timer of the page goes off as often as in five minutes: once for what the run's end asks for, then for nothing.
    page.clock.run_for("05:00")
    asked.clear()
    page.clock.run_for("05:00")
    assert asked == []
    # Files come without an event: somebody who comes back to the page sees them, and once more what was being written.
    written = server.home / "data" / "raw" / "written.csv"
    written.write_text("a,b\n1,2\n")
    in_an_hour = time.time() + 3600
    os.utime(written, (in_an_hour, in_an_hour))
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_test_id("export-panel")).to_contain_text(written.name)
    asked.clear()
    with page.expect_response(re.compile("/api/inputs")):
        page.clock.run_for("00:10")
    page.clock.run_for("05:00")
    assert asked == ["/api/inputs"]
    written.unlink()
    # It lives still: what happens now is seen, and by the same connection.
    run_id = server.start_run()
    expect(page.get_by_test_id("events-log")).to_contain_text(run_id)
    server.ended_run(run_id)
    assert len(sockets) == 1
    page.close()


# The page as a browser on a wall shows it: what it asks of the screen's lock is kept.
_KEEP_LOCKS = """
  window.locks = [];
  const { request } = navigator.wakeLock;
  navigator.wakeLock.request = async function (kind) {
    const lock = await request.call(this, kind);
    window.locks.push(lock);
    return lock;
  };
"""
_AWAKE = "locks.map(({ type, released }) => type + (released ? ' released' : ' held')).join()"
# Each page of a browser that tests drive is in sight: what it says of that is set, and its lock let go of as a browser does.
_SEEN = """async (state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
  if (state === "hidden") await Promise.all(locks.map((lock) => lock.release()));
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def newer(route: Route) -> None:
    """The page as a newer package has it: its script has another name."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r"index-[\w-]+\.js", "index-newer.js", answer.text()))


def newest_seq(server: Server) -> int:
    return server.get("/api/pipeline/snapshot")["last_seq"]


def test_a_server_that_was_restarted_is_found_again_with_what_came_meanwhile(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as first:
        page = browser.new_page(viewport=WIDE)
        page.clock.install()
        sockets: list[WebSocket] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        page.goto(first.dashboard)
        expect(page.get_by_test_id("connection")).to_have_text("Live")
        port = first.dashboard.rsplit(":", 1)[1]
        known = newest_seq(first)
        first.kill()
        expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"what you see is \d+ seconds? old"))
        expect(page.get_by_role("button", name="Start", exact=True)).to_have_attribute("aria-disabled", "true")
        expect(page).to_have_title(re.compile("not live"))
    for _ in range(7):
        with page.expect_event("websocket"):
            page.clock.fast_forward("00:30")
    # Twice as long each time, up to half a minute, of which half is left to chance.
    expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"Reconnecting in (1[5-9]|2\d|30) s"))
    expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"what you see is \d+ minutes? old"))

    def is_page(address: str) -> bool:
        return address.rstrip("/").endswith(port)

    page.route(is_page, newer)
    with serving(home, "--no-schedule", "--dashboard-port", port) as second:
        second.ended_run(second.start_run())
        came: list[str | bytes] = []
        page.once("websocket", lambda socket: socket.on("framereceived", lambda text: came.append(text)))
        page.get_by_role("button", name="Now", exact=True).click()
        expect(page.get_by_test_id("state")).to_have_text("success")
        assert f"since={known}" in sockets[-1].url
        snapshot = json.loads(came[0])["data"]
        assert snapshot["events"][0]["seq"] == known + 1
        told = f"Live{snapshot['last_seq'] - known} events came meanwhile"
        expect(page.get_by_test_id("connection")).to_have_text(told)
        expect(page.get_by_text("The server has a newer version of this page.")).to_be_visible()
        assert_accessible(page)
        page.unroute_all()
        page.get_by_role("button", name="Load it").click()
        expect(page.get_by_test_id("connection")).to_have_text("Live")
        expect(page.get_by_text("The server has a newer version of this page.")).to_have_count(0)
    page.close()


def test_a_wall_tells_of_a_degraded_server_stays_awake_and_loads_a_newer_page(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.add_init_script(_KEEP_LOCKS)
    home.mkdir()
    # A machine busy with other tests is no trouble that this page is to tell.
    unhurried = "[watchdog]\nlag_limit = 3600\n"
    (home / "quarterhour.toml").write_text(f'{unhurried}min_free = "100%"\n')
    with serving(home, "--no-schedule") as first:
        page.goto(f"{first.dashboard}/?kiosk=1")
        expect(page.get_by_test_id("degraded")).to_contain_text(re.compile("Disk:.*free"))
        assert page.evaluate(_OUTSIDE) == 0
        assert_accessible(page)
        page.wait_for_function(f"{_AWAKE} === 'screen held'")
        page.evaluate(_SEEN, "hidden")
        page.wait_for_function(f"{_AWAKE} === 'screen released'")
        page.evaluate(_SEEN, "visible")
        page.wait_for_function(f"{_AWAKE} === 'screen released,screen held'")
        port = first.dashboard.rsplit(":", 1)[1]
        first.kill()
        expect(page.get_by_test_id("connection")).to_contain_text("Not live")
    (home / "quarterhour.toml").write_text(unhurried)
    # Once: the page that is loaded then is the server's newest.
    page.route(re.compile(rf":{port}/$"), newer, times=1)
    # The server has a minute to start, and the page then up to half a minute until it tries again.
    with (
        page.expect_event("load", timeout=180_000),
        serving(home, "--no-schedule", "--dashboard-port", port) as second,
    ):
        expect(page.get_by_test_id("connection")).to_have_text("Live", timeout=60_000)
        expect(page.get_by_test_id("degraded")).to_have_count(0)
        page.wait_for_function(f"{_AWAKE} === 'screen held'")
        assert second.get("/readyz")["status"] == "ok"
    assert page.url.endswith("/?kiosk=1")
    page.close()


def test_a_machine_that_slept_finds_that_its_connection_is_dead(server: Server, browser: Browser) -> None:
    """The socket says nothing more, and does not close either: only the clock has jumped."""
    page = browser.new_page(viewport=WIDE)
    page.clock.install()
    dead: list[WebSocketRoute] = []

    def pass_until_asleep(socket: WebSocketRoute) -> None:
        to_server = socket.connect_to_server()
        socket.on_message(to_server.send)
        to_server.on_message(lambda message: None if socket in dead else socket.send(message))
        sockets.append(socket)

    sockets: list[WebSocketRoute] = []
    page.route_web_socket(re.compile("/ws/events"), pass_until_asleep)
    page.goto(server.dashboard)
    expect(page.get_by_test_id("connection")).to_have_text("Live")
    dead += sockets
    run_id = server.start_run()
    server.ended_run(run_id)
    expect(page.get_by_test_id("events-log")).not_to_contain_text(run_id)
    page.clock.fast_forward("15:00")
    expect(page.get_by_test_id("events-log")).to_contain_text(run_id)
    expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"\d+ events came meanwhile"))
    assert len(sockets) == 2
    page.close()
