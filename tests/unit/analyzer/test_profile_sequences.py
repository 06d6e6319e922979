"""The profile that was told from what was known before is that of the table, whatever came in between."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.queries import dataset_profile
from quarterhour.lake.tables import open_table
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.analyzer.states.state import Limits
from quarterhour.stages.merger import MergerService

pytestmark = pytest.mark.slow

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}
FEW = Limits(values=16, distinct=256, rows=64, slots=512)


def bars(first: int, last: int, seed: int = 0) -> str:
    """Rows of keys from `first` up to `last`: a column of few values, and such of many."""
    return (
        f"SELECT i AS k, (i * 7 + {seed}) % 5 AS few, hash(i + {seed}) % 1000003 / 7 AS v, "
        f"md5((i + {seed} + 1)::VARCHAR) AS t, "
        f"TIMESTAMP '2024-01-01' + to_seconds(10 * i + (i // 50) * 3600) AS at FROM range({first}, {last}) r(i)"
    )


@pytest.fixture(params=[Limits.of(5), FEW], ids=["exact", "sampled"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Limits:
    monkeypatch.setattr(Limits, "of", lambda _: request.param)
    return request.param


def analyse(context: RecordingContext, dataset: str = "bars") -> dict[str, Any]:
    AnalyzerService().run(context)
    found = dataset_profile(context.workspace, context.settings, dataset)
    assert found is not None
    return found


def assert_tells(found: dict[str, Any], context: RecordingContext, dataset: str = "bars") -> None:
    """Merge, and compare the profile of the whole with the table, read by other SQL than the profile's."""
    MergerService().run(context)
    table = open_table(context.workspace.table(dataset))
    assert table is not None
    assert found["whole"]["rows"] == table.rows
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS FROM {table.scan()}")
        for name, facts in found["whole"]["columns"].items():
            compare(connection, f'"{name}"', facts)


def compare(connection: duckdb.DuckDBPyConnection, column: str, facts: dict[str, Any]) -> None:
    def one(select: str) -> Any:
        return connection.execute(f"SELECT {select} FROM t").fetchall()[0][0]

    assert (facts["count"], facts["nulls"]) == (one(f"count({column})"), one(f"count(*) - count({column})"))
    low, high = one(f"min({column})::VARCHAR"), one(f"max({column})::VARCHAR")
    assert [str(facts["min"]).replace("T", " "), str(facts["max"]).replace("T", " ")] == [low, high]
    distinct = one(f"count(DISTINCT {column})")
    assert facts["distinct"] == pytest.approx(distinct, rel=facts["bounds"].get("distinct", 0))
    if facts["type"] in ("BIGINT", "DOUBLE"):
        assert facts["mean"] == pytest.approx(one(f"avg({column})"))
        assert facts["std"] == pytest.approx(one(f"stddev({column})"))
        assert sum(facts["histogram"]["counts"]) == facts["count"]
        off = facts["bounds"].get("quantiles", 0)
        for quantile, value in facts["quantiles"].items():
            below, at_most = one(f"count(*) FILTER ({column} < {value})"), one(f"count(*) FILTER ({column} <= {value})")
            share = int(quantile[1:]) / 100
            assert below / facts["count"] - off <= share <= at_most / facts["count"] + off + 1e-9
    if facts["type"] == "VARCHAR":
        assert facts["max_length"] == one(f"max(length({column}))")
    if facts["type"] == "TIMESTAMP" and not facts["approximate"]:
        assert facts["gaps"][0]["seconds"] == one(
            f"(SELECT max(date_diff('second', before, {column})) "
            f"FROM (SELECT {column}, lag({column}) OVER (ORDER BY {column}) AS before FROM t))"
        )


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize("settings", [None, KEYED], ids=["appended", "keyed"])
def test_run_after_run(tmp_path: Path, settings: dict[str, Any] | None) -> None:
    for run, (first, last, seed) in enumerate([(0, 600, 0), (500, 900, 1), (880, 900, 2), (0, 3, 4), (900, 1500, 0)]):
        context = RecordingContext(tmp_path, settings, run_id=str(run))
        put(context, "bars", bars(first, last, seed), f"file {run}")
        found = analyse(context)
        assert found["recomputed"] is None
        assert_tells(found, context)
