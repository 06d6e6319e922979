"""Mode window: which spans of time the new rows touch, and what of a result's table stands beside what is computed anew. SQL."""

from dataclasses import dataclass

import duckdb

from quarterhour.lake.duck import identifier, literal
from quarterhour.lake.tables import Table
from quarterhour.settings.analyses import WindowSettings
from quarterhour.stages.analyzer.analyses.built_ins import bucket_of
from quarterhour.stages.analyzer.analyses.sources import InputSource

_TOUCHED = "touched"
_NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Windows:
    """The touched windows, as temporary tables of the connection: `touched`, and `needed`, of which their rows are made."""

    connection: duckdb.DuckDBPyConnection
    settings: WindowSettings
    time: str
    """The dataset's time column."""
    count: int

    def restricted(self, source: InputSource) -> str:
        """Query of the dataset's rows of which the touched windows are made, with lineage."""
        return self._within(source.whole, self.time, _NEEDED, source.columns[self.time])

    def touched_rows(self, relation: str, storage: str) -> str:
        """Query of the result's rows that stand in touched windows; `storage` is the type of its time column."""
        return self._within(relation, self.settings.into, _TOUCHED, storage)

    def other_rows(self, relation: str) -> str:
        """Query of those that do not."""
        return f"SELECT t.* FROM {relation} t ANTI JOIN {_TOUCHED} w ON {self._same('t', self.settings.into)}"

    def _within(self, relation: str, column: str, windows: str, storage: str) -> str:
        return (
            f"SELECT t.* FROM {relation} t SEMI JOIN {windows} w ON {self._same('t', column)}"
            f"{self._range(windows, f't.{identifier(column)}', storage)}"
        )

    def _same(self, alias: str, column: str) -> str:
        return f"{bucket_of(self.settings.every, f'{alias}.{identifier(column)}')} IS NOT DISTINCT FROM w.w"

    def _range(self, windows: str, column: str, storage: str) -> str:
        """A bound by which files and row groups are skipped, where all the windows are finite."""
        found = self.connection.execute(
            f"SELECT min(w)::VARCHAR, (max(w) + INTERVAL {literal(self.settings.every)})::VARCHAR "
            f"FROM {windows} HAVING bool_and(w IS NOT NULL AND isfinite(w))"
        ).fetchone()
        if found is None or found[0] is None:
            return ""
        zone = "+00" if storage == "TIMESTAMP WITH TIME ZONE" else ""
        kind = storage if zone else "TIMESTAMP"
        low, high = (f"{literal(bound + zone)}::{kind}" for bound in found)
        return f" WHERE {column} >= {low} AND {column} < {high}"

    def replaced_files(self, table: Table) -> list[str]:
        """The data files with rows of touched windows."""
        scan = table.scan(with_path=True)
        rows = self.touched_rows(scan, table.columns[self.settings.into])
        paths = self.connection.execute(f"SELECT DISTINCT _path FROM ({rows})").fetchall()
        return sorted(table.file_name(str(path)) for (path,) in paths)


def find_windows(
    connection: duckdb.DuckDBPyConnection, settings: WindowSettings, time: str, source: InputSource
) -> Windows | None:
    """None where it cannot be told what changed, so that all is to be computed anew."""
    changes = source.changes
    if source.since is None or not changes.is_known or changes.is_foreign:
        return None
    if changes.is_renewing or (changes.inputs and source.keys):
        # What their rows replaced is not there any more.
        return None
    rows = [source.new(), *([removed] if (removed := source.foreseen.removed_rows()) else [])]
    bucket = bucket_of(settings.every, identifier(time))
    found = " UNION ALL ".join(f"SELECT {bucket} AS w FROM ({query})" for query in rows)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TOUCHED} AS SELECT DISTINCT w FROM ({found})")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_NEEDED} AS FROM {_TOUCHED}")
    if settings.lookback is not None:
        _spread(connection, settings)
    counted = connection.execute(f"SELECT count(*) FROM {_TOUCHED}").fetchone()
    return Windows(connection, settings, time, int(counted[0]) if counted else 0)


def _spread(connection: duckdb.DuckDBPyConnection, settings: WindowSettings) -> None:
    """A row changes also the windows that look back at it; and these need the rows that they look back at."""
    every, lookback = (f"INTERVAL {literal(span)}" for span in (settings.every, settings.lookback or ""))
    last = bucket_of(settings.every, f"(w + {every} + {lookback})")
    first = bucket_of(settings.every, f"(w - {lookback})")
    for table, series in (
        (_TOUCHED, f"generate_series(w, {last}, {every})"),
        (_NEEDED, f"generate_series({first}, w, {every})"),
    ):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT DISTINCT w FROM ("
            f"SELECT unnest({series}) AS w FROM {_TOUCHED} WHERE isfinite(w) "
            f"UNION ALL SELECT w FROM {_TOUCHED} WHERE w IS NULL OR NOT isfinite(w))"
        )
