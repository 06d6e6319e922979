"""Which ragged records of a file can be mended, by its dataset's rule and by what its whole records look like. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from quarterhour.stages.translator.mending.repair import ColumnShape, repaired
from quarterhour.stages.translator.readings.columns import FileColumns
from quarterhour.stages.translator.readings.reading import BLANKS, TEXT, Reading

SHAPED_ROWS = 5000
"""Whole records that are looked at to learn what values look like."""


class Mender:
    """Lays a ragged record's cells on the columns, if there is one way to do it."""

    def __init__(
        self, rule: str, columns: FileColumns, rows: Sequence[Sequence[str]], delimiter: str, left_out_from: int
    ) -> None:
        """`rule` is `repair`, `pad` or `quarantine`; columns from `left_out_from` on are left out where they have no value."""
        self._rule = rule
        self._width = len(columns.names)
        self._delimiter = delimiter
        nulls = frozenset(null for reading in columns.readings.values() for null in reading.nulls)
        self._nulls = nulls
        self._shapes: list[ColumnShape] = []
        if rule == "repair" and rows:
            for place, name in enumerate(columns.names):
                shape = self._shape(columns.readings[name], [row[place] for row in rows])
                self._shapes.append(replace(shape, may_be_null=True) if place >= left_out_from else shape)

    def _is_null(self, text: str) -> bool:
        return text.strip(BLANKS) in self._nulls

    def _shape(self, reading: Reading, values: Sequence[str]) -> ColumnShape:
        return ColumnShape.of(values, self._is_null, reading.holds, is_text=reading.type == TEXT)

    def mended(self, cells: Sequence[str]) -> tuple[str, ...] | None:
        """The texts in the columns' order; None where none, or more than one, is right."""
        if not cells or self._rule == "quarantine":
            return None
        if self._rule == "pad":
            return (*cells, *[""] * (self._width - len(cells))) if len(cells) < self._width else None
        return repaired(cells, self._shapes, self._delimiter, self._is_null) if self._shapes else None
