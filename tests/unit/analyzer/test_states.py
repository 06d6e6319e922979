"""States that were added to and taken from are those of the rows that are left, read anew."""

import math
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from quarterhour.stages.analyzer.states.collect import collect
from quarterhour.stages.analyzer.states.combine import Change, combine
from quarterhour.stages.analyzer.states.state import ColumnState, Limits, NotMergeable, State
from quarterhour.stages.analyzer.states.trim import trim

pytestmark = pytest.mark.slow

COLUMNS = {
    "k": "INTEGER",
    "n": "BIGINT",
    "d": "DOUBLE",
    "x": "DECIMAL(38,2)",
    "t": "VARCHAR",
    "m": "TIMESTAMP",
    "day": "DATE",
    "b": "BOOLEAN",
    "raw": "BLOB",
}
SMALL = Limits(values=4, distinct=8, rows=12, slots=6)

texts = st.one_of(st.sampled_from(["", "a", "é", "\x00", "x" * 300]), st.text(max_size=3))
moments = st.one_of(
    st.integers(0, 40).map(lambda number: f"2024-01-01 00:{number:02}:00"),
    st.sampled_from(["infinity", "-infinity", "0044-03-15 (BC) 12:00:00", "294246-01-01 00:00:00.000001"]),
    st.integers(1000, 9999).map(lambda year: f"{year}-06-01 00:00:00.5"),
)
rows = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3),
    st.none() | st.floats(width=64) | st.sampled_from([0.0, -0.0, 1e308, -1e308, math.nan, -math.nan, math.inf]),
    st.none() | st.decimals(-(10**35), 10**35, places=2),
    st.none() | texts,
    st.none() | moments,
    st.none() | st.sampled_from(["2024-01-01", "5881580-07-10", "infinity", "0001-01-01 (BC)"]),
    st.none() | st.booleans(),
    st.none() | st.binary(max_size=2),
)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def relation(connection: duckdb.DuckDBPyConnection, name: str, standing: dict[int, Row]) -> str:
    kinds = ", ".join(f'"{column}" {kind}' for column, kind in COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({kinds})")
    if standing:
        places = ", ".join([f"({', '.join('?' * len(COLUMNS))})"] * len(standing))
        values = [value for key, row in standing.items() for value in (key, *row)]
        connection.execute(f"INSERT INTO {name} VALUES {places}", values)
    return name


def state_of(
    connection: duckdb.DuckDBPyConnection, name: str, standing: dict[int, Row], like: State | None = None
) -> State:
    source = relation(connection, f"{name}_rows", standing)
    return collect(connection, source, COLUMNS, name, keys=("k",), report=lambda: None, like=like)


def contents(connection: duckdb.DuckDBPyConnection, state: State) -> dict[str, list[Row]]:
    return {
        kind: connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {state.table(kind)} ORDER BY ALL").fetchall()
        for kind in ("counts", "hashes", "slots", "moments", "sample")
    }


def assert_same(connection: duckdb.DuckDBPyConnection, made: State, anew: State) -> None:
    """Up to how much the samples hold, and the last digits of means."""
    assert made.rows == anew.rows
    assert {name: exact_part(column) for name, column in made.columns.items()} == {
        name: exact_part(column) for name, column in anew.columns.items()
    }
    for name, column in made.columns.items():
        other = anew.columns[name]
        assert (column.mean is None) == (other.mean is None), name
        if column.mean is not None and other.mean is not None:
            scale = max(abs(other.finite_low or 0), abs(other.finite_high or 0))
            assert abs(column.mean - other.mean) <= 1e-9 * scale, name
    for name, column in made.columns.items():
        level(connection, [(made, column), (anew, anew.columns[name])])
    assert contents(connection, made) == contents(connection, anew)


def level(connection: duckdb.DuckDBPyConnection, both: list[tuple[State, ColumnState]]) -> None:
    """Have the samples of a column in two states hold as much, and their slots be as wide."""
    for kind in ("hashes", "sample", "moments"):
        shift = max(column.shift(kind) for _, column in both)
        for state, column in both:
            halved = column
            while halved.shift(kind) < shift:
                halved = halved.halved(kind)
            connection.execute(f"DELETE FROM {state.table(kind)} WHERE c = {column.id} AND NOT {halved.keeps(kind)}")
    slot_shift = max(column.slot_shift for _, column in both)
    for state, column in both:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE wide AS SELECT c, slot >> {slot_shift - column.slot_shift} AS slot, "
            f"sum(n)::BIGINT AS n, min(low) AS low, max(high) AS high FROM {state.table('slots')} "
            f"WHERE c = {column.id} GROUP BY ALL"
        )
        connection.execute(f"DELETE FROM {state.table('slots')} WHERE c = {column.id}")
        connection.execute(f"INSERT INTO {state.table('slots')} FROM wide")


def exact_part(column: ColumnState) -> tuple[Any, ...]:
    ends = (column.low, column.high, column.finite_low, column.finite_high)
    lengths = (column.least_length, column.greatest_length, column.total_length)
    return (column.id, column.type, column.is_sampled, column.count, column.finite, *ends, *lengths)


@pytest.mark.parametrize("limits", [SMALL, Limits(values=64, distinct=64, rows=64)])
@settings(max_examples=10, phases=[Phase.explicit, Phase.generate], derandomize=False)
@given(data=st.data())
def test_what_was_united_is_what_is_read_anew(
    connection: duckdb.DuckDBPyConnection, limits: Limits, data: st.DataObject
) -> None:
    batches = st.dictionaries(st.integers(0, 30), rows, max_size=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Limits, "of", lambda _: limits)
        standing = data.draw(batches, "standing")
        state = state_of(connection, "base", standing)
        for _ in range(3):
            batch = data.draw(batches, "batch")
            replaced = {key: row for key, row in standing.items() if key in batch}
            standing = standing | batch
            source = relation(connection, "whole_rows", standing)
            try:
                added = state_of(connection, "added", batch, state)
                removed = state_of(connection, "removed", replaced, state)
                state = combine(connection, Change(state, added, removed), source, "made")
            except NotMergeable:
                state = state_of(connection, "base", standing)
                continue
            # Kept as it was made: to be compared, it is levelled.
            for kind in ("counts", "hashes", "slots", "moments", "sample"):
                connection.execute(f"CREATE OR REPLACE TEMP TABLE base_{kind} AS FROM made_{kind}")
            assert_same(connection, state, state_of(connection, "anew", standing, like=state))
            state = State("base", state.rows, state.columns)
            assert trim(connection, state) == state
