"""Which of a table's first rows are its header, and the columns' names. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

from quarterhour.stages.translator.structure.cells import Kind, column_kind, columns_of, kind_of, shape

_MOST_HEADER_ROWS = 4
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]*")
_WHOLE = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_YEAR = re.compile(r"(?:1[89]|20)\d{2}")
# Names that columns of words commonly have.
_COMMON_NAMES = frozenset(
    [
        "id",
        "name",
        "code",
        "title",
        "type",
        "category",
        "status",
        "state",
        "country",
        "city",
        "region",
        "date",
        "time",
        "year",
        "month",
        "day",
        "email",
        "phone",
        "address",
        "zip",
        "description",
        "notes",
        "comment",
        "value",
        "amount",
        "price",
        "quantity",
        "unit",
        "currency",
        "symbol",
        "key",
        "label",
        "group",
        "class",
        "color",
        "gender",
        "url",
        "first_name",
        "last_name",
        "firstname",
        "lastname",
        "carrier",
        "origin",
        "dest",
        "airport",
        "product",
        "customer",
        "user",
        "company",
        "language",
        "tag",
        "nr",
        "no",
        "number",
        "count",
        "total",
        "sum",
        "date_time",
        "timestamp",
        "created",
        "updated",
    ]
)


def header_rows(rows: Sequence[Sequence[str]], known: tuple[str, ...] = ()) -> int:
    """How many of the first rows name the columns: 0 where the first is data already. `known` are the dataset's columns."""
    if not rows or not rows[0]:
        return 0
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if not _is_header(rows[0], rows[1:], width, known):
        return 0
    if {cell.strip().lower() for cell in rows[0]} <= {name.lower() for name in known}:
        return 1
    count = 1
    while count < min(_MOST_HEADER_ROWS, len(rows) - 2) and _continues_header(rows[count], rows[count + 1 :], width):
        count += 1
    return count


def _is_header(first: Sequence[str], following: Sequence[Sequence[str]], width: int, known: tuple[str, ...]) -> bool:
    cells = [cell.strip() for cell in first]
    if known and not {cell.lower() for cell in cells}.isdisjoint(name.lower() for name in known):
        return True
    filled = [cell for cell in cells if cell]
    if not filled:
        return False
    body = _surely_data(following, width)
    numbers = [cell for cell in cells if kind_of(cell) is not Kind.TEXT and cell]
    if _are_years(numbers) or (_are_steps(cells) and not any(map(_are_steps, following))):
        return any(kind_of(cell) is Kind.TEXT for cell in filled)
    if any(kind_of(cell) in (Kind.NUMBER, Kind.MOMENT, Kind.BOOLEAN) for cell in filled):
        return False
    if not body:
        return len({cell.lower() for cell in filled}) == len(filled)
    columns = columns_of(body, width)
    typed = [column_kind(column) not in (Kind.TEXT, Kind.NULL) for column in columns]
    if any(typed):
        return True
    return _stands_apart(cells, columns)


