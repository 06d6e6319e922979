"""A numeric column against time, with no more points than a plot can show: M4 (Jugel, Jerzak, Hackenbroich, Markl, VLDB 2014).

The span is cut into as many equal columns as the plot has pixels across. Of each column the first, the last, the least and the
greatest point are told: a line through these covers the same pixels as one through all. The points before and after the span
are told apart from them: where the line comes from, and where it goes. A filter runs where an export's does.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quarterhour.errors import InvalidQuery
from quarterhour.lake.column_types import MOMENT, data_columns
from quarterhour.lake.duck import identifier, literal
from quarterhour.lake.exports.plan import Plan, planned
from quarterhour.lake.exports.request import ExportRequest, SeriesWanted
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace

MOST_SERIES = 8
POINTS_A_COLUMN = 4
_NUMBERS = re.compile(r"INTEGER|BIGINT|DOUBLE|DECIMAL\(\d+,\d+\)")
_TIMES = ("DATE", "TIMESTAMP", MOMENT)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BIGINT_MOST = 2**63 - 1

Point = tuple[int, float]
"""Microseconds since 1970 in UTC, and the value."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What became of each row that the filter takes: they add up to `rows`."""

    rows: int
    without_time: int
    outside: int
    nulls: int
    not_finite: int
    drawn: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class _Group:
    """A series to be: a value of the column it is told apart by, and how many rows it draws."""

    name: str | None
    rows: int


def dataset_series(
    workspace: Workspace, settings: Settings, request: ExportRequest, wanted: SeriesWanted
) -> dict[str, Any]:
    """The points, each series in the order of time and then of value; times in milliseconds since 1970 in UTC.

    Where no more rows than `wanted.points` are drawn, they are all there. A time without a zone is taken for UTC.
    Raises UnknownDataset, and InvalidQuery for a version, a column, a span or a filter that cannot be.
    """
    del settings
    with planned(workspace, request) as plan:
        types = _checked_types(plan, wanted)
        reading = _Reading(plan, wanted)
        facts = reading.facts()
        groups, others = reading.groups(facts)
        is_downsampled = sum(group.rows for group in groups) > wanted.points
        start, end = reading.span(facts)
        series = reading.sampled(groups, start, end) if is_downsampled else reading.whole(groups)
        around = reading.around(groups) if facts.outside else [(None, None)] * len(groups)
    return {
        "version": plan.table.version,
        "value_type": types[0],
        "time_type": types[1],
        "from": _ms(start) if facts.drawn else None,
        "to": _ms(end) if facts.drawn else None,
        "rows": facts.rows,
        "drawn": facts.drawn,
        "nulls": facts.nulls,
        "not_finite": facts.not_finite,
        "without_time": facts.without_time,
        "outside": facts.outside,
        "downsampled": is_downsampled,
        "series": [
            {
                "name": group.name,
                "rows": group.rows,
                "time": [_ms(at) for at, _ in points],
                "value": [value for _, value in points],
                "before": _told(before),
                "after": _told(after),
            }
            for group, points, (before, after) in zip(groups, series, around, strict=True)
        ],
        "others": {"series": others, "rows": facts.drawn - sum(group.rows for group in groups)},
    }


def _checked_types(plan: Plan, wanted: SeriesWanted) -> tuple[str, str]:
    """The storage types of value and time."""
    columns = {name: plan.table.columns[name] for name in data_columns(plan.table.columns)}
    for option, name in (("column", wanted.column), ("time", wanted.time), ("by", wanted.by)):
        if name is not None and name not in columns:
            raise InvalidQuery(f"{option}: there is no column {name!r}; there are {', '.join(columns)}")
    value, time = columns[wanted.column], columns[wanted.time]
    if not _NUMBERS.fullmatch(value):
        raise InvalidQuery(f"column: {wanted.column} is {value}; {_offered('numbers', columns, _NUMBERS.fullmatch)}")
    if time not in _TIMES:
        raise InvalidQuery(f"time: {wanted.time} is {time}; {_offered('times', columns, _TIMES.__contains__)}")
    return value, time


def _offered(kind: str, columns: dict[str, str], fits: Any) -> str:
    found = [name for name, storage in columns.items() if fits(storage)]
    return f"{kind} are {', '.join(found)}" if found else f"this table has no {kind}"


