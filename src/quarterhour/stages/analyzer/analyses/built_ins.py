"""The built-in analyses as SQL: time buckets, rolling windows, top N, change against the last run. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from quarterhour.errors import StageError
from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import identifier, literal
from quarterhour.settings.analyses import (
    AnalysisSettings,
    BucketsSettings,
    ChangeSettings,
    RollingSettings,
    TopSettings,
    WindowSettings,
)
from quarterhour.stages.analyzer.analyses.sources import AnySource, InputSource, before_of, rows_of
from quarterhour.stages.analyzer.states.state import is_moment, is_number

BUCKET = "bucket"
RANK = "rank"
ROWS = "rows"

_FUNCTIONS = {"sum": "sum", "mean": "avg", "min": "min", "max": "max", "std": "stddev_samp", "count": "count"}


def built_in_query(settings: AnalysisSettings, source: AnySource) -> str:
    """Raises StageError where the dataset has not the columns."""
    builder = _Builder(settings.name, source)
    if settings.buckets is not None:
        return builder.buckets(settings.buckets)
    if settings.rolling is not None:
        return builder.rolling(settings.rolling)
    if settings.top is not None:
        return builder.top(settings.top)
    assert settings.change is not None
    return builder.change(settings.change)


def built_in_window(settings: AnalysisSettings, source: AnySource) -> WindowSettings:
    """Which windows a built-in's new rows touch."""
    if settings.buckets is not None:
        return WindowSettings(every=settings.buckets.every, time=settings.buckets.time, into=BUCKET)
    rolling = settings.rolling
    assert rolling is not None
    assert rolling.span is not None
    time = time_column(settings.name, rolling.time, source)
    return WindowSettings(every=rolling.span, time=time, into=time, lookback=rolling.span)


def time_column(analysis: str, given: str | None, source: AnySource) -> str:
    """The column `given`, or the one that is the dataset's time. Raises StageError where there is none, or more than one."""
    moments = {name: kind for name, kind in source.columns.items() if is_moment(kind)}
    if given is not None:
        name = column_of(analysis, given, source)
        if name not in moments:
            raise StageError(f"analysis {analysis!r}: {source.name}.{name} is {source.columns[name]}, not a time")
        return name
    # A key before others, a moment before a day.
    for candidates in (
        [name for name in moments if name in source.keys],
        [name for name, kind in moments.items() if kind != "DATE"],
        list(moments),
    ):
        if len(candidates) == 1:
            return candidates[0]
    found = f"it has {', '.join(moments)}" if moments else "it has no column with a date or time"
    raise StageError(f"analysis {analysis!r}: which column is the time of {source.name}? {found}: give time")


def column_of(analysis: str, name: str, source: AnySource) -> str:
    """As the dataset spells it. Raises StageError where it has no such column."""
    found = next((column for column in source.columns if column.casefold() == name.casefold()), None)
    if found is None:
        raise StageError(
            f"analysis {analysis!r}: {source.name} has no column {name!r}; it has {', '.join(source.columns)}"
        )
    return found


def bucket_of(every: str, expression: str) -> str:
    """SQL of the window that a moment stands in. Windows begin at the epoch's midnight, Mondays, first days."""
    return f"time_bucket(INTERVAL {literal(every)}, {expression}::TIMESTAMP)"


