"""Which rows of the index a question asks for, as SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, func, select

from quarterhour.index.question import SHORTEST_TEXT, USUAL_EVENTS, USUAL_LEVEL, Question
from quarterhour.index.schema import EVENTS, FILES, IS_UNUSUAL, TEXTS

AFTER_ALL = "~"
"""Sorts after each time and run id."""
_NOWHERE = (1, 0, None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The events that are asked for, up to a `last` seq that each statement is given."""

    seq: ColumnElement[int]
    """By which they are in order."""
    last: int
    conditions: Sequence[ColumnElement[bool]]
    is_of_texts: bool

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        if not self.is_of_texts:
            return select(*columns).select_from(EVENTS).where(*self.conditions)
        # First the texts, then each one's event by its seq: for all events of a stage FTS5 would be asked of each.
        joined = TEXTS.join(EVENTS, EVENTS.c.seq == TEXTS.c.rowid)
        found = select(*columns).select_from(joined).where(*self.conditions)
        return found.with_hint(EVENTS, "NOT INDEXED", "sqlite")


def choose(connection: Connection, asked: Question, after: int, before: int) -> Chosen:
    """The events that are asked for, of those with a seq between `after` and `before`, both left out."""
    seq, conditions = EVENTS.c.seq, list[ColumnElement[bool]]()
    if asked.text is not None:
        seq = TEXTS.c.rowid
        conditions.append(TEXTS.c.texts.match(_match(asked)))
    for column, value in ((EVENTS.c.stage, asked.stage), (EVENTS.c.event, asked.event), (EVENTS.c.level, asked.level)):
        if value is not None:
            conditions.append(column == value)
    if asked.level not in (None, USUAL_LEVEL):
        conditions.append(IS_UNUSUAL)
    if asked.start is not None:
        conditions.append(EVENTS.c.at >= asked.start)
    if asked.end is not None:
        conditions.append(EVENTS.c.at <= asked.end)
    first, last = after + 1, before - 1
    for oldest, newest, file in _bounds(connection, asked):
        first, last = max(first, oldest), min(last, newest)
        if file is not None:
            conditions.append(EVENTS.c.file == file)
    # One pair of bounds: of two, SQLite may look through what only the other one leaves out.
    bounds = seq.between(first, bindparam("last", type_=Integer))
    return Chosen(seq, last, [bounds, *conditions], asked.text is not None)


def _bounds(connection: Connection, asked: Question) -> Iterator[tuple[int, int, int | None]]:
    """Between which seqs the events lie by the files' own bounds, and in which file; nothing where none can be told."""
    if asked.run_id is not None:
        of_run = select(FILES.c.first_seq, FILES.c.last_seq, FILES.c.id).where(FILES.c.run_id == asked.run_id)
        found = connection.execute(of_run).first()
        yield (found[0], found[1], found[2]) if found else _NOWHERE
    if asked.start is not None or asked.end is not None:
        of_time = select(func.min(FILES.c.first_seq), func.max(FILES.c.last_seq)).where(
            FILES.c.last_at >= (asked.start or ""), FILES.c.first_at <= (asked.end or AFTER_ALL)
        )
        first, last = connection.execute(of_time).one()
        yield _NOWHERE if first is None else (first, last, None)


def _match(asked: Question) -> str:
    """FTS5's question: the text, and the rare kind or level of the event, so that few of many are found at once."""
    parts = [f"{{msg said}} : {_quoted(asked.text or '')}"]
    if asked.event is not None and asked.event not in USUAL_EVENTS and len(asked.event) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.event)}")
    if asked.level is not None and asked.level != USUAL_LEVEL and len(asked.level) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.level)}")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
