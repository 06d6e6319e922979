"""The result of an analysis by its mode: all of it, the touched windows, or what the new rows give. Written, not published."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from quarterhour.lake import duck
from quarterhour.lake.column_types import widened
from quarterhour.lake.derived import StagedFile, StagedResult
from quarterhour.lake.queries import json_value
from quarterhour.lake.schema_plan import select_list
from quarterhour.lake.table_commits import write_files
from quarterhour.lake.tables import Table
from quarterhour.settings.analyses import WindowSettings
from quarterhour.stages.analyzer.analyses.built_ins import built_in_query, built_in_window, time_column
from quarterhour.stages.analyzer.analyses.definition import Reference, View
from quarterhour.stages.analyzer.analyses.report import Preview
from quarterhour.stages.analyzer.analyses.sandbox import TABLE, Statement, lock_down
from quarterhour.stages.analyzer.analyses.sources import InputSource, before_of, make_view, rows_of
from quarterhour.stages.analyzer.analyses.windows import Windows, find_windows
from quarterhour.stages.analyzer.analyses.work import Work, news_of, over_of


class Computation:
    def __init__(self, work: Work, folder: Path, key: str) -> None:
        self._work = work
        self._connection = work.connection
        self._folder = folder
        self._key = key

    def run(self) -> tuple[StagedResult, str]:
        match self._work.settings.effective_mode:
            case "full":
                return self._full(), "all of it"
            case "window":
                return self._window()
            case "append":
                return self._append()

    def preview(self, limit: int, *, is_explained: bool) -> Preview:
        self._make_views({})
        self._lock()
        statement = self._statement()
        rows = self._connection.execute(statement.limited(limit, before="")).fetchall()
        plan = ""
        if is_explained:
            plan = str(
                self._connection.execute("EXPLAIN " + statement.limited(limit, before="EXPLAIN ")).fetchall()[0][1]
            )
        return Preview(statement.columns, [[json_value(value) for value in row] for row in rows], statement.text, plan)

    # Views

    def _make_views(self, restricted: Mapping[str, str]) -> None:
        """The names of the query. `restricted` are queries of rows that stand in the place of all."""
        for dataset, source in self._work.sources.items():
            rows = restricted.get(dataset, f"SELECT * FROM {source.whole}")
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {duck.identifier(rows_of(dataset))} AS {rows}")
        for name, reference in self._work.references.items():
            make_view(self._connection, name, self._query_of(reference), self._work.sources[reference.dataset].columns)

    def _query_of(self, reference: Reference) -> str:
        source = self._work.sources[reference.dataset]
        match reference.view:
            case View.ROWS:
                return f"SELECT * FROM {duck.identifier(rows_of(reference.dataset))}"
            case View.NEW:
                return self._work.input_source(reference.dataset).new()
            case View.BEFORE:
                before = source.before()
                if before is None:
                    self._work.notes.append(
                        f"{reference.dataset} as it stood before is not kept any more: taken to have been empty"
                    )
                    before = f"SELECT * FROM {source.whole} WHERE false"
                view = duck.identifier(before_of(reference.dataset))
                self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {before}")
                return f"SELECT * FROM {view}"

    def _lock(self) -> None:
        paths = [path for source in self._work.sources.values() for path in source.readable()]
        if self._work.table is not None:
            paths.append(self._work.table.path)
        lock_down(self._connection, paths, self._folder)

    def _statement(self) -> Statement:
        """The query with the columns of its result."""
        query, settings = self._work.definition.query, self._work.settings
        text = query.text if query else built_in_query(settings, next(iter(self._work.sources.values())))
        return Statement.of(self._connection, settings.name, text)

    # Modes

    def _full(self) -> StagedResult:
        self._make_views({})
        self._lock()
        statement = self._statement()
        return self._write_all(statement, statement.limited(self._limit))

    @property
    def _limit(self) -> int:
        """One row more tells that there are too many."""
        return self._work.settings.max_rows + 1

    def _window(self) -> tuple[StagedResult, str]:
        source, window, time = self._window_settings()
        others = (one for name, one in self._work.sources.items() if name != source.name)
        windows = None
        if self._work.published is not None and all(one.is_as_before for one in others):
            windows = find_windows(self._connection, window, time, source)
        self._make_views({source.name: windows.restricted(source)} if windows else {})
        self._lock()
        statement = self._statement()
        into = statement.time_column(window.into)
        table = self._work.table
        if windows is None or table is None or table.columns != statement.columns:
            if windows is not None:
                self._make_views({})
            return self._write_all(statement, statement.limited(self._limit)), "all of it"
        windows = replace(windows, settings=window.model_copy(update={"into": into}))
        return self._replace_windows(windows, statement, table), f"{windows.count} windows"

    def _window_settings(self) -> tuple[InputSource, WindowSettings, str]:
        work = self._work
        source = work.sources[over_of(work)]
        if not isinstance(source, InputSource):
            raise work.fault(
                f"mode window: {source.name} is an analysis; only of files' rows it is known which are new: use full"
            )
        window = work.settings.window or built_in_window(work.settings, source)
        return source, window, time_column(work.settings.name, window.time, source)

    def _replace_windows(self, windows: Windows, statement: Statement, table: Table) -> StagedResult:
        connection, settings = self._connection, windows.settings
        connection.execute(TABLE + statement.limited(self._limit, before=TABLE))
        self._check_rows(_count(connection, "result"))
        if settings.lookback is None:
            stray = connection.execute(windows.other_rows("result") + " LIMIT 1").fetchone()
            if stray is not None:
                place = list(statement.columns).index(settings.into)
                raise self._work.fault(
                    f"a row with {settings.into} = {stray[place]} is of no window whose rows were read: "
                    f"{settings.into} must be a time in the window of the rows that it was made of, or give lookback"
                )
        replaced = windows.replaced_files(table)
        rows = windows.touched_rows("result", statement.columns[settings.into])
        count = _count(connection, f"({rows})")
        query = rows
        if replaced:
            query += f" UNION ALL {windows.other_rows(table.scan(only=replaced))}"
        return self._staged(statement, query, count, replaces=False, removed=replaced)

    def _append(self) -> tuple[StagedResult, str]:
        work, table = self._work, self._work.table
        news = news_of(work)
        restricted: dict[str, str] = {}
        for dataset in news:
            source = work.input_source(dataset)
            if Reference(dataset, View.NEW) not in work.references.values():
                restricted[dataset] = source.new()
        is_anew = work.published is None or any(work.input_source(name).new_inputs is None for name in news)
        self._make_views(restricted)
        self._lock()
        statement = self._statement()
        if is_anew or table is None:
            return self._write_all(statement, statement.limited(self._limit)), "all of it"
        if table.columns == statement.columns:
            result = self._staged(statement, statement.limited(self._limit), None, replaces=False)
            return result, f"{result.rows} rows appended"
        return self._append_changed(statement, table)

    def _append_changed(self, statement: Statement, table: Table) -> tuple[StagedResult, str]:
        """Where the result's columns are other ones than before: all rows are written with those that hold both."""
        columns = dict(table.columns)
        for name, storage in statement.columns.items():
            before = columns.get(name, storage)
            common = widened(before, storage)
            if common is None:
                raise self._work.fault(
                    f"column {name!r} was {before} and is {storage} now: cast it, or rename it, in the query"
                )
            columns[name] = common
        self._connection.execute(TABLE + statement.limited(self._limit, before=TABLE))
        count = _count(self._connection, "result")
        query = (
            f"SELECT {select_list(columns, table.columns)} FROM {table.scan()} "
            f"UNION ALL SELECT {select_list(columns, statement.columns)} FROM result"
        )
        wider = replace(statement, columns=columns)
        return self._staged(wider, query, count, replaces=True), f"{count} rows appended, with other columns"

    def _write_all(self, statement: Statement, query: str) -> StagedResult:
        return self._staged(statement, query, None, replaces=True)

    def _staged(
        self,
        statement: Statement,
        query: str,
        count: int | None,
        *,
        replaces: bool,
        removed: list[str] | None = None,
    ) -> StagedResult:
        """Write what `query` gives; `count` are the rows of the result among it, None where it is the result itself."""
        written = write_files(self._connection, self._folder, query, statement.columns)
        rows = sum(file.rows for file in written) if count is None else count
        self._check_rows(rows)
        return StagedResult(
            analysis=self._work.definition.name,
            key=self._key,
            definition=self._work.definition.digest,
            base=self._work.table.version if self._work.table else None,
            columns=statement.columns,
            replaces=replaces,
            rows=rows,
            sources={name: source.state for name, source in self._work.sources.items()},
            files=[StagedFile(file.path.name, file.rows, file.size, file.statistics) for file in written],
            removed=removed or [],
        )

    def _check_rows(self, rows: int) -> None:
        most = self._work.settings.max_rows
        if rows > most:
            raise self._work.fault(f"it gives more than {most} rows: narrow the query, or raise max_rows")


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0