class _Builder:
    def __init__(self, analysis: str, source: AnySource) -> None:
        self._analysis = analysis
        self._source = source
        self._rows = identifier(rows_of(source.name))

    def _name(self, column: str) -> str:
        return column_of(self._analysis, column, self._source)

    def _sql(self, column: str) -> str:
        return identifier(self._name(column))

    def _numbers(self, columns: Sequence[str]) -> list[str]:
        names = [self._name(column) for column in columns]
        for name in names:
            if not is_number(kind := self._source.columns[name]):
                raise StageError(f"analysis {self._analysis!r}: {self._source.name}.{name} is {kind}, not a number")
        return names

    def _measure(self, function: str, column: str, over: str = "") -> str:
        """`function` of a column, in a type that holds it."""
        value = identifier(column)
        if function in ("mean", "std"):
            value += "::DOUBLE"
        # Of integers the sum would be of 128 bits, which tables keep as a decimal.
        is_integer = function == "sum" and self._source.columns[column] in ("INTEGER", "BIGINT")
        return f"({_FUNCTIONS[function]}({value}){over}){'::BIGINT' if is_integer else ''}"

    def _measures(self, settings: BucketsSettings | ChangeSettings | RollingSettings) -> Iterable[tuple[str, str]]:
        for function in ("sum", "mean", "min", "max", "std"):
            columns: Sequence[str] = getattr(settings, function, ())
            names = self._numbers(columns) if function in ("sum", "mean", "std") else [*map(self._name, columns)]
            for name in names:
                yield function, name

    def _row_order(self, time: str) -> str:
        """Rows of one moment stand as in their file."""
        lineage = f", {FILE}, {RECORD}" if isinstance(self._source, InputSource) else ""
        return f"{time}{lineage}"

    def buckets(self, settings: BucketsSettings) -> str:
        time = identifier(time_column(self._analysis, settings.time, self._source))
        columns = [self._sql(column) for column in settings.by]
        columns += [f"{bucket_of(settings.every, time)} AS {BUCKET}", f"count(*) AS {ROWS}"]
        if settings.ohlc is not None:
            (name,) = self._numbers([settings.ohlc])
            price, order = identifier(name), f"({self._row_order(time)})"
            has_price = f"FILTER ({price} IS NOT NULL)"
            columns += [
                f"arg_min({price}, {order}) {has_price} AS open",
                f"max({price}) AS high",
                f"min({price}) AS low",
                f"arg_max({price}, {order}) {has_price} AS close",
            ]
        if settings.volume is not None:
            (name,) = self._numbers([settings.volume])
            columns.append(f"{self._measure('sum', name)} AS volume")
            if settings.ohlc is not None:
                price, volume = f"{self._sql(settings.ohlc)}::DOUBLE", f"{identifier(name)}::DOUBLE"
                weight = f"nullif(sum({volume}) FILTER ({price} IS NOT NULL), 0)"
                columns.append(f"sum({price} * {volume}) / {weight} AS vwap")
        columns += [
            f"{self._measure(function, name)} AS {identifier(f'{function}_{name}')}"
            for function, name in self._measures(settings)
        ]
        groups = ", ".join([*map(self._sql, settings.by), BUCKET])
        return f"SELECT {', '.join(columns)} FROM {self._rows} GROUP BY {groups} ORDER BY {groups}"

    def rolling(self, settings: RollingSettings) -> str:
        time = identifier(time_column(self._analysis, settings.time, self._source))
        by = ", ".join(map(self._sql, settings.by))
        partition = f"PARTITION BY {by} " if by else ""
        if settings.rows is not None:
            frame = f"{self._row_order(time)} ROWS BETWEEN {settings.rows - 1} PRECEDING AND CURRENT ROW"
        else:
            # A row just one span before is out: times are of microseconds.
            begin = f"INTERVAL {literal(settings.span or '')} - INTERVAL '1 microsecond'"
            frame = f"{time}::TIMESTAMP RANGE BETWEEN {begin} PRECEDING AND CURRENT ROW"
        shown = [*map(self._name, settings.by), time_column(self._analysis, settings.time, self._source)]
        figures: list[str] = []
        for function, name in self._measures(settings):
            if name not in shown:
                shown.append(name)
            value = self._measure(function, name, " OVER w")
            if settings.min_rows > 1:
                value = f"CASE WHEN count({identifier(name)}) OVER w >= {settings.min_rows} THEN {value} END"
            figures.append(f"{value} AS {identifier(f'{function}_{name}')}")
        return (
            f"SELECT {', '.join([*map(identifier, shown), *figures])} FROM {self._rows} "
            f"WINDOW w AS ({partition}ORDER BY {frame})"
        )

    def top(self, settings: TopSettings) -> str:
        per = [self._sql(column) for column in settings.per]
        direction = "DESC" if settings.order == "most" else "ASC"
        if settings.of:
            (name,) = (
                [self._name(settings.by)]
                if settings.measure in ("count", "min", "max")
                else self._numbers([settings.by])
            )
            of = [*per, *(each for each in map(self._sql, settings.of) if each not in per)]
            ranked = identifier(f"{settings.measure}_{name}")
            groups = ", ".join(of)
            rows = (
                f"(SELECT {groups}, {self._measure(settings.measure, name)} AS {ranked}, count(*) AS {ROWS} "
                f"FROM {self._rows} GROUP BY {groups})"
            )
            columns, ties = [*of, ranked, ROWS], of
        else:
            ranked, rows = self._sql(settings.by), self._rows
            columns = [identifier(name) for name in self._source.columns]
            # Equal rows are interchangeable; all else is told apart, so that the result is always the same.
            ties = columns
        partition = f"PARTITION BY {', '.join(per)} " if per else ""
        order = ", ".join([f"{ranked} {direction} NULLS LAST", *ties])
        return (
            f"SELECT row_number() OVER ({partition}ORDER BY {order})::INTEGER AS {RANK}, {', '.join(columns)} FROM {rows} "
            f"WHERE {ranked} IS NOT NULL QUALIFY {RANK} <= {settings.n} ORDER BY {', '.join([*per, RANK])}"
        )

    def change(self, settings: ChangeSettings) -> str:
        by = [self._sql(column) for column in settings.by]
        figures = {ROWS: "count(*)"} | {
            f"{function}_{name}": self._measure(function, name) for function, name in self._measures(settings)
        }

        def side(view: str) -> str:
            columns = [*by, *(f"{sql} AS {identifier(name)}" for name, sql in figures.items())]
            grouping = f" GROUP BY {', '.join(by)}" if by else ""
            return f"(SELECT {', '.join(columns)} FROM {identifier(view)}{grouping})"

        same = " AND ".join(f"n.{column} IS NOT DISTINCT FROM b.{column}" for column in by) or "true"
        columns = [f"CASE WHEN n.{ROWS} IS NULL THEN b.{column} ELSE n.{column} END AS {column}" for column in by]
        for name in figures:
            columns += _compared(name, _type_of(name, self._source.columns))
        order = f" ORDER BY {', '.join(map(str, range(1, len(by) + 1)))}" if by else ""
        return (
            f"SELECT {', '.join(columns)} FROM {side(rows_of(self._source.name))} n "
            f"FULL JOIN {side(before_of(self._source.name))} b ON {same}{order}"
        )


def _type_of(figure: str, columns: Mapping[str, str]) -> str:
    """The type of a figure, as far as it decides whether a difference can be taken."""
    _, _, column = figure.partition("_")
    return columns.get(column, "BIGINT")


def _compared(name: str, storage: str) -> list[str]:
    now, before = f"n.{identifier(name)}", f"b.{identifier(name)}"
    if name == ROWS:
        now, before = f"coalesce({now}, 0)", f"coalesce({before}, 0)"
    columns = [f"{now} AS {identifier(name)}", f"{before} AS {identifier(f'{name}_before')}"]
    if name == ROWS or is_number(storage):
        difference = f"{now} - {before}"
        columns += [
            f"{difference} AS {identifier(f'{name}_change')}",
            f"({difference})::DOUBLE / nullif({before}::DOUBLE, 0) AS {identifier(f'{name}_ratio')}",
        ]
    return columns
