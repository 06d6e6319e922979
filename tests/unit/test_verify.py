"""`verify`: tables that are as the raw files make them pass; any value that is not is named."""

import json
import os
import time
from pathlib import Path
from typing import Any

import deltalake
import polars
import pyarrow
import pytest
from stage_context import RecordingContext
from typer.testing import CliRunner

from quarterhour.cli import app
from quarterhour.errors import UnknownDataset
from quarterhour.lake.put_aside import list_put_aside
from quarterhour.stages.merger import MergerService
from quarterhour.stages.merger.retraction import retract
from quarterhour.stages.translator.mending.sending_back import send_back
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.verification import Report, verify
from real_tables import flights_by_month

pytestmark = pytest.mark.slow

KEYED: dict[str, Any] = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}


class Home:
    """A home whose runs are made by hand."""

    def __init__(self, path: Path, settings: dict[str, Any] | None = None) -> None:
        self.path = path
        self._settings = settings or {}
        self._runs = 0
        self.context = RecordingContext(path, self._settings)

    def drop(self, name: str, content: str | bytes) -> None:
        path = self.context.workspace.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        an_hour_ago = time.time() - 3600 + self._runs
        os.utime(path, (an_hour_ago, an_hour_ago))

    def run(self) -> dict[str, Any]:
        self._runs += 1
        self.context = RecordingContext(self.path, self._settings, run_id=f"20251205T12{self._runs:02}00Z-7f3a9c")
        TranslatorService().run(self.context)
        return MergerService().run(self.context).data

    def retract(self, name: str) -> None:
        retract(self.context.workspace, self.context.settings, name, whole_file=True)

    def verify(self, dataset: str | None = None, **options: Any) -> list[Report]:
        return list(verify(self.context.workspace, self.context.settings, dataset, **options))

    def table(self, dataset: str) -> str:
        return str(self.context.workspace.table(dataset))


def told(report: Report) -> list[tuple[str, dict[str, str | None], str | None, str | None, str | None]]:
    return [(one.kind, one.row, one.column, one.stands, one.should) for one in report.differences]


def test_real_files_that_came_in_many_ways_make_what_stands(tmp_path: Path) -> None:
    """By name, grown, rewritten, overlapping, zipped away into the archive, retracted, with records that were mended."""
    settings: dict[str, Any] = {
        "datasets": [
            {"name": "flights", "files": "flights/*", "keys": ["carrier", "flight", "origin", "time_hour"]},
            {"name": "plain", "files": "plain/*"},
        ],
        "inputs": {"after": "archive"},
    }
    home = Home(tmp_path, settings)
    months = list(flights_by_month().items())[:3]
    lines = [content.splitlines(keepends=True) for _, content in months]
    header = lines[0][0]
    for n, folder in enumerate(("flights", "plain")):
        home.drop(f"{folder}/a.csv", b"".join([header, *lines[0][1 + n : 2000]]))
        home.drop(f"{folder}/b.csv", b"".join([header, b"2013,1\n", *lines[1][1500 + n : 2500]]))
    home.run()
    item = next(one.id for one in list_put_aside(home.context.workspace, 10).items if one.dataset == "plain")
    send_back(home.context.workspace, home.context.settings, item, raw=lines[2][7].decode().strip())
    for n, folder in enumerate(("flights", "plain")):
        home.drop(f"{folder}/a.csv", b"".join([header, *lines[0][1 + n : 3000]]))
        home.drop(f"{folder}/b.csv", b"".join([header, *lines[1][1000 + n : 2000]]).replace(b",UA,", b",XX,"))
        home.drop(f"{folder}/c.csv", b"".join([header, *lines[0][500 + n : 900]]))
    home.run()
    home.retract("flights/c.csv")
    home.retract("plain/a.csv")
    seen: list[str] = []
    reports = home.verify(on_progress=lambda progress: seen.append(progress.what))
    assert [(one.dataset, one.is_good, one.notes) for one in reports] == [("flights", True, []), ("plain", True, [])]
    assert [one.rows for one in reports] == [polars.read_delta(home.table(one.dataset)).height for one in reports]
    assert {"flights/a.csv", "plain/b.csv", "comparing"} <= set(seen)
    assert list(home.context.workspace.scratch.iterdir()) == []


