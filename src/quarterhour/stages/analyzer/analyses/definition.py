"""What an analysis is, as far as it can be told without data: what it reads, in which order analyses run, and its digest."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

import orjson

from quarterhour.errors import QuarterhourError, SettingsError
from quarterhour.settings import Settings
from quarterhour.settings.analyses import AnalysisSettings
from quarterhour.stages.analyzer.analyses.query import Query, parse_query

# Another number has every analysis computed anew: raise it when the built-ins come to mean something else.
_REVISION = 1
# What an analysis may cost says nothing of its result.
_NOT_IN_DIGEST = {"name", "timeout", "max_rows", "on_error"}


class View(StrEnum):
    """What a name in a query stands for."""

    ROWS = ""
    """The dataset as it will stand; in mode append its new rows, in mode window those of the touched windows."""
    NEW = "_new"
    """The rows that came since the analysis ran last."""
    BEFORE = "_before"
    """The dataset as it stood when the analysis ran last; empty at first."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a query."""

    dataset: str
    view: View


@dataclass(frozen=True, slots=True)
class Definition:
    settings: AnalysisSettings
    query: Query | None
    """Its own SQL; None for a built-in."""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def names(self) -> frozenset[str]:
        """The names that it reads."""
        if self.query is not None:
            return self.query.tables
        assert self.settings.built_in is not None
        dataset = self.settings.built_in.dataset
        return frozenset({dataset, dataset + View.BEFORE} if self.settings.change else {dataset})

    @property
    def digest(self) -> str:
        content = self.settings.model_dump(mode="json", exclude=_NOT_IN_DIGEST)
        return hashlib.sha256(orjson.dumps([_REVISION, content], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def references(self, known: Collection[str]) -> tuple[dict[str, Reference], list[str]]:
        """What each name stands for, and the names that stand for nothing that is `known`."""
        found = {name: reference(name, known) for name in sorted(self.names)}
        return (
            {name: one for name, one in found.items() if one is not None},
            [name for name, one in found.items() if one is None],
        )


def reference(name: str, known: Collection[str]) -> Reference | None:
    """A dataset's own name wins over one that only ends like a view's."""
    for view in View:
        stem = name.removesuffix(view.value)
        if name.endswith(view.value) and stem in known:
            return Reference(stem, view)
    return None


def define(settings: AnalysisSettings) -> Definition:
    """Raises QueryError where the SQL is not one SELECT."""
    return Definition(settings, parse_query(settings.name, settings.sql) if settings.sql is not None else None)


def in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Each after those whose results it reads. Raises SettingsError where they go round in a circle."""
    by_name = {definition.name: definition for definition in definitions}
    graph = {name: _read_analyses(definition, by_name) for name, definition in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        # Each reads the one before it.
        circle = " reads ".join(repr(name) for name in reversed(error.args[1]))
        raise SettingsError(f"[[analyses]] go round in a circle: {circle}") from error


def _read_analyses(definition: Definition, by_name: Mapping[str, Definition]) -> list[str]:
    found, _ = definition.references(by_name.keys())
    return sorted({one.dataset for one in found.values()})


def check_analyses(settings: Settings) -> None:
    """What can be told of the analyses without data: syntax and circles. Raises SettingsError that names all that is wrong."""
    definitions: list[Definition] = []
    faults: list[str] = []
    for analysis in settings.analyses:
        try:
            definitions.append(define(analysis))
        except QuarterhourError as error:
            faults.append(error.message)
    if faults:
        raise SettingsError("\n".join(faults))
    in_order(definitions)
