"""The analyzer on real inputs: profiles of the new and the whole, and time buckets."""

from pathlib import Path

import duckdb
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.queries import dataset_profile
from quarterhour.stages.analyzer import AnalyzerService
from quarterhour.stages.merger import MergerService

KEYED = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}
# One reading a minute, and an hour without any.
BARS = (
    "SELECT i AS k, i * 1.0::DOUBLE AS v, 's' || i % 3 AS s, "
    "TIMESTAMP '2024-01-01' + to_minutes(i::INTEGER + 60 * (i // 50)) AS at "
)


def test_the_whole_is_the_table_and_the_new_rows_by_their_keys(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, KEYED)
    put(context, "bars", BARS + "FROM range(0, 80) t(i)", "one")
    assert AnalyzerService().run(context).data == {"datasets": 1, "checks": 0, "profiled": ["bars"]}
    MergerService().run(context)
    put(context, "bars", BARS + "FROM range(60, 100) t(i) UNION ALL " + BARS + "FROM range(90, 100) t(i)", "two")
    assert AnalyzerService().run(context).msg == "Profiled 1 dataset"
    found = dataset_profile(context.workspace, context.settings, "bars")
    assert found is not None
    assert (found["new"]["rows"], found["whole"]["rows"]) == (50, 100)
    v, at, s = (found["whole"]["columns"][name] for name in ("v", "at", "s"))
    assert (v["count"], v["nulls"], v["min"], v["max"], v["mean"]) == (100, 0, 0.0, 99.0, 49.5)
    assert sum(v["histogram"]["counts"]) == 100
    assert s["top"][0] == {"value": "s0", "count": 34}
    assert at["usual_spacing_s"] == 60
    assert at["gaps"] == [{"from": "2024-01-01T00:49:00", "to": "2024-01-01T01:50:00", "seconds": 3660}]
    assert found["main_timestamp"] == "at"
    buckets = duckdb.read_parquet(str(context.workspace.buckets_file("bars")))
    (totals,) = buckets.filter("\"column\" = 'v'").aggregate("sum(count), sum(sum)").fetchall()
    assert totals == (100, 4950.0)


def test_values_without_a_meaning_do_not_spoil_the_profile(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    put(context, "bars", "SELECT unnest(['nan', 'inf', '1', '3'])::DOUBLE AS v, NULL::DOUBLE AS n", "one")
    AnalyzerService().run(context)
    MergerService().run(context)
    found = dataset_profile(context.workspace, context.settings, "bars")
    assert found is not None
    assert (found["whole"]["columns"]["v"]["mean"], found["whole"]["columns"]["v"]["histogram"]["counts"][0]) == (
        2.0,
        1,
    )
    assert found["whole"]["columns"]["n"]["nulls"] == 4
    assert not {"_low", "_high"} & found["whole"]["columns"]["n"].keys()
