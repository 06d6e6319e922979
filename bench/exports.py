"""Ten million rows taken out in each format: peak memory, and speed beside DuckDB's own COPY of the same files."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.flights import grown_flights
from quarterhour.lake import duck
from quarterhour.lake.table_commits import commit, create_table, write_files
from quarterhour.lake.tables import Table, storage_columns
from quarterhour.workspace import Workspace

ROWS = 10_000_000
QUICK_ROWS = 1_100_000
_FILES = 6
_FORMATS = ("csv", "parquet", "arrow", "xlsx")
_MOMENT = "strftime(time_hour AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS time_hour"
_REFERENCES = {
    "csv": (f"REPLACE ({_MOMENT})", "FORMAT csv, HEADER"),
    "parquet": ("", "FORMAT parquet, COMPRESSION zstd"),
}
"""What DuckDB is told to make the same file by hand."""

Show = Callable[[str, str, str], None]
"""Prints what was measured, the figure, and the aim."""


@dataclass(frozen=True, slots=True)
class _Measured:
    cpu_s: float
    peak_mb: float
    told: str


def measure_exports(folder: Path, show: Show, rows: int) -> None:
    workspace = Workspace(folder / "home")
    workspace.create()
    table = _flights(workspace, rows)
    show(
        f"merged table of flights, {table.rows:,} rows in {len(table.files)} files",
        f"{table.size_bytes / 2**20:.0f} MB",
        "",
    )
    for kind in _FORMATS:
        ours = _run("ours", workspace, kind)
        show(f"export as {kind}, peak memory", f"{ours.peak_mb:.0f} MB", "300 MB")
        if kind == "xlsx":
            show("export as xlsx of all rows", ours.told, "refused" if table.rows > 1_048_575 else "")
            continue
        if kind in _REFERENCES:
            theirs = _run("theirs", workspace, kind)
            show(f"DuckDB's COPY as {kind} without limits, peak memory", f"{theirs.peak_mb:.0f} MB", "")
            show(
                f"export as {kind}, its speed as a ratio to DuckDB's COPY (CPU)",
                f"{theirs.cpu_s / ours.cpu_s:.2f}",
                "",
            )
        else:
            show(f"export as {kind}, CPU", f"{ours.cpu_s:.1f} s", "")


def _flights(workspace: Workspace, rows: int) -> Table:
    """Real flights, one year after the other, each with numbers of its own, so that files are no better packed than real ones."""
    raw = workspace.home / "flights.csv"
    per_year = grown_flights(raw, 1)
    years = -(-rows // per_year)
    with duck.connect(workspace) as connection:
        connection.execute(f"CREATE TABLE flights AS FROM read_csv('{raw}', nullstr = ['', 'NA'])")
        described = connection.execute("DESCRIBE flights").fetchall()
        columns = storage_columns({str(name): str(kind) for name, kind, *_ in described} | {"noise": "DOUBLE"})
        columns |= {"_file": "VARCHAR", "_record": "BIGINT"}
        table = create_table(workspace.table("flights"), columns)
        selected = ", ".join(
            f"{duck.identifier(name)}::{kind} AS {duck.identifier(name)}" for name, kind in columns.items()
        )
        for part in range(_FILES):
            span = f"range({years * part // _FILES}, {years * (part + 1) // _FILES}) t(y)"
            rows_of_part = (
                "SELECT flights.* REPLACE (year + y AS year), random() AS noise, 'f' AS _file, row_number() OVER () AS _record "
                f"FROM {span}, flights"
            )
            written = write_files(connection, table.path, f"SELECT {selected} FROM ({rows_of_part})", columns)
            table = commit(table, added=written, facts={})
    raw.unlink()
    return table


def _run(who: str, workspace: Workspace, kind: str) -> _Measured:
    """In a process of its own. What it wrote is removed."""
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "bench.exports", who, str(workspace.home), kind]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(root), str(root / "src")))}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root, env=environment)
    return _Measured(**json.loads(done.stdout))


def _one(who: str, home: Path, kind: str) -> _Measured:
    import time

    from bench.contestants import peak_mb
    from quarterhour.errors import InvalidQuery
    from quarterhour.lake.exports.making import export_to_file
    from quarterhour.lake.exports.request import ExportRequest
    from quarterhour.lake.tables import open_table

    out = home / f"out.{kind}"
    workspace = Workspace(home)
    begun_s = time.process_time()
    told = ""
    if who == "ours":
        try:
            _, rows = export_to_file(workspace, ExportRequest("flights", kind), out)  # pyright: ignore[reportArgumentType]
            told = f"{rows} rows"
        except InvalidQuery:
            told = "refused"
    else:
        table = open_table(workspace.table("flights"))
        assert table is not None
        replaced, options = _REFERENCES[kind]
        duckdb.execute("SET TimeZone = 'UTC'")
        duckdb.execute(
            f"COPY (SELECT * EXCLUDE (_file, _record) {replaced} FROM {table.scan()}) TO '{out}' ({options})"
        )
    out.unlink(missing_ok=True)
    return _Measured(time.process_time() - begun_s, peak_mb(), told)


if __name__ == "__main__":
    measured = _one(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
    print(json.dumps({"cpu_s": measured.cpu_s, "peak_mb": measured.peak_mb, "told": measured.told}))
