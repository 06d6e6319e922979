"""What the Translator leaves: whole Parquet and quarantine files, and the columns that a dataset has so far."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import orjson

LINEAGE_COLUMNS = {"_file": "VARCHAR", "_record": "BIGINT"}


@contextmanager
def placing(target: Path) -> Generator[Path]:
    """A block that writes to the name it is given; at its end that file is `target`, whole and durable, or nothing is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # The name is the target's own: what a killed attempt left is written over by the next one.
    unfinished = target.with_name(f".{target.name}.tmp")
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in it durable. Windows has no such call: there NTFS journals the rename itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_schema(path: Path) -> dict[str, str]:
    """A dataset's columns in their order, each with its SQL type; empty for a new dataset."""
    try:
        return orjson.loads(path.read_bytes())["columns"]
    except FileNotFoundError:
        return {}


def write_schema(path: Path, columns: dict[str, str]) -> None:
    with placing(path) as unfinished:
        unfinished.write_bytes(orjson.dumps({"columns": columns}, option=orjson.OPT_INDENT_2))
