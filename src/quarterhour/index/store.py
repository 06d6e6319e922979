"""IndexStore: one SQLite file that says of each event where it stands, and of each run and mark what became of it.

Nothing here is the truth: a store of another version, or a damaged one, is made anew from the event log's files.
"""

import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from quarterhour.events import EventKind, EventRecord
from quarterhour.index.texts import says, values_of
from quarterhour.slots import Slot, Verdict, settled, slots_of

_VERSION = 3
_SCHEMA = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, run_id TEXT, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, offset INTEGER NOT NULL, at TEXT NOT NULL,
    stage TEXT NOT NULL, event TEXT NOT NULL, level TEXT NOT NULL);
CREATE INDEX files_by_run ON files (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX events_by_stage ON events (stage, seq);
CREATE INDEX events_by_event ON events (event, seq);
CREATE INDEX events_by_level ON events (level, seq) WHERE level <> 'info';
CREATE VIRTUAL TABLE texts USING fts5 (msg, said, tags, content = '', tokenize = 'trigram');
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, state TEXT NOT NULL, run_trigger TEXT NOT NULL, run BLOB NOT NULL, seq INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE slots (
    mark TEXT PRIMARY KEY, verdict TEXT NOT NULL, reason TEXT, run_id TEXT, late_s REAL, seq INTEGER NOT NULL) WITHOUT ROWID;
"""
_USUAL_LEVEL = "info"
_USUAL_EVENTS = (EventKind.LOG, EventKind.PROGRESS)
_NOWHERE = (1, 0, None)
# Primary result codes, https://www.sqlite.org/rescode.html
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    }
)
SHORTEST_TEXT = 3
"""Fewer letters of a text are not indexed."""


class IndexBroken(Exception):
    """The store is none, is damaged, or is not of these files: it is to be made anew."""


class IndexUnavailable(Exception):
    """The store cannot be used now, and may be later: the disk is full, somebody else holds it."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """An event file as far as it is indexed."""

    name: str
    run_id: str | None
    size: int
    """Bytes."""
    mtime_ns: int
    first_seq: int
    last_seq: int


Batch = tuple[KnownFile, Sequence[tuple[int, EventRecord]]]
"""Events of a file, each with its offset, and the file as far as it is indexed with them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where an event stands."""

    seq: int
    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class PageOfEvents:
    """Events that follow each other in an answer."""

    seq: int
    """Of the newest."""
    count: int


@dataclass(frozen=True, slots=True)
class Question:
    """Which events are asked for. Times are RFC 3339 in UTC with milliseconds, as events write them."""

    run_id: str | None = None
    stage: str | None = None
    event: str | None = None
    level: str | None = None
    text: str | None = None
    """Part of the message, or of a text in its data."""
    start: str | None = None
    end: str | None = None

    def fits(self, record: EventRecord) -> bool:
        """Whether an event is asked for."""
        return (
            self.run_id in (None, record.run_id)
            and self.stage in (None, record.stage)
            and self.event in (None, record.event)
            and self.level in (None, level_of(record))
            and (self.text is None or says(record, self.text))
            and (self.start is None or record.timestamp >= self.start)
            and (self.end is None or record.timestamp <= self.end)
        )


def level_of(record: EventRecord) -> str:
    """`error`, `warning` or `info`: as the event says, else by its kind."""
    said = record.data.get("level")
    if isinstance(said, str):
        return said
    return "error" if record.event in (EventKind.FAILED, EventKind.ERROR) else "info"


class IndexStore:
    """One writer, and readers in any thread, each call with a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create_or_check(self) -> None:
        """Raises IndexBroken for a store of another version, or that is none."""
        is_new = not self._path.exists()
        with self._connected() as connection:
            if is_new:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
            [(version,)] = connection.execute("PRAGMA user_version").fetchall()
            if version != _VERSION:
                raise IndexBroken(f"it is of version {version}, and {_VERSION} is asked for")
            connection.execute("SELECT 1 FROM slots, runs, files, events LIMIT 1").fetchall()

    @contextmanager
    def _connected(self, *, is_reader: bool = False) -> Generator[sqlite3.Connection]:
        """Raises IndexUnavailable for what passes, IndexBroken for what only a damaged store can answer."""
        try:
            address = f"{self._path.as_uri()}?mode={'ro' if is_reader else 'rwc'}"
            connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)
            try:
                # A power cut may cost the last commits, which are made again; never the store.
                connection.execute("PRAGMA synchronous = NORMAL")
                yield connection
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _PASSING:
                raise IndexUnavailable(str(error)) from error
            raise IndexBroken(str(error)) from error

    def files(self, names: Collection[str] | None = None) -> dict[str, KnownFile]:
        """By name: all, or those named."""
        query = "SELECT name, run_id, size, mtime_ns, first_seq, last_seq FROM files"
        with self._connected(is_reader=True) as connection:
            if names is None:
                rows = connection.execute(query).fetchall()
            else:
                rows = [row for name in names for row in connection.execute(f"{query} WHERE name = ?", (name,))]
        return {row[0]: KnownFile(*row) for row in rows}

    def add(self, batches: Sequence[Batch], floor_seq: int = 0) -> None:
        """Enter events of files, each with its offset, and that each file is indexed up to its `size`: all or none. Of an event
        up to `floor_seq` only what it says of marks is entered."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for file, events in batches:
                _enter(connection, file, events, floor_seq)
            connection.execute("COMMIT")

    def forget(self, floor_seq: int) -> None:
        """Leave out what was removed: the events up to `floor_seq`, the files that held nothing else, their runs; no verdict."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # Texts stay where they are: without their event they are not found.
            connection.execute("DELETE FROM events WHERE seq <= ?", (floor_seq,))
            connection.execute("DELETE FROM files WHERE last_seq <= ?", (floor_seq,))
            connection.execute("DELETE FROM runs WHERE seq <= ?", (floor_seq,))
            connection.execute("COMMIT")

    def find(self, asked: Question, after: int, before: int, limit: int, *, is_newest_first: bool) -> list[Found]:
        """Up to `limit` events with a seq between `after` and `before`, both left out, in order or the newest first."""
        with self._connected(is_reader=True) as connection:
            source, order, where, (first, last, *values) = _narrowed(connection, asked, after, before)
            # The files last: else SQLite begins with them, and sorts.
            rows = connection.execute(
                f"SELECT e.seq, f.name, e.offset FROM {source} CROSS JOIN files f ON f.id = e.file "
                f"WHERE {where} ORDER BY {order}{' DESC' if is_newest_first else ''} LIMIT ?",
                [first, last, *values, limit],
            ).fetchall()
        return [Found(*row) for row in rows]

    def pages(self, asked: Question, after: int, before: int, size: int) -> list[PageOfEvents]:
        """The events between `after` and `before`, both left out, in pages of `size`, the newest first."""
        newest: list[int] = []
        with self._connected(is_reader=True) as connection:
            source, order, where, (first, last, *values) = _narrowed(connection, asked, after, before)
            # A walk in SQLite itself: a row for each event would be made, and dropped, in Python.
            step = f"SELECT {order} FROM {source} WHERE {where} ORDER BY {order} DESC LIMIT 1 OFFSET ?"
            skipped = 0
            while rows := connection.execute(step, [first, last, *values, skipped]).fetchall():
                [(last,)] = rows
                newest.append(last)
                skipped = size
            if not newest:
                return []
            rest = f"SELECT count(*) FROM {source} WHERE {where}"
            [(left,)] = connection.execute(rest, [first, last, *values]).fetchall()
        return [*(PageOfEvents(seq, size) for seq in newest[:-1]), PageOfEvents(newest[-1], left)]

    def runs(
        self, limit: int, before: str | None, *, state: str | None = None, trigger: str | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """Runs as they were last, newest first, from the one before `before` on; and how many there are of that kind."""
        where, values = ["true"], list[Any]()
        for column, value in (("state", state), ("run_trigger", trigger)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        kind = " AND ".join(where)
        with self._connected(is_reader=True) as connection:
            [(total,)] = connection.execute(f"SELECT count(*) FROM runs WHERE {kind}", values).fetchall()
            rows = connection.execute(
                f"SELECT run FROM runs WHERE {kind} AND run_id < ? ORDER BY run_id DESC LIMIT ?",
                [*values, before or "~", limit],
            ).fetchall()
        return [orjson.loads(run) for (run,) in rows], int(total)

    def slots(self, first: str, last: str) -> list[Slot]:
        """The verdicts of the marks from `first` to `last`, newest first."""
        with self._connected(is_reader=True) as connection:
            rows = connection.execute(
                "SELECT mark, verdict, reason, run_id, late_s, seq FROM slots WHERE mark BETWEEN ? AND ? ORDER BY mark DESC",
                (first, last),
            ).fetchall()
        return [Slot(mark, Verdict(verdict), *rest) for mark, verdict, *rest in rows]


def _narrowed(
    connection: sqlite3.Connection, asked: Question, after: int, before: int
) -> tuple[str, str, str, list[Any]]:
    """Where to look for the events, by which column they are in order, on what condition, and its values.

    The first two values are the first and the last seq that may be one of them.
    """
    source, order = "events e", "e.seq"
    conditions, values = list[str](), list[Any]()
    if asked.text is not None:
        source, order = "texts t CROSS JOIN events e ON e.seq = t.rowid", "t.rowid"
        conditions.append("texts MATCH ?")
        values.append(_match(asked))
    for column, value in (("e.stage", asked.stage), ("e.event", asked.event), ("e.level", asked.level)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    if asked.level not in (None, _USUAL_LEVEL):
        # As the partial index says it.
        conditions.append(f"e.level <> '{_USUAL_LEVEL}'")
    for sign, value in ((">=", asked.start), ("<=", asked.end)):
        if value is not None:
            conditions.append(f"e.at {sign} ?")
            values.append(value)
    first, last = after + 1, before - 1
    for oldest, newest, file in _bounds(connection, asked):
        first, last = max(first, oldest), min(last, newest)
        if file is not None:
            conditions.append("e.file = ?")
            values.append(file)
    # One pair of bounds: of two, SQLite may look through what only the other one leaves out.
    where = " AND ".join([f"{order} BETWEEN ? AND ?", *conditions])
    return source, order, where, [first, last, *values]


def _bounds(connection: sqlite3.Connection, asked: Question) -> Iterator[tuple[int, int, int | None]]:
    """Between which seqs the events lie by the files' own bounds, and in which file; nothing where none can be told."""
    if asked.run_id is not None:
        found = connection.execute(
            "SELECT first_seq, last_seq, id FROM files WHERE run_id = ?", (asked.run_id,)
        ).fetchall()
        yield found[0] if found else _NOWHERE
    if asked.start is not None or asked.end is not None:
        [(first, last)] = connection.execute(
            "SELECT min(first_seq), max(last_seq) FROM files WHERE last_at >= ? AND first_at <= ?",
            (asked.start or "", asked.end or "~"),
        ).fetchall()
        yield _NOWHERE if first is None else (first, last, None)


def _match(asked: Question) -> str:
    """FTS5's question: the text, and the rare kind or level of the event, so that few of many are found at once."""
    parts = [f"{{msg said}} : {_quoted(asked.text or '')}"]
    if asked.event is not None and asked.event not in _USUAL_EVENTS and len(asked.event) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.event)}")
    if asked.level is not None and asked.level != _USUAL_LEVEL and len(asked.level) >= SHORTEST_TEXT:
        parts.append(f"tags : {_quoted(asked.level)}")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def run_in(record: EventRecord) -> dict[str, Any] | None:
    """The run that its own `state` event tells of; None where it tells of none, or was too large to be kept whole."""
    status: dict[str, Any] = (record.data.get("status") or {}) if record.event == EventKind.STATE else {}
    run = status.get("run")
    # A later event of no run tells of the last one too, which may have been removed before it.
    return run if run is not None and run["run_id"] == record.run_id else None


def _tags(record: EventRecord) -> str:
    """What is rare of an event; nothing of most, which would cost place."""
    level = level_of(record)
    said = (record.event if record.event not in _USUAL_EVENTS else "", level if level != _USUAL_LEVEL else "")
    return " ".join(filter(None, said))


def _enter(
    connection: sqlite3.Connection, file: KnownFile, events: Sequence[tuple[int, EventRecord]], floor_seq: int
) -> None:
    at = [record.timestamp for _, record in events]
    connection.execute(
        "INSERT INTO files (name, run_id, size, mtime_ns, first_seq, last_seq, first_at, last_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET size = excluded.size, "
        "mtime_ns = excluded.mtime_ns, last_seq = excluded.last_seq, "
        "first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)",
        (file.name, file.run_id, file.size, file.mtime_ns, file.first_seq, file.last_seq, min(at), max(at)),
    )
    [(number,)] = connection.execute("SELECT id FROM files WHERE name = ?", (file.name,)).fetchall()
    shown = [(offset, record) for offset, record in events if record.seq > floor_seq]
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(r.seq, number, offset, r.timestamp, r.stage, r.event, level_of(r)) for offset, r in shown],
    )
    connection.executemany(
        "INSERT INTO texts (rowid, msg, said, tags) VALUES (?, ?, ?, ?)",
        [(r.seq, r.msg, values_of(r), _tags(r)) for _, r in shown],
    )
    for _, record in events:
        _enter_run(connection, record)
        for slot in slots_of(record):
            _enter_slot(connection, slot)


def _enter_run(connection: sqlite3.Connection, record: EventRecord) -> None:
    if (run := run_in(record)) is None:
        return
    # Files are entered one after the other, and more than one tells of a run: the latest event has the last word.
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
        "SET state = excluded.state, run = excluded.run, seq = excluded.seq WHERE excluded.seq > runs.seq",
        (run["run_id"], run["state"], run["trigger"], orjson.dumps(run), record.seq),
    )


def _enter_slot(connection: sqlite3.Connection, slot: Slot) -> None:
    rows = connection.execute("SELECT * FROM slots WHERE mark = ?", (slot.mark,)).fetchall()
    before = next((Slot(mark, Verdict(verdict), *rest) for mark, verdict, *rest in rows), None)
    final = settled(slot, before)
    values = (final.mark, final.verdict.value, final.reason, final.run_id, final.late_s, final.seq)
    connection.execute("INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?, ?)", values)


def in_order(found: Iterable[Found]) -> dict[str, list[Found]]:
    """By file, each file's in the order in which they stand."""
    by_file: dict[str, list[Found]] = {}
    for each in found:
        by_file.setdefault(each.file, []).append(each)
    return {name: sorted(places, key=lambda place: place.offset) for name, places in by_file.items()}
