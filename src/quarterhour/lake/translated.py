"""What the Translator leaves: whole Parquet and quarantine files, and the columns that a dataset has so far."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from quarterhour.lake.column_types import widened


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


@dataclass(frozen=True, slots=True)
class KnownColumn:
    """A column that a dataset has: its SQL type, and how its texts are written where that is not the plain form."""

    type: str
    format: str = ""


def read_schema(path: Path) -> dict[str, KnownColumn]:
    """A dataset's columns in their order; empty for a new dataset."""
    try:
        return parse_schema(path.read_bytes())
    except FileNotFoundError:
        return {}


def parse_schema(content: bytes) -> dict[str, KnownColumn]:
    """What `schema_json` wrote."""
    stored = orjson.loads(content)
    formats = stored.get("formats", {})
    return {name: KnownColumn(type_name, formats.get(name, "")) for name, type_name in stored["columns"].items()}


def write_schema(path: Path, columns: Mapping[str, KnownColumn]) -> None:
    with placing(path) as unfinished:
        unfinished.write_bytes(schema_json(columns))


def schema_json(columns: Mapping[str, KnownColumn]) -> bytes:
    stored = {
        "columns": {name: column.type for name, column in columns.items()},
        "formats": {name: column.format for name, column in columns.items() if column.format},
    }
    return orjson.dumps(stored, option=orjson.OPT_INDENT_2)


def merged_schema(known: Mapping[str, KnownColumn], found: Mapping[str, KnownColumn]) -> dict[str, KnownColumn]:
    """A dataset's columns with those of one more file: new ones at the end, wider types where the file needs them."""
    merged = dict(known)
    spelled = {name.lower(): name for name in known}
    for name, column in found.items():
        before = spelled.get(name.lower())
        if before is None:
            merged[name] = column
            spelled[name.lower()] = name
        elif (wider := widened(merged[before].type, column.type)) is not None:
            merged[before] = KnownColumn(wider, column.format or merged[before].format)
    return merged
