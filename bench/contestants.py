"""One contestant on CSV files of flights, in a process of its own: `python -m bench.contestants NAME OUT FILE…` prints JSON.

Our Translator finds everything by itself and accounts for every record; the others are given the right types and nulls.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if sys.platform == "linux":

    def peak_mb() -> float:
        """The most memory that this process has held; getrusage would count what its parent held before it."""
        [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 2**10

elif sys.platform == "win32":
    import psutil

    def peak_mb() -> float:
        """The most memory that this process has held."""
        return psutil.Process().memory_info().peak_wset / 2**20

else:
    import resource

    def peak_mb() -> float:
        """The most memory that this process has held."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


_TEXTS = ("carrier", "tailnum", "origin", "dest")
_TIME = "time_hour"
_NULLS = ["", "NA"]
_COLUMNS = (
    *("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"),
    *("carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour", "minute", "time_hour"),
)

Work = Callable[[], int]
"""Does the work, and tells the number of rows."""


def _types(integer: Any, text: Any, moment: Any) -> dict[str, Any]:
    return {name: text if name in _TEXTS else moment if name == _TIME else integer for name in _COLUMNS}


def translator(files: list[Path], out: Path) -> Work:
    """One file as `quarterhour translate` does it."""
    from quarterhour.settings import Settings
    from quarterhour.stages.translator.batch import translate_paths

    return lambda: sum(report.rows for report in translate_paths(files, out, "auto", Settings()))


def service(files: list[Path], out: Path) -> Work:
    """Many files as a run of the pipeline does them: looked for, hashed, translated side by side, entered in the ledger."""
    from bench.bench_context import BenchContext
    from quarterhour.stages.translator.service import TranslatorService

    context = BenchContext(out)
    folder = context.workspace.raw / "flights"
    folder.mkdir()
    for path in files:
        os.link(path, folder / path.name)

    def work() -> int:
        counts = TranslatorService().run(context).data
        if counts["files_processed"] != len(files):
            raise SystemExit(f"{counts['files_processed']} of {len(files)} files were translated")
        return counts["rows"]

    return work


def duckdb_copy(files: list[Path], out: Path) -> Work:
    import duckdb

    columns = _types("BIGINT", "VARCHAR", "TIMESTAMPTZ")

    def work() -> int:
        rows = 0
        for path in files:
            reader = f"read_csv('{path}', header=true, delim=',', quote='\"', columns={columns}, nullstr={_NULLS})"
            target = out / f"{path.stem}.parquet"
            rows += duckdb.execute(f"COPY (FROM {reader}) TO '{target}' (FORMAT parquet)").fetchall()[0][0]
        return rows

    return work


def polars_sink(files: list[Path], out: Path) -> Work:
    import polars as pl

    # A zone cannot be given with the schema: the text is parsed in the same query.
    schema = _types(pl.Int64, pl.String, pl.String)
    moment = pl.col(_TIME).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")

    def work() -> int:
        for path in files:
            scan = pl.scan_csv(path, schema=schema, null_values=_NULLS)
            scan.with_columns(moment).sink_parquet(out / f"{path.stem}.parquet")
        return _rows_in(out)

    return work


def pyarrow_stream(files: list[Path], out: Path) -> Work:
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    types = _types(pa.int64(), pa.string(), pa.timestamp("us", tz="UTC"))
    options = pa_csv.ConvertOptions(column_types=types, null_values=_NULLS, strings_can_be_null=True)

    def work() -> int:
        rows = 0
        for path in files:
            target = out / f"{path.stem}.parquet"
            with (
                pa_csv.open_csv(path, convert_options=options) as reader,
                pq.ParquetWriter(target, reader.schema) as to,
            ):
                for batch in reader:
                    to.write_batch(batch)
                    rows += batch.num_rows
        return rows

    return work


def _rows_in(out: Path) -> int:
    """From the files' footers; Polars tells no number."""
    import polars as pl

    return int(pl.scan_parquet(out / "*.parquet").select(pl.len()).collect().item())


CONTESTANTS: dict[str, Callable[[list[Path], Path], Work]] = {
    "Translator": translator,
    "TranslatorService": service,
    "DuckDB": duckdb_copy,
    "Polars": polars_sink,
    "pyarrow": pyarrow_stream,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.contestants", description=__doc__)
    parser.add_argument("name", choices=CONTESTANTS)
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+", help="CSV files; a folder stands for those in it")
    parser.add_argument("--join", type=Path, help="cgroup.procs of the control group to join")
    arguments = parser.parse_args()
    if arguments.join:
        arguments.join.write_text(str(os.getpid()))
    files = [path for each in arguments.files for path in (sorted(each.glob("*.csv")) if each.is_dir() else [each])]
    work = CONTESTANTS[arguments.name](files, arguments.out)
    begun_s = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - begun_s
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
