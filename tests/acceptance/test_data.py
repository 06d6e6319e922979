"""The pages of data on real flights: wide, narrow, in both themes; rows sorted and filtered by the server; a version restored."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, WIDE, assert_accessible
from real_tables import flights_by_month
from serving import Server, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After a month of flights, and a file with a record that cannot be read."""
    home = tmp_path_factory.mktemp("data") / "home"
    raw = home / "data" / "raw"
    (raw / "flights").mkdir(parents=True)
    name, content = next(iter(flights_by_month().items()))
    (raw / "flights" / name).write_bytes(content)
    (raw / "odd.csv").write_text('a,b\n1,2\n3,"x\n')
    (home / "quarterhour.toml").write_text("[inputs]\nsettle = 0.01\n")
    with serving(home, "--no-schedule") as running:
        assert running.ended_run(running.start_run())["counts"]["inserted"] > 0
        yield running


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/data", "1 record put aside"),
        ("/quarantine?dataset=odd", "record 2, line 3"),
        ("/data/flights", "1 to 100 of"),
        ("/data/flights?part=plot&column=dep_delay&by=origin", "EWR"),
        ("/data/odd?part=plot", "this table has not both"),
        ("/data/flights?part=columns", "dep_delay"),
        ("/data/flights?part=checks", "Nothing is declared of this table"),
        ("/data/flights?part=history", "merge"),
    ],
)
def test_everybody_can_use_it(server: Server, browser: Browser, size: dict[str, int], address: str, shown: str) -> None:
    page = browser.new_page(viewport=size)
    page.goto(server.dashboard + address)
    expect(page.get_by_role("main")).to_contain_text(shown)
    assert_accessible(page)
    page.close()


def test_rows_are_sorted_and_filtered_and_the_address_keeps_it(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data")
    page.get_by_role("link", name="flights", exact=True).click()
    page.get_by_role("textbox", name="where").fill("origin = 'JFK' AND dep_delay IS NOT NULL")
    page.keyboard.press("Enter")
    asked = {"where": "origin = 'JFK' AND dep_delay IS NOT NULL", "sort": "dep_delay", "descending": True}
    told = server.get("/api/datasets/flights/rows", **asked)
    column = [one["name"] for one in told["columns"]].index("dep_delay")
    for direction in ("ascending", "descending"):
        page.get_by_role("button", name="dep_delay").click()
        expect(page.get_by_role("columnheader", name="dep_delay")).to_have_attribute("aria-sort", direction)
    cell = page.locator("tbody tr").first.locator("td").nth(column)
    expect(cell).to_have_text(str(told["items"][0][column]))
    expect(page.get_by_role("main").get_by_role("status")).to_contain_text(f"of {told['total']:,}")
    page.reload()
    expect(cell).to_have_text(str(told["items"][0][column]))
    page.get_by_role("textbox", name="where").fill("nothing > 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("nothing")
    page.close()


def test_a_column_is_plotted_and_a_drag_asks_the_server_for_its_part(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data/flights")
    page.get_by_role("link", name="Plot", exact=True).click()
    page.get_by_label("Column").select_option("dep_delay")
    told = server.get("/api/datasets/flights/series", column="dep_delay", time="time_hour")
    status = page.get_by_test_id("plot").get_by_role("status")
    expect(status).to_contain_text(f"{told['drawn']:,} of {told['rows']:,} rows drawn")
    expect(status).to_contain_text(f"{told['nulls']:,} without a value")
    area = page.locator(".u-over").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] / 4, area["y"] + 50)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 50, steps=5)
    page.mouse.up()
    expect(status).to_contain_text("of another time")
    assert "from=" in page.url
    page.reload()
    expect(status).to_contain_text("of another time")
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    expect(page.get_by_test_id("readout")).to_contain_text(re.compile(r"UTC · dep_delay -?[\d,]+"))
    page.get_by_text("As a table").click()
    expect(page.get_by_role("table").locator("tbody tr").first).to_be_visible()
    # As typed, to the second.
    plot = page.get_by_test_id("plot")
    plot.get_by_label("From").fill("2013-01-20T00:00:00")
    plot.get_by_label("To").fill("2013-01-10T12:30:05")
    plot.get_by_role("button", name="Show", exact=True).click()
    expect(plot.get_by_role("alert")).to_have_text("The span must end after it starts")
    plot.get_by_label("From").fill("2013-01-09T06:00:00")
    plot.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("from=2013-01-09T06%3A00%3A00.000Z&to=2013-01-10T12%3A30%3A05.000Z"))
    expect(plot.get_by_label("To")).to_have_value("2013-01-10T12:30:05")
    expect(status).to_contain_text("of another time")
    slider.press("Escape")
    expect(status).not_to_contain_text("of another time")
    assert "from=" not in page.url
    page.get_by_role("textbox", name="where").fill("nothing > 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("nothing")
    page.close()


def test_a_version_is_restored_after_it_was_said_what_that_changes(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data/odd?part=history")
    page.get_by_role("button", name="Restore 0…").click()
    question = page.get_by_role("region", name="Restore version 0")
    expect(question).to_contain_text("odd.csv will be retracted")
    assert server.get("/api/datasets/odd")["rows"] == 1
    question.get_by_role("button", name="Restore version 0").click()
    expect(page.get_by_text("2 · restore")).to_be_visible()
    assert server.get("/api/datasets/odd")["rows"] == 0
    page.goto(f"{server.dashboard}/data?state=retracted")
    expect(page.get_by_test_id("files").locator("tbody tr")).to_have_count(1)
    page.close()


def test_a_record_is_mended_and_the_next_run_takes_it_in(server: Server, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data")
    page.get_by_test_id("put-aside").click()
    expect(page.locator("mark")).to_have_text("x")
    page.get_by_role("button", name="Mend").click()
    page.get_by_role("textbox", name="The record").fill("3,4,5")
    page.get_by_role("button", name="Send mended").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("textbox", name="The record").fill("3,4")
    page.get_by_role("button", name="Send mended").click()
    expect(page.get_by_role("main")).to_contain_text("sent again")
    assert server.ended_run(server.start_run())["counts"]["inserted"] == 1
    page.close()


def test_a_file_is_retracted_after_it_was_said_what_that_changes_and_put_back(server: Server, browser: Browser) -> None:
    before = server.get("/api/datasets/flights")["rows"]
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data")
    row = page.get_by_test_id("files").locator("tbody tr", has_text="flights/")
    for verb, rows in (("Retract", 0), ("Put back", before)):
        row.get_by_role("button", name=verb).click()
        question = row.get_by_role("region", name=verb)
        expect(question).to_contain_text(f"{before:,} rows")
        question.get_by_role("button", name=verb).click()
        expect(question).to_have_count(0)
        assert server.get("/api/datasets/flights")["rows"] == rows
    expect(row).to_contain_text("merged")
    page.close()