def test_a_value_and_a_row_that_another_program_changed_are_named(tmp_path: Path) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", "k,v,s\n1,10,x\n2,20,y\n3,30,z\n")
    home.run()
    table = deltalake.DeltaTable(home.table("bars"))
    table.update(updates={"v": "21", "s": "NULL"}, predicate="k = 2")
    table.delete("k = 3")
    added = pyarrow.table({"k": [4], "v": [40], "s": ["w"], "_file": ["elsewhere"], "_record": [1]})
    deltalake.write_deltalake(table, added.cast(pyarrow.schema(table.to_pyarrow_table().schema)), mode="append")
    (report,) = home.verify()
    assert (report.is_good, report.rows, report.rebuilt_rows, report.differing_rows) == (False, 3, 3, 3)
    assert told(report) == [
        ("changed", {"k": "2"}, "v", "21", "20"),
        ("changed", {"k": "2"}, "s", None, "y"),
        ("missing", {"k": "3"}, None, None, "v = 30, s = z"),
        ("extra", {"k": "4"}, None, "v = 40, s = w", None),
    ]
    (report,) = home.verify(limit=1)
    assert (report.differing_rows, len(report.differences)) == (3, 2)


def test_without_keys_rows_are_compared_as_a_collection_and_named_by_file_and_record(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("bars/a.csv", "k,v\n1,10\n1,10\n2,20\n")
    home.drop("bars/b.csv", "k,v\n1,10\n3,\n")
    home.run()
    assert home.verify()[0].is_good
    table = deltalake.DeltaTable(home.table("bars"))
    table.update(updates={"v": "11"}, predicate="k = 1 AND _record = 2")
    table.delete("k = 3")
    (report,) = home.verify()
    assert (report.rows, report.rebuilt_rows, report.differing_rows) == (4, 5, 2)
    assert sorted(told(report), key=str) == [
        ("changed", {"file": "bars/a.csv", "record": "2"}, "v", "11", "10"),
        ("missing", {"file": "bars/b.csv", "record": "2"}, None, None, "k = 3"),
    ]


def test_a_raw_file_that_is_nowhere_is_named_and_the_others_are_compared(tmp_path: Path) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", "k,v\n1,10\n")
    home.drop("bars/b.csv", "k,v\n2,20\n")
    home.run()
    raw = home.context.workspace.raw
    (raw / "bars/b.csv").rename(raw / "bars/renamed.csv")
    assert home.verify()[0].is_good
    (raw / "bars/a.csv").write_text("k,v\n9,99\n")
    (report,) = home.verify()
    assert (report.is_good, report.differing_rows) == (False, 0)
    (missing,) = report.missing
    assert missing.startswith("bars/a.csv (fingerprint ")
    home.retract("bars/a.csv")
    assert home.verify()[0].is_good


def test_the_command_says_so_and_ends_with_status_1(tmp_path: Path) -> None:
    home = Home(tmp_path, KEYED)
    (tmp_path / "quarterhour.toml").write_text('[[datasets]]\nname = "bars"\nfiles = "bars/*"\nkeys = ["k"]\n')
    home.drop("bars/a.csv", "k,v\n1,10\n2,20\n")
    home.drop("other/a.csv", "k,v\n1,10\n")
    home.run()
    runner = CliRunner()
    good = runner.invoke(app, ["verify", "--home", str(tmp_path)])
    assert (good.exit_code, good.stdout.splitlines()) == (
        0,
        [
            "bars: all 2 rows are as 1 files make them (version 1)",
            "other: all 1 rows are as 1 files make them (version 1)",
        ],
    )
    deltalake.DeltaTable(home.table("bars")).update(updates={"v": "21"}, predicate="k = 2")
    bad = runner.invoke(app, ["verify", "bars", "--home", str(tmp_path)])
    assert bad.exit_code == 1
    assert bad.stdout.splitlines() == [
        "bars: 1 rows differ: 2 rows stand, 2 should (version 2)",
        "  k = 2: v: 21 stands, should be 20",
    ]
    told_json = json.loads(runner.invoke(app, ["verify", "bars", "--json", "--home", str(tmp_path)]).stdout)
    assert told_json["differences"] == [
        {"kind": "changed", "row": {"k": "2"}, "column": "v", "stands": "21", "should": "20"}
    ]
    absent = runner.invoke(app, ["verify", "absent", "--home", str(tmp_path)])
    assert (absent.exit_code, "no raw file was taken in" in absent.stderr) == (1, True)
    with pytest.raises(UnknownDataset):
        home.verify("absent")
