"""Subject: one dataset as the merger will leave it, open in DuckDB, for the steps of its analysis."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake import duck
from quarterhour.lake.column_types import FILE, data_columns
from quarterhour.lake.ledger import Input, InputLedger, InputState
from quarterhour.lake.renewals import is_renewing, shift_states
from quarterhour.lake.schema_plan import Plan, order_values, plan_merge, select_list, source_query
from quarterhour.lake.tables import Table, open_table
from quarterhour.settings import Settings
from quarterhour.settings.datasets import DatasetSettings
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Subject:
    """The views are temporary ones of `connection`; lineage columns are in them."""

    connection: duckdb.DuckDBPyConnection
    dataset: str
    keys: tuple[str, ...]
    table: Table | None
    """What is merged so far."""
    plan: Plan
    """What the merger will take in, and what it will hold back."""
    new: str
    """View of the pending rows; it has none where nothing fits."""
    whole: str
    """View of the dataset after the merge: by keys the newest row stands."""
    standing: str
    """View of the table's rows, with the columns that it will have."""
    outgoing: str
    """View of the rows of `standing` that the merge takes out, for others with their keys or newer versions of their files."""
    newest: str
    """View of the rows that it puts in: the pending ones, but for those that others stand before."""
    winners: str
    """Table of one pending row for each key, where there are keys and pending rows: the one that stands before the others."""
    rules: DatasetSettings | None
    """How the merger is to merge."""
    replaced: frozenset[str] = frozenset()
    """Fingerprints of inputs whose rows will go, since pending ones are newer versions of their files."""

    @property
    def columns(self) -> dict[str, str]:
        """Storage types of the data columns."""
        return {name: self.plan.columns[name] for name in data_columns(self.plan.columns)}

    @property
    def inputs(self) -> list[Input]:
        """The pending inputs that fit."""
        return [source.entry for source in self.plan.sources]

    @property
    def uncertainty(self) -> str | None:
        """Why the whole may turn out otherwise than the view has it: the merger decides row by row. None where it is certain."""
        if not self.plan.sources or self.rules is None:
            return None
        if self.rules.duplicates == "drop":
            return "rows that other files have are dropped by the merge"
        if self.rules.conflict == "fail" and self.table:
            return "files whose rows clash with others are held back by the merge"
        if self.keys and any(len(source.columns) < len(self.plan.columns) for source in self.plan.sources):
            return "rows of files that lack a column keep the value that stands"
        return None

    def has_fewer_newest(self) -> bool:
        """Whether the merge puts in fewer rows than are pending."""
        if not self.keys or not self.plan.sources:
            return False
        if self.takes_first and self.table:
            return True
        row = self.connection.execute(
            f"SELECT (SELECT count(*) FROM {self.new}) > (SELECT count(*) FROM {self.winners})"
        ).fetchone()
        return bool(row and row[0])

    @property
    def takes_first(self) -> bool:
        """Whether a row that stands is not replaced."""
        return self.rules is not None and self.rules.conflict == "first"

    def materialise(self, view: str) -> None:
        """Have the rows of one of the views read once. They stand in memory, or spill."""
        copy = duck.identifier(f"{view.strip(chr(34))}_copy")
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {copy} AS FROM {view}")
        _view(self, view, f"FROM {copy}")


