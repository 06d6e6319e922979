"""`quarterhour export` in a terminal."""

import csv
import io
import json
from pathlib import Path

import polars
import pytest
from stage_context import RecordingContext
from typer.testing import CliRunner, Result

from quarterhour.cli import app


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments, "--home", str(home)])


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx", "arrow"])
def test_the_files_ending_names_the_format(troubles: RecordingContext, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    done = run(troubles.workspace.home, "troubles", "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["format"], told["rows"], told["version"], told["size"]) == (ending, 9, 2, out.stat().st_size)


def test_version_columns_and_filter_are_given_by_options(troubles: RecordingContext, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    options = ["--version", "1", "--columns", "f,k", "--columns", "a, text", "--where", "k > 2"]
    done = run(troubles.workspace.home, "troubles", "--out", str(out), *options)
    assert done.stdout == f"troubles version 1: 3 rows → {out}\n"
    assert polars.read_parquet(out).columns == ["f", "k", "a, text"]


def test_a_dash_is_the_standard_output(troubles: RecordingContext) -> None:
    done = run(
        troubles.workspace.home, "troubles", "--out", "-", "--columns", ["k", "a", " text"][0], "--where", "k < 3"
    )
    assert [row["k"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["1", "2"]


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["troubles", "--out", "x.csv", "--where", "k >"], 1, "where: line 1, column 4: it ends too early"),
        (["troubles", "--out", "x.csv", "--version", "9"], 1, "give one from 0 to 2"),
        (["troubles", "--out", "x.parquet", "--safe"], 1, "parquet holds no formulas"),
        (["troubles", "--out", "x", "--format", "pdf"], 2, "give one of csv, parquet, xlsx, arrow"),
        (["absent", "--out", "x.csv"], 1, "no merged table is named 'absent'"),
    ],
)
def test_what_cannot_be_is_told_and_leaves_no_file(
    troubles: RecordingContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    status: int,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(troubles.workspace.home, *options)
    assert (done.exit_code, told in done.output) == (status, True), done.output
    assert list(tmp_path.iterdir()) == []
