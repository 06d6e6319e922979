"""`retranslate`: a damaged translated file is made anew from its raw file, value by value, or it is told why not."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_verify import KEYED, Home

from commands import command
from pipelines import stand_still
from quarterhour.errors import UnknownDataset
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.reversals import TranslatedFileGone
from quarterhour.stages.merger import MergerService
from quarterhour.stages.translator.service import TranslatorService
from quarterhour.verification.retranslation import retranslate
from real_tables import flights_by_month

pytestmark = pytest.mark.slow


def inputs(home: Home, dataset: str = "bars") -> list[Input]:
    with HoldLedger(home.context.workspace.ledger_file) as ledger:
        return ledger.of_dataset(dataset)


def translated(home: Home, entry: Input) -> Path:
    return home.context.workspace.translated_file(entry.dataset, entry.fingerprint)


def content(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"FROM read_parquet('{path}') ORDER BY _record").fetchall()


def again(home: Home, dataset: str | None = None, **options: Any) -> dict[str, Any]:
    return retranslate(home.context.workspace, home.context.settings, dataset, **options)


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    match how:
        case "gone":
            path.unlink()
        case "truncated":
            path.write_bytes(whole[: len(whole) // 2])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.write_bytes(whole[:4] + bytes(len(whole) // 2) + whole[4 + len(whole) // 2 :])


def test_files_that_came_in_many_ways_are_made_anew_as_they_were(tmp_path: Path) -> None:
    """Real flights: a file that grew, one archived, one with records that were put aside, without keys."""
    home = Home(tmp_path, {"inputs": {"after": "archive"}})
    first, second = list(flights_by_month().values())[:2]
    lines = first.splitlines(keepends=True)
    home.drop("bars/a.csv", b"".join(lines[:800]))
    home.run()
    home.drop("bars/a.csv", b"".join(lines[:1500]))
    home.drop("bars/b.csv", b"".join([lines[0], b"2013,1\n", *second.splitlines(keepends=True)[1:900]]))
    home.run()
    entries = inputs(home)
    assert len(entries) == 3
    before = {one.fingerprint: content(translated(home, one)) for one in entries}
    for one, how in zip(entries, ("gone", "truncated", "pages"), strict=True):
        damage(translated(home, one), how)
    looked = again(home, dry_run=True)
    assert [one["outcome"] for one in looked["files"]] == ["damaged"] * 3
    assert not translated(home, entries[0]).exists()
    done = again(home)
    assert (done["checked"], done["message"]) == (3, "3 translated files: 3 made anew")
    assert {one.fingerprint: content(translated(home, one)) for one in entries} == before
    assert again(home)["message"] == "3 translated files: all can be read"
    assert home.verify("bars")[0].is_good
    assert list(home.context.workspace.scratch.iterdir()) == []


@pytest.mark.parametrize("how", ["gone", "truncated", "empty", "pages"])
def test_a_file_held_back_for_damage_is_merged_by_the_next_run(tmp_path: Path, how: str) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", "k,v\n" + "".join(f"{k},{k * 7919 % 1000}\n" for k in range(3000)))
    TranslatorService().run(home.context)
    [entry] = inputs(home)
    damage(translated(home, entry), how)
    assert MergerService().run(home.context).data["held_back"] == 3000
    [entry] = inputs(home)
    assert entry.state is InputState.HELD_BACK
    assert "quarterhour retranslate bars" in entry.message
    [made] = again(home, "bars")["files"]
    assert (made["outcome"], made["state"], made["rows"]) == ("made", "translated", 3000)
    with HoldLedger(home.context.workspace.ledger_file) as ledger:
        # Checks may still hold it back.
        assert ledger.released() == set()
    assert home.run()["inserted"] == 3000


def test_what_cannot_be_made_anew_is_told_and_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", "k,v\n1,10\n")
    home.drop("bars/b.csv", "k,v\n1,11\n2,20\n")
    home.run()
    by_name = {one.name: one for one in inputs(home)}
    (home.context.workspace.raw / "bars/a.csv").unlink()
    for one in by_name.values():
        damage(translated(home, one), "truncated")
    with pytest.raises(UnknownDataset):
        again(home, "others")
    found = {one["name"]: one for one in again(home)["files"]}
    assert found["bars/b.csv"]["outcome"] == "made"
    assert found["bars/a.csv"]["outcome"] == "not_made"
    assert str(translated(home, by_name["bars/a.csv"])) in found["bars/a.csv"]["message"]
    assert "neither in data/raw nor in data/archive" in found["bars/a.csv"]["message"]


def test_a_retraction_that_needs_a_file_that_is_gone_names_the_command(tmp_path: Path) -> None:
    home = Home(tmp_path, KEYED)
    home.drop("bars/a.csv", "k,v\n1,10\n")
    home.run()
    home.drop("bars/b.csv", "k,v\n1,11\n")
    home.run()
    first = next(one for one in inputs(home) if one.name == "bars/a.csv")
    damage(translated(home, first), "gone")
    with pytest.raises(TranslatedFileGone, match="quarterhour retranslate bars"):
        home.retract("bars/b.csv")
    again(home)
    home.retract("bars/b.csv")
    assert home.verify("bars")[0].is_good


def test_the_command_mends_and_is_an_event(tmp_path: Path) -> None:
    path = tmp_path / "data" / "raw" / "prices" / "a.csv"
    path.parent.mkdir(parents=True)
    path.write_text("day,price\n2024-01-01,1.5\n")
    stand_still(path)
    assert command(tmp_path, "run").exit_code == 0
    [file] = (tmp_path / "data" / "translated").rglob("*.parquet")
    file.write_bytes(b"PAR1")
    looked = command(tmp_path, "retranslate", "--dry-run")
    assert looked.exit_code == 1
    assert "prices/a.csv (prices): " in looked.stdout
    done = command(tmp_path, "retranslate", "--json")
    assert (done.exit_code, json.loads(done.stdout)["message"]) == (0, "1 translated file: 1 made anew")
    events = [json.loads(line) for line in command(tmp_path, "events", "--json").stdout.splitlines()]
    [event] = [one for one in events if one["msg"] == "1 translated file: 1 made anew"]
    assert (event["stage"], event["event"], event["run_id"]) == ("translator", "log", None)
    assert event["data"]["files"][0]["outcome"] == "made"
    assert command(tmp_path, "retranslate", "nothing").exit_code == 1
