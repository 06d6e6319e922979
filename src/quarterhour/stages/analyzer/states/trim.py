"""Keeping a state small: the hashes that a sample keeps begin with one more zero bit, until it fits. Slots grow twice as wide."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from quarterhour.stages.analyzer.states.state import ColumnState, State


def trim(connection: duckdb.DuckDBPyConnection, state: State) -> State:
    return _trim_slots(connection, _trim_samples(connection, state))


def _trim_samples(connection: duckdb.DuckDBPyConnection, state: State) -> State:
    columns = dict(state.columns)
    for kind, most in state.samples.items():
        while too_many := _too_many(connection, state.table(kind), columns, most):
            for name in too_many:
                columns[name] = columns[name].halved(kind)
                connection.execute(
                    f"DELETE FROM {state.table(kind)} WHERE c = {columns[name].id} AND NOT {columns[name].keeps(kind)}"
                )
    return replace(state, columns=columns)


def _trim_slots(connection: duckdb.DuckDBPyConnection, state: State) -> State:
    columns, slots = dict(state.columns), state.table("slots")
    while too_many := _too_many(connection, slots, columns, state.limits.slots):
        for name in too_many:
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE widened AS SELECT c, slot >> 1 AS slot, sum(n)::BIGINT AS n, "
                f"min(low) AS low, max(high) AS high FROM {slots} WHERE c = {columns[name].id} GROUP BY ALL"
            )
            connection.execute(f"DELETE FROM {slots} WHERE c = {columns[name].id}")
            connection.execute(f"INSERT INTO {slots} FROM widened")
            columns[name] = replace(columns[name], slot_shift=columns[name].slot_shift + 1)
    return replace(state, columns=columns)


def _too_many(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, ColumnState], most: int
) -> list[str]:
    over = {c for (c,) in connection.execute(f"SELECT c FROM {table} GROUP BY c HAVING count(*) > {most}").fetchall()}
    return [name for name, column in columns.items() if column.id in over]
