"""The ledger of inputs: which content was translated, what became of its rows, and which raw files were seen. SQLite.

A row here is the commit point of a translated file: its Parquet and quarantine are in place before it. That a file is merged is
the Delta table's fact (its application transaction); the ledger's `merged` follows it.
"""

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from quarterhour.errors import QuarterhourError

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
CREATE TABLE IF NOT EXISTS schemas (
    mark    TEXT PRIMARY KEY,
    content BLOB NOT NULL
) WITHOUT ROWID;
"""
# What the first ledgers had not: added to them where they are opened.
_ADDED_COLUMNS = {
    "repaired": "INTEGER NOT NULL DEFAULT 0",
    "is_rejected": "INTEGER NOT NULL DEFAULT 0",
    "after_record": "INTEGER NOT NULL DEFAULT 0",
    "grew_from": "TEXT",
    "replaces": "TEXT",
    "reading": "TEXT NOT NULL DEFAULT ''",
    "merged_version": "INTEGER",
    "supersedes": "INTEGER NOT NULL DEFAULT 0",
    "schema": "TEXT NOT NULL DEFAULT ''",
    "read_like": "TEXT",
}
_VERSION = 4
_LEAST_DIGITS = 8


class LedgerDamaged(QuarterhourError):
    """The ledger of inputs cannot be read."""


class UnknownInput(QuarterhourError):
    """No input has this name or fingerprint."""


class InputState(StrEnum):
    """What became of an input's content."""

    TRANSLATED = "translated"
    """Its rows wait for the merger."""
    MERGED = "merged"
    REPLACED = "replaced"
    """Merged, but a newer version of the same raw file stands in its place."""
    RETRACTED = "retracted"
    """Merged, and taken out again by a person; it can be put back."""
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
    repaired: int = 0
    """Of the rows, those whose record had to be mended first."""
    is_rejected: bool = False
    """Put aside whole: it could not be read, or too many of its records were put aside."""
    after_record: int = 0
    """Where `grew_from` is set: the records up to this one are the earlier versions'; its own are numbered from the next."""
    grew_from: str | None = None
    """The fingerprint of the version that it begins with."""
    replaces: str | None = None
    """The fingerprint of the version before it under the same name, which has other content."""
    reading: str = ""
    """How its text was read: a version that grew must be read alike."""
    merged_version: int | None = None
    """The version of the merged table that took it in; of two inputs the one with the greater came later."""
    supersedes: bool = False
    """Its rows stand in place of those of the version that it `replaces`, and of all before that one."""
    schema: str = ""
    """The mark of the dataset's columns by which it was read, so that it can be read alike once more; empty if not known."""
    read_like: str | None = None
    """The fingerprint of the file as which it was read, where it was read just like an earlier one of its run."""


class Sighting(NamedTuple):
    """A raw file as it was when its content was last read. While size and time stand, so does the fingerprint."""

    name: str
    size: int
    mtime_ns: int
    fingerprint: str


_FIELDS = [field.name for field in fields(Input)]
_COLUMNS = ", ".join(_FIELDS)


