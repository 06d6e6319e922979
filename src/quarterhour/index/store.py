"""IndexStore: says of each event where it stands, and of each run and mark what became of it.

Nothing here is the truth: a store that is damaged, or of a version that cannot be updated, is made anew from the event log.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, select

from quarterhour.index.choosing import AFTER_ALL, choose
from quarterhour.index.database import Database
from quarterhour.index.entering import enter, slot_in
from quarterhour.index.places import Batch, Found, KnownFile
from quarterhour.index.question import PageOfEvents, Question
from quarterhour.index.schema import EVENTS, FILES, RUNS, SLOTS
from quarterhour.slots import Slot


class IndexStore:
    """One writer, and readers in any thread, each call with a connection of its own.

    Its calls raise IndexUnavailable for what passes, IndexBroken for what only a damaged store can answer.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def create_or_check(self) -> None:
        """Make it, or bring an earlier one up to date. Raises IndexBroken for one of a later version, or that is none."""
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
            enter(connection, batches, floor_seq)

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
            chosen = choose(connection, asked, after, before)
            order = chosen.seq.desc() if is_newest_first else chosen.seq
            rows = connection.execute(
                chosen.select(EVENTS.c.seq, name, EVENTS.c.offset).order_by(order).limit(limit), {"last": chosen.last}
            ).all()
        return [Found(*row) for row in rows]

    def pages(self, asked: Question, after: int, before: int, size: int) -> list[PageOfEvents]:
        """The events between `after` and `before`, both left out, in pages of `size`, the newest first."""
        newest: list[int] = []
        with self._database.reading() as connection:
            chosen = choose(connection, asked, after, before)
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
        of_kind = select(RUNS.c.run).where(RUNS.c.run_id < (before or AFTER_ALL), *kind)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(RUNS).where(*kind)).scalar_one()
            rows = connection.execute(of_kind.order_by(RUNS.c.run_id.desc()).limit(limit)).all()
        return [orjson.loads(run) for (run,) in rows], total

    def slots(self, first: str, last: str) -> list[Slot]:
        """The verdicts of the marks from `first` to `last`, newest first."""
        query = select(SLOTS).where(SLOTS.c.mark.between(first, last)).order_by(SLOTS.c.mark.desc())
        with self._database.reading() as connection:
            return [slot_in(*row) for row in connection.execute(query)]
