"""Uniting states: what was there, less what goes, plus what comes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb

from quarterhour.lake.duck import literal
from quarterhour.stages.analyzer.states.collect import insert_slots, make_tables, scalars
from quarterhour.stages.analyzer.states.state import (
    ColumnState,
    NotMergeable,
    State,
    has_length,
    is_moment,
    is_number,
    window_hash,
)
from quarterhour.stages.analyzer.states.trim import trim

# A sample that shrank to less than its limit by that factor, as rows went, is made anew.
_LEAST_SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a set of rows. `added` and `removed` were collected `like` the base."""

    base: State
    added: State
    removed: State | None

    @property
    def parts(self) -> list[tuple[State, int]]:
        """The states, each with its sign."""
        return [(self.base, 1), (self.added, 1), *([(self.removed, -1)] if self.removed else [])]

    @property
    def rows(self) -> int:
        return sum(sign * state.rows for state, sign in self.parts)

    def of(self, name: str) -> tuple[ColumnState | None, ColumnState | None, ColumnState | None]:
        removed = self.removed.columns.get(name) if self.removed else None
        return self.base.columns.get(name), self.added.columns.get(name), removed


def combine(connection: duckdb.DuckDBPyConnection, change: Change, whole: str, prefix: str) -> State:
    """The state after the change. `whole` is the relation of all its rows: columns are read there whose extremes may have gone.

    Raises NotMergeable.
    """
    columns = {name: _united(name, change) for name in {**change.base.columns, **change.added.columns}}
    make_tables(connection, prefix)
    state = State(prefix, change.rows, columns)
    _unite_counts(connection, state, change)
    _unite_samples(connection, state, change)
    _unite_slots(connection, state, change, whole)
    state = replace(state, columns={**columns, **_extremes(connection, state, change, whole)})
    state = trim(connection, state)
    _check_samples(connection, state)
    return state


