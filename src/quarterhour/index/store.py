"""IndexStore: says of each event where it stands, and of each run and mark what became of it.

Nothing here is the truth: a store that is damaged, or of a version that cannot be updated, is made anew from the event log.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, delete, func, insert, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from quarterhour.events import EventKind, EventRecord
from quarterhour.index.database import Database
from quarterhour.index.places import Batch, Found, KnownFile
from quarterhour.index.question import SHORTEST_TEXT, USUAL_LEVEL, PageOfEvents, Question, level_of, run_in
from quarterhour.index.schema import EVENTS, FILES, IS_UNUSUAL, RUNS, SLOTS, TEXTS
from quarterhour.index.texts import values_of
from quarterhour.slots import Slot, Verdict, settled, slots_of

_USUAL_EVENTS = (EventKind.LOG, EventKind.PROGRESS)
_NOWHERE = (1, 0, None)
_AFTER_ALL = "~"
"""Sorts after each time and run id."""


class IndexStore:
    """One writer, and readers in any thread, each call with a connection of its own.

    Its calls raise IndexUnavailable for what passes, IndexBroken for what only a damaged store can answer.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def create_or_check(self) -> None:
        """Raises IndexBroken for a store of another version, or that is none."""
        self._database.create_or_update()

    def files(self, names: Collection[str] | None = None) -> dict[str, KnownFile]:
        """By name: all, or those named."""
        query = select(
            FILES.c.name, FILES.c.run_id, FILES.c.size, FILES.c.mtime_ns, FILES.c.first_seq, FILES.c.last_seq
        )
        with self._database.reading() as connection:
            if names is None:
                rows = connection.execute(query).all()
            else:
                rows = [row for name in names for row in connection.execute(query.where(FILES.c.name == name))]
        return {row.name: KnownFile(*row) for row in rows}

    def add(self, batches: Sequence[Batch], floor_seq: int = 0) -> None:
        """Enter events of files, each with its offset, and that each file is indexed up to its `size`: all or none. Of an event
        up to `floor_seq` only what it says of marks is entered."""
        with self._database.writing() as connection:
            shown: list[tuple[int, int, EventRecord]] = []
            for file, events in batches:
                number = _enter_file(connection, file, events)
                shown += ((number, offset, record) for offset, record in events if record.seq > floor_seq)
                for _, record in events:
                    if (run := run_in(record)) is not None:
                        connection.execute(_ENTER_RUN, _run(run, record.seq))
                    for slot in slots_of(record):
                        _enter_slot(connection, slot)
            if shown:
                connection.execute(_ENTER_EVENT, [_event(record, file, offset) for file, offset, record in shown])
                connection.execute(_ENTER_TEXT, [_text(record) for _, _, record in shown])

    def forget(self, floor_seq: int) -> None:
        """Leave out what was removed: the events up to `floor_seq`, the files that held nothing else, their runs; no verdict."""
        with self._database.writing() as connection:
            # Texts stay where they are: without their event they are not found.
            connection.execute(delete(EVENTS).where(EVENTS.c.seq <= floor_seq))
            connection.execute(delete(FILES).where(FILES.c.last_seq <= floor_seq))
            connection.execute(delete(RUNS).where(RUNS.c.seq <= floor_seq))

    def find(self, asked: Question, after: int, before: int, limit: int, *, is_newest_first: bool) -> list[Found]:
        """Up to `limit` events with a seq between `after` and `before`, both left out, in order or the newest first."""
        # Not joined: SQLite would begin with the files, and sort.
        name = select(FILES.c.name).where(FILES.c.id == EVENTS.c.file).scalar_subquery()
        with self._database.reading() as connection:
            chosen = _chosen(connection, asked, after, before)
            order = chosen.seq.desc() if is_newest_first else chosen.seq
            rows = connection.execute(
                chosen.select(EVENTS.c.seq, name, EVENTS.c.offset).order_by(order).limit(limit), {"last": chosen.last}
            ).all()
        return [Found(*row) for row in rows]

    def pages(self, asked: Question, after: int, before: int, size: int) -> list[PageOfEvents]:
        """The events between `after` and `before`, both left out, in pages of `size`, the newest first."""
        newest: list[int] = []
        with self._database.reading() as connection:
            chosen = _chosen(connection, asked, after, before)
            # A walk in SQLite itself: a row for each event would be made, and dropped, in Python.
            step = chosen.select(chosen.seq).order_by(chosen.seq.desc()).limit(1).offset(bindparam("skipped"))
            last, skipped = chosen.last, 0
            while (seq := connection.execute(step, {"last": last, "skipped": skipped}).scalar()) is not None:
                newest.append(seq)
                last, skipped = seq, size
            if not newest:
                return []
            left = connection.execute(chosen.select(func.count()), {"last": last}).scalar_one()
        return [*(PageOfEvents(seq, size) for seq in newest[:-1]), PageOfEvents(newest[-1], left)]

    def runs(
        self, limit: int, before: str | None, *, state: str | None = None, trigger: str | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """Runs as they were last, newest first, from the one before `before` on; and how many there are of that kind."""
        kind = [
            column == value
            for column, value in ((RUNS.c.state, state), (RUNS.c.run_trigger, trigger))
            if value is not None
        ]
        of_kind = select(RUNS.c.run).where(RUNS.c.run_id < (before or _AFTER_ALL), *kind)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(RUNS).where(*kind)).scalar_one()
            rows = connection.execute(of_kind.order_by(RUNS.c.run_id.desc()).limit(limit)).all()
        return [orjson.loads(run) for (run,) in rows], total

    def slots(self, first: str, last: str) -> list[Slot]:
        """The verdicts of the marks from `first` to `last`, newest first."""
        query = select(SLOTS).where(SLOTS.c.mark.between(first, last)).order_by(SLOTS.c.mark.desc())
        with self._database.reading() as connection:
            return [_slot(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The events that are asked for, up to a `last` one that each statement is given."""

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


def _chosen(connection: Connection, asked: Question, after: int, before: int) -> _Chosen:
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
    return _Chosen(seq, last, [bounds, *conditions], asked.text is not None)


def _bounds(connection: Connection, asked: Question) -> Iterator[tuple[int, int, int | None]]:
    """Between which seqs the events lie by the files' own bounds, and in which file; nothing where none can be told."""
    if asked.run_id is not None:
        of_run = select(FILES.c.first_seq, FILES.c.last_seq, FILES.c.id).where(FILES.c.run_id == asked.run_id)
        found = connection.execute(of_run).first()
        yield (found[0], found[1], found[2]) if found else _NOWHERE
    if asked.start is not None or asked.end is not None:
        of_time = select(func.min(FILES.c.first_seq), func.max(FILES.c.last_seq)).where(
            FILES.c.last_at >= (asked.start or ""), FILES.c.first_at <= (asked.end or _AFTER_ALL)
        )
        first, last = connection.execute(of_time).one()
        yield _NOWHERE if first is None else (first, last, None)


def _match(asked: Question) -> str:
    """FTS5's question: the text, and the rare kind or level of the event, so that few of many are found at once."""
    parts = [f"{{msg said}} : {_quoted(asked.text or '')}"]
    if asked.event is not None and asked.event not in _USUAL_EVENTS and len(asked.event) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.event)}")
    if asked.level is not None and asked.level != USUAL_LEVEL and len(asked.level) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.level)}")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _tags(record: EventRecord) -> str:
    """What is rare of an event; nothing of most, which would cost place."""
    level = level_of(record)
    said = (record.event if record.event not in _USUAL_EVENTS else "", level if level != USUAL_LEVEL else "")
    return " ".join(filter(None, said))


