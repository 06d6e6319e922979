"""Ragged records: taken only where their cells can be laid on the columns in exactly one way. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from quarterhour.stages.translator.structure.cells import shape

# More ways than this to lay the cells out are not looked through: such a record is not certain.
_MOST_STEPS = 20_000
_LEAST_VALUES_TO_KNOW = 20
_MOST_DISTINCT = 12
_MOST_SHAPES = 12


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """What a column's values look like in the records that are whole."""

    matches: Callable[[str], bool]
    """Whether a text can be read as the column's type."""
    may_be_null: bool
    allowed: frozenset[str] | None
    """All values, where the column has just a few."""
    shapes: frozenset[str] | None
    """All shapes of its values, where it has just a few."""
    least_length: int
    most_length: int

    @classmethod
    def of(
        cls,
        values: Sequence[str],
        is_null: Callable[[str], bool],
        matches: Callable[[str], bool],
        *,
        is_text: bool,
    ) -> "ColumnShape":
        """From the texts of a column in whole records. Words of few kinds are all there are; numbers and days are not."""
        filled = [value for value in values if not is_null(value)]
        knows = len(filled) >= _LEAST_VALUES_TO_KNOW
        distinct = frozenset(filled) if knows else frozenset[str]()
        shapes = frozenset(map(shape, filled)) if knows else frozenset[str]()
        # Few shapes say something where many values have them.
        has_few_shapes = 0 < len(shapes) <= _MOST_SHAPES and (len(shapes) == 1 or len(shapes) * 4 <= len(distinct))
        lengths = [len(value) for value in filled]
        return cls(
            matches=matches,
            may_be_null=len(filled) < len(values) or not filled,
            allowed=distinct if is_text and 0 < len(distinct) <= _MOST_DISTINCT else None,
            shapes=shapes if has_few_shapes else None,
            least_length=min(lengths, default=0),
            most_length=max(lengths, default=0),
        )

    def fits(self, text: str, is_null: Callable[[str], bool], delimiter: str) -> bool:
        if is_null(text):
            return self.may_be_null
        if not self.matches(text):
            return False
        if self.allowed is not None:
            return text in self.allowed
        if self.shapes is not None:
            # A delimiter that got into the text is no part of what the others look like.
            return shape(text) in self.shapes or shape(text.replace(delimiter, "")) in self.shapes
        return len(text) <= 2 * max(self.most_length, 8) and 2 * len(text) >= self.least_length


def repaired(
    cells: Sequence[str], columns: Sequence[ColumnShape], delimiter: str, is_null: Callable[[str], bool]
) -> tuple[str, ...] | None:
    """The cells on the columns, one text a column; None where no way fits, or more than one.

    Too few cells: some columns have no value. Too many: neighbours belong together, or are empty by a delimiter too many.
    """
    found: set[tuple[str, ...]] = set()
    search = _Search(cells, columns, delimiter, is_null)
    for way in search.ways(0, 0, ()):
        found.add(way)
        if len(found) > 1:
            return None
    return next(iter(found), None) if not search.gave_up else None


class _Search:
    def __init__(
        self, cells: Sequence[str], columns: Sequence[ColumnShape], delimiter: str, is_null: Callable[[str], bool]
    ) -> None:
        self._cells = cells
        self._columns = columns
        self._delimiter = delimiter
        self._is_null = is_null
        self._steps = 0
        self.gave_up = False

    def ways(self, column: int, cell: int, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            self.gave_up = True
            return
        if column == len(self._columns):
            if cell == len(self._cells):
                yield before
            return
        cells_left, columns_left = len(self._cells) - cell, len(self._columns) - column
        shape_of = self._columns[column]
        if cells_left < columns_left and shape_of.may_be_null:
            yield from self.ways(column + 1, cell, (*before, ""))
        for count in range(1, max(0, cells_left - columns_left) + 2):
            if count > cells_left:
                break
            for text in self._joined(self._cells[cell : cell + count]):
                if shape_of.fits(text, self._is_null, self._delimiter):
                    yield from self.ways(column + 1, cell + count, (*before, text))

    def _joined(self, cells: Sequence[str]) -> Iterator[str]:
        """What neighbouring cells can be as one: what is left when the empty ones go, or a text with the delimiter in it."""
        if len(cells) == 1:
            yield cells[0]
            return
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) <= 1:
            yield filled[0] if filled else ""
        elif cells[0].strip() and cells[-1].strip():
            yield self._delimiter.join(cells)
