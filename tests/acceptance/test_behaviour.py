"""The page in bad company: a server that dies and comes back, a machine that slept, two tabs, a screen on a wall."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

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


def test_a_server_that_was_restarted_is_found_again_with_what_came_meanwhile(tmp_path: Path, browser: Browser) -> None:
    home = tmp_path / "home"
    with serving(home, "--no-schedule") as first:
        page, wall = opened(browser, first), opened(browser, first, "/?kiosk=1")
        port = first.dashboard.rsplit(":", 1)[1]
        first.kill()
        expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"what you see is \d+ seconds? old"))
        expect(page.get_by_role("button", name="Start", exact=True)).to_have_attribute("aria-disabled", "true")
        expect(page).to_have_title(re.compile("not live"))

    def another_build(route: Route) -> None:
        """The page as a newer package has it: its script has another name."""
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"index-[\w-]+\.js", "index-newer.js", answer.text()))

    page.route(lambda address: address.rstrip("/").endswith(port), another_build)
    with serving(home, "--no-schedule", "--dashboard-port", port) as second:
        second.ended_run(second.start_run())
        expect(page.get_by_test_id("state")).to_have_text("success")
        expect(page.get_by_test_id("connection")).to_contain_text("Live")
        expect(wall.get_by_test_id("state")).to_have_text("success")
        expect(page.get_by_text("The server has a newer version of this page.")).to_be_visible()
        assert_accessible(page)
        page.unroute_all()
        page.get_by_role("button", name="Load it").click()
        expect(page.get_by_test_id("connection")).to_have_text("Live")
        expect(page.get_by_text("The server has a newer version of this page.")).to_have_count(0)
    page.close()
    wall.close()


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