class InputLedger:
    """Open it where it is used; a connection belongs to one thread. Each call is one transaction, durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            if self._version() < _VERSION:
                self._migrate()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if error.sqlite_errorcode not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            raise LedgerDamaged(
                f"{path}: {error}. It says which inputs were taken, so nothing is done without it: "
                "put a backup of it in its place; it is left as it is"
            ) from error

    def __enter__(self) -> "InputLedger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        with self._transaction():
            for statement in _SCHEMA.split(";\n"):
                self._connection.execute(statement)
            # Asked within the transaction: another process may have come first.
            present = {row[1] for row in self._connection.execute("PRAGMA table_info(inputs)")}
            for name, kind in _ADDED_COLUMNS.items():
                if name not in present:
                    self._connection.execute(f"ALTER TABLE inputs ADD COLUMN {name} {kind}")
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")

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

    def named(self, text: str) -> Input:
        """The input that a raw file's name, or the first digits of a fingerprint, stands for: what a file of that name held last.

        Raises UnknownInput.
        """
        # A file may have had the content of another one, under whose name that was taken.
        rows = self._connection.execute(
            "SELECT fingerprint FROM sightings WHERE name = ? "
            "UNION ALL SELECT fingerprint FROM (SELECT fingerprint FROM inputs WHERE name = ? ORDER BY position DESC)",
            (text, text),
        ).fetchall()
        found = [entry for (fingerprint,) in rows if (entry := self.find(fingerprint)) is not None]
        if not found and len(text) >= _LEAST_DIGITS:
            rows = self._connection.execute(
                "SELECT fingerprint FROM inputs WHERE fingerprint >= ? AND fingerprint < ? LIMIT 2", (text, text + "g")
            ).fetchall()
            if len(rows) > 1:
                raise UnknownInput(f"{text!r} names several inputs: give more digits")
            found = [entry for (fingerprint,) in rows if (entry := self.find(fingerprint)) is not None]
        if not found:
            raise UnknownInput(
                f"no input is named {text!r}: give a raw file's name below data/raw, or at least {_LEAST_DIGITS} digits of its "
                "fingerprint"
            )
        return found[0]

    def replacing(self, fingerprint: str) -> list[Input]:
        """The inputs that have this one as the version before them, oldest first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM inputs WHERE replaces = ? ORDER BY position", (fingerprint,)
        )
        return [_input(row) for row in rows]

    def sightings(self) -> dict[str, Sighting]:
        """All the raw files that were read, by name."""
        rows = self._connection.execute("SELECT name, size, mtime_ns, fingerprint FROM sightings")
        return {row[0]: Sighting._make(row) for row in rows}

    def record_translated(self, entry: Input, sighting: Sighting) -> None:
        """The commit point of a translated (or wholly quarantined) file. The same content again changes nothing."""
        self.record_all([(entry, sighting)])

    def record_all(
        self, settled: Iterable[tuple[Input | None, Sighting]], schemas: Mapping[str, bytes] = MappingProxyType({})
    ) -> None:
        """As `record_translated`, for several files in one transaction, in order; None where the content is known already.

        `schemas` are those that the entries name, by mark.
        """
        places = ",".join("?" * len(_FIELDS))
        with self._transaction():
            for entry, sighting in settled:
                if entry is not None:
                    self._connection.execute(
                        f"INSERT INTO inputs ({_COLUMNS}) VALUES ({places}) ON CONFLICT (fingerprint) DO NOTHING",
                        astuple(entry),
                    )
                self._sight(sighting)
            self._connection.executemany("INSERT OR IGNORE INTO schemas (mark, content) VALUES (?,?)", schemas.items())

    def schema(self, mark: str) -> bytes | None:
        """The columns that a mark stands for."""
        rows = self._connection.execute("SELECT content FROM schemas WHERE mark = ?", (mark,)).fetchall()
        return rows[0][0] if rows else None

    def _sight(self, sighting: Sighting) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO sightings (name, size, mtime_ns, fingerprint) VALUES (?,?,?,?)", sighting
        )

    def forget(self, fingerprint: str) -> bool:
        """Have a content that is in quarantine taken anew by the next run; False where there is none such."""
        with self._transaction():
            forgotten = self._connection.execute(
                "DELETE FROM inputs WHERE fingerprint = ? AND state = ?", (fingerprint, InputState.QUARANTINED.value)
            )
            if forgotten.rowcount:
                self._connection.execute("DELETE FROM sightings WHERE fingerprint = ?", (fingerprint,))
        return forgotten.rowcount > 0

    def rejected(self) -> set[str]:
        """The fingerprints of the files that were put aside whole."""
        rows = self._connection.execute(
            "SELECT fingerprint FROM inputs WHERE state = ? AND is_rejected", (InputState.QUARANTINED.value,)
        )
        return {row[0] for row in rows}

    def pending(self, dataset: str | None = None) -> list[Input]:
        """Inputs that wait for the merger, in the order in which they were translated."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM inputs WHERE state = ? AND (? IS NULL OR dataset = ?) ORDER BY position",
            (InputState.TRANSLATED.value, dataset, dataset),
        )
        return [_input(row) for row in rows]

    def of_dataset(self, dataset: str) -> list[Input]:
        """All its inputs; those that were merged in the order in which the table took them in."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM inputs WHERE dataset = ? ORDER BY coalesce(merged_version, -1), position",
            (dataset,),
        )
        return [_input(row) for row in rows]

    def merged_rows(self, dataset: str) -> int:
        """The rows of all inputs that stand in the dataset's table, as they were translated."""
        query = "SELECT coalesce(sum(rows), 0) FROM inputs WHERE dataset = ? AND state = ?"
        return int(self._connection.execute(query, (dataset, InputState.MERGED)).fetchone()[0])

    def last_arrival(self, dataset: str) -> str | None:
        """When the newest of the dataset's inputs was translated."""
        query = (
            f"SELECT max(translated_at) FROM inputs WHERE dataset = ? AND state IN ({', '.join('?' * len(InputState))})"
        )
        return self._connection.execute(query, (dataset, *InputState)).fetchone()[0]

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

    def record_merged(
        self,
        fingerprints: Iterable[str],
        run_id: str,
        version: int,
        superseding: Iterable[str] = (),
        moved: Mapping[str, InputState] = MappingProxyType({}),
    ) -> None:
        """`version` of the merged table took them in, those of `superseding` in the place of others, which are `moved`."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE inputs SET state = ?, merged_run_id = ?, message = '', merged_version = ? WHERE fingerprint = ?",
                [(InputState.MERGED.value, run_id, version, fingerprint) for fingerprint in fingerprints],
            )
            self._connection.executemany(
                "UPDATE inputs SET supersedes = 1 WHERE fingerprint = ?", [(one,) for one in superseding]
            )
            self._set_states(moved)

    def _set_states(self, states: Mapping[str, InputState]) -> None:
        self._connection.executemany(
            "UPDATE inputs SET state = ?, message = '' WHERE fingerprint = ?",
            [(state.value, fingerprint) for fingerprint, state in states.items()],
        )

    def record_held_back(self, fingerprints: Iterable[str], run_id: str, message: str) -> None:
        with self._transaction():
            self._connection.executemany(
                "UPDATE inputs SET state = ?, merged_run_id = ?, message = ? WHERE fingerprint = ?",
                [(InputState.HELD_BACK.value, run_id, message, fingerprint) for fingerprint in fingerprints],
            )

    def recent(
        self, limit: int, before: int | None = None, state: InputState | None = None, run_id: str | None = None
    ) -> list[tuple[int, Input]]:
        """Inputs, newest first, each with its position, which is the cursor (`before`, exclusive) to the next page.

        With `run_id`, those that the run translated or merged.
        """
        rows = self._connection.execute(
            f"SELECT position, {_COLUMNS} FROM inputs WHERE (?1 IS NULL OR position < ?1) AND (?2 IS NULL OR state = ?2) "
            "AND (?3 IS NULL OR run_id = ?3 OR merged_run_id = ?3) ORDER BY position DESC LIMIT ?4",
            (before, state and state.value, run_id, limit),
        )
        return [(row[0], _input(row[1:])) for row in rows]

    def totals(self) -> dict[InputState, tuple[int, int]]:
        """For each state: inputs, and their rows."""
        rows = self._connection.execute("SELECT state, count(*), sum(rows) FROM inputs GROUP BY state")
        return {InputState(state): (count, total) for state, count, total in rows}

    def datasets(self) -> list[str]:
        rows = self._connection.execute("SELECT DISTINCT dataset FROM inputs WHERE rows > 0 ORDER BY dataset")
        return [row[0] for row in rows]


def _input(row: Sequence[object]) -> Input:
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = InputState(str(values["state"]))
    for name in ("is_rejected", "supersedes"):
        values[name] = bool(values[name])
    return Input(**values)  # pyright: ignore[reportArgumentType]
