"""The API as a contract: whatever is sent, a real server answers as its document says, and never with a fault of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from quarterhour.web.app import make_app
from serving import Server, serving

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("EXAMPLES", "5"))

CONFIG = SchemathesisConfig(
    seed=15,
    projects=ProjectsConfig(
        default=ProjectConfig(generation=GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none"))
    ),
)
# A stream has no end: tests/unit/test_stream.py has it.
SCHEMA = schemathesis.openapi.from_dict(make_app(None).openapi(), config=CONFIG).exclude(operation_id="streamEvents")

SETTINGS = """
[[datasets]]
name = "bars"
files = "bars_*"
keys = ["id"]
checks = [{ check = "not_null", columns = ["id"] }, { check = "range", column = "price", min = 0, on_failure = "hold_file" }]

[[analyses]]
name = "days"
sql = "SELECT count(*) AS n FROM bars"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("contract") / "home"
    raw = home / "data/raw"
    raw.mkdir(parents=True)
    (home / "quarterhour.toml").write_text(SETTINGS)
    bring(raw / "bars_1.csv", "id,price\n1,2.5\n2,3.5\n")
    bring(raw / "bars_2.csv", "id,price\n2,4.5\n3,1\n4,5,6,7\n")
    bring(raw / "bars_3.csv", "id,price\n9,-1\n")
    bring(raw / "bad.csv", "\x00\x00\x01")
    with serving(home, "--no-schedule") as running:
        running.ended_run(running.start_run())
        yield running


def bring(path: Path, text: str) -> None:
    """A file that has lain there for so long that it is whole."""
    path.write_text(text)
    os.utime(path, (1e9, 1e9))


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, list[str]]:
    """What there is, by the names of path parameters."""
    return {
        "run_id": [run["run_id"] for run in server.get("/api/runs")["items"]],
        "/inputs": [each["id"] for each in server.get("/api/inputs")["items"] if each["id"]],
        "/quarantine": [each["id"] for each in server.get("/api/quarantine")["items"]],
        "/datasets": [each["name"] for each in server.get("/api/datasets")["items"]],
        "/pipeline/stage": ["translator", "analyzer", "merger"],
    }


def aim(case: Case, known: dict[str, list[str]]) -> None:
    """Have half of the valid calls ask for something that there is."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    for name, value in case.path_parameters.items():
        there_is = known.get(name) or known.get(case.path.partition("/api")[2].partition("/{")[0])
        number = crc32(repr((value, case.query, case.body)).encode())
        if there_is and number % 2:
            case.path_parameters[name] = there_is[number // 2 % len(there_is)]


@SCHEMA.parametrize()
def test_each_answer_is_as_documented(case: Case, server: Server, known: dict[str, list[str]]) -> None:
    """Valid calls and invalid ones. A valid one may be refused for its meaning (a cron text, a filter), by a 422."""
    aim(case, known)
    excluded = [positive_data_acceptance]
    if case.path == "/readyz":
        # On a busy machine it may say that it was busy.
        excluded.append(not_a_server_error)
    if any(isinstance(value, list | dict) for value in case.query.values()):
        # What is given more than once where it has one value: the last one is taken, and may be valid.
        excluded.append(negative_data_rejection)
    case.call_and_validate(base_url=server.api, excluded_checks=excluded)
