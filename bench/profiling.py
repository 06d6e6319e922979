"""The profile beside DuckDB's SUMMARIZE of the same table: of all its rows, and after an increment of one percent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.flights import grown_flights
from quarterhour.lake import duck
from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.table_commits import commit, create_table, write_files
from quarterhour.lake.tables import open_table
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.profile import profile_subject
from quarterhour.stages.analyzer.subject import open_subject
from quarterhour.workspace import Workspace

_MB = 2**20
_FULL_BYTES, _QUICK_BYTES = 1000 * _MB, 100 * _MB
_RUNS = 3
_DATASET = "flights"
# Two more columns, in which almost every row has a value of its own.
_ROWS = (
    "SELECT *, hash(_record) / 1e19 AS noise, md5(_record::VARCHAR) AS token FROM "
    "(SELECT *, {file} AS _file, row_number() OVER () AS _record FROM read_csv({csv}, nullstr = 'NA'))"
)

Show = Callable[[str, str, str], None]
"""Prints what was measured, the figure, and the aim."""


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    columns: str
    """Of the rows, in SQL."""


_CASES = (_Case("flights", "* EXCLUDE (noise, token)"), _Case("flights and two columns of distinct values", "*"))


def measure_profiling(folder: Path, show: Show, *, is_quick: bool) -> None:
    """Processor seconds, so that what else the machine does counts less; the best of several, taken in turns."""
    csv = folder / "flights.csv"
    grown_flights(csv, _QUICK_BYTES if is_quick else _FULL_BYTES)
    for place, case in enumerate(_CASES):
        workspace = Workspace(folder / f"home {place}")
        workspace.create()
        rows = _make_table(workspace, csv, case)
        _measure(workspace, f"{case.name}, {rows / 1e6:.1f} million rows", show)
    csv.unlink()


def _make_table(workspace: Workspace, csv: Path, case: _Case) -> int:
    """All rows in the table, and a hundredth of them again in a file that waits."""
    source = _ROWS.format(csv=duck.literal(str(csv)), file=duck.literal("old"))
    path = workspace.table(_DATASET)
    with duck.connect(workspace) as connection:
        connection.execute(f"CREATE TEMP VIEW rows AS SELECT {case.columns} FROM ({source})")
        described = connection.execute("DESCRIBE rows").fetchall()
        columns = {str(name): str(kind) for name, kind, *_ in described}
        table = create_table(path, columns)
        written = write_files(connection, path, "FROM rows", columns)
        table = commit(table, added=written, facts={})
        waiting = workspace.translated_file(_DATASET, "new")
        waiting.parent.mkdir(parents=True)
        connection.execute(
            f"COPY (SELECT * REPLACE ('new' AS _file) FROM {table.scan()} WHERE _record % 100 = 0) "
            f"TO {duck.literal(str(waiting))} (FORMAT parquet)"
        )
    return table.rows


def _measure(workspace: Workspace, what: str, show: Show) -> None:
    states = workspace.states_file(_DATASET)
    summarize: list[float] = []
    full: list[float] = []
    increment: list[float] = []
    for _ in range(_RUNS):
        summarize.append(_summarize(workspace))
        states.unlink(missing_ok=True)
        full.append(_profile(workspace, with_new=False))
        increment.append(_profile(workspace, with_new=True))
    show(f"DuckDB {duckdb.__version__}: SUMMARIZE of {what}", f"{min(summarize):.2f} s", "")
    show(f"Analyzer: profile of {what}", f"{min(full):.2f} s", "")
    show("Its speed as a ratio to SUMMARIZE", f"{min(summarize) / min(full):.2f}", "0.9")
    show("Analyzer: profile of the same and of an increment of 1 %", f"{min(increment):.2f} s", "")
    show("Its speed as a ratio to SUMMARIZE of the whole", f"{min(summarize) / min(increment):.1f}", "10")


def _summarize(workspace: Workspace) -> float:
    table = open_table(workspace.table(_DATASET))
    assert table is not None
    with duck.connect(workspace) as connection:
        begun_s = time.process_time()
        connection.execute(f"SUMMARIZE SELECT * EXCLUDE (_file, _record) FROM {table.scan()}").fetchall()
        return time.process_time() - begun_s


def _profile(workspace: Workspace, *, with_new: bool) -> float:
    entry = Input("new", _DATASET, "new.csv", 1, InputState.TRANSLATED, 1, 1, 0, "run", "2026-01-01T00:00:00Z")
    with duck.connect(workspace) as connection:
        begun_s = time.process_time()
        subject = open_subject(connection, workspace, Settings(), _DATASET, [entry] if with_new else [])
        assert subject is not None
        made = profile_subject(subject, workspace.states_file(_DATASET), lambda: None)
        spent_s = time.process_time() - begun_s
    if with_new and made.recomputed:
        raise RuntimeError(f"the whole was read again: {made.recomputed}")
    return spent_s
