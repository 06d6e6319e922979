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
    subject = Subject(
        connection,
        dataset,
        keys,
        table,
        plan,
        new=duck.identifier(f"{prefix}new_rows"),
        whole=duck.identifier(f"{prefix}whole"),
        replaced=_replaced(workspace, settings, dataset, plan),
    )
    _make_views(subject, duck.identifier(f"{prefix}winners"))
    return subject


def _replaced(workspace: Workspace, settings: Settings, dataset: str, plan: Plan) -> frozenset[str]:
    renewing = [source.entry for source in plan.sources if is_renewing(settings, source.entry)]
    if not renewing:
        return frozenset()
    with InputLedger(workspace.ledger_file) as ledger:
        moves = shift_states(ledger.of_dataset(dataset), [source.entry for source in plan.sources], renewing)
    return frozenset(mark for mark, (_, after) in moves.items() if after is InputState.REPLACED)


def _make_views(subject: Subject, winners: str) -> None:
    connection, plan, table = subject.connection, subject.plan, subject.table
    standing = f"SELECT {select_list(plan.columns, table.columns)} FROM {table.scan()} t" if table else None
    if standing and subject.replaced:
        standing += f" WHERE NOT list_contains({duck.string_list(sorted(subject.replaced))}, {FILE})"
    if not plan.sources:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {subject.whole} AS {standing}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {subject.new} AS FROM {subject.whole} WHERE false")
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {subject.new} AS {source_query(plan.sources, plan.columns)}",
    )
    newest = f"SELECT * FROM {subject.new}"
    if subject.keys:
        names = ", ".join(duck.identifier(key) for key in subject.keys)
        # The keys and the place of the row that stands at the end: little beside the rows themselves.
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {winners} AS "
            f"SELECT {names}, arg_max((_file, _record), (_place, _record)) AS _row FROM {subject.new} "
            f"JOIN (VALUES {order_values(plan.sources)}) AS b (_file, _place) USING (_file) GROUP BY {names}"
        )
        newest = f"SELECT n.* FROM {subject.new} n SEMI JOIN {winners} w ON (n._file, n._record) = w._row"
        if standing:
            same = " AND ".join(f"t.{key} IS NOT DISTINCT FROM w.{key}" for key in map(duck.identifier, subject.keys))
            standing = f"SELECT t.* FROM ({standing}) t ANTI JOIN {winners} w ON {same}"
    united = f"{f'{standing} UNION ALL ' if standing else ''}{newest}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {subject.whole} AS {united}")
