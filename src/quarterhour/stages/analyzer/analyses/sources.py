"""The datasets that an analysis reads, open in DuckDB, and the views by which its query sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from quarterhour.lake.column_types import FILE, data_columns
from quarterhour.lake.derived import (
    Changes,
    Published,
    Source,
    StagedResult,
    changes_since,
    is_derived,
    read_published,
    read_staged,
)
from quarterhour.lake.duck import identifier, string_list
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import Input
from quarterhour.lake.schema_plan import select_list
from quarterhour.lake.tables import Table, TableError, open_table
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.analyses.foreseen import Foreseen, Foresight
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class InputSource:
    """A dataset of files, as the merger will leave it."""

    foreseen: Foreseen
    since: int | None
    """The version that the analysis saw last; None where it did not run yet."""
    changes: Changes
    """Of the table since then."""

    @property
    def name(self) -> str:
        return self.foreseen.dataset

    @property
    def columns(self) -> dict[str, str]:
        return {name: self.foreseen.columns[name] for name in data_columns(self.foreseen.columns)}

    @property
    def keys(self) -> tuple[str, ...]:
        return self.foreseen.keys

    @property
    def table(self) -> Table | None:
        return self.foreseen.table

    @property
    def state(self) -> Source:
        return Source(self.table.version if self.table else None, self.foreseen.inputs)

    @property
    def is_as_before(self) -> bool:
        return self.since is not None and not self.foreseen.inputs and self.changes.is_none

    @property
    def new_inputs(self) -> frozenset[str] | None:
        """Those whose rows the analysis has not seen; None where all are new."""
        if self.since is None or not self.changes.is_known:
            return None
        return self.changes.inputs | set(self.foreseen.inputs)

    @property
    def whole(self) -> str:
        """Relation of all rows, with lineage."""
        return f"({self.foreseen.whole()})"

    def new(self) -> str:
        """Query of the new rows, with lineage: those that were added, and of those with keys the ones that changed."""
        inputs = self.new_inputs
        if inputs is None:
            return f"SELECT * FROM {self.whole}"
        if not self.changes.inputs:
            return self.foreseen.new_rows() or f"SELECT * FROM {self.whole} WHERE false"
        return f"SELECT * FROM {self.whole} WHERE list_contains({string_list(sorted(inputs))}, {FILE})"

    def before(self) -> str | None:
        """Query of the rows, with lineage, that the analysis saw last. None where their files are gone."""
        if self.table is None or self.since is None:
            return f"SELECT * FROM {self.whole} WHERE false"
        table = _kept_version(self.table, self.since)
        if table is None:
            return None
        return f"SELECT {select_list(self.foreseen.columns, table.columns)} FROM {table.scan()}"

    def readable(self) -> list[Path]:
        paths = [self.table.path if self.table else None, self.foreseen.written]
        return [path for path in paths if path is not None]


@dataclass(frozen=True, slots=True)
class DerivedSource:
    """Another analysis's result, as the merger will publish it."""

    name: str
    table: Table | None
    staged: StagedResult | None
    folder: Path
    """Where what is staged lies."""
    key: str
    seen: Source | None
    """What the analysis saw of it last."""

    @property
    def columns(self) -> dict[str, str]:
        if self.staged is not None:
            return self.staged.columns
        assert self.table is not None
        return self.table.columns

    @property
    def keys(self) -> tuple[str, ...]:
        return ()

    @property
    def state(self) -> Source:
        return Source(key=self.key)

    @property
    def is_as_before(self) -> bool:
        return self.seen is not None and self.seen.key == self.key

    @property
    def whole(self) -> str:
        return f"({self._query()})"

    def _query(self) -> str:
        staged, table = self.staged, self.table
        parts: list[str] = []
        if table is not None and not (staged and staged.replaces):
            gone = set(staged.removed) if staged else set[str]()
            parts.append(f"SELECT * FROM {table.scan(only=[f.name for f in table.files if f.name not in gone])}")
        if staged is not None and staged.files:
            parts.append(f"SELECT * FROM read_parquet({string_list(str(self.folder / f.name) for f in staged.files)})")
        if not parts:
            empty = ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind in self.columns.items())
            parts.append(f"SELECT {empty} WHERE false")
        return " UNION ALL ".join(parts)

    def before(self) -> str | None:
        if self.table is None or self.seen is None or self.seen.version is None:
            return f"SELECT * FROM {self.whole} WHERE false"
        table = _kept_version(self.table, self.seen.version)
        if table is None:
            return None
        return f"SELECT {select_list(self.columns, table.columns)} FROM {table.scan()}"

    def readable(self) -> list[Path]:
        return [*([self.table.path] if self.table else []), *([self.folder] if self.staged else [])]


AnySource = InputSource | DerivedSource


def _kept_version(table: Table, version: int) -> Table | None:
    """None where it cannot be read any more: its files, or its log, were removed as too old."""
    try:
        earlier = open_table(table.path, version)
    except TableError:
        return None
    is_whole = earlier is not None and all((earlier.path / file.name).exists() for file in earlier.files)
    return earlier if is_whole else None


class Home:
    """What the analyses of one home read: which datasets there are, and each as a source."""

    def __init__(self, workspace: Workspace, settings: Settings, foresight: Foresight) -> None:
        self._foresight = foresight
        self._workspace = workspace
        self._settings = settings
        self._analyses = {analysis.name for analysis in settings.analyses}
        with HoldLedger(workspace.ledger_file) as ledger:
            held = ledger.holds()
            self._pending = [entry for entry in ledger.pending() if entry.fingerprint not in held]
            taken = set(ledger.datasets())
        merged = {folder.name for folder in workspace.merged.iterdir() if folder.is_dir()}
        self.known = self._analyses | taken | merged | {dataset.name for dataset in settings.datasets}

    def open(self, dataset: str, published: Published | None) -> AnySource | None:
        """None where it has no rows yet."""
        seen = published.sources.get(dataset) if published else None
        if dataset in self._analyses:
            return self._open_derived(dataset, seen)
        foreseen = self._foresight.of(self._workspace, self._settings, dataset, self._pending_of(dataset))
        if foreseen is None:
            return None
        since = seen.version if seen else None
        changes = changes_since(foreseen.table, since) if foreseen.table and since is not None else Changes()
        return InputSource(foreseen, since, changes)

    def _pending_of(self, dataset: str) -> Sequence[Input]:
        return [entry for entry in self._pending if entry.dataset == dataset]

    def _open_derived(self, name: str, seen: Source | None) -> DerivedSource | None:
        table = open_table(self._workspace.table(name))
        if table is not None and not is_derived(table):
            return None
        folder = self._workspace.staged_analysis(name)
        staged = read_staged(folder)
        if staged is not None:
            return DerivedSource(name, table, staged, folder, staged.key, seen)
        published = read_published(table) if table else None
        return DerivedSource(name, table, None, folder, published.key, seen) if published else None


def make_view(connection: duckdb.DuckDBPyConnection, name: str, query: str, columns: Collection[str]) -> None:
    """`name` shows the data columns of `query`; where they come from stays ours."""
    listed = ", ".join(identifier(column) for column in columns)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT {listed} FROM ({query})")


def rows_of(dataset: str) -> str:
    """The view of the rows that a query is given of a dataset, with lineage: what the built-ins read."""
    return f"{dataset}:rows"


def before_of(dataset: str) -> str:
    return f"{dataset}:before"
