"""The ledger's view of the quarantine: inputs with records put aside, and a mark on each record that was sent back."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from quarterhour.clock import wire_time
from quarterhour.errors import QuarterhourError
from quarterhour.lake.ledger import Input, InputLedger, InputState, Sighting

# Spelled alike in the index and in the queries, so that they use it: few inputs of many have any.
_HAS_ITEMS = "(quarantined > 0 OR repaired > 0 OR is_rejected)"
_TABLE = """
CREATE TABLE IF NOT EXISTS retries (
    fingerprint TEXT NOT NULL,
    record      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    retried_at  TEXT NOT NULL,
    PRIMARY KEY (fingerprint, record)
) WITHOUT ROWID
"""
_INDEX = f"CREATE INDEX IF NOT EXISTS inputs_put_aside ON inputs (position) WHERE {_HAS_ITEMS}"
_FROM_PUT_ASIDE = (
    f"FROM inputs INDEXED BY inputs_put_aside WHERE {_HAS_ITEMS} AND (:dataset IS NULL OR dataset = :dataset) "
    "AND (:file IS NULL OR name = :file OR substr(name, -length(:file) - 1) = '/' || :file)"
)
# A file put aside whole is one item, whatever stands in it.
_ITEMS = "CASE WHEN is_rejected THEN 1 ELSE quarantined + repaired END"
_ID = re.compile(r"([0-9a-f]{8,32})(?::([1-9]\d{0,17}))?")
_ID_DIGITS = 12
WHOLE = 0
"""Stands for a whole file where others have a record's number."""


class UnknownQuarantineId(QuarterhourError):
    """Nothing in quarantine has this id."""


class NotRetriable(QuarterhourError):
    """What is in quarantine under this id cannot be sent back."""


class Retry(NamedTuple):
    """A record, or a whole file, that was sent back."""

    name: str
    """The file below data/raw as which it was."""
    retried_at: str


class Chosen(NamedTuple):
    """What an id names: an input, and one record of it or, with None, all."""

    entry: Input
    record: int | None


def item_id(fingerprint: str, record: int | None = None) -> str:
    """The short id of a record in quarantine, or of a whole file, by which people name it."""
    return fingerprint[:_ID_DIGITS] + (f":{record}" if record else "")


class RetryLedger(InputLedger):
    """The ledger of inputs, with what was retried of them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.execute(_TABLE)
        self._connection.execute(_INDEX)

    def __enter__(self) -> "RetryLedger":
        return self

    def put_aside(
        self, limit: int, first: int | None = None, *, dataset: str | None = None, file: str | None = None
    ) -> list[tuple[int, Input]]:
        """Inputs with records in quarantine, newest first, each with its position; from position `first` on."""
        rows = self._connection.execute(
            f"SELECT position, fingerprint {_FROM_PUT_ASIDE} AND (:first IS NULL OR position <= :first) "
            "ORDER BY position DESC LIMIT :limit",
            {"dataset": dataset, "file": file, "first": first, "limit": limit},
        ).fetchall()
        found = ((position, self.find(fingerprint)) for position, fingerprint in rows)
        return [(position, entry) for position, entry in found if entry is not None]

    def count_put_aside(self, *, dataset: str | None = None, file: str | None = None) -> int:
        """How many items there are in all: records, and files put aside whole."""
        query = f"SELECT coalesce(sum({_ITEMS}), 0) {_FROM_PUT_ASIDE}"
        return int(self._connection.execute(query, {"dataset": dataset, "file": file}).fetchone()[0])

    def choose(self, item: str) -> Chosen:
        """What an id names. Raises UnknownQuarantineId."""
        if (parts := _ID.fullmatch(item)) is None:
            raise UnknownQuarantineId(f"{item!r} is no id of the quarantine: give one that `quarantine list` shows")
        prefix, number = parts.groups()
        rows = self._connection.execute(
            "SELECT fingerprint FROM inputs WHERE fingerprint >= ? AND fingerprint < ? LIMIT 2", (prefix, prefix + "g")
        ).fetchall()
        if len(rows) > 1:
            raise UnknownQuarantineId(f"{item!r} names several files: give more digits")
        entry = self.find(rows[0][0]) if rows else None
        if entry is None:
            raise UnknownQuarantineId(f"nothing in quarantine has the id {item!r}")
        return Chosen(entry, int(number) if number else None)

    def retries_of(self, fingerprint: str) -> dict[int, Retry]:
        """By record number, and WHOLE."""
        rows = self._connection.execute(
            "SELECT record, name, retried_at FROM retries WHERE fingerprint = ?", (fingerprint,)
        )
        return {row[0]: Retry(*row[1:]) for row in rows}

    def check_unsent(self, fingerprint: str, records: Sequence[int]) -> None:
        """Raises NotRetriable where one of the records, or the WHOLE file, was sent back before."""
        retries = self.retries_of(fingerprint)
        if before := next((retries[record] for record in records if record in retries), None):
            raise NotRetriable(f"it was sent back already at {before.retried_at}, as {before.name}")

    @contextmanager
    def sending(self, fingerprint: str, records: Sequence[int], name: str) -> Generator[None]:
        """A block that puts the file `name` in place; at its end what was sent is marked. Others wait meanwhile.

        Raises NotRetriable where one of the records, or a file of this name, was sent back before.
        """
        now = wire_time(datetime.now(UTC))
        with self._transaction():
            self.check_unsent(fingerprint, records)
            if self._connection.execute("SELECT 1 FROM sightings WHERE name = ?", (name,)).fetchone():
                raise NotRetriable(f"it was sent back already, as {name}, which has been read")
            yield
            self._connection.executemany(
                "INSERT INTO retries (fingerprint, record, name, retried_at) VALUES (?,?,?,?)",
                [(fingerprint, record, name, now) for record in records],
            )

    def forget(self, fingerprint: str) -> bool:
        """As the ledger does, and its file counts as being at the version before again, if it had one."""
        with self._transaction():
            entry = self.find(fingerprint)
            if entry is None or entry.state is not InputState.QUARANTINED:
                return False
            for table in ("inputs", "sightings", "retries"):
                self._connection.execute(f"DELETE FROM {table} WHERE fingerprint = ?", (fingerprint,))
            before = self.find(entry.grew_from or entry.replaces or "")
            if before is not None:
                # No file has such a time: it is read again, and seen to begin with what was taken before.
                self._sight(Sighting(entry.name, before.size, 0, before.fingerprint))
        return True

    def names_of(self, fingerprint: str) -> list[str]:
        """The raw files that had this content when they were last read."""
        rows = self._connection.execute(
            "SELECT name FROM sightings WHERE fingerprint = ? ORDER BY name", (fingerprint,)
        )
        return [row[0] for row in rows]
