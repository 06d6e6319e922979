"""Translated inputs made for tests: Parquet with lineage in the workspace, and their rows in the ledger."""

import hashlib

import duckdb
from stage_context import RecordingContext

from quarterhour.lake.ledger import Input, InputState, Sighting


def put(context: RecordingContext, dataset: str, sql: str, name: str) -> str:
    """Have the rows of `sql` wait for the merger under `name`, as the translator leaves them. Returns the fingerprint."""
    fingerprint = hashlib.sha256(name.encode()).hexdigest()[:32]
    path = context.workspace.translated_file(dataset, fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT *, '{fingerprint}' AS _file, row_number() OVER () AS _record FROM ({sql})) "
            f"TO '{path}' (FORMAT parquet)"
        )
        (rows,) = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone() or (0,)
    entry = Input(
        fingerprint, dataset, name, 1, InputState.TRANSLATED, rows, rows, 0, context.run_id, "2026-01-01T00:00:00Z"
    )
    with context.lake.ledger() as ledger:
        ledger.record_translated(entry, Sighting(name, 1, 1, fingerprint))
    return fingerprint


def table_rows(context: RecordingContext, dataset: str, columns: str) -> list[tuple[object, ...]]:
    """The merged rows in the order of `columns`, read by Polars: another reader than the product's."""
    import polars

    names = columns.split()
    return polars.read_delta(str(context.workspace.table(dataset))).select(names).sort(names).rows()