class _Reading:
    """What is asked of the table, in SQL. The filter stands innermost, as an export has it."""

    def __init__(self, plan: Plan, wanted: SeriesWanted) -> None:
        self._plan = plan
        self._wanted = wanted
        time, value = identifier(wanted.time), identifier(wanted.column)
        # A day so far off that its microseconds cannot be counted is no time to be drawn at.
        moment = f"TRY_CAST({time} AS TIMESTAMP)" if plan.table.columns[wanted.time] == "DATE" else time
        at = f"CASE WHEN isfinite({moment}) THEN epoch_us({moment}) END"
        by = f"{identifier(wanted.by)}::VARCHAR" if wanted.by else "NULL::VARCHAR"
        self._rows = f"(SELECT {at} AS t, {value}::DOUBLE AS v, {by} AS b {plan.source})"
        bounds = [f"t >= {_us(wanted.start)}" if wanted.start else "", f"t <= {_us(wanted.end)}" if wanted.end else ""]
        self._inside = " AND ".join(["t IS NOT NULL", *filter(None, bounds)])
        self._drawn = f"(SELECT t, v, b FROM {self._rows} WHERE {self._inside} AND isfinite(v))"

    def facts(self) -> _Facts:
        inside = self._inside
        [(rows, without, in_span, values, drawn, first, last)] = self._plan.rows_of(
            f"SELECT count(*), count(*) FILTER (t IS NULL), count(*) FILTER ({inside}), count(v) FILTER ({inside}), "
            f"count(*) FILTER ({inside} AND isfinite(v)), min(t) FILTER ({inside} AND isfinite(v)), "
            f"max(t) FILTER ({inside} AND isfinite(v)) FROM {self._rows}"
        )
        return _Facts(
            rows=rows,
            without_time=without,
            outside=rows - without - in_span,
            nulls=in_span - values,
            not_finite=values - drawn,
            drawn=drawn,
            first=first,
            last=last,
        )

    def span(self, facts: _Facts) -> tuple[int, int]:
        start = _us(self._wanted.start) if self._wanted.start else facts.first or 0
        end = _us(self._wanted.end) if self._wanted.end else facts.last or 0
        return start, end

    def groups(self, facts: _Facts) -> tuple[list[_Group], int]:
        """The series with the most rows, in the order of their names, and how many others there are."""
        if self._wanted.by is None:
            return [_Group(None, facts.drawn)], 0
        found = self._plan.rows_of(
            "SELECT b, n, count(*) OVER () FROM "
            f"(SELECT b, count(*) AS n FROM {self._drawn} GROUP BY b) ORDER BY n DESC, b NULLS LAST LIMIT {MOST_SERIES}"
        )
        groups = sorted((_Group(name, rows) for name, rows, _ in found), key=lambda one: (one.name is None, one.name))
        return groups, found[0][2] - len(found) if found else 0

    def whole(self, groups: Sequence[_Group]) -> list[list[Point]]:
        """Every point."""
        found = self._plan.rows_of(f"SELECT s, t, v FROM {self._in_series(groups)} ORDER BY s, t, v")
        return _by_series(groups, found)

    def sampled(self, groups: Sequence[_Group], start: int, end: int) -> list[list[Point]]:
        """M4. Points that are two of the four come once."""
        columns = self._wanted.points // POINTS_A_COLUMN
        span = max(1, end - start)
        # The last moment is of the last column, not of one after it.
        kind = "BIGINT" if (span + 1) * columns <= _BIGINT_MOST else "HUGEINT"
        column = f"least({columns - 1}, (t::{kind} - {start}) * {columns} // {span})"
        # As a pair each is one point of the data, and of equal ones always the same.
        ends = "min({t: t, v: v}) AS f, max({t: t, v: v}) AS l, min({v: v, t: t}) AS lo, max({v: v, t: t}) AS hi"
        sampled = f"SELECT s, {ends} FROM {self._in_series(groups)} GROUP BY s, {column}"
        found = self._plan.rows_of(
            f"SELECT s, unnest([f.t, l.t, lo.t, hi.t]), unnest([f.v, l.v, lo.v, hi.v]) FROM ({sampled})"
        )
        return _by_series(groups, sorted(set(found)))

    def around(self, groups: Sequence[_Group]) -> list[tuple[Point | None, Point | None]]:
        """Of each series its last point before the span and its first one after it; of equal times those next to the span's."""
        start, end = self._wanted.start, self._wanted.end
        is_before = f"t < {_us(start)}" if start else "false"
        is_after = f"t > {_us(end)}" if end else "false"
        outside = f"(SELECT t, v, b FROM {self._rows} WHERE ({is_before} OR {is_after}) AND isfinite(v))"
        nearest = f"max({{t: t, v: v}}) FILTER ({is_before}) AS p, min({{t: t, v: v}}) FILTER ({is_after}) AS n"
        found = self._plan.rows_of(
            f"SELECT s, p.t, p.v, n.t, n.v FROM (SELECT s, {nearest} FROM {self._in_series(groups, outside)} GROUP BY s)"
        )
        around: list[tuple[Point | None, Point | None]] = [(None, None)] * len(groups)
        for place, *values in found:
            before_at, before, after_at, after = values
            around[int(place)] = (
                None if before_at is None else (before_at, before),
                None if after_at is None else (after_at, after),
            )
        return around

    def _in_series(self, groups: Sequence[_Group], rows: str | None = None) -> str:
        """The drawn rows, or others, with the number `s` of their series."""
        rows = rows or self._drawn
        if self._wanted.by is None:
            return f"(SELECT 0 AS s, t, v FROM {rows})"
        if not groups:
            return f"(SELECT 0 AS s, t, v FROM {rows} WHERE false)"
        names = ", ".join(
            f"({place}, {'NULL' if group.name is None else literal(group.name)})" for place, group in enumerate(groups)
        )
        return f"(SELECT g.s, t, v FROM {rows} JOIN (VALUES {names}) g(s, name) ON b IS NOT DISTINCT FROM g.name)"


def _by_series(groups: Sequence[_Group], found: Iterable[tuple[Any, ...]]) -> list[list[Point]]:
    series = [list[Point]() for _ in groups]
    for place, at, value in found:
        series[int(place)].append((at, value))
    return series


def _told(point: Point | None) -> dict[str, int | float] | None:
    return point and {"time": _ms(point[0]), "value": point[1]}


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _ms(at: int) -> int | float:
    whole, rest = divmod(at, 1000)
    return at / 1000 if rest else whole
