"""The state of a relation's rows, by full scans: cheap ones first, to learn which columns have few values."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from quarterhour.lake.duck import identifier
from quarterhour.stages.analyzer.states.state import (
    LONGEST_VALUE,
    TABLES,
    ColumnState,
    Limits,
    NotMergeable,
    State,
    chosen,
    has_length,
    is_in_sample,
    is_moment,
    is_number,
    is_text,
)
from quarterhour.stages.analyzer.states.trim import trim

# Columns that share one query: enough to save reading, few enough to report between two.
GROUP = 16
# Windows that are kept: many, so that they stand for all, of enough moments each to have neighbours.
_WINDOWS = 128
_LEAST_MOMENTS_A_WINDOW = 4
# A shift of 63 bits leaves the sign alone.
_WIDEST_WINDOW = 62
# Beyond it a square is no double any more.
_LARGEST_SQUARED = 1e150


def groups(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """`names`, as many at a time as share one query."""
    return (names[start : start + GROUP] for start in range(0, len(names), GROUP))


def row_identity(keys: Sequence[str]) -> str:
    """SQL of the hash that names a row while it stands: of its keys, or of where it comes from."""
    return f"hash({', '.join(map(identifier, keys)) if keys else '_file, _record'})"


def collect(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, str],
    prefix: str,
    *,
    keys: Sequence[str],
    report: Callable[[], None],
    like: State | None = None,
    to_sample: frozenset[str] = frozenset(),
) -> State:
    """The state of all rows of `relation`, which has `columns` (storage types) and the lineage columns.

    Columns that `like` has are summarised as it does, so that the two unite; those in `to_sample` are sampled in any case.
    Raises NotMergeable where a column has too many values for it. `report` is called between two queries.
    """
    return _Collection(connection, relation, columns, prefix, keys, report, like, to_sample).run()


class _Collection:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Mapping[str, str],
        prefix: str,
        keys: Sequence[str],
        report: Callable[[], None],
        like: State | None,
        to_sample: frozenset[str],
    ) -> None:
        self._connection = connection
        self._relation = relation
        self._columns = columns
        self._prefix = prefix
        self._keys = keys
        self._report = report
        self._like = like
        self._to_sample = to_sample
        self._limits = Limits.of(len(columns))

    def run(self) -> State:
        make_tables(self._connection, self._prefix)
        rows = int(self._one("count(*)")[0])
        found: dict[str, ColumnState] = {}
        estimates: dict[str, int] = {}
        for group in groups(list(self._columns)):
            self._look(group, rows, found, estimates)
            self._report()
        self._insert_counts([name for name in self._columns if not found[name].is_sampled], found)
        sampled = [name for name in self._columns if found[name].is_sampled]
        found |= self._summarise(sampled, found, estimates)
        self._insert_sample([name for name in sampled if is_in_sample(self._columns[name])], found)
        return trim(self._connection, State(self._prefix, rows, found))

    def _one(self, select: str) -> tuple[Any, ...]:
        row = self._connection.execute(f"SELECT {select} FROM {self._relation}").fetchone()
        assert row is not None
        return row

    def _look(self, group: Sequence[str], rows: int, found: dict[str, ColumnState], estimates: dict[str, int]) -> None:
        """How many values each column has, and so how it is summarised."""
        parts: list[str] = []
        for name in group:
            column = identifier(name)
            length = f"max(octet_length({column}::BLOB))" if self._columns[name] == "BLOB" else f"max(strlen({column}))"
            parts += [
                f"count({column})",
                f"approx_count_distinct({column})",
                length if has_length(self._columns[name]) else "NULL",
            ]
        values = self._one(", ".join(parts)) if rows else (0,) * len(parts)
        for place, name in enumerate(group):
            count, estimate, longest = values[3 * place : 3 * place + 3]
            estimates[name] = min(int(estimate), int(count))
            is_long = (longest or 0) > LONGEST_VALUE
            found[name] = ColumnState(
                id=self._id(name, len(found)),
                type=self._columns[name],
                count=int(count),
                is_sampled=self._is_sampled(name, estimates[name], is_long=is_long),
            )

    def _id(self, name: str, place: int) -> int:
        known = self._like.columns if self._like else None
        if not known:
            return place
        return known[name].id if name in known else place + 1 + max(one.id for one in known.values())

    def _is_sampled(self, name: str, estimate: int, *, is_long: bool) -> bool:
        known = self._like.columns.get(name) if self._like else None
        if known is None:
            return is_long or estimate > self._limits.values or name in self._to_sample
        if not known.is_sampled and (is_long or estimate > 2 * self._limits.values):
            raise NotMergeable(f"the values of column {name!r} are too many or too long now", frozenset({name}))
        return known.is_sampled

    def _insert_counts(self, names: Sequence[str], found: Mapping[str, ColumnState]) -> None:
        for group in groups(names):
            parts = [
                f"SELECT {found[name].id} AS c, {_plain(name, self._columns[name])}::VARCHAR AS v, _n FROM "
                f"(SELECT {identifier(name)}, count(*) AS _n FROM {self._relation} GROUP BY 1)"
                for name in group
                if found[name].count
            ]
            if parts:
                self._connection.execute(
                    f"INSERT INTO {self._prefix}_counts SELECT c, v, sum(_n) FROM ({' UNION ALL '.join(parts)}) "
                    "WHERE v IS NOT NULL GROUP BY c, v"
                )
            self._report()

    def _summarise(
        self, names: Sequence[str], found: Mapping[str, ColumnState], estimates: Mapping[str, int]
    ) -> dict[str, ColumnState]:
        """Of the sampled columns: counts, moments and extremes, hashes, slots and windows."""
        made: dict[str, ColumnState] = {}
        for group in groups(names):
            made |= scalars(self._connection, self._relation, {name: found[name] for name in group})
            self._report()
        for group in groups(names):
            parts: list[str] = []
            for name in group:
                shift = _shift_for(estimates[name], self._limits.distinct)
                sample_shift = _shift_for(made[name].count, self._limits.rows) if is_in_sample(made[name].type) else 0
                made[name] = replace(made[name], distinct_shift=shift, sample_shift=sample_shift)
                column = identifier(name)
                parts.append(
                    f"SELECT {made[name].id}, hash({column}) AS _h, count(*) FROM {self._relation} "
                    f"WHERE {column} IS NOT NULL AND {chosen(f'hash({column})', shift)} GROUP BY _h"
                )
            self._connection.execute(f"INSERT INTO {self._prefix}_hashes {' UNION ALL '.join(parts)}")
            self._report()
        for name in names:
            if is_moment(self._columns[name]):
                made[name] = self._insert_moments(name, made[name], estimates[name])
                self._report()
        return made

    def _insert_moments(self, name: str, column: ColumnState, estimate: int) -> ColumnState:
        moment = moment_us(name)
        low, high = self._one(f"min({moment}), max({moment})")
        if low is None:
            return column
        known = self._like.columns.get(name) if self._like else None
        column = replace(column, slot_shift=_shift_for(int(high) - int(low) + 1, self._limits.slots // 2))
        insert_slots(self._connection, self._relation, self._prefix, name, column)
        column = replace(
            column,
            # Windows must be the same for two states to unite.
            window_shift=known.window_shift if known else self._window_shift(column, estimate),
            window_sample_shift=_shift_for(estimate, self._limits.distinct),
        )
        self._connection.execute(
            f"INSERT INTO {self._prefix}_moments SELECT {column.id}, m, count(*) "
            f"FROM (SELECT {moment} AS m FROM {self._relation}) "
            f"WHERE m IS NOT NULL AND {column.keeps('moments')} GROUP BY m"
        )
        return column

    def _window_shift(self, column: ColumnState, moments: int) -> int:
        """Slots without a moment do not count: most of the time may be nights."""
        occupied = self._connection.execute(
            f"SELECT count(*) FROM {self._prefix}_slots WHERE c = {column.id}"
        ).fetchone()
        assert occupied is not None
        in_each = max(_LEAST_MOMENTS_A_WINDOW, self._limits.distinct // _WINDOWS)
        return min(_WIDEST_WINDOW, _shift_for((occupied[0] << column.slot_shift) * in_each, max(1, moments)))

    def _insert_sample(self, names: Sequence[str], found: Mapping[str, ColumnState]) -> None:
        """Columns that are as often null share a scan, and so the rows of their samples."""
        by_shift: dict[int, list[str]] = defaultdict(list)
        for name in names:
            by_shift[found[name].sample_shift].append(name)
        for shift, alike in by_shift.items():
            for group in groups(alike):
                values = ", ".join(
                    f"{_sample_value(name, self._columns[name])} AS {identifier(name)}" for name in group
                )
                some = " OR ".join(f"{identifier(name)} IS NOT NULL" for name in group)
                self._connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE picked AS SELECT {row_identity(self._keys)} AS _r, {values} "
                    f"FROM {self._relation} WHERE {chosen(row_identity(self._keys), shift)} AND ({some})"
                )
                parts = [
                    f"SELECT {found[name].id}, _r, "
                    f"{f'{identifier(name)}, NULL' if is_number(self._columns[name]) else f'NULL, {identifier(name)}'} "
                    f"FROM picked WHERE {identifier(name)} IS NOT NULL"
                    for name in group
                ]
                self._connection.execute(f"INSERT INTO {self._prefix}_sample {' UNION ALL '.join(parts)}")
                self._report()


def make_tables(connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Empty ones."""
    for kind, shape in TABLES.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {prefix}_{kind} ({shape})")


