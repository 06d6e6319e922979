"""Coverage: how a column of moments fills its time: the usual distance of neighbours, and the gaps that exceed it."""

from collections.abc import Mapping
from typing import Any

import duckdb

from quarterhour.stages.analyzer.states.state import ColumnState, State, is_moment

_LARGEST_GAPS = 10


def add_coverage(connection: duckdb.DuckDBPyConnection, state: State, facts: dict[str, dict[str, Any]]) -> None:
    """`usual_spacing_s` is the most frequent distance of neighbouring moments, `gaps` are the largest that exceed it.

    Of a column with many moments the spacing is estimated from windows of them, and gaps are found down to `gaps_above_s`.
    """
    columns = {name: column for name, column in state.columns.items() if is_moment(column.type)}
    if not columns:
        return
    _make_moments(connection, state, columns)
    usual_us = _usual_distances(connection)
    for name, column in columns.items():
        usual = usual_us.get(column.id)
        is_whole = _is_whole(column)
        facts[name] |= {"usual_spacing_s": usual / 1e6 if usual is not None else None, "gaps": []}
        if not is_whole:
            facts[name]["gaps_above_s"] = (1 << column.slot_shift) / 1e6
            facts[name]["approximate"].append("usual_spacing_s")
        if usual is not None:
            facts[name]["gaps"] = _gaps(connection, state, column, usual)


def _is_whole(column: ColumnState) -> bool:
    """Whether all moments of the column are known."""
    return not column.is_sampled or column.window_sample_shift == 0


def _make_moments(connection: duckdb.DuckDBPyConnection, state: State, columns: Mapping[str, ColumnState]) -> None:
    """`distances`: each known moment, and the next one of its column, of the same window where windows are missing."""
    counted = [
        f"SELECT c, epoch_us(TRY_CAST(TRY_CAST(v AS {column.type}) AS TIMESTAMP)) AS m, 0 AS w "
        f"FROM {state.table('counts')} WHERE c = {column.id}"
        for column in columns.values()
        if not column.is_sampled
    ]
    sampled = [
        f"SELECT c, m, {'0' if _is_whole(column) else f'm >> {column.window_shift}'} AS w "
        f"FROM {state.table('moments')} WHERE c = {column.id}"
        for column in columns.values()
        if column.is_sampled
    ]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE distances AS SELECT c, m, lead(m) OVER (PARTITION BY c, w ORDER BY m) AS after, "
        f"after - m AS distance FROM (SELECT DISTINCT c, m, w FROM ({' UNION ALL '.join(counted + sampled)}) "
        "WHERE m IS NOT NULL)"
    )


def _usual_distances(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """The most frequent distance of each column, of several the least."""
    found = connection.execute(
        "SELECT c, distance FROM (SELECT c, distance, count(*) AS n FROM distances WHERE distance IS NOT NULL GROUP BY ALL) "
        "QUALIFY row_number() OVER (PARTITION BY c ORDER BY n DESC, distance) = 1"
    ).fetchall()
    return dict(found)


def _gaps(
    connection: duckdb.DuckDBPyConnection, state: State, column: ColumnState, usual_us: int
) -> list[dict[str, Any]]:
    if _is_whole(column):
        source, least_us = f"FROM distances WHERE c = {column.id}", usual_us
    else:
        # A gap wider than a slot lies between the last moment of one slot and the first of the next that has any.
        source = (
            "FROM (SELECT high AS m, lead(low) OVER (ORDER BY slot) AS after, after - m AS distance "
            f"FROM {state.table('slots')} WHERE c = {column.id}) WHERE true"
        )
        least_us = max(usual_us, 1 << column.slot_shift)
    gaps = connection.execute(
        f"SELECT make_timestamp(m)::VARCHAR, make_timestamp(after)::VARCHAR, distance {source} "
        f"AND distance > {least_us} ORDER BY distance DESC, m LIMIT {_LARGEST_GAPS}"
    ).fetchall()
    return [
        {"from": start.replace(" ", "T", 1), "to": end.replace(" ", "T", 1), "seconds": distance / 1e6}
        for start, end, distance in gaps
    ]
