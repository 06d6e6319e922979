"""A column plotted: M4 beside all the rows, read and taken apart by another program (Polars and plain Python)."""

import json
import math
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery, UnknownDataset
from quarterhour.lake.exports.request import ExportRequest, SeriesWanted
from quarterhour.lake.series import MOST_SERIES, POINTS_A_COLUMN, dataset_series
from quarterhour.stages.merger import MergerService

ROWS = 1_500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NUMBERS = ("whole", "broken", "money")
TIMES = ("day", "local", "moment")
Point = tuple[int, float]


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> RecordingContext:
    """Unsorted rows in two files: times that are twice there, or far off, or missing; values that are none, or no numbers."""
    context = RecordingContext(tmp_path_factory.mktemp("series"))
    chance = random.Random(7)
    for name in ("one", "two"):
        path = context.workspace.home / f"{name}.parquet"
        rows = [_reading(chance) for _ in range(ROWS // 2)]
        polars.DataFrame(rows, orient="row", schema=SCHEMA).write_parquet(path)
        put(context, "readings", f"SELECT * REPLACE (money::DECIMAL(12,2) AS money) FROM '{path}'", name)
        MergerService().run(context)
    return context


SCHEMA = {
    "k": polars.Int64,
    "whole": polars.Int64,
    "broken": polars.Float64,
    "money": polars.Float64,
    "day": polars.Date,
    "local": polars.Datetime("us"),
    "moment": polars.Datetime("us", "UTC"),
    "kind": polars.String,
}


def _reading(chance: random.Random) -> tuple[Any, ...]:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(4_000) * 45, microseconds=7)
    if chance.random() < 0.05:
        moment = chance.choice(
            [datetime(1850, 6, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, 250_000, tzinfo=UTC)]
        )
    broken = chance.choice([chance.gauss(0, 1e3), chance.gauss(0, 1), 0.0, math.nan, math.inf, -math.inf, 1e300])
    return (
        chance.randrange(100),
        chance.choice([None, chance.randrange(-5, 5), chance.randrange(-(10**12), 10**12)]),
        chance.choice([None, broken, broken]),
        chance.choice([None, chance.randrange(-(10**6), 10**6) / 100]),
        chance.choice([None, moment.date(), moment.date()]),
        chance.choice([None, moment.replace(tzinfo=None)]),
        moment,
        chance.choice([None, *"aaabbbcdefghij'"]),
    )


def _us(at: Any) -> int | None:
    match at:
        case None:
            return None
        case datetime():
            return (at.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
        case date():
            return (datetime(at.year, at.month, at.day, tzinfo=UTC) - EPOCH) // MICROSECOND
        case _:
            raise AssertionError(at)


def _ms(at: int) -> float:
    return at / 1000


def asked(
    context: RecordingContext, wanted: SeriesWanted, where: str = "", version: int | None = None
) -> dict[str, Any]:
    found = dataset_series(
        context.workspace, context.settings, ExportRequest("readings", "csv", version, where=where), wanted
    )
    json.dumps(found, allow_nan=False)
    return found


def four(points: Iterable[Point]) -> tuple[Point, ...]:
    """First, last, least and greatest of a column of pixels."""
    ordered = sorted(points)
    by_value = sorted(ordered, key=lambda point: (point[1], point[0]))
    return ordered[0], ordered[-1], by_value[0], by_value[-1]


def by_column(points: Iterable[Point], start: int, end: int, columns: int) -> dict[int, tuple[Point, ...]]:
    found: dict[int, list[Point]] = {}
    for at, value in points:
        place = min(columns - 1, (at - start) * columns // max(1, end - start))
        found.setdefault(place, []).append((at, value))
    return {place: four(inside) for place, inside in found.items()}


def point(told: Point | None) -> dict[str, float] | None:
    return told and {"time": _ms(told[0]), "value": told[1]}


DAYS = st.integers(-1, 6).map(lambda day: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, microseconds=day))
SPANS = st.lists(st.none() | DAYS, min_size=2, max_size=2).filter(
    lambda span: None in span or span[0] < span[1]  # pyright: ignore[reportOptionalOperand]
)


@pytest.mark.slow
@settings(max_examples=40)
@given(
    column=st.sampled_from(NUMBERS),
    time=st.sampled_from(TIMES),
    span=SPANS,
    points=st.integers(4, 2_000),
    by=st.none() | st.just("kind"),
    least=st.integers(0, 110),
)
def test_each_column_of_pixels_has_its_first_last_least_and_greatest_point(
    readings: RecordingContext,
    column: str,
    time: str,
    span: list[datetime | None],
    points: int,
    by: str | None,
    least: int,
) -> None:
    told = asked(readings, SeriesWanted(column, time, *span, points, by), f"k >= {least}" if least else "")
    rows = polars.read_delta(str(readings.workspace.table("readings"))).filter(polars.col("k") >= least)
    start, end = (_us(at) for at in span)
    taken: dict[str | None, list[Point]] = {}
    sides: dict[str | None, tuple[list[Point], list[Point]]] = {}
    counts = Counter[str]()
    for at, value, kind in zip(
        map(_us, rows[time]), rows[column], rows["kind"] if by else [None] * len(rows), strict=True
    ):
        if at is None:
            counts["without_time"] += 1
        elif (start is not None and at < start) or (end is not None and at > end):
            counts["outside"] += 1
            if value is not None and math.isfinite(value):
                is_after = start is None or at >= start
                sides.setdefault(kind, ([], []))[is_after].append((at, float(value)))
        elif value is None:
            counts["nulls"] += 1
        elif not math.isfinite(value):
            counts["not_finite"] += 1
        else:
            counts["drawn"] += 1
            taken.setdefault(kind, []).append((at, float(value)))
    told_counts = {name: told[name] for name in ("without_time", "outside", "nulls", "not_finite", "drawn")}
    assert told_counts == {name: counts[name] for name in told_counts}
    assert sum(told_counts.values()) == told["rows"] == len(rows)

    shown = {one["name"]: one for one in told["series"]}
    most = sorted(taken, key=lambda name: (-len(taken[name]), name is None, name or ""))[:MOST_SERIES]
    assert set(shown) == (set(most) if by else {None})
    assert {name: one["rows"] for name, one in shown.items()} == {name: len(taken.get(name, [])) for name in shown}
    others = {"series": max(0, len(taken) - len(most)), "rows": counts["drawn"] - sum(len(taken[one]) for one in most)}
    assert told["others"] == others
    for name, one in shown.items():
        before, after = sides.get(name, ([], []))
        assert (one["before"], one["after"]) == (point(max(before, default=None)), point(min(after, default=None)))
    if not counts["drawn"]:
        assert (told["from"], told["to"]) == (None, None)
        return
    every = [at for inside in taken.values() for at, _ in inside]
    start, end = start if start is not None else min(every), end if end is not None else max(every)
    assert (told["from"], told["to"]) == (_ms(start), _ms(end))
    assert told["downsampled"] == (sum(len(taken[one]) for one in most) > points)
    for name in most:
        points_told = [
            (round(at * 1000), value) for at, value in zip(shown[name]["time"], shown[name]["value"], strict=True)
        ]
        if not told["downsampled"]:
            assert points_told == sorted(taken[name])
            continue
        columns = points // POINTS_A_COLUMN
        assert points_told == sorted(set(points_told))
        assert set(points_told) <= set(taken[name])
        assert len(points_told) <= POINTS_A_COLUMN * columns
        assert by_column(points_told, start, end, columns) == by_column(taken[name], start, end, columns)


def test_a_line_comes_from_the_point_before_its_span_and_goes_to_the_one_after_it(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    rows = ", ".join(
        f"({day}, TIMESTAMP '2024-01-0{day}', '{kind}', {value})"
        for day, kind, value in (
            (1, "a", 1),
            (2, "a", "NULL"),
            (2, "b", 2),
            (4, "a", 4),
            (4, "b", 40),
            (6, "a", 6),
            (8, "a", 8),
        )
    )
    put(context, "readings", f"SELECT * FROM (VALUES {rows}) t(k, local, kind, v)", "one")
    MergerService().run(context)
    start, end = datetime(2024, 1, 3, tzinfo=UTC), datetime(2024, 1, 5, tzinfo=UTC)

    def day(told: dict[str, float] | None) -> tuple[int, float] | None:
        return told and (datetime.fromtimestamp(told["time"] / 1000, UTC).day, told["value"])

    def told(start: datetime | None, end: datetime | None, by: str | None) -> list[Any]:
        found = asked(context, SeriesWanted("v", "local", start, end, by=by))
        return [(one["name"], one["value"], day(one["before"]), day(one["after"])) for one in found["series"]]

    # Of `a` the row before has no value: its line goes over it. `b` has no point later on.
    assert told(start, end, "kind") == [("a", [4], (1, 1), (6, 6)), ("b", [40], (2, 2), None)]
    assert told(start, end, None) == [(None, [4, 40], (2, 2), (6, 6))]
    assert told(None, end, None) == [(None, [1, 2, 4, 40], None, (6, 6))]
    assert told(start, None, "kind") == [("a", [4, 6, 8], (1, 1), None), ("b", [40], (2, 2), None)]
    assert told(None, None, None) == [(None, [1, 2, 4, 40, 6, 8], None, None)]


@pytest.mark.parametrize(
    ("wanted", "where", "words"),
    [
        (SeriesWanted("none", "moment"), "", "column: there is no column 'none'; there are k, whole"),
        (SeriesWanted("_record", "moment"), "", "column: there is no column '_record'"),
        (SeriesWanted("kind", "moment"), "", "column: kind is VARCHAR; numbers are k, whole, broken, money"),
        (SeriesWanted("whole", "broken"), "", "time: broken is DOUBLE; times are day, local, moment"),
        (SeriesWanted("whole", "moment", by="x"), "", "by: there is no column 'x'"),
        (SeriesWanted("whole", "moment"), "k IN (SELECT 1)", "where: .*a subquery may not stand in a filter"),
        (SeriesWanted("whole", "moment"), "nothing > 1", "where: line 1, column 1"),
        (SeriesWanted("whole", "moment"), "whole / 0 > kind", "where: "),
    ],
)
def test_what_cannot_be_plotted_is_refused(
    readings: RecordingContext, wanted: SeriesWanted, where: str, words: str
) -> None:
    with pytest.raises(InvalidQuery, match=words):
        asked(readings, wanted, where)


def test_a_span_or_a_number_of_points_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="from 4 to 40000"):
        SeriesWanted("whole", "moment", points=3)
    with pytest.raises(InvalidQuery, match="must end after it starts"):
        SeriesWanted("whole", "moment", EPOCH, EPOCH)


def test_a_version_and_a_dataset_that_are_not_there(readings: RecordingContext) -> None:
    assert asked(readings, SeriesWanted("whole", "moment"), version=1)["rows"] == ROWS // 2
    with pytest.raises(InvalidQuery, match="from 0 to 2"):
        asked(readings, SeriesWanted("whole", "moment"), version=3)
    with pytest.raises(UnknownDataset):
        dataset_series(readings.workspace, readings.settings, ExportRequest("none", "csv"), SeriesWanted("a", "b"))


def test_times_without_end_or_beyond_reckoning_are_counted_and_not_drawn(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    times = "VALUES (DATE 'infinity', TIMESTAMP '-infinity', 1), (DATE '5000000-01-01', TIMESTAMP '290000-01-01', 2), (DATE "
    put(
        context, "readings", f"SELECT * FROM ({times} '2024-01-01', TIMESTAMP '2024-01-01', 3)) t(day, local, v)", "one"
    )
    MergerService().run(context)
    days = asked(context, SeriesWanted("v", "day"))
    assert (days["without_time"], days["drawn"], days["series"][0]["value"]) == (2, 1, [3])
    times_told = asked(context, SeriesWanted("v", "local", points=4))
    assert (times_told["without_time"], times_told["series"][0]["value"]) == (1, [3, 2])
