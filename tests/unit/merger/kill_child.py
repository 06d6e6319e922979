"""A merging process that is to be killed, at a time of the parent's choice or at a named step of its own."""

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from stage_context import RecordingContext

from quarterhour.lake.ledger import InputLedger
from quarterhour.stages.merger import MergerService, service

SETTINGS = {"datasets": [{"name": "bars", "files": "bars/*", "keys": ["k"]}]}


def merge(home: Path, ready: Connection, die_at: str | None = None) -> None:
    context = RecordingContext(home, SETTINGS)
    steps: dict[str, tuple[Any, str]] = {
        "before the data files": (service, "write_files"),
        "before the commit": (service, "commit"),
        "before the ledger": (InputLedger, "record_merged"),
    }
    if die_at is not None:
        owner, name = steps[die_at]
        # The real end of a killed process: nothing is flushed, no `finally` runs.
        setattr(owner, name, lambda *_, **__: os._exit(137))
    ready.send(None)
    MergerService().run(context)
