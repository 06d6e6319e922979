"""The merged tables as they stand: with table_commits the only place that opens Delta tables. DuckDB reads the data files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import orjson
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType

from quarterhour.errors import QuarterhourError
from quarterhour.lake.column_types import from_delta, storage_type
from quarterhour.lake.duck import identifier, literal, string_list

_PATH = "_path"
"""Of a scan with paths: the data file that a row stands in."""
_ROW = "_row"
"""Of a scan with paths: its place in the data file, from 0."""


class TableError(QuarterhourError):
    """The merged table cannot be used."""


class TableChanged(TableError):
    """Another program wrote to the table in between; nothing of ours was written."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a table's version."""

    name: str
    """Its path relative to the table."""
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One commit, as the log has it."""

    version: int
    info: dict[str, Any]
    """What it says of itself."""
    added: frozenset[str]
    """Names of data files."""
    removed: frozenset[str]
    columns: dict[str, str] | None
    """Delta's types by column, where it says them: the first commit does, and each that changes them."""
    has_changed: bool
    """Rows or columns may be others after it; where it only arranged the rows anew they are not."""


class Table:
    """One version of one merged table."""

    def __init__(self, path: Path, delta: DeltaTable) -> None:
        self.path = path
        self.delta = delta
        self.version = delta.version()

    @property
    def id(self) -> str:
        """Another table at the same path has another."""
        return str(self.delta.metadata().id)

    @cached_property
    def columns(self) -> dict[str, str]:
        """Storage types (DuckDB's names) by column, lineage columns too. Raises TableError for a type that is not ours."""
        columns: dict[str, str] = {}
        for field in self.delta.schema().fields:
            delta_type = field.type.type if isinstance(field.type, PrimitiveType) else str(field.type)
            storage = from_delta(delta_type)
            if storage is None:
                raise TableError(
                    f"{self.path}: column {field.name!r} has type {delta_type}, which quarterhour does not write"
                )
            columns[field.name] = storage
        return columns

    @cached_property
    def files(self) -> list[DataFile]:
        actions = self.delta.get_add_actions()
        # Its type is given as numpy's where that cannot be imported; it is a list.
        columns: list[list[Any]] = [
            cast(Any, actions[name]).to_pylist() for name in ("path", "size_bytes", "num_records")
        ]
        files = [DataFile(str(name), int(size), int(rows or 0)) for name, size, rows in zip(*columns, strict=True)]
        # Our names grow with time, so that rows keep their place while files are added.
        return sorted(files, key=lambda file: file.name)

    def missing_files(self) -> list[str]:
        """Data files of this version that are no longer there: it was cleaned up."""
        return [file.name for file in self.files if not (self.path / file.name).exists()]

    def file_bounds(self) -> Any | None:
        """An Arrow table: each data file's `path`, and `min.`, `max.` and `null_count.` of columns that have them; or None."""
        return self.delta.get_add_actions(flatten=True) if self.files else None

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)

    def scan(self, *, with_path: bool = False, only: Sequence[str] | None = None) -> str:
        """SQL of the table's rows; `only` names the data files to read, `with_path` adds `_path` and `_row`."""
        names = [file.name for file in self.files] if only is None else only
        if not names:
            place = [f"NULL::VARCHAR AS {_PATH}", f"NULL::BIGINT AS {_ROW}"] if with_path else []
            empty = [f"NULL::{storage} AS {identifier(name)}" for name, storage in self.columns.items()]
            return f"(SELECT {', '.join([*empty, *place])} WHERE false)"
        # A column that was added later is null in the files from before.
        schema = ", ".join(
            f"{literal(name)}: {{name: {literal(name)}, type: {literal(storage)}, default_value: NULL}}"
            for name, storage in self.columns.items()
        )
        paths = string_list(str(self.path / name) for name in names)
        if not with_path:
            return f"read_parquet({paths}, schema = MAP {{{schema}}})"
        rows = f"read_parquet({paths}, schema = MAP {{{schema}}}, filename = {literal(_PATH)}, file_row_number = true)"
        return f"(SELECT * RENAME (file_row_number AS {_ROW}) FROM {rows})"

    def file_name(self, path: str) -> str:
        """The relative name of a `_path`."""
        return Path(path).relative_to(self.path).as_posix()

    def merged_at_version(self, fingerprint: str) -> int | None:
        """The version whose commit took this input in; None if none did."""
        return self.delta.transaction_version(fingerprint)

    def commit_info(self, version: int) -> dict[str, Any] | None:
        """What the commit that made `version` says of itself; None once its log entry was cleaned up."""
        entry = self.log_entry(version)
        return entry.info if entry else None

    def log_entry(self, version: int) -> LogEntry | None:
        """The commit that made `version`; None once it was cleaned up."""
        return read_log_entry(self.path, version)

    def has_changed_since(self, version: int) -> bool:
        """Whether rows or columns may be others than at `version`."""
        later = [self.log_entry(number) for number in range(version + 1, self.version + 1)]
        return version > self.version or any(entry is None or entry.has_changed for entry in later)

    def log(self) -> Iterator[LogEntry]:
        """The commits that the log still has, from this version's backwards; before a gap nothing can be read."""
        for version in range(self.version, -1, -1):
            if (entry := self.log_entry(version)) is None:
                return
            yield entry

    def updated_at(self) -> datetime:
        """When this version was committed."""
        info = self.commit_info(self.version) or self.delta.history(1)[0]
        return datetime.fromtimestamp(int(info["timestamp"]) / 1000, UTC)


