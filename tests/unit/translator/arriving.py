"""Files dropped into a home, and what became of them: helpers of the tests of arriving files."""

import os
import time
from pathlib import Path

import duckdb
from stage_context import RecordingContext

from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.ledger import Input
from quarterhour.stages.translator.service import TranslatorService

ABC = b"id,name\n1,a\n2,b\n"


def drop(context: RecordingContext, name: str | bytes, content: bytes, age_s: float = 60.0) -> Path:
    path = context.workspace.raw / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def run(context: RecordingContext) -> dict:
    """Translate; each run has its lines to itself."""
    context.lines.clear()
    return TranslatorService().run(context).data


def said(context: RecordingContext, level: str) -> list[str]:
    return [msg for found, msg, _ in context.lines if found == level]


def rows(context: RecordingContext, dataset: str) -> list[tuple]:
    """Record number and cells of all that was handed on."""
    files = f"{context.workspace.translated / dataset}/*.parquet"
    return duckdb.execute(
        "SELECT _record, * EXCLUDE (_file, _record) FROM read_parquet(?) ORDER BY ALL", [files]
    ).fetchall()


def find(context: RecordingContext, path: Path) -> Input | None:
    with context.lake.ledger() as ledger:
        return ledger.find(fingerprint(path))