def _growing() -> ReturningInsert[int]:
    entered = upsert(FILES)
    new = entered.excluded
    grown = {
        "size": new.size,
        "mtime_ns": new.mtime_ns,
        "last_seq": new.last_seq,
        "first_at": func.min(FILES.c.first_at, new.first_at),
        "last_at": func.max(FILES.c.last_at, new.last_at),
    }
    return entered.on_conflict_do_update(index_elements=[FILES.c.name], set_=grown).returning(FILES.c.id)


def _going_on() -> Insert:
    entered = upsert(RUNS)
    new = entered.excluded
    # Files are entered one after the other, and more than one tells of a run: the latest event has the last word.
    return entered.on_conflict_do_update(
        index_elements=[RUNS.c.run_id],
        set_={"state": new.state, "run": new.run, "seq": new.seq},
        where=new.seq > RUNS.c.seq,
    )


def _settling() -> Insert:
    entered = upsert(SLOTS)
    told = {column.name: entered.excluded[column.name] for column in SLOTS.c if not column.primary_key}
    return entered.on_conflict_do_update(index_elements=[SLOTS.c.mark], set_=told)


# Made once: for many small files it would take longer than what they do.
_ENTER_FILE, _ENTER_EVENT, _ENTER_TEXT = _growing(), insert(EVENTS), insert(TEXTS)
_ENTER_RUN, _ENTER_SLOT = _going_on(), _settling()


def _enter_file(connection: Connection, file: KnownFile, events: Sequence[tuple[int, EventRecord]]) -> int:
    """Its number."""
    at = [record.timestamp for _, record in events]
    told = {
        "name": file.name,
        "run_id": file.run_id,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "first_seq": file.first_seq,
        "last_seq": file.last_seq,
        "first_at": min(at),
        "last_at": max(at),
    }
    return connection.execute(_ENTER_FILE, told).scalar_one()


def _event(record: EventRecord, file: int, offset: int) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "file": file,
        "offset": offset,
        "at": record.timestamp,
        "stage": record.stage,
        "event": record.event,
        "level": level_of(record),
    }


def _text(record: EventRecord) -> dict[str, Any]:
    return {"rowid": record.seq, "msg": record.msg, "said": values_of(record), "tags": _tags(record)}


def _run(run: Mapping[str, Any], seq: int) -> dict[str, Any]:
    return {
        "run_id": run["run_id"],
        "state": run["state"],
        "run_trigger": run["trigger"],
        "run": orjson.dumps(run),
        "seq": seq,
    }


def _slot(mark: str, verdict: str, reason: str | None, run_id: str | None, late_s: float | None, seq: int) -> Slot:
    return Slot(mark, Verdict(verdict), reason, run_id, late_s, seq)


def _enter_slot(connection: Connection, slot: Slot) -> None:
    row = connection.execute(select(SLOTS).where(SLOTS.c.mark == slot.mark)).first()
    connection.execute(_ENTER_SLOT, asdict(settled(slot, _slot(*row) if row else None)))
