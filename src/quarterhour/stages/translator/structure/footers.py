"""Which of a table's last rows are no records: totals, sources, counts, whatever closes a report. Pure."""

import math
import re
from collections.abc import Sequence
from typing import Protocol

from quarterhour.stages.translator.structure.cells import Kind, kind_of

_TOTALS = re.compile(
    r"(?:grand |sub|sub-|sub )?totals?\b|sum\b|average\b|mean\b|summe\b|gesamt|insgesamt|zwischensumme|suma\b|razem\b|"
    r"totaux\b|total[ei]\b|totaal\b|celkem\b|итого\b|всего\b|[合小总總]?[計计]",
    re.IGNORECASE,
)
_CLOSING_WORDS = re.compile(
    r"(?:source|notes?|end|rows?|records?|generated|created|exported|copyright|©|\(c\)|\*|total|quelle|stand)\b.*|"
    r"\(?\d+ (?:rows?|records?|lines?|entries|zeilen|datensätze|lignes|filas|wierszy)\b.*|---.*|===.*|-+|=+|\\\.",
    re.IGNORECASE,
)
_MOST_FOOTER_LINES = 20


class TableShape(Protocol):
    """What a table's records look like."""

    @property
    def width(self) -> int: ...
    @property
    def kinds(self) -> tuple[Kind, ...]: ...


def closing_rows(rows: Sequence[Sequence[str]], after_blank: Sequence[bool], table: TableShape) -> int:
    """How many of the last rows are a footer or totals. `table` tells what records look like."""
    width, closing = table.width, 0
    for count in range(1, min(_MOST_FOOTER_LINES, len(rows) - 1) + 1):
        cells = rows[-count]
        if (
            is_totals(cells, table, rows[:-count])
            or (len(cells) != width and is_footer(cells, table))
            or (len(cells) != width and len(cells) < width and any(after_blank[len(rows) - count :]))
        ):
            closing = count
        elif len(cells) == width or count - closing > 3:
            break
    return closing


def is_footer(cells: Sequence[str], table: TableShape) -> bool:
    """Whether a row that is not as wide as the records is a line about them, rather than a record cut short."""
    text = cells[0].strip() if cells else ""
    if len(cells) > table.width and table.width > 1:
        return bool(_CLOSING_WORDS.fullmatch(text)) and table.kinds[:1] != (Kind.TEXT,)
    if _CLOSING_WORDS.fullmatch(text) and len(cells) <= max(2, table.width // 2):
        return True
    first = table.kinds[0] if table.kinds else Kind.TEXT
    return (
        len(cells) <= 2 < table.width
        and first in (Kind.NUMBER, Kind.MOMENT)
        and kind_of(text) is Kind.TEXT
        and " " in text
    )


def is_totals(cells: Sequence[str], table: TableShape, before: Sequence[Sequence[str]] = ()) -> bool:
    """Whether a row sums the others up: it says so, and leaves out what each record has, or its numbers are the sums or means."""
    filled = [cell for cell in cells if cell.strip()]
    if table.width < 2 or not filled or not _TOTALS.match(filled[0].strip()):
        return False
    if len(cells) != table.width:
        return any(kind_of(cell) is Kind.NUMBER for cell in filled[1:])
    place = list(cells).index(filled[0])
    typed = place < len(table.kinds) and table.kinds[place] in (Kind.NUMBER, Kind.MOMENT)
    return typed or len(filled) < len(cells) or _are_sums(cells, before)


def _are_sums(cells: Sequence[str], before: Sequence[Sequence[str]]) -> bool:
    rows = [row for row in before if len(row) == len(cells)]
    for place, cell in enumerate(cells):
        total = _number(cell)
        values = [_number(row[place]) for row in rows]
        if total is not None and len(values) > 1 and None not in values:
            summed = math.fsum(value for value in values if value is not None)
            return any(math.isclose(total, expected, rel_tol=1e-9) for expected in (summed, summed / len(values)))
    return False


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
