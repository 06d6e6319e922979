"""The ledger of inputs: which content was translated, what became of its rows, and which raw files were seen. SQLite.

A row here is the commit point of a translated file: its Parquet and quarantine are in place before it. That a file is merged is
the Delta table's fact (its application transaction); the ledger's `merged` follows it.
"""

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inputs (
    position      INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint   TEXT NOT NULL UNIQUE,
    dataset       TEXT NOT NULL,
    name          TEXT NOT NULL,
    size          INTEGER NOT NULL,
    state         TEXT NOT NULL,
    records       INTEGER NOT NULL,
    rows          INTEGER NOT NULL,
    quarantined   INTEGER NOT NULL,
    run_id        TEXT NOT NULL,
    translated_at TEXT NOT NULL,
    merged_run_id TEXT,
    message       TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS inputs_by_state ON inputs (state, dataset, position);
CREATE TABLE IF NOT EXISTS sightings (
    name        TEXT PRIMARY KEY,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    fingerprint TEXT NOT NULL
);
"""


class InputState(StrEnum):
    """What became of an input's content."""

    TRANSLATED = "translated"
    """Its rows wait for the merger."""
    MERGED = "merged"
    HELD_BACK = "held_back"
    """Its rows could not be merged; `message` says why."""
    QUARANTINED = "quarantined"
    """The whole file could not be read; `message` says why."""


@dataclass(frozen=True, slots=True)
class Input:
    """One content that arrived. `records = rows + quarantined`."""

    fingerprint: str
    """The first 32 hex digits of the content's SHA-256."""
    dataset: str
    name: str
    """The path below data/raw under which it was first seen."""
    size: int
    """Bytes of the raw file."""
    state: InputState
    records: int
    rows: int
    quarantined: int
    run_id: str
    """The run that translated it."""
    translated_at: str
    """RFC 3339, UTC."""
    merged_run_id: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A raw file as it was when its content was last read. While size and time stand, so does the fingerprint."""

    name: str
    size: int
    mtime_ns: int
    fingerprint: str


_COLUMNS = (
    "fingerprint, dataset, name, size, state, records, rows, quarantined, run_id, translated_at, merged_run_id, message"
)


class InputLedger:
    """Open it where it is used; a connection belongs to one thread. Each call is one transaction, durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)

    def __enter__(self) -> "InputLedger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def find(self, fingerprint: str) -> Input | None:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM inputs WHERE fingerprint = ?", (fingerprint,))
        return next(map(_input, rows), None)

    def sightings(self) -> dict[str, Sighting]:
        """All the raw files that were read, by name."""
        rows = self._connection.execute("SELECT name, size, mtime_ns, fingerprint FROM sightings")
        return {row[0]: Sighting(*row) for row in rows}

    def record_translated(self, entry: Input, sighting: Sighting) -> None:
        """The commit point of a translated (or wholly quarantined) file. The same content again changes nothing."""
        with self._transaction():
            self._connection.execute(
                f"INSERT INTO inputs ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (fingerprint) DO NOTHING",
                (
                    entry.fingerprint,
                    entry.dataset,
                    entry.name,
                    entry.size,
                    entry.state.value,
                    entry.records,
                    entry.rows,
                    entry.quarantined,
                    entry.run_id,
                    entry.translated_at,
                    entry.merged_run_id,
                    entry.message,
                ),
            )
            self._sight(sighting)

    def record_sighting(self, sighting: Sighting) -> None:
        """A raw file whose content is known already."""
        with self._transaction():
            self._sight(sighting)

    def _sight(self, sighting: Sighting) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO sightings (name, size, mtime_ns, fingerprint) VALUES (?,?,?,?)",
            (sighting.name, sighting.size, sighting.mtime_ns, sighting.fingerprint),
        )

    def pending(self, dataset: str | None = None) -> list[Input]:
        """Inputs that wait for the merger, in the order in which they were translated."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM inputs WHERE state = ? AND (? IS NULL OR dataset = ?) ORDER BY position",
            (InputState.TRANSLATED.value, dataset, dataset),
        )
        return [_input(row) for row in rows]

    def settled_by(self, run_id: str) -> list[Input]:
        """Inputs that this run merged or held back already, in an earlier attempt of its merger."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM inputs WHERE merged_run_id = ? ORDER BY position", (run_id,)
        )
        return [_input(row) for row in rows]

    def translated_by(self, run_id: str) -> list[Input]:
        """Inputs that this run translated already, in an earlier attempt of its translator."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM inputs WHERE run_id = ? ORDER BY position", (run_id,))
        return [_input(row) for row in rows]

    def record_merged(self, fingerprints: Iterable[str], run_id: str) -> None:
        self._move(fingerprints, InputState.MERGED, run_id, "")

    def record_held_back(self, fingerprints: Iterable[str], run_id: str, message: str) -> None:
        self._move(fingerprints, InputState.HELD_BACK, run_id, message)

    def _move(self, fingerprints: Iterable[str], state: InputState, run_id: str, message: str) -> None:
        with self._transaction():
            self._connection.executemany(
                "UPDATE inputs SET state = ?, merged_run_id = ?, message = ? WHERE fingerprint = ?",
                [(state.value, run_id, message, fingerprint) for fingerprint in fingerprints],
            )

    def recent(self, limit: int, before: int | None = None, state: InputState | None = None) -> list[tuple[int, Input]]:
        """Inputs, newest first, each with its position, which is the cursor (`before`, exclusive) to the next page."""
        rows = self._connection.execute(
            f"SELECT position, {_COLUMNS} FROM inputs WHERE (? IS NULL OR position < ?) AND (? IS NULL OR state = ?) "
            "ORDER BY position DESC LIMIT ?",
            (before, before, state and state.value, state and state.value, limit),
        )
        return [(row[0], _input(row[1:])) for row in rows]

    def totals(self) -> dict[InputState, tuple[int, int]]:
        """For each state: inputs, and their rows."""
        rows = self._connection.execute("SELECT state, count(*), sum(rows) FROM inputs GROUP BY state")
        return {InputState(state): (count, total) for state, count, total in rows}

    def datasets(self) -> list[str]:
        rows = self._connection.execute("SELECT DISTINCT dataset FROM inputs WHERE rows > 0 ORDER BY dataset")
        return [row[0] for row in rows]


def _input(row: tuple[object, ...]) -> Input:
    values = list(row)
    values[4] = InputState(str(values[4]))
    return Input(*values)  # pyright: ignore[reportArgumentType]