def moment_us(name: str) -> str:
    """SQL of a column's moments in microseconds; null where one is infinite or too far out."""
    return f"epoch_us(TRY_CAST({identifier(name)} AS TIMESTAMP))"


def _sample_value(name: str, storage: str) -> str:
    """SQL of a value as the sample keeps it: numbers as doubles, long texts cut and told apart by their hash."""
    column = identifier(name)
    if not is_text(storage):
        return f"{column}::DOUBLE"
    return (
        f"CASE WHEN strlen({column}) > {LONGEST_VALUE} "
        f"THEN left({column}, {LONGEST_VALUE // 4}) || '… ' || hash({column}) ELSE {column} END"
    )


def insert_slots(
    connection: duckdb.DuckDBPyConnection, relation: str, prefix: str, name: str, column: ColumnState
) -> None:
    connection.execute(
        f"INSERT INTO {prefix}_slots SELECT {column.id}, m >> {column.slot_shift} AS slot, count(*), min(m), max(m) "
        f"FROM (SELECT {moment_us(name)} AS m FROM {relation}) WHERE m IS NOT NULL GROUP BY slot"
    )


def scalars(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, ColumnState]
) -> dict[str, ColumnState]:
    """`columns` with their extremes, means and lengths as `relation` has them, by one scan."""
    if not columns:
        return {}
    parts = [part for name, column in columns.items() for part in _scalar_expressions(name, column.type)]
    values = connection.execute(f"SELECT {', '.join(parts)} FROM {relation}").fetchone()
    assert values is not None
    width = len(parts) // len(columns)
    return {
        name: _with_scalars(column, values[place * width : (place + 1) * width])
        for place, (name, column) in enumerate(columns.items())
    }


