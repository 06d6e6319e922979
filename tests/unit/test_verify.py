"""`verify`: tables that are as the raw files make them pass; any value that is not is named."""

import json
import os
import time
from pathlib import Path
from typing import Any

import deltalake
import hypothesis
import polars
import pyarrow
import pytest
from hypothesis import strategies as st
from stage_context import RecordingContext
from typer.testing import CliRunner

from quarterhour.cli import app
from quarterhour.errors import UnknownDataset
from quarterhour.lake.put_aside import list_put_aside
from quarterhour.stages.merger import MergerService
from quarterhour.stages.merger.restoring import restore
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
            "bars: 2 rows, all as the raw files make them (1 file, version 1)",
            "other: 1 row, all as the raw files make them (1 file, version 1)",
        ],
    )
    deltalake.DeltaTable(home.table("bars")).update(updates={"v": "21"}, predicate="k = 2")
    bad = runner.invoke(app, ["verify", "bars", "--home", str(tmp_path)])
    assert bad.exit_code == 1
    assert bad.stdout.splitlines() == [
        "bars: 1 row not as it should be: 2 rows where 2 should stand (version 2)",
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


class Model:
    """What the table is to hold after any steps, in plain Python. Inputs are numbered as they come; each content is new."""

    def __init__(self, *, is_keyed: bool) -> None:
        self._is_keyed = is_keyed
        self.rows: list[list[tuple[int, int]]] = []
        self.versions_of: dict[str, list[list[int]]] = {}
        """By file: its versions, each the input that it came as and those by which it grew."""
        self.retracted: set[int] = set()
        self.past: dict[int, tuple[set[int], int]] = {}
        """By the table's version: what was retracted then, and how many inputs there were."""

    def take_in(self, name: str, rows: list[tuple[int, int]], *, grown: bool) -> None:
        versions = self.versions_of.setdefault(name, [])
        if grown:
            versions[-1].append(len(self.rows))
        else:
            versions.append([len(self.rows)])
        self.rows.append(rows)

    def retract(self, name: str) -> None:
        newest = set(self.versions_of[name][-1])
        self.retracted = self.retracted - newest if newest <= self.retracted else self.retracted | newest

    def restore(self, version: int) -> None:
        retracted, count = self.past[version]
        self.retracted = retracted | set(range(count, len(self.rows)))

    def table(self) -> list[tuple[int, int]]:
        gone = set(self.retracted)
        if not self._is_keyed:
            for versions in self.versions_of.values():
                standing = [number for number, inputs in enumerate(versions) if inputs[0] not in self.retracted]
                gone.update(*(versions[: standing[-1]] if standing else []))
        rows = [row for number, rows in enumerate(self.rows) if number not in gone for row in rows]
        return sorted(dict(rows).items() if self._is_keyed else rows)


CELLS = st.lists(st.integers(0, 3), min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("drop"), st.sampled_from("ab"), CELLS),
        st.tuples(st.just("grow"), st.sampled_from("ab"), CELLS),
        st.tuples(st.just("retract"), st.sampled_from("ab"), st.just([])),
        st.tuples(st.just("restore"), st.just(""), st.lists(st.integers(0, 9), min_size=1, max_size=1)),
    ),
    min_size=4,
    max_size=8,
)


@pytest.mark.parametrize("is_keyed", [True, False], ids=["keyed", "unkeyed"])
@hypothesis.settings(
    max_examples=4,
    # Shrinking would take minutes; the steps are few and printed.
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate],
)
@hypothesis.given(steps=STEPS)
def test_after_any_steps_the_table_is_that_of_a_plain_model_and_verified(
    tmp_path_factory: pytest.TempPathFactory, is_keyed: bool, steps: list[tuple[str, str, list[int]]]
) -> None:
    # In the archive, so that versions which were overwritten can be read again.
    settings = {"inputs": {"after": "archive"}} | (KEYED if is_keyed else {})
    home = Home(tmp_path_factory.mktemp("home"), settings)
    contents: dict[str, str] = {}
    model = Model(is_keyed=is_keyed)
    for number, (step, name, cells) in enumerate([("drop", "a", [0]), *steps]):
        file = f"bars/{name}.csv"
        if step == "restore":
            version = list(model.past)[cells[0] % len(model.past)]
            restore(home.context.workspace, home.context.settings, "bars", version)
            model.restore(version)
        elif step == "drop" or (step == "grow" and file in model.versions_of):
            # The number makes each content another one.
            rows = [(key, number) for key in cells]
            text = "".join(f"{key},{value}\n" for key, value in rows)
            contents[file] = contents[file] + text if step == "grow" else f"k,v\n{text}"
            home.drop(file, contents[file])
            home.run()
            model.take_in(file, rows, grown=step == "grow")
        elif step == "retract" and file in model.versions_of:
            home.retract(file)
            model.retract(file)
        table = deltalake.DeltaTable(home.table("bars"))
        model.past[table.version()] = (set(model.retracted), len(model.rows))
        found = table.to_pyarrow_table(columns=["k", "v"]).to_pylist()
        assert sorted((row["k"], row["v"]) for row in found) == model.table()
    reports = home.verify()
    assert [(report.is_good, report.differences, report.notes) for report in reports] == [(True, [], [])]
