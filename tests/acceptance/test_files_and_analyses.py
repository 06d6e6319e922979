"""The pages of one file's way and of analyses, on real flights: wide, narrow, in both themes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, WIDE, assert_accessible
from pipelines import stand_still
from real_tables import flights_by_month
from serving import Server, serving

pytestmark = pytest.mark.browser

SETTINGS = """
[inputs]
settle = 0.1

[[datasets]]
name = "bars"
files = "bars_*"
keys = ["id"]
checks = [{ check = "range", column = "price", min = 0, on_failure = "hold_file" }]

[[analyses]]
name = "carriers"
sql = "SELECT carrier, count(*) AS flights, avg(dep_delay) AS delay FROM flights GROUP BY ALL"

[[analyses]]
name = "broken"
sql = "SELECT departed FROM flights"

[[analyses]]
name = "slowest"
top = { dataset = "flights", n = 3, by = "dep_delay", per = ["origin"] }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After two runs: a month of flights, a file that is held back, one that is no table, and one that brings a column."""
    home = tmp_path_factory.mktemp("files") / "home"
    raw = home / "data" / "raw"
    (raw / "flights").mkdir(parents=True)
    name, content = next(iter(flights_by_month().items()))
    (raw / "flights" / name).write_bytes(content)
    (raw / "bars_1.csv").write_text('id,price\n1,2\n2,"x\n')
    (raw / "bars_bad.csv").write_text("id,price\n9,-1\n")
    (raw / "empty.csv").write_bytes(b"\x00\x01\x02")
    (home / "quarterhour.toml").write_text(SETTINGS)
    with serving(home, "--no-schedule") as running:
        running.ended_run(running.start_run())
        (raw / "bars_2.csv").write_text("id,price,note\n3,4.5,new\n")
        stand_still(raw / "bars_2.csv")
        running.ended_run(running.start_run())
        yield running


def id_of(server: Server, name: str) -> str:
    return next(one["id"] for one in server.get("/api/inputs")["items"] if one["name"] == name)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/data/inputs/{bars_1.csv}", "2 records = 1 row + 1 put aside"),
        ("/data/inputs/{bars_bad.csv}", "Held back"),
        ("/data/inputs/{empty.csv}", "Put aside whole"),
        ("/data/inputs/ffffffffffff", "no input is named"),
        ("/analyses", "slowest"),
        ("/analyses/broken", "departed"),
        ("/analyses/carriers", "1 to 1"),
        ("/analyses/none", "No analysis of that name"),
        ("/data/bars?part=history", "note came (VARCHAR)"),
    ],
)
def test_everybody_can_use_it(server: Server, browser: Browser, size: dict[str, int], address: str, shown: str) -> None:
    if "{" in address:
        name = address[address.index("{") + 1 : -1]
        address = address.replace(f"{{{name}}}", id_of(server, name))
    page = browser.new_page(viewport=size)
    page.goto(server.dashboard + address)
    expect(page.get_by_role("main")).to_contain_text(shown)
    assert_accessible(page)
    page.close()


def test_a_file_is_followed_from_the_list_to_its_rows_its_records_and_its_runs(
    server: Server, browser: Browser
) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data")
    page.get_by_test_id("files").get_by_role("link", name="bars_1.csv").click()
    way = page.get_by_test_id("way")
    for step in ("Arrived", "Translated", "Checked", "Merged"):
        expect(way.get_by_text(step, exact=True)).to_be_visible()
    detail = server.get(f"/api/inputs/{id_of(server, 'bars_1.csv')}")
    assert detail["records"] == detail["rows"] + detail["quarantined"] == 2
    expect(way).to_contain_text(f"version {detail['merged_version']}")
    expect(way.get_by_role("link", name=detail["run_id"]).first).to_be_visible()
    expect(page.get_by_test_id("input-records")).to_contain_text("record 2")
    page.get_by_role("button", name="Make the profile").click()
    expect(page.get_by_role("table", name="Columns of bars_1.csv")).to_contain_text("price")
    way.get_by_role("button", name="Retract").click()
    way.get_by_role("region", name="Retract").get_by_role("button", name="Retract").click()
    expect(way.get_by_text("Retracted", exact=True)).to_be_visible()
    way.get_by_role("button", name="Put back").click()
    way.get_by_role("region", name="Put back").get_by_role("button", name="Put back").click()
    expect(way.get_by_text("Retracted", exact=True)).to_have_count(0)
    page.close()


def test_an_analysis_tells_its_query_its_rows_and_what_its_last_run_said(server: Server, browser: Browser) -> None:
    told = {one["name"]: one for one in server.get("/api/analyses")["items"]}
    assert (told["broken"]["last"]["outcome"], told["broken"]["updated_at"]) == ("failed", None)
    assert told["carriers"]["last"]["outcome"] in ("computed", "unchanged")
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{server.dashboard}/data")
    page.get_by_role("link", name="Analyses").click()
    page.get_by_role("link", name="carriers").click()
    expect(page.get_by_test_id("definition")).to_contain_text("SELECT carrier")
    page.get_by_role("button", name="flights", exact=True).click()
    expect(page.get_by_role("columnheader", name="flights")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    page.goto(f"{server.dashboard}/analyses/slowest")
    expect(page.get_by_test_id("definition")).to_contain_text('"per"')
    page.close()
