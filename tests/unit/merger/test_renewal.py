"""A raw file that was rewritten, without keys: its new rows stand in the place of the old ones, and all of it can be undone."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from pending_inputs import table_rows
from stage_context import RecordingContext

from quarterhour.lake.history import dataset_history
from quarterhour.lake.ledger import InputLedger, InputState
from quarterhour.stages.analyzer.subject import open_subject
from quarterhour.stages.merger import MergerService
from quarterhour.stages.merger.restoring import restore
from quarterhour.stages.merger.retraction import retract
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.verification import verify

pytestmark = pytest.mark.slow


def rules(**rules: str) -> dict[str, Any]:
    return {"datasets": [{"name": "x", "files": "x/*", **rules}]}


class Home:
    def __init__(self, path: Path, settings: dict[str, Any] | None = None) -> None:
        self.path, self.settings, self.runs = path, settings or {}, 0

    def drop(self, text: str, name: str = "a.csv") -> None:
        self.runs += 1
        raw = RecordingContext(self.path).workspace.raw / "x" / name
        raw.parent.mkdir(exist_ok=True)
        raw.write_text(text)
        past = time.time() - 3600 + self.runs
        os.utime(raw, (past, past))

    def translate(self) -> None:
        self.context = RecordingContext(self.path, self.settings, run_id=f"20251205T12{self.runs:02}00Z-7f3a9c")
        TranslatorService().run(self.context)

    def run(self, text: str | None = None, name: str = "a.csv") -> dict[str, Any]:
        if text is not None:
            self.drop(text, name)
        self.translate()
        data = MergerService().run(self.context).data
        assert data["rows"] == data["inserted"] + data["updated"] + data["unchanged"] + data["held_back"]
        return data

    def rows(self) -> list[tuple[object, ...]]:
        return table_rows(self.context, "x", "k v")

    def retract(self, name: str, **how: Any) -> dict[str, Any]:
        return retract(self.context.workspace, self.context.settings, name, **how)

    def states(self) -> list[str]:
        with self.context.lake.ledger() as ledger:
            return [entry.state.value for _, entry in reversed(ledger.recent(100))]

    def is_verified(self) -> bool:
        return all(report.is_good for report in verify(self.context.workspace, self.context.settings))


ONE, TWO, THREE = "k,v\n1,10\n2,20\n", "k,v\n1,10\n2,21\n3,30\n", "k,v\n8,80\n"


def test_the_new_version_stands_alone_and_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run(ONE)
    home.run("k,v\n2,20\n", "other.csv")
    data = home.run(TWO)
    assert (data["inserted"], data["unchanged"], data["datasets"]["x"]["total_rows"]) == (3, 0, 4)
    assert home.rows() == [(1, 10), (2, 20), (2, 21), (3, 30)]
    assert home.states() == ["replaced", "merged", "merged"]
    assert [m for level, m, _ in home.context.lines if level == "warning"] == [
        "x/a.csv: stands in the place of its version before, of which 2 rows are taken out"
    ]
    (version, *_) = dataset_history(home.context.workspace, home.context.settings, "x")["items"]
    assert version["counts"] == {"inserted": 3, "updated": 0, "unchanged": 0, "removed": 2}
    home.run(THREE)
    assert "none of them is in it" in home.context.lines[-1][1]
    assert home.rows() == [(2, 20), (8, 80)]
    assert home.is_verified() is True


def test_versions_are_taken_back_one_after_the_other(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run(ONE)
    # It grows before it is rewritten: both parts go together.
    home.run(ONE + "4,40\n")
    home.run(TWO)
    home.run(THREE)
    assert (home.states(), home.rows()) == (["replaced", "replaced", "replaced", "merged"], [(8, 80)])
    assert home.retract("x/a.csv")["changes"] == {"removed": 1, "restored": 0, "added": 3, "reassigned": 0}
    assert home.rows() == [(1, 10), (2, 21), (3, 30)]
    with home.context.lake.ledger() as ledger:
        two = next(entry for _, entry in ledger.recent(9) if entry.rows == 3)
    home.retract(two.fingerprint)
    assert home.states() == ["merged", "merged", "retracted", "retracted"]
    assert home.rows() == [(1, 10), (2, 20), (4, 40)]
    home.retract("x/a.csv")
    assert home.states() == ["replaced", "replaced", "retracted", "merged"]
    # What stands behind a newer version comes and goes without a row.
    assert home.retract(two.fingerprint)["changes"]["added"] == 0
    assert (home.states()[2], home.rows()) == ("replaced", [(8, 80)])
    restore(home.context.workspace, home.context.settings, "x", 2)
    assert (home.states(), home.rows()) == (["merged", "merged", "retracted", "retracted"], [(1, 10), (2, 20), (4, 40)])


def test_several_versions_in_one_run_leave_the_newest(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop(ONE)
    home.translate()
    home.drop(TWO)
    home.translate()
    data = home.run(THREE)
    assert (data["rows"], data["inserted"], data["unchanged"]) == (6, 1, 5)
    assert (home.states(), home.rows()) == (["replaced", "replaced", "merged"], [(8, 80)])


def test_where_rows_of_others_are_dropped_they_come_back_with_the_version_that_hid_them(tmp_path: Path) -> None:
    home = Home(tmp_path, rules(duplicates="drop"))
    home.run(ONE)
    home.run("k,v\n2,20\n5,50\n", "other.csv")
    data = home.run("k,v\n1,10\n5,50\n7,70\n")
    assert (data["inserted"], data["unchanged"]) == (2, 1)
    assert home.rows() == [(1, 10), (2, 20), (5, 50), (7, 70)]
    home.retract("x/a.csv")
    assert home.rows() == [(1, 10), (2, 20), (5, 50)]


def test_both_versions_stay_where_that_is_wanted(tmp_path: Path) -> None:
    home = Home(tmp_path, rules(rewritten="keep"))
    home.run(ONE)
    home.run(TWO)
    assert home.rows() == [(1, 10), (1, 10), (2, 20), (2, 21), (3, 30)]
    assert home.states() == ["merged", "merged"]


def test_the_analyzer_sees_it_as_it_will_stand(tmp_path: Path) -> None:
    import duckdb

    home = Home(tmp_path)
    home.run(ONE)
    home.drop(TWO)
    home.translate()
    with home.context.lake.ledger() as ledger, duckdb.connect() as connection:
        subject = open_subject(connection, home.context.workspace, home.context.settings, "x", ledger.pending("x"))
        assert subject is not None
        assert connection.execute(f"SELECT k, v FROM {subject.whole} ORDER BY ALL").fetchall() == [
            (1, 10),
            (2, 21),
            (3, 30),
        ]
        assert len(subject.replaced) == 1


def test_what_a_kill_kept_from_the_ledger_is_recorded_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.run(ONE)
    home.drop(TWO)
    home.translate()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(InputLedger, "record_merged", killed)
        with pytest.raises(KeyboardInterrupt):
            MergerService().run(home.context)
    assert home.states() == ["merged", "translated"]
    data = home.run()
    assert (data["inserted"], home.states()) == (3, ["replaced", "merged"])
    assert home.retract("x/a.csv")["changes"] == {"removed": 3, "restored": 0, "added": 2, "reassigned": 0}
    with home.context.lake.ledger() as ledger:
        assert ledger.named("x/a.csv").state is InputState.RETRACTED
