"""The Merger beside a bare `deltalake` call and DuckDB's own upsert; and what one file costs in a small and in a large table.

One contestant in a process of its own is `python -m bench.merging NAME FOLDER`, which prints the processor's seconds.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench.bench_context import BenchContext
from quarterhour.lake.ledger import Input, InputState, Sighting
from quarterhour.settings import Settings

Show = Callable[[str, str, str], None]
"""Prints what was measured, the figure, and the aim."""

_SYMBOLS = 100
_RUNS = 2
_FIRST_ROWS_A_FILE = 1_000_000
_KEYS = ["time", "symbol"]
_COLUMNS = "time, symbol, price, volume, venue, _file, _record"
# Some 1 MB of CSV.
_SMALL_ROWS = 20_000
_SMALL_IN_A_RUN = 100
_MEASURED = 9


@dataclass(frozen=True, slots=True)
class Sizes:
    standing: tuple[int, ...] = (1_000_000, 10_000_000)
    batch: int = 500_000
    few: int = 100
    many: int = 10_000


QUICK = Sizes((1_000_000,), 200_000, 100, 1_000)
LONG = Sizes((1_000_000, 10_000_000, 50_000_000))


def measure_merging(folder: Path, show: Show, sizes: Sizes) -> None:
    """What stands in `folder` meanwhile is removed again."""
    for rows in sizes.standing:
        for overlap in (None, 0.01, 0.1, 1.0):
            _compare(folder, show, rows, sizes.batch, overlap)
    for is_keyed in (False, True):
        _measure_growth(folder, show, sizes, is_keyed=is_keyed)


def _compare(folder: Path, show: Show, rows: int, batch: int, overlap: float | None) -> None:
    """`overlap`: the share of the batch whose keys stand already, with other values; None appends without keys."""
    what = f"{batch:,} rows into {rows:,}, {'append' if overlap is None else f'upsert {overlap:.0%} overlap'}"
    base = folder / f"base-{rows}-{overlap is None}"
    if not base.exists():
        _build(base, rows, is_keyed=overlap is not None)
    first = rows if overlap is None else rows - int(batch * overlap)
    names = ("Merger", "deltalake", "DuckDB")
    taken_s: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(_RUNS):
        # In turns, so that whatever else the machine does meets all of them.
        for name in names:
            taken_s[name].append(_run(name, base, folder / "run", first, batch, is_keyed=overlap is not None))
    best_s = {name: min(taken_s[name]) for name in names}
    show(f"Merger: {what}", f"{batch / best_s['Merger'] / 1000:.0f} k/s", "")
    show("  as a ratio to the bare deltalake call", f"{best_s['deltalake'] / best_s['Merger']:.2f}", "0.9")
    show("  as a ratio to DuckDB's own", f"{best_s['DuckDB'] / best_s['Merger']:.2f}", "")


def _rows(first: int, count: int, price: str) -> str:
    """SQL of ticks: of each minute one of each symbol. `first` is the place of the first of them in the whole series."""
    return (
        f"SELECT TIMESTAMP '2020-01-01' + INTERVAL (i // {_SYMBOLS}) MINUTE AS time, 'S' || (i % {_SYMBOLS}) AS symbol, "
        f"{price} AS price, (hash(i) % 10000)::BIGINT AS volume, 'venue ' || (hash(i) % 7) AS venue "
        f"FROM range({first}, {first + count}) r(i)"
    )


def _context(home: Path, *, is_keyed: bool) -> BenchContext:
    context = BenchContext(home)
    if is_keyed:
        dataset = {"name": "ticks", "files": "ticks/*", "keys": _KEYS}
        context.settings = Settings.model_validate({"datasets": [dataset]})
    return context


def _put(context: BenchContext, name: str, sql: str) -> Path:
    """A translated file that waits for the merger."""
    fingerprint = hashlib.sha256(name.encode()).hexdigest()[:32]
    path = context.workspace.translated_file("ticks", fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        copied = f"COPY (SELECT *, '{fingerprint}' AS _file, row_number() OVER () AS _record FROM ({sql})) TO '{path}'"
        [(rows,)] = connection.execute(f"{copied} (FORMAT parquet)").fetchall()
    entry = Input(
        fingerprint, "ticks", name, 1, InputState.TRANSLATED, rows, rows, 0, context.run_id, "2026-01-01T00:00:00Z"
    )
    with context.lake.ledger() as ledger:
        ledger.record_translated(entry, Sighting(name, 1, 1, fingerprint))
    return path


def _merge(context: BenchContext) -> dict[str, Any]:
    from quarterhour.stages.merger import MergerService

    return MergerService().run(context).data


def _build(base: Path, rows: int, *, is_keyed: bool) -> None:
    context = _context(base, is_keyed=is_keyed)
    for first in range(0, rows, _FIRST_ROWS_A_FILE):
        count = min(_FIRST_ROWS_A_FILE, rows - first)
        path = _put(context, f"base {first}", _rows(first, count, "(hash(i) % 100000) / 100.0::DOUBLE"))
        _merge(context)
        path.unlink()
    files = [str(path) for path in context.workspace.table("ticks").glob("*.parquet")]
    with duckdb.connect(base / "ticks.duckdb") as connection:
        connection.execute(f"CREATE TABLE ticks AS SELECT {_COLUMNS} FROM read_parquet({files})")


def _run(name: str, base: Path, run: Path, first: int, batch: int, *, is_keyed: bool) -> float:
    """Processor seconds of one contestant on a copy of the base."""
    shutil.copytree(base, run)
    context = _context(run, is_keyed=is_keyed)
    path = _put(context, "batch", _rows(first, batch, "(hash(i) % 99991) / 100.0::DOUBLE + 1"))
    # Where it waits for the others too.
    (run / "batch.parquet").hardlink_to(path)
    command = [sys.executable, "-m", "bench.merging", name, str(run), *(["--keyed"] if is_keyed else [])]
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root, env=environment)
    finally:
        shutil.rmtree(run)
    return float(json.loads(done.stdout)["seconds"])


def merger(run: Path, *, is_keyed: bool) -> Callable[[], object]:
    context = _context(run, is_keyed=is_keyed)
    return lambda: _merge(context)


def bare_deltalake(run: Path, *, is_keyed: bool) -> Callable[[], object]:
    """The table's own predicate, written by hand, with the bound that lets it skip files."""
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, write_deltalake

    path = run / "data" / "merged" / "ticks"
    batch = pq.ParquetFile(run / "batch.parquet")

    def work() -> object:
        rows = batch.read()
        if not is_keyed:
            return write_deltalake(path, rows, mode="append")
        [[least]] = duckdb.execute(f"SELECT min(time)::VARCHAR FROM '{run / 'batch.parquet'}'").fetchall()
        predicate = f"t.time = s.time AND t.symbol = s.symbol AND t.time >= '{least}'"
        merge = DeltaTable(path).merge(rows, predicate, source_alias="s", target_alias="t")
        return merge.when_matched_update_all().when_not_matched_insert_all().execute()

    return work