def open_subject(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    settings: Settings,
    dataset: str,
    pending: Sequence[Input],
    *,
    prefix: str = "",
) -> Subject | None:
    """None where there is neither a table nor an input that fits. `prefix` keeps the views of several subjects apart."""
    keys = settings.keys_of(dataset)
    table = open_table(workspace.table(dataset))
    # A crash may have come between a commit and the ledger: such rows stand in the table already.
    waiting = [one for one in pending if table is None or table.merged_at_version(one.fingerprint) is None]
    candidates = [(one, workspace.translated_file(dataset, one.fingerprint)) for one in waiting]
    plan = plan_merge(connection, table, candidates, keys)
    if not plan.sources and table is None:
        return None
    names = ("new_rows", "whole", "standing_rows", "outgoing_rows", "newest_rows", "winners")
    new, whole, standing, outgoing, newest, winners = (duck.identifier(prefix + name) for name in names)
    subject = Subject(
        connection=connection,
        dataset=dataset,
        keys=keys,
        table=table,
        plan=plan,
        new=new,
        whole=whole,
        standing=standing,
        outgoing=outgoing,
        newest=newest,
        winners=winners,
        rules=settings.dataset(dataset),
        replaced=_replaced(workspace, settings, dataset, plan),
    )
    _make_views(subject)
    return subject


def _replaced(workspace: Workspace, settings: Settings, dataset: str, plan: Plan) -> frozenset[str]:
    renewing = [source.entry for source in plan.sources if is_renewing(settings, source.entry)]
    if not renewing:
        return frozenset()
    with InputLedger(workspace.ledger_file) as ledger:
        moves = shift_states(ledger.of_dataset(dataset), [source.entry for source in plan.sources], renewing)
    return frozenset(mark for mark, (_, after) in moves.items() if after is InputState.REPLACED)


def _make_views(subject: Subject) -> None:
    plan, table = subject.plan, subject.table
    nothing = ", ".join(f"NULL::{storage} AS {duck.identifier(name)}" for name, storage in plan.columns.items())
    empty = f"SELECT {nothing} WHERE false"
    _view(
        subject,
        subject.standing,
        f"SELECT {select_list(plan.columns, table.columns)} FROM {table.scan()}" if table else empty,
    )
    _view(subject, subject.new, source_query(plan.sources, plan.columns) if plan.sources else empty)
    if not subject.keys or not plan.sources:
        _view(subject, subject.newest, f"FROM {subject.new}")
        goes = f"list_contains({duck.string_list(sorted(subject.replaced))}, {FILE})" if subject.replaced else "false"
        _view(subject, subject.outgoing, f"FROM {subject.standing} WHERE {goes}")
        _view(subject, subject.whole, f"FROM {subject.standing} WHERE NOT {goes} UNION ALL FROM {subject.new}")
        return
    names = ", ".join(duck.identifier(key) for key in subject.keys)
    foremost = "arg_min" if subject.takes_first else "arg_max"
    # The keys and the place of the row that stands at the end: little beside the rows themselves.
    subject.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {subject.winners} AS "
        f"SELECT {names}, {foremost}((_file, _record), (_place, _record)) AS _row FROM {subject.new} "
        f"JOIN (VALUES {order_values(plan.sources)}) AS b (_file, _place) USING (_file) GROUP BY {names}"
    )
    newest = f"SELECT n.* FROM {subject.new} n SEMI JOIN {subject.winners} w ON (n._file, n._record) = w._row"
    if subject.takes_first:
        _view(subject, subject.newest, f"{newest} ANTI JOIN {subject.standing} s ON {_same_keys(subject, 'n', 's')}")
        _view(subject, subject.outgoing, f"FROM {subject.standing} WHERE false")
        _view(subject, subject.whole, f"FROM {subject.standing} UNION ALL FROM {subject.newest}")
        return
    same = _same_keys(subject, "s", "w")
    _view(subject, subject.newest, newest)
    _view(subject, subject.outgoing, f"SELECT s.* FROM {subject.standing} s SEMI JOIN {subject.winners} w ON {same}")
    kept = f"SELECT s.* FROM {subject.standing} s ANTI JOIN {subject.winners} w ON {same}"
    _view(subject, subject.whole, f"{kept} UNION ALL FROM {subject.newest}")


def _same_keys(subject: Subject, left: str, right: str) -> str:
    return " AND ".join(
        f"{left}.{key} IS NOT DISTINCT FROM {right}.{key}" for key in map(duck.identifier, subject.keys)
    )


def _view(subject: Subject, name: str, query: str) -> None:
    subject.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")
