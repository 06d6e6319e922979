"""What the texts of a column have in common: a short list of values, or the shape that all of them have."""

from collections.abc import Mapping
from typing import Any

from quarterhour.lake.duck import identifier, literal
from quarterhour.stages.analyzer.subject import Subject

_MOST_VALUES = 20
_ROWS_PER_VALUE = 20
_MOST_SHAPES = 3
_MOST_PARTS = 12
_FEW_ROWS = 50
_META = frozenset(r"\.^$*+?()[]{}|")
_CLASSES = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}


def allowed_values(subject: Subject, name: str, facts: Mapping[str, Any]) -> list[str]:
    """All values of the column; empty where they are many, or few rows tell them."""
    if facts["distinct"] > 2 * _MOST_VALUES or facts["count"] < _FEW_ROWS:
        return []
    column = identifier(name)
    rows = subject.connection.execute(
        f"SELECT DISTINCT {column} FROM {subject.whole} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {_MOST_VALUES + 1}"
    ).fetchall()
    values = [str(value) for (value,) in rows]
    return values if len(values) <= min(_MOST_VALUES, facts["count"] / _ROWS_PER_VALUE) else []


def pattern_of(subject: Subject, name: str, facts: Mapping[str, Any]) -> str | None:
    """A regular expression of the few shapes that all values have; None where they are free text."""
    if facts["count"] < _FEW_ROWS:
        return None
    column, shape = identifier(name), _shape_sql(identifier(name))
    rows = subject.connection.execute(
        f"SELECT {shape} FROM {subject.whole} WHERE {column} IS NOT NULL "
        f"GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {_MOST_SHAPES + 1}"
    ).fetchall()
    shapes = [str(found) for (found,) in rows]
    # Without a digit it is most likely a name or a word, of which there will be others.
    if len(shapes) > _MOST_SHAPES or any("0" not in one or len(one) > _MOST_PARTS for one in shapes):
        return None
    patterns = [_with_lengths(subject, name, one) for one in shapes]
    return patterns[0] if len(patterns) == 1 else "|".join(patterns)


def _shape_sql(column: str) -> str:
    """A digit, a capital or a small letter for each run of them; all else as it is."""
    text = column
    for pattern, sign in (("[A-Z]+", "A"), ("[a-z]+", "a"), ("[0-9]+", "0")):
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(sign)}, 'g')"
    return text


def _with_lengths(subject: Subject, name: str, shape: str) -> str:
    """The shape as a regular expression, with the lengths that its runs have."""
    column = identifier(name)
    groups = "".join(f"({_CLASSES[sign]}+)" if sign in _CLASSES else _escaped(sign) for sign in shape)
    runs = [sign for sign in shape if sign in _CLASSES]
    lengths = ", ".join(f"min(length(part[{place}])), max(length(part[{place}]))" for place in range(1, len(runs) + 1))
    names = ", ".join(literal(f"g{place}") for place in range(1, len(runs) + 1))
    parts = ", ".join(f"found.g{place}" for place in range(1, len(runs) + 1))
    row = subject.connection.execute(
        f"SELECT {lengths} FROM (SELECT [{parts}] AS part FROM (SELECT regexp_extract({column}, {literal(groups)}, [{names}]) "
        f"AS found FROM {subject.whole} WHERE regexp_full_match({column}, {literal(groups)})))"
    ).fetchone()
    assert row is not None
    found = iter(zip(row[::2], row[1::2], strict=True))
    return "".join(_CLASSES[sign] + _times(*next(found)) if sign in _CLASSES else _escaped(sign) for sign in shape)


def _escaped(sign: str) -> str:
    return f"\\{sign}" if sign in _META else sign


def _times(least: int, most: int) -> str:
    if least == most:
        return "" if least == 1 else f"{{{least}}}"
    return f"{{{least},{most}}}"
