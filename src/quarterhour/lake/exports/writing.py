"""An export's file, in its format. All write row by row or batch by batch, in bounded memory."""

from collections.abc import Callable, Iterator
from pathlib import Path

from quarterhour.lake.column_types import MOMENT
from quarterhour.lake.duck import identifier, literal
from quarterhour.lake.exports.neutral import neutralised, neutralised_sql
from quarterhour.lake.exports.plan import Plan
from quarterhour.lake.exports.xlsx import write_xlsx
from quarterhour.settings.exports import ExportFormat

Report = Callable[[int], None]
"""Is told the rows written so far, from time to time."""


def write_export(plan: Plan, path: Path, report: Report) -> int:
    """Write the file and return its rows. The plan must be allowed to write to `path`."""
    return _WRITERS[plan.request.format](plan, path, report)


def _write_csv(plan: Plan, path: Path, _: Report) -> int:
    expressions = (_csv_value(name, kind, is_safe=plan.request.safe) for name, kind in plan.columns.items())
    heads = (neutralised(name) if plan.request.safe else name for name in plan.columns)
    named = (f"{value} AS {identifier(head)}" for value, head in zip(expressions, heads, strict=True))
    # Quoted, so that a sign which parts fields in another country begins no new one.
    texts = [identifier(neutralised(name)) for name, kind in plan.columns.items() if kind == "VARCHAR"]
    quoted = f", FORCE_QUOTE ({', '.join(texts)})" if plan.request.safe and texts else ""
    return _copy(plan, path, ", ".join(named), f"FORMAT csv, HEADER{quoted}")


def _csv_value(name: str, kind: str, *, is_safe: bool) -> str:
    column = identifier(name)
    if kind == MOMENT:
        # RFC 3339, so that a reader need not guess the zone.
        return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind == "BLOB":
        return f"lower(hex({column}))"
    return neutralised_sql(column) if kind == "VARCHAR" and is_safe else column


def _write_parquet(plan: Plan, path: Path, _: Report) -> int:
    return _copy(plan, path, ", ".join(map(identifier, plan.columns)), "FORMAT parquet, COMPRESSION zstd")


def _copy(plan: Plan, path: Path, select: str, options: str) -> int:
    # The path is ours alone: it is written over, and not beside it to a file that the connection may not open.
    to = f"TO {literal(str(path))} ({options}, USE_TMP_FILE false)"
    [(rows, *_)] = plan.rows_of(f"COPY (SELECT {select} {plan.source}) {to}")
    return int(rows)


def _write_arrow(plan: Plan, path: Path, report: Report) -> int:
    """Arrow's IPC file ("Feather"), by Arrow's C stream: pyarrow is not needed."""
    from arro3.core import RecordBatch, RecordBatchReader
    from arro3.io import write_ipc

    query = f"SELECT {', '.join(map(identifier, plan.columns))} {plan.source}"
    rows = 0
    with plan.explained(query):
        stream = RecordBatchReader.from_stream(plan.connection.sql(query))

        def counted() -> Iterator[RecordBatch]:
            nonlocal rows
            for batch in stream:
                rows += batch.num_rows
                report(rows)
                yield batch

        write_ipc(RecordBatchReader.from_batches(stream.schema, counted()), path, compression="lz4")
    return rows


_WRITERS: dict[ExportFormat, Callable[[Plan, Path, Report], int]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "xlsx": write_xlsx,
    "arrow": _write_arrow,
}
