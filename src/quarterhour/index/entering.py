"""What the index keeps of events, as SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from quarterhour.events import EventRecord
from quarterhour.index.places import Batch, KnownFile
from quarterhour.index.question import USUAL_EVENTS, USUAL_LEVEL, level_of, run_in
from quarterhour.index.schema import EVENTS, FILES, RUNS, SLOTS, TEXTS
from quarterhour.index.texts import values_of
from quarterhour.slots import Slot, Verdict, settled, slots_of


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


def enter(connection: Connection, batches: Sequence[Batch], floor_seq: int) -> None:
    """Enter events of files, each with its offset, and how far each file is indexed with them. Of an event up to `floor_seq`
    only what it says of marks is entered."""
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


def _enter_file(connection: Connection, file: KnownFile, events: Sequence[tuple[int, EventRecord]]) -> int:
    """Its number."""
    at = [record.timestamp for _, record in events]
    told = {**asdict(file), "first_at": min(at), "last_at": max(at)}
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


def _enter_slot(connection: Connection, slot: Slot) -> None:
    row = connection.execute(select(SLOTS).where(SLOTS.c.mark == slot.mark)).first()
    connection.execute(_ENTER_SLOT, asdict(settled(slot, slot_in(*row) if row else None)))


def _tags(record: EventRecord) -> str:
    """What is rare of an event; nothing of most, which would cost place."""
    level = level_of(record)
    said = (record.event if record.event not in USUAL_EVENTS else "", level if level != USUAL_LEVEL else "")
    return " ".join(filter(None, said))


def slot_in(mark: str, verdict: str, reason: str | None, run_id: str | None, late_s: float | None, seq: int) -> Slot:
    """A mark's verdict, of its row."""
    return Slot(mark, Verdict(verdict), reason, run_id, late_s, seq)
