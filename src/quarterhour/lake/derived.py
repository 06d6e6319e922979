"""Derived tables: an analysis's result on its way from the analyzer, which stages it, to its Delta table, exactly once.

The merger publishes what is staged once the datasets that it was made of stand as it took them to be. The commit says what the
result was made of; that, and nothing beside it, decides whether the analysis is to run again.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from quarterhour.errors import QuarterhourError
from quarterhour.files import fsync_folder, write_whole
from quarterhour.lake.column_types import FILE
from quarterhour.lake.table_commits import WrittenFile, commit, create_table
from quarterhour.lake.tables import Table, open_table
from quarterhour.workspace import Workspace

_APPLICATION = "quarterhour.analysis"
"""The application transaction of a publication; its number is the version."""

# Commits that change no row.
_HARMLESS = frozenset(
    {
        "compaction",
        "CREATE TABLE",
        "ADD COLUMN",
        "OPTIMIZE",
        "VACUUM START",
        "VACUUM END",
        "SET TBLPROPERTIES",
        "ADD FEATURE",
    }
)


class NotPublishable(QuarterhourError):
    """What is staged does not follow from the tables as they stand."""


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset that a result was made of. Of an input dataset: version and inputs; of an analysis's: key."""

    version: int | None = None
    """Of its table, before the merge where it is staged, after it where it is published; None where there was none."""
    inputs: tuple[str, ...] = ()
    """What the merge was to take in: fingerprints."""
    key: str | None = None
    """The result that it held."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A data file in the staging folder."""

    name: str
    rows: int
    size: int
    statistics: str


@dataclass(frozen=True, slots=True)
class StagedResult:
    """A result that waits for the merger."""

    analysis: str
    key: str
    """Names the result: a digest of the definition and of what it was made of."""
    definition: str
    base: int | None
    """The version of its own table that it builds on."""
    columns: dict[str, str]
    replaces: bool
    """Whether every row of the table goes; else those of the files in `removed`."""
    rows: int
    """Rows that the query gave."""
    sources: dict[str, Source]
    files: list[StagedFile] = field(default_factory=list[StagedFile])
    removed: list[str] = field(default_factory=list[str])


_STAGED = TypeAdapter(StagedResult)
_SOURCES = TypeAdapter(dict[str, Source])


@dataclass(frozen=True, slots=True)
class Published:
    """What the commit of a derived table says of the result that stands in it."""

    version: int
    key: str
    definition: str
    run_id: str
    rows: int
    sources: dict[str, Source]


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to a table after a version."""

    inputs: frozenset[str] = frozenset()
    """Merged since."""
    is_foreign: bool = False
    """Rows were changed otherwise: taken out, restored, or by another program."""
    is_renewing: bool = False
    """Among `inputs` are new versions of files: the rows of those before them went."""
    is_known: bool = True
    """False where the log does not reach back so far."""

    @property
    def is_none(self) -> bool:
        return self.is_known and not self.is_foreign and not self.inputs


def changes_since(table: Table, version: int | None) -> Changes:
    """`version` None is before the first one."""
    inputs: set[str] = set()
    is_foreign = is_renewing = False
    for number in range((-1 if version is None else version) + 1, table.version + 1):
        info = table.commit_info(number)
        if info is None:
            return Changes(is_known=False)
        if "inputs" in info and "kind" not in info:
            inputs |= orjson.loads(info["inputs"]).keys()
            is_renewing = is_renewing or "moved" in info
        elif info.get("operation") not in _HARMLESS and info.get("kind") not in _HARMLESS:
            is_foreign = True
    is_foreign = is_foreign or (version is not None and version > table.version)
    return Changes(frozenset(inputs), is_foreign, is_renewing)


def is_derived(table: Table) -> bool:
    """Whether the table is an analysis's: rows of files say which file they are of."""
    return FILE not in table.columns


def read_published(table: Table) -> Published | None:
    """None where nothing was published yet, where the log does not tell any more, or where rows were changed since."""
    version = table.merged_at_version(_APPLICATION)
    info = table.commit_info(version) if version is not None else None
    if version is None or info is None or not changes_since(table, version).is_none:
        return None
    return Published(
        version,
        info["key"],
        info["definition"],
        info["run_id"],
        int(info["given"]),
        _SOURCES.validate_json(info["sources"]),
    )


def stage(folder: Path, result: StagedResult) -> None:
    """The commit point of staging: the files stand in `folder` already."""
    write_whole(folder / _MANIFEST, orjson.dumps(result))