def duckdb_upsert(run: Path, *, is_keyed: bool) -> Callable[[], object]:
    """Into a DuckDB file."""
    connection = duckdb.connect(run / "ticks.duckdb")
    batch = f"(SELECT {_COLUMNS} FROM '{run / 'batch.parquet'}')"
    statement = (
        f"MERGE INTO ticks t USING {batch} s ON t.time = s.time AND t.symbol = s.symbol "
        "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT"
        if is_keyed
        else f"INSERT INTO ticks FROM {batch}"
    )

    def work() -> None:
        connection.execute(statement)
        connection.execute("CHECKPOINT")

    return work


CONTESTANTS = {"Merger": merger, "deltalake": bare_deltalake, "DuckDB": duckdb_upsert}


def _measure_growth(folder: Path, show: Show, sizes: Sizes, *, is_keyed: bool) -> None:
    """One file of some 1 MB into a table of few such files, and into one of many, each merged and maintained as in a service."""
    kind = "upsert" if is_keyed else "append"
    tables = {
        count: _context(folder / f"growth-{is_keyed}-{count}", is_keyed=is_keyed) for count in (sizes.few, sizes.many)
    }
    for count, context in tables.items():
        for first in range(0, count - _MEASURED, _SMALL_IN_A_RUN):
            _merge_small(context, range(first, min(first + _SMALL_IN_A_RUN, count - _MEASURED)))
    taken_s: dict[int, list[float]] = {count: [] for count in tables}
    for number in range(_MEASURED):
        # In turns, so that whatever else the machine does meets both.
        for count, context in tables.items():
            last = count - _MEASURED + number
            taken_s[count].append(_merge_small(context, range(last, last + 1)))
    medians_s = {count: sorted(each)[_MEASURED // 2] for count, each in taken_s.items()}
    for count, context in tables.items():
        show(f"{kind} of one 1 MB file into {count:,} such files", f"{medians_s[count] * 1000:.0f} ms", "")
        shutil.rmtree(context.workspace.home)
    show("  as a ratio", f"{medians_s[sizes.many] / medians_s[sizes.few]:.2f}", "1.3")


def _merge_small(context: BenchContext, numbers: range) -> float:
    """The processor's seconds of one merge of these files."""
    from quarterhour.lake.maintenance import maintain

    # Each file overlaps the one before it by a twentieth: late corrections.
    step = _SMALL_ROWS * 19 // 20
    made = [_put(context, f"file {n}", _rows(n * step, _SMALL_ROWS, f"{n}::DOUBLE")) for n in numbers]
    begun_s = time.process_time()
    _merge(context)
    taken_s = time.process_time() - begun_s
    for path in made:
        path.unlink()
    maintain(context.workspace, context.settings)
    return taken_s


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.merging", description=__doc__)
    parser.add_argument("name", choices=CONTESTANTS)
    parser.add_argument("run", type=Path)
    parser.add_argument("--keyed", action="store_true")
    arguments = parser.parse_args()
    # Imports are not what is measured.
    import quarterhour.stages.merger  # noqa: F401

    work = CONTESTANTS[arguments.name](arguments.run, is_keyed=arguments.keyed)
    begun_s = time.process_time()
    work()
    print(json.dumps({"seconds": time.process_time() - begun_s}))


if __name__ == "__main__":
    main()