def read_log_entry(path: Path, version: int) -> LogEntry | None:
    """The commit that made `version` of the table at `path`; None once it was cleaned up."""
    try:
        content = (path / "_delta_log" / f"{version:020d}.json").read_bytes()
    except FileNotFoundError:
        return None
    lines: list[dict[str, Any]] = [orjson.loads(line) for line in content.splitlines() if line.strip()]
    info = next((cast(dict[str, Any], line["commitInfo"]) for line in lines if "commitInfo" in line), dict[str, Any]())
    added, removed = (
        frozenset(unquote(str(line[action]["path"])) for line in lines if action in line)
        for action in ("add", "remove")
    )
    described = (line["metaData"]["schemaString"] for line in lines if "metaData" in line)
    columns = next((_columns_of(orjson.loads(schema)) for schema in described), None)
    changes = (line[action]["dataChange"] for line in lines for action in ("add", "remove") if action in line)
    has_changed = any("metaData" in line for line in lines) or any(changes)
    return LogEntry(version, info, added, removed, columns, has_changed)


def _columns_of(schema: dict[str, Any]) -> dict[str, str]:
    # A type that is made of others is an object: its own name is enough.
    kinds = {str(field["name"]): field["type"] for field in schema["fields"]}
    return {name: kind if isinstance(kind, str) else str(kind["type"]) for name, kind in kinds.items()}


def open_table(path: Path, version: int | None = None) -> Table | None:
    """The table as it stands, or at `version`; None where there is no table.

    Raises TableError where it cannot be read, or has no such version.
    """
    if not (path / "_delta_log").is_dir():
        return None
    check_path(path)
    try:
        delta = DeltaTable(path)
        if version is not None:
            if not 0 <= version <= delta.version():
                raise TableError(
                    f"{path}: it has no version {version}; the newest is {delta.version()}", version=version
                )
            delta = DeltaTable(path, version=version)
    except TableNotFoundError as error:
        if version is None:
            return None
        raise TableError(f"{path}: version {version} is no longer kept", version=version) from error
    except DeltaError as error:
        raise TableError(f"{path}: the Delta table cannot be read: {error}") from error
    _check_writable(path, delta)
    return Table(path, delta)


def _check_writable(path: Path, delta: DeltaTable) -> None:
    """Raises TableError for a table of another program that cannot be read file by file."""
    features = set(delta.protocol().reader_features or []) - {"timestampNtz"}
    metadata = delta.metadata()
    if metadata.configuration.get("delta.columnMapping.mode", "none") != "none":
        features.add("columnMapping")
    if features:
        raise TableError(
            f"{path}: written by another program with {', '.join(sorted(features))}; turn that off to go on"
        )
    if metadata.partition_columns:
        raise TableError(
            f"{path}: partitioned by {', '.join(metadata.partition_columns)} by another program: "
            "write it anew without partitions, or move it away"
        )


def storage_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """The columns as a merged table keeps them."""
    return {name: storage_type(kind) for name, kind in columns.items()}


def check_path(path: Path) -> None:
    # The Delta library takes the address for a host name with these, and panics.
    if unusable := set(str(path)) & set("[]"):
        raise TableError(
            f"{path}: a folder with {' or '.join(sorted(unusable))} in its name cannot hold tables: rename it"
        )