def read_staged(folder: Path) -> StagedResult | None:
    """None where nothing is staged there, or only half of it."""
    try:
        return _STAGED.validate_json((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        return None


def discard_staged(folder: Path) -> None:
    """The manifest goes first: without it the files are nothing."""
    (folder / _MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


_MANIFEST = "manifest.json"


def staged_in_order(workspace: Workspace, analyses: Sequence[str]) -> list[StagedResult]:
    """What is staged of these analyses, each after what it was made of."""
    found = {name: staged for name in analyses if (staged := read_staged(workspace.staged_analysis(name)))}
    graph = {name: [source for source in staged.sources if source in found] for name, staged in found.items()}
    return [found[name] for name in TopologicalSorter(graph).static_order()]


@dataclass(frozen=True, slots=True)
class Publication:
    rows: int
    total_rows: int
    version: int


def publish(workspace: Workspace, staged: StagedResult, run_id: str) -> Publication:
    """Make what is staged the table's next version. Again after a kill at any point it changes nothing.

    Raises NotPublishable where the tables are not what it was made of, TableError where one cannot be used.
    """
    folder, path = workspace.staged_analysis(staged.analysis), workspace.table(staged.analysis)
    table = open_table(path)
    standing = read_published(table) if table else None
    if table is None or standing is None or standing.key != staged.key:
        sources = {name: _as_published(workspace, name, source) for name, source in staged.sources.items()}
        table = _own_table(table, path, staged)
        table = _commit(table, folder, staged, run_id, sources)
    discard_staged(folder)
    return Publication(staged.rows, table.rows, table.version)


def _own_table(table: Table | None, path: Path, staged: StagedResult) -> Table:
    if table is None:
        if staged.base is not None:
            raise NotPublishable(f"{path}: the table is gone")
        return create_table(path, staged.columns)
    # A kill may have come between the table's creation and its first rows.
    is_new = staged.base is None and table.version == 0 and not table.rows and is_derived(table)
    if table.version != staged.base and not is_new:
        raise NotPublishable(f"{path}: it has version {table.version}, not {staged.base} as when the analysis ran")
    return table


def _commit(table: Table, folder: Path, staged: StagedResult, run_id: str, sources: Mapping[str, Source]) -> Table:
    removed = [one for one in table.files if one.name in set(staged.removed)]
    kept = 0 if staged.replaces else table.rows - sum(one.rows for one in removed)
    return commit(
        table,
        added=[_move(folder, table.path, file) for file in staged.files],
        removed=removed,
        replace_with=staged.columns if staged.replaces else None,
        fingerprints=[_APPLICATION],
        facts={
            "kind": "analysis",
            "run_id": run_id,
            "key": staged.key,
            "definition": staged.definition,
            "given": str(staged.rows),
            "rows": str(kept + sum(file.rows for file in staged.files)),
            "sources": orjson.dumps(sources).decode(),
        },
    )


def _move(folder: Path, table: Path, file: StagedFile) -> WrittenFile:
    """Into the table's folder, where an earlier attempt may have put it already."""
    staged, target = folder / file.name, table / file.name
    if staged.exists():
        staged.replace(target)
        fsync_folder(table)
    elif not target.exists():
        raise NotPublishable(f"{target}: the staged file is gone")
    return WrittenFile(target, file.rows, file.size, file.statistics)


def _as_published(workspace: Workspace, name: str, source: Source) -> Source:
    """The source as it stands now. Raises NotPublishable where it is not what the result was made of."""
    table = open_table(workspace.table(name))
    if table is None:
        raise NotPublishable(f"{name} has no table")
    if source.key is not None:
        published = read_published(table)
        if published is None or published.key != source.key:
            raise NotPublishable(f"{name} holds another result than the one that was read")
        return Source(table.version, key=source.key)
    changes = changes_since(table, source.version)
    if not changes.is_known or changes.is_foreign or changes.inputs != frozenset(source.inputs):
        raise NotPublishable(f"{name} was not merged as the analysis took it to be")
    return Source(table.version)


def published_by(workspace: Workspace, names: Sequence[str], run_id: str) -> dict[str, Publication]:
    """What this run published already, in an earlier attempt."""
    found: dict[str, Publication] = {}
    for name in names:
        table = open_table(workspace.table(name))
        published = read_published(table) if table and is_derived(table) else None
        if table and published and published.run_id == run_id:
            found[name] = Publication(published.rows, table.rows, table.version)
    return found


def as_data(publications: Mapping[str, Publication]) -> dict[str, Any]:
    return {
        name: {"rows": one.rows, "total_rows": one.total_rows, "version": one.version}
        for name, one in publications.items()
    }
