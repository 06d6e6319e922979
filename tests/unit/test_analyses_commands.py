"""Analyses through the whole product: the documentation's own examples on real prices, by command line and API."""

import gzip
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import bokeh_sampledata
import polars
import pytest
import structlog

from commands import command
from pipelines import stand_still
from quarterhour.cli.support import load
from quarterhour.client import calls
from quarterhour.offline import OfflineReader

pytestmark = pytest.mark.slow

DOC = Path(__file__).parents[2] / "docs" / "analyses.md"
EXAMPLES = "\n".join(
    textwrap.dedent(block)
    for block in re.findall(r"^ *```toml\n(.*?)^ *```", DOC.read_text("utf-8"), re.DOTALL | re.MULTILINE)
)
STOCKS = Path(bokeh_sampledata.__file__).parent / "_data" / "stocks.csv.gz"


def drop(home: Path, name: str, lines: list[bytes]) -> None:
    path = home / "data" / "raw" / "stocks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    stand_still(path)


def test_the_documented_examples_run_on_real_prices(tmp_path: Path) -> None:
    (tmp_path / "quarterhour.toml").write_text(EXAMPLES)
    with gzip.open(STOCKS) as file:
        header, *lines = file.readlines()
    drop(tmp_path, "stocks-1.csv", [header, *lines[:9000]])
    # Before there is data, nothing is known but what is declared.
    listed = [json.loads(line) for line in command(tmp_path, "analyses", "list", "--json").stdout.splitlines()]
    assert {one["version"] for one in listed} == {None}
    assert "waits: there are no rows of stocks yet" in command(tmp_path, "analyses", "run", "daily").stderr
    first = command(tmp_path, "run")
    assert first.exit_code == 0, first.stdout
    assert f"analyses: {len(listed)} computed" in first.stdout
    drop(tmp_path, "stocks-2.csv", [header, *lines[9000:]])
    assert f"analyses: {len(listed)} computed" in command(tmp_path, "run").stdout

    prices = polars.read_csv(STOCKS, try_parse_dates=True)
    daily = polars.read_delta(str(tmp_path / "data" / "merged" / "daily"))
    assert daily["volume"].cast(polars.Int64).sum() == prices["Volume"].sum()
    jumps = prices.filter((polars.col("Close") - polars.col("Open")).abs() > 0.1 * polars.col("Open"))
    assert polars.read_delta(str(tmp_path / "data" / "merged" / "jumps")).height == jumps.height > 0

    shown = command(tmp_path, "analyses", "run", "weekly", "--limit", "2", "--explain")
    assert "time_bucket" in shown.stdout
    assert shown.stdout.splitlines()[-1].startswith("AAPL")
    answer = json.loads(command(tmp_path, "analyses", "run", "busiest", "--json").stdout)
    assert list(answer["columns"])[:2] == ["rank", "Ticker"]
    assert len(answer["rows"]) == 3 * prices["Ticker"].n_unique()
    assert "no analysis is named 'nothing'; there is daily" in command(tmp_path, "analyses", "run", "nothing").stderr
    assert command(tmp_path, "export", "weekly", "--out", str(tmp_path / "weekly.csv")).exit_code == 0
    settings, workspace = load(tmp_path)
    source = OfflineReader(settings, workspace)
    items = {item["name"]: item for item in source.plain(calls.list_analyses())["items"]}
    datasets = {item["name"]: item for item in source.plain(calls.list_datasets())["items"]}
    assert items.keys() < datasets.keys()
    assert all(datasets[name]["rows"] == item["rows"] for name, item in items.items())
    versions = source.plain(calls.list_dataset_versions("monthly"))["items"]
    assert [one["operation"] for one in versions[:2]] == ["analysis", "analysis"]
    assert versions[0]["rows"] == items["monthly"]["rows"]


@pytest.fixture
def own_log() -> Iterator[None]:
    """`up` has the process log to its standard error, which here is the runner's own and is closed with it."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("own_log")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[[analyses]]\nname = 'a'\nsql = '''\nSELECT 1,\n  FROM FROM x'''",
            "analysis 'a': line 2, column 8: syntax error",
        ),
        ("[[analyses]]\nname = 'a'\nsql = 'FROM b'\n[[analyses]]\nname = 'b'\nsql = 'FROM a'", "go round in a circle"),
    ],
)
def test_what_can_be_told_of_analyses_is_told_at_the_start(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "quarterhour.toml").write_text(text)
    for arguments in (("run",), ("up", "--api-port", "0", "--dashboard-port", "0")):
        answer = command(tmp_path, *arguments)
        assert answer.exit_code == 2
        assert told in answer.stderr
