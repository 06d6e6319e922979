"""The ledger's view of what checks hold back: a mark on an input that waits, which the merger honours, and its release.

A mark does not move the input: it waits, and the next run's checks decide anew. Only the merger moves it to `held_back`, and
counts its rows as such, so that the run's balance closes. What a person released is not held back by checks again.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from quarterhour.clock import wire_time
from quarterhour.errors import QuarterhourError
from quarterhour.lake.ledger import Input, InputLedger, InputState

_TABLES = (
    "CREATE TABLE IF NOT EXISTS holds (fingerprint TEXT PRIMARY KEY, run_id TEXT NOT NULL, message TEXT NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS releases (fingerprint TEXT PRIMARY KEY, released_at TEXT NOT NULL) WITHOUT ROWID",
)


class NotHeldBack(QuarterhourError):
    """The input is not held back."""


class HoldLedger(InputLedger):
    """The ledger of inputs, with what is held back of them and what was released."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        for statement in _TABLES:
            self._connection.execute(statement)

    def __enter__(self) -> "HoldLedger":
        return self

    def hold(self, judged: Iterable[str], held: Mapping[str, str], run_id: str) -> None:
        """Mark those of the `judged` inputs that are `held` (with why), and take the mark from the others."""
        with self._transaction():
            self._connection.executemany("DELETE FROM holds WHERE fingerprint = ?", [(one,) for one in judged])
            self._connection.executemany(
                "INSERT INTO holds (fingerprint, run_id, message) VALUES (?,?,?)",
                [(fingerprint, run_id, message) for fingerprint, message in held.items()],
            )

    def holds(self) -> dict[str, str]:
        """Why each marked input that still waits is held back."""
        rows = self._connection.execute(
            "SELECT fingerprint, h.message FROM holds h JOIN inputs i USING (fingerprint) WHERE i.state = ?",
            (InputState.TRANSLATED.value,),
        )
        return dict(rows.fetchall())

    def released(self) -> set[str]:
        """The inputs that wait and that checks may not hold back any more."""
        rows = self._connection.execute(
            "SELECT fingerprint FROM releases JOIN inputs i USING (fingerprint) WHERE i.state = ?",
            (InputState.TRANSLATED.value,),
        )
        return {row[0] for row in rows}

    def take_up(self, fingerprint: str) -> None:
        """Have an input that is held back judged anew by the next run, by its checks too."""
        with self._transaction():
            self._connection.execute(
                "UPDATE inputs SET state = ?, merged_run_id = NULL, message = '' WHERE fingerprint = ? AND state = ?",
                (InputState.TRANSLATED.value, fingerprint, InputState.HELD_BACK.value),
            )

    def release(self, fingerprint: str) -> Input:
        """Have an input that is held back, or waits, merged by the next run whatever checks say. Returns it as it was.

        Raises NotHeldBack for one that is merged or in quarantine. Twice is as once.
        """
        with self._transaction():
            entry = self.find(fingerprint)
            if entry is None or entry.state not in (InputState.HELD_BACK, InputState.TRANSLATED):
                raise NotHeldBack(
                    f"{entry.name if entry else fingerprint} is {entry.state if entry else 'not known'}, not held back"
                )
            self._connection.execute(
                "INSERT OR IGNORE INTO releases (fingerprint, released_at) VALUES (?,?)",
                (fingerprint, wire_time(datetime.now(UTC))),
            )
            self._connection.execute("DELETE FROM holds WHERE fingerprint = ?", (fingerprint,))
            self._connection.execute(
                "UPDATE inputs SET state = ?, merged_run_id = NULL, message = '' WHERE fingerprint = ?",
                (InputState.TRANSLATED.value, fingerprint),
            )
        return entry