def _scalar_expressions(name: str, storage: str) -> list[str]:
    """The same number of them for each type."""
    column, plain = identifier(name), _plain(name, storage)
    text = "hex({})" if storage == "BLOB" else "{}::VARCHAR"
    first = [f"count({column})", text.format(f"min({plain})"), text.format(f"max({plain})")]
    if is_number(storage):
        number = f"{column}::DOUBLE"
        finite = f" FILTER (isfinite({number}))" if storage == "DOUBLE" else ""
        squared = f" FILTER (abs({number}) < {_LARGEST_SQUARED!r})"
        return [
            *first,
            f"count({number}){finite}",
            f"min({number}){finite}",
            f"max({number}){finite}",
            f"avg({number}){finite}",
            f"var_pop({number}){squared}",
        ]
    if has_length(storage):
        length = f"length({column})" if is_text(storage) else f"octet_length({column})"
        return [*first, f"min({length})", f"max({length})", f"sum({length})", "NULL", "NULL"]
    return [*first, "NULL", "NULL", "NULL", "NULL", "NULL"]


def _with_scalars(column: ColumnState, values: tuple[Any, ...]) -> ColumnState:
    count, low, high, one, two, three, four, five = values
    if has_length(column.type):
        # Cut: the beginning of the greatest is the greatest beginning.
        return replace(
            column,
            count=count,
            low=low and low[:LONGEST_VALUE],
            high=high and high[:LONGEST_VALUE],
            least_length=one,
            greatest_length=two,
            total_length=int(three or 0),
        )
    column = replace(column, count=count, low=low, high=high)
    if not is_number(column.type):
        return column
    is_sound = two is not None and max(abs(two), abs(three)) < _LARGEST_SQUARED
    return replace(
        column,
        finite=one,
        finite_low=two,
        finite_high=three,
        mean=four if four is not None and math.isfinite(four) else None,
        squares=five * one if is_sound and five is not None else None,
    )


def _plain(name: str, storage: str) -> str:
    """Zero, and what is no number, without a sign: each is one value with two texts."""
    column = identifier(name)
    return f"CASE WHEN isnan({column}) THEN 'nan'::DOUBLE ELSE {column} + 0 END" if storage == "DOUBLE" else column


def _shift_for(size: int, most: int) -> int:
    """By how many halvings `size` becomes no more than `most`."""
    return max(0, math.ceil(math.log2(size / most))) if size else 0