def _check_samples(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Raises NotMergeable where a sample that is not complete holds too little."""
    for kind, most in state.samples.items():
        counted = dict(connection.execute(f"SELECT c, count(*) FROM {state.table(kind)} GROUP BY c").fetchall())
        for name, column in state.sampled().items():
            # Windows hold many moments or none: one is enough to tell the distance of neighbours.
            least = 1 if kind == "moments" else most // _LEAST_SAMPLE
            if column.shift(kind) and counted.get(column.id, 0) < least:
                raise NotMergeable(f"the rows that are left are too few for the samples of column {name!r}")


def _united(name: str, change: Change) -> ColumnState:
    """What adds up by itself."""
    base, added, removed = change.of(name)
    one = base or added
    assert one is not None
    for other in (added, removed):
        if other and (other.type, other.is_sampled, other.id) != (one.type, one.is_sampled, one.id):
            raise NotMergeable(f"column {name!r} is of another kind now")
    known = [state for state in (base, added, removed) if state]
    return replace(
        one,
        count=_sum(change, name, "count"),
        finite=_sum(change, name, "finite"),
        total_length=_sum(change, name, "total_length"),
        distinct_shift=max(state.distinct_shift for state in known),
        sample_shift=max(state.sample_shift for state in known),
        window_sample_shift=max(state.window_sample_shift for state in known),
        slot_shift=max(state.slot_shift for state in known),
    )


def _sum(change: Change, name: str, fact: str) -> int:
    return sum(sign * getattr(state.columns[name], fact) for state, sign in change.parts if name in state.columns)


def _unite_counts(connection: duckdb.DuckDBPyConnection, state: State, change: Change) -> None:
    table = state.table("counts")
    connection.execute(
        f"INSERT INTO {table} SELECT c, v, sum(n) FROM ({_union(change, 'counts', 'c, v')}) "
        "GROUP BY c, v HAVING sum(n) <> 0"
    )
    if connection.execute(f"SELECT 1 FROM {table} WHERE n < 0 LIMIT 1").fetchone():
        raise NotMergeable("values go that were not there")
    most = 2 * state.limits.values
    counted = connection.execute(f"SELECT c FROM {table} GROUP BY c HAVING count(*) > {most}").fetchall()
    over = {c for (c,) in counted}
    if names := frozenset(name for name, column in state.columns.items() if column.id in over):
        raise NotMergeable(f"the values of column {min(names)!r} are too many now", names)


def _union(change: Change, kind: str, columns: str, where: str = "true") -> str:
    """The rows of a table of all parts, their number `n` with its sign."""
    return " UNION ALL ".join(
        f"SELECT {columns}, {sign} * n AS n FROM {part.table(kind)} WHERE {where}" for part, sign in change.parts
    )


def _unite_samples(connection: duckdb.DuckDBPyConnection, state: State, change: Change) -> None:
    """Each as small as the smallest of its parts. Windows are cut as the base cuts them."""
    columns = state.sampled().values()
    if not columns:
        return
    for kind, key, hashed in (("hashes", "h", "h"), ("moments", "m", window_hash("width"))):
        connection.execute(
            f"INSERT INTO {state.table(kind)} SELECT c, {key}, sum(n) FROM ({_union(change, kind, f'c, {key}')}) "
            f"JOIN {_shifts(columns, kind)} USING (c) WHERE {_KEPT.format(hashed)} GROUP BY c, {key} HAVING sum(n) > 0"
        )
    stays = f"FROM {change.base.table('sample')}"
    if change.removed:
        stays += f" ANTI JOIN {change.removed.table('sample')} USING (c, r)"
    connection.execute(
        f"INSERT INTO {state.table('sample')} SELECT c, r, x, v "
        f"FROM ({stays} UNION ALL FROM {change.added.table('sample')}) "
        f"JOIN {_shifts(columns, 'sample')} USING (c) WHERE {_KEPT.format('r')}"
    )


_KEPT = "(bits = 0 OR ({} >> (64 - greatest(bits, 1))) = 0)"


def _shifts(columns: Iterable[ColumnState], kind: str) -> str:
    """A SQL relation of how many bits of a hash must be zero, and of how wide a window is."""
    values = ", ".join(f"({column.id}, {column.shift(kind)}, {column.window_shift})" for column in columns)
    return f"(VALUES {values}) AS s (c, bits, width)"


def _unite_slots(connection: duckdb.DuckDBPyConnection, state: State, change: Change, whole: str) -> None:
    columns = {name: column for name, column in state.sampled().items() if is_moment(column.type)}
    if not columns:
        return
    parts: list[str] = []
    for part, sign in change.parts:
        by = ", ".join(
            f"({column.id}, {column.slot_shift - part.columns[name].slot_shift})"
            for name, column in columns.items()
            if name in part.columns
        )
        if by:
            parts.append(
                f"SELECT c, slot >> wider AS slot, n, low, high, {sign} AS sign FROM {part.table('slots')} "
                f"JOIN (VALUES {by}) AS s (c, wider) USING (c)"
            )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE united AS SELECT c, slot, sum(sign * n)::BIGINT AS n, "
        "min(low) FILTER (sign = 1) AS low, max(high) FILTER (sign = 1) AS high, "
        "min(low) FILTER (sign = -1) AS gone_low, max(high) FILTER (sign = -1) AS gone_high "
        f"FROM ({' UNION ALL '.join(parts)}) GROUP BY c, slot HAVING n > 0"
    )
    lost = _lost_ends(connection, change) if change.removed else set[int]()
    for name, column in columns.items():
        if column.id in lost:
            insert_slots(connection, whole, state.prefix, name, column)
    ids = ", ".join(map(str, lost)) or "-1"
    connection.execute(
        f"INSERT INTO {state.table('slots')} SELECT c, slot, n, low, high FROM united WHERE c NOT IN ({ids})"
    )


def _lost_ends(connection: duckdb.DuckDBPyConnection, change: Change) -> set[int]:
    """Columns of which an end of a slot goes that may not come again: only the rows know the next one.

    A row that is replaced usually keeps its time, and so brings the end again.
    """
    assert change.removed is not None
    ends = "SELECT c, unnest([low, high]) AS m FROM {}"
    lost = connection.execute(
        "SELECT DISTINCT c FROM united WHERE (gone_low <= low OR gone_high >= high) AND c IN "
        f"(SELECT c FROM ({ends.format(change.removed.table('slots'))}) "
        f"ANTI JOIN ({ends.format(change.added.table('slots'))}) USING (c, m))"
    ).fetchall()
    return {c for (c,) in lost}


def _extremes(
    connection: duckdb.DuckDBPyConnection, state: State, change: Change, whole: str
) -> dict[str, ColumnState]:
    """The sampled columns with their extremes, means and lengths."""
    stale = {name: column for name, column in state.sampled().items() if _may_have_lost(*change.of(name))}
    made = scalars(connection, whole, stale)
    rest = {name: column for name, column in state.sampled().items() if name not in stale}
    parts: list[str] = []
    for name, column in rest.items():
        base, added, _ = change.of(name)
        kind = "VARCHAR" if has_length(column.type) else column.type
        for function, fact in (("least", "low"), ("greatest", "high")):
            texts = [
                f"CAST({literal(text)} AS {kind})"
                for one in (base, added)
                if one and (text := getattr(one, fact)) is not None
            ]
            parts.append(f"{function}({', '.join(texts)})::VARCHAR" if texts else "NULL")
    bounds = connection.execute(f"SELECT {', '.join(parts)}").fetchone() if parts else ()
    assert bounds is not None
    for place, (name, column) in enumerate(rest.items()):
        base, added, removed = change.of(name)
        both = [one for one in (base, added) if one]
        _, mean, squares = _moments_of(base, added, removed)
        made[name] = replace(
            column,
            low=bounds[2 * place],
            high=bounds[2 * place + 1],
            finite_low=min((one.finite_low for one in both if one.finite_low is not None), default=None),
            finite_high=max((one.finite_high for one in both if one.finite_high is not None), default=None),
            mean=mean if is_number(column.type) else None,
            squares=squares if is_number(column.type) else None,
            least_length=min((one.least_length for one in both if one.least_length is not None), default=None),
            greatest_length=max((one.greatest_length for one in both if one.greatest_length is not None), default=None),
        )
    return made


_ENDS = ("low", "high", "finite_low", "finite_high", "least_length", "greatest_length")


def _may_have_lost(base: ColumnState | None, added: ColumnState | None, removed: ColumnState | None) -> bool:
    """Whether the extremes, or the mean, of base and added need not be those of what is left."""
    known = [one for one in (base, added, removed) if one]
    if any(one.finite and (one.mean is None or one.squares is None) for one in known):
        return True
    if removed is None or not removed.count:
        return False
    assert base is not None
    return any(
        getattr(removed, end) is not None
        and getattr(removed, end) == getattr(base, end)
        and (added is None or getattr(added, end) != getattr(base, end))
        for end in _ENDS
    )


def _moments_of(
    base: ColumnState | None, added: ColumnState | None, removed: ColumnState | None
) -> tuple[int, float | None, float | None]:
    """Number, mean and sum of squares, by the formulas of Chan, Golub and LeVeque, which keep their digits."""
    count, mean, squares = 0, 0.0, 0.0
    for state, sign in ((base, 1), (added, 1), (removed, -1)):
        if state is None or state.mean is None or state.squares is None:
            continue
        total = count + sign * state.finite
        if total <= 0:
            return 0, None, None
        distance = state.mean - mean
        squares += sign * (state.squares + distance * distance * count * state.finite / total)
        mean += sign * distance * state.finite / total
        count = total
    return (count, mean, max(squares, 0.0)) if count else (0, None, None)