def _surely_data(following: Sequence[Sequence[str]], width: int) -> list[Sequence[str]]:
    """The rows of the usual width, less the first ones, which may go on with the header."""
    body = [row for row in following if len(row) == width]
    return body[min(_MOST_HEADER_ROWS - 1, len(body) // 2) :]


def _are_years(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and all(_YEAR.fullmatch(cell) for cell in cells) and list(cells) == sorted(set(cells))


def _are_steps(cells: Sequence[str]) -> bool:
    """Whether the numbers among the cells count up from 0 or 1."""
    numbers = [int(cell) for cell in cells if _WHOLE.fullmatch(cell.strip())]
    counted = numbers == [*range(len(numbers))] or numbers == [*range(1, len(numbers) + 1)]
    return counted and len(numbers) > 2 and not any(kind_of(c) not in (Kind.TEXT, Kind.NUMBER) for c in cells)


def _stands_apart(cells: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether a row of words names columns of words: by common names, and by how each differs from what stands below it."""
    votes = 0.0
    for cell, column in zip(cells, columns, strict=False):
        values = [value.strip() for value in column if value.strip()]
        if not cell:
            continue
        if cell in values:
            votes -= 1.0
        if cell.lower().replace(" ", "_") in _COMMON_NAMES:
            votes += 1.0
        votes += _contrast(cell, values)
    filled = [cell.lower() for cell in cells if cell]
    if len(set(filled)) < len(filled):
        votes -= 1.0
    if all(_IDENTIFIER.fullmatch(cell) and cell == cell.lower() for cell in cells if cell):
        votes += 0.5
    return votes > 0


def _contrast(cell: str, values: Sequence[str]) -> float:
    """From -1, just like the values, to 1, of another make than all of them."""
    if len(values) < 2:
        return 0.0
    shapes = Counter(map(shape, values))
    share = shapes[shape(cell)] / len(values)
    lengths = sorted(map(len, values))
    if lengths[0] == lengths[-1] and len(cell) != lengths[0]:
        return 1.0
    if share == 0.0:
        return 0.6 if len(shapes) <= max(3, len(values) // 4) else 0.2
    return -0.6 if share > 0.2 else -0.1


def _continues_header(cells: Sequence[str], following: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a row goes on naming: it has words wherever the rows below have values of a kind."""
    body = _surely_data(following, width)
    if len(cells) != width or not body:
        return False
    columns = columns_of(body, width)
    kinds = [column_kind(column) for column in columns]
    typed = [cell for cell, kind in zip(cells, kinds, strict=True) if kind not in (Kind.TEXT, Kind.NULL)]
    named = [cell for cell in typed if kind_of(cell) is Kind.TEXT]
    if not named or any(kind_of(cell) not in (Kind.TEXT, Kind.NULL) for cell in typed):
        return False
    # One word where a number should be may be a slip, if the rest looks like a record.
    words = [
        (c.strip(), [value.strip() for value in column])
        for c, column, kind in zip(cells, columns, kinds, strict=True)
        if kind is Kind.TEXT and c.strip()
    ]
    return len(named) > 1 or sum(_contrast(c, values) for c, values in words) >= 0


def joined_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name a column: what the header's rows say of it, joined by a space."""
    width = max(map(len, rows))
    return [
        " ".join(row[place].strip() for row in rows if place < len(row) and row[place].strip())
        for place in range(width)
    ]


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names that differ (letter case aside), none empty, none ours."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"column_{position}"
        if name.startswith("_"):
            name = f"column{name}"
        unique, number = name, 1
        while unique.lower() in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.lower())
        names.append(unique)
    return tuple(names)


def numbered(width: int) -> tuple[str, ...]:
    return tuple(f"column_{position}" for position in range(1, width + 1))


def empty_edges(rows: Sequence[Sequence[str]], *, has_header: bool) -> tuple[int, int]:
    """How many columns at both edges of a framed table, or of several at its end, have neither name nor value."""
    if len(rows) < 2:
        return (0, 0)
    are_empty = [not any(cell.strip() for cell in column) for column in columns_of(rows, len(rows[0]))]
    if all(are_empty):
        return (0, 0)
    after = are_empty[::-1].index(False)
    if are_empty[0] and after:
        return (are_empty.index(False), after)
    return (0, after) if after > 1 and has_header else (0, 0)


def are_row_names(cells: Sequence[str]) -> bool:
    """Whether a first column without a name may be the names that R gives its rows."""
    return len(set(cells)) == len(cells)


def ends_with_delimiter(header: Sequence[str], body: Sequence[Sequence[str]], width: int) -> bool:
    """Whether each record ends with a delimiter, which the header need not do."""
    if width < 2 or not body or any(row[-1].strip() for row in body):
        return False
    return len(header) == width - 1 or (len(header) == width and not header[-1].strip())
