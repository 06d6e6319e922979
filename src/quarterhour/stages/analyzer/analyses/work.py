"""What one computation of an analysis works on: its definition, the open sources, its own table, and whether it is to run."""

import hashlib
from dataclasses import dataclass, field

import duckdb
import orjson

from quarterhour.errors import StageError
from quarterhour.lake.derived import Published, is_derived, read_published
from quarterhour.lake.tables import Table, open_table
from quarterhour.settings import Settings
from quarterhour.settings.analyses import AnalysisSettings
from quarterhour.stages.analyzer.analyses.definition import Definition, Reference, View, define
from quarterhour.stages.analyzer.analyses.foreseen import Foresight
from quarterhour.stages.analyzer.analyses.report import Outcome, Report
from quarterhour.stages.analyzer.analyses.sources import AnySource, Home, InputSource
from quarterhour.workspace import Workspace


@dataclass(slots=True)
class Work:
    """What the parts of one computation share."""

    connection: duckdb.DuckDBPyConnection
    definition: Definition
    references: dict[str, Reference]
    sources: dict[str, AnySource]
    table: Table | None
    published: Published | None
    notes: list[str] = field(default_factory=list[str])

    @property
    def settings(self) -> AnalysisSettings:
        return self.definition.settings

    def fault(self, text: str) -> StageError:
        return StageError(f"analysis {self.definition.name!r}: {text}", analysis=self.definition.name)

    def input_source(self, dataset: str) -> InputSource:
        """Raises StageError for an analysis's."""
        source = self.sources[dataset]
        if not isinstance(source, InputSource):
            raise self.fault(
                f"{dataset} is an analysis, and only of files' rows it is known which are new: use mode full"
            )
        return source


def open_work(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, settings: Settings, name: str, foresight: Foresight
) -> Work | Report:
    """A report where it has to wait for data."""
    definition = define(next(one for one in settings.analyses if one.name == name))
    table = open_table(workspace.table(name))
    if table is not None and not is_derived(table):
        raise StageError(
            f"analysis {name!r}: a dataset of this name was made of files: rename the analysis", analysis=name
        )
    home = Home(workspace, settings, foresight)
    references, unknown = definition.references(home.known)
    published = read_published(table) if table else None
    if published is not None and published.definition != definition.digest:
        published = None
    sources: dict[str, AnySource] = {}
    for dataset in sorted({one.dataset for one in references.values()}):
        source = home.open(dataset, published)
        if source is None:
            unknown.append(dataset)
        else:
            sources[dataset] = source
    if unknown:
        return Report(Outcome.WAITING, waits_for=tuple(unknown), known=tuple(sorted(home.known)))
    return Work(connection, definition, references, sources, table, published)


def is_current(work: Work) -> bool:
    if work.published is None or work.published.sources.keys() != work.sources.keys():
        return False
    if work.settings.effective_mode != "append":
        return all(source.is_as_before for source in work.sources.values())
    # What was appended stays, whatever becomes of the rows that it was made of.
    return all(work.input_source(dataset).new_inputs == frozenset() for dataset in news_of(work))


def key_of(work: Work) -> str:
    made_of = {name: source.state for name, source in work.sources.items()}
    base = work.table.version if work.table else None
    content = orjson.dumps([work.definition.digest, base, made_of], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:32]


def news_of(work: Work) -> list[str]:
    """Mode append: the datasets whose new rows it appends. Raises StageError where that is not clear."""
    asked = sorted({one.dataset for one in work.references.values() if one.view is View.NEW})
    if asked:
        return asked
    return [over_of(work)]


def over_of(work: Work) -> str:
    """The dataset whose new rows count."""
    datasets = sorted({one.dataset for one in work.references.values()})
    over = work.settings.over
    if over is None and len(datasets) == 1:
        over = datasets[0]
    if over is None or over not in datasets:
        read = f"it reads {', '.join(datasets) or 'no dataset'}"
        raise work.fault(f"which dataset's new rows count? {read}: give over")
    return over
