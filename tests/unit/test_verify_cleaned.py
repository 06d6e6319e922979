"""`verify` after maintenance forgot the versions that had retracted, restored and renewed: what stands is still proven."""

from pathlib import Path
from typing import Any

import polars
import pytest
from deltalake import DeltaTable
from test_verify import KEYED, Home

from quarterhour.lake import maintenance
from quarterhour.lake.maintenance import maintain
from quarterhour.stages.merger.restoring import restore

pytestmark = pytest.mark.slow

DAY_S = 24 * 3600


def rows(*pairs: tuple[int, int]) -> str:
    return "k,v\n" + "".join(f"{k},{v}\n" for k, v in pairs)


def clean(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget all versions but the newest."""
    now_s = maintenance.time.time() + 400 * DAY_S
    with monkeypatch.context() as later:
        later.setattr(maintenance.time, "time", lambda: now_s)
        later.setattr(maintenance, "_LEAST_FORGOTTEN", 1)
        [done] = maintain(home.context.workspace, home.context.settings)
    assert done["error"] == ""
    assert done["forgotten_versions"] > 0
    log = Path(home.table("bars")) / "_delta_log"
    assert [int(entry.stem) for entry in log.glob("*.json")] == [DeltaTable(home.table("bars")).version()]


def standing(home: Home) -> list[tuple[Any, ...]]:
    return polars.read_delta(home.table("bars")).select("k", "v").sort("k", "v").rows()


@pytest.mark.parametrize("settings", [KEYED, {}], ids=["keyed", "appended"])
def test_a_table_whose_log_was_cleaned_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    # The archive keeps what a new version of a file replaces.
    home = Home(tmp_path, {**settings, "inputs": {"after": "archive"}})
    home.drop("bars/a.csv", rows((1, 10), (2, 20)))
    home.run()
    home.drop("bars/b.csv", rows((2, 21), (3, 30)))
    home.run()
    home.drop("bars/c.csv", rows((3, 31), (4, 40)))
    home.run()
    all_of_them = standing(home)
    home.retract("bars/b.csv")
    home.retract("bars/c.csv")
    home.retract("bars/c.csv")
    clean(home, monkeypatch)
    assert home.verify("bars")[0].is_good
    # What was retracted before the cleaning can be put back after it, in its old place.
    home.retract("bars/b.csv")
    assert standing(home) == all_of_them
    assert home.verify("bars")[0].is_good
    # A new version of a file that stands, and a step back to the version before it, across a cleaning.
    clean(home, monkeypatch)
    version = DeltaTable(home.table("bars")).version()
    home.drop("bars/a.csv", rows((1, 11), (2, 20)))
    home.run()
    assert home.verify("bars")[0].is_good
    restore(home.context.workspace, home.context.settings, "bars", version)
    assert standing(home) == all_of_them
    clean(home, monkeypatch)
    [report] = home.verify("bars")
    assert (report.is_good, report.differing_rows, report.notes) == (True, 0, [])


def test_a_row_that_another_program_took_away_is_still_missed_after_a_cleaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", rows((1, 10), (2, 20)))
    home.run()
    home.drop("bars/b.csv", rows((2, 21), (3, 30)))
    home.run()
    home.retract("bars/b.csv")
    DeltaTable(home.table("bars")).delete("k = 2")
    clean(home, monkeypatch)
    [report] = home.verify("bars")
    assert [(one.kind, one.row["k"]) for one in report.differences] == [("missing", "2")]
