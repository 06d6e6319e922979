"""AnalyzerService: for each dataset with pending inputs, a profile of what is new and of the whole, and time buckets."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import duckdb
import orjson

from quarterhour.clock import wire_time
from quarterhour.errors import StageCancelled
from quarterhour.files import write_whole
from quarterhour.lake import duck
from quarterhour.lake.column_types import data_columns
from quarterhour.lake.ledger import Input
from quarterhour.lake.schema_plan import Plan, order_values, plan_merge, select_list, source_query
from quarterhour.lake.tables import Table, open_table
from quarterhour.stages.analyzer.buckets import main_timestamp, write_buckets
from quarterhour.stages.analyzer.profile import profile
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.dataset_failures import combined


class AnalyzerService:
    """Profiles each dataset as it will stand after the merge. Reads only; what it writes replaces what it wrote before."""

    name = "analyzer"

    def run(self, context: StageContext) -> StageResult:
        if context.settings.analyses:
            names = ", ".join(analysis.name for analysis in context.settings.analyses)
            context.emit(f"[[analyses]] are read but not run in this version: {names}", level="warning")
        with context.lake.ledger() as ledger:
            pending = sorted(ledger.pending(), key=lambda entry: entry.dataset)
        by_dataset = [(dataset, list(group)) for dataset, group in groupby(pending, key=lambda entry: entry.dataset)]
        profiled: list[str] = []
        failures: list[tuple[str, Exception]] = []
        for place, (dataset, inputs) in enumerate(by_dataset):
            context.check_cancelled()
            context.progress(place, len(by_dataset), dataset=dataset)
            try:
                if _Analysis(context, dataset, place, len(by_dataset)).run(inputs):
                    profiled.append(dataset)
            except StageCancelled:
                raise
            # One dataset's failure does not stop the others; it is raised once they are done.
            except Exception as error:  # noqa: BLE001
                failures.append((dataset, error))
                context.emit(f"{dataset}: not analysed: {error}", level="error", dataset=dataset)
        context.progress(len(by_dataset), len(by_dataset))
        if failures:
            raise combined(failures)
        noun = "dataset" if len(profiled) == 1 else "datasets"
        msg = f"Profiled {len(profiled)} {noun}" if profiled else "Nothing new to analyse"
        return StageResult(msg, {"datasets": len(profiled), "checks": 0, "profiled": profiled})


class _Analysis:
    """The analysis of one dataset."""

    def __init__(self, context: StageContext, dataset: str, place: int, datasets: int) -> None:
        self._context = context
        self._dataset = dataset
        self._place = place
        self._datasets = datasets
        self._keys = context.settings.keys_of(dataset)

    def run(self, inputs: list[Input]) -> bool:
        """False where no input fits the table: the merger will hold them back and say why."""
        workspace = self._context.workspace
        with duck.connect(workspace) as connection:
            self._context.watch(connection)
            try:
                return self._run(connection, inputs)
            except duckdb.InterruptException:
                self._context.check_cancelled()
                raise

    def _run(self, connection: duckdb.DuckDBPyConnection, inputs: list[Input]) -> bool:
        workspace = self._context.workspace
        table = open_table(workspace.table(self._dataset))
        # A crash may have come between a commit and the ledger: such rows stand in the table already.
        waiting = [one for one in inputs if table is None or table.merged_at_version(one.fingerprint) is None]
        candidates = [(one, workspace.translated_file(self._dataset, one.fingerprint)) for one in waiting]
        plan = plan_merge(connection, table, candidates, self._keys)
        if not plan.sources and table is None:
            return False
        columns = {name: plan.columns[name] for name in data_columns(plan.columns)}
        _make_views(connection, table, plan, self._keys)
        new = profile(connection, "new_rows", columns, self._report) if plan.sources else None
        whole = profile(connection, "whole", columns, self._report) if table or new is None or self._keys else new
        time_column = main_timestamp(columns, whole["columns"], self._keys)
        buckets_file = workspace.buckets_file(self._dataset)
        width: str | None = None
        if time_column is None:
            buckets_file.unlink(missing_ok=True)
        else:
            width = write_buckets(connection, "whole", columns, time_column, buckets_file)
        self._report()
        self._write(
            {
                "dataset": self._dataset,
                "run_id": self._context.run_id,
                "generated_at": wire_time(datetime.now(UTC)),
                "keys": list(self._keys),
                "approximate": ["distinct", "quantiles"],
                "main_timestamp": time_column,
                "bucket_width": width,
                "new": new,
                "whole": whole,
            }
        )
        return True

    def _report(self) -> None:
        self._context.check_cancelled()
        self._context.progress(self._place, self._datasets, dataset=self._dataset)

    def _write(self, found: dict[str, Any]) -> None:
        path = self._context.workspace.profile_file(self._dataset)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, orjson.dumps(found))


def _make_views(connection: duckdb.DuckDBPyConnection, table: Table | None, plan: Plan, keys: tuple[str, ...]) -> None:
    """`new_rows`: the pending rows; `whole`: the dataset as the merger will leave it."""
    standing = f"SELECT {select_list(plan.columns, table.columns)} FROM {table.scan()} t" if table else None
    if not plan.sources:
        connection.execute(f"CREATE TEMP VIEW whole AS {standing}")
        return
    connection.execute(f"CREATE TEMP VIEW new_rows AS {source_query(plan.sources, plan.columns)}")
    newest = "SELECT * FROM new_rows"
    if keys:
        names = ", ".join(duck.identifier(key) for key in keys)
        # The keys and the place of the row that stands at the end: little beside the rows themselves.
        connection.execute(
            f"CREATE TEMP TABLE winners AS SELECT {names}, arg_max((_file, _record), (_place, _record)) AS _row "
            f"FROM new_rows JOIN (VALUES {order_values(plan.sources)}) AS b (_file, _place) USING (_file) GROUP BY {names}"
        )
        newest = "SELECT n.* FROM new_rows n SEMI JOIN winners w ON (n._file, n._record) = w._row"
        if standing:
            same = " AND ".join(f"t.{key} IS NOT DISTINCT FROM w.{key}" for key in map(duck.identifier, keys))
            standing = f"SELECT t.* FROM ({standing}) t ANTI JOIN winners w ON {same}"
    connection.execute(f"CREATE TEMP VIEW whole AS {f'{standing} UNION ALL ' if standing else ''}{newest}")
