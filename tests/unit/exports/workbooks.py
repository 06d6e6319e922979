"""Reads a workbook without the library that wrote it: the sheet's XML, cell by cell."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""What XML cannot hold, as the format writes it (ECMA-376, ST_Xstring)."""
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Cell:
    kind: str
    """n number, b boolean, inlineStr text."""
    text: str
    style: int = 0


@dataclass(frozen=True)
class Workbook:
    rows: list[dict[str, Cell]]
    """By column letter."""
    formats: list[str | None]
    """The number format of each style."""
    quoted: frozenset[int]
    """Styles whose text stays text."""


def read_workbook(path: Path) -> Workbook:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    rows = [{_letter(cell): _cell(cell) for cell in row} for row in sheet.iter(f"{_SPACE}row")]
    codes = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(f"{_SPACE}numFmt")}
    crossed = styles.find(f"{_SPACE}cellXfs")
    assert crossed is not None
    quoted = frozenset(number for number, one in enumerate(crossed) if one.get("quotePrefix") == "1")
    return Workbook(rows, [codes.get(one.get("numFmtId")) for one in crossed], quoted)


def _letter(cell: ElementTree.Element) -> str:
    return (cell.get("r") or "").rstrip("0123456789")


def _cell(cell: ElementTree.Element) -> Cell:
    text = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{_SPACE}v", f"{_SPACE}t"))
    return Cell(cell.get("t") or "n", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text), int(cell.get("s") or 0))
