"""Keys that would tell rows apart: the smallest set of columns in which no two different rows agree."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import prod

import duckdb

from quarterhour.lake.duck import identifier

# More are no keys that a person would name, and cost more to look for.
_MOST_KEYS = 4
_MOST_COLUMNS = 12
_MOST_TRIES = 40
_SAMPLE_ROWS = 100_000
# Measures, which rarely name a row and often differ by chance.
_MEASURES = ("DOUBLE", "DECIMAL")


def smallest_keys(connection: duckdb.DuckDBPyConnection, rows: str, columns: Mapping[str, str]) -> tuple[str, ...]:
    """The best set found for the relation `rows`; empty where there is none. Identical rows count once.

    Judged by the first rows of many.
    """
    names = [name for name, storage in columns.items() if not storage.startswith(_MEASURES)] or list(columns)
    everything = ", ".join(identifier(name) for name in columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE key_sample AS "
        f"SELECT DISTINCT {everything} FROM (SELECT {everything} FROM {rows} LIMIT {_SAMPLE_ROWS})"
    )
    total, distinct = _counts(connection, names)
    # What is the same in all rows tells none apart. Of two as good the one that stands further left is likelier meant.
    useful = sorted((name for name in names if distinct[name] > 1), key=lambda name: -distinct[name])[:_MOST_COLUMNS]
    places = {name: place for place, name in enumerate(columns)}
    useful.sort(key=places.__getitem__)
    tries = 0
    for size in range(1, _MOST_KEYS + 1):
        for chosen in _promising(useful, distinct, size, total):
            if tries == _MOST_TRIES:
                return ()
            tries += 1
            if _is_unique(connection, chosen, total):
                return chosen
    return ()


def _counts(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> tuple[int, dict[str, int]]:
    """The sample's rows, and the distinct values of each column; a column with nulls is no key and counts as having one."""
    counts = ", ".join(
        f"CASE WHEN count({identifier(name)}) < count(*) THEN 1 ELSE count(DISTINCT {identifier(name)}) END"
        for name in names
    )
    [found] = connection.execute(f"SELECT count(*), {counts} FROM key_sample").fetchall()
    return int(found[0]), dict(zip(names, map(int, found[1:]), strict=True))


def _promising(names: Sequence[str], distinct: Mapping[str, int], size: int, total: int) -> list[tuple[str, ...]]:
    """The sets that can tell so many rows apart: those that need the fewest combinations of values first."""
    sets = (chosen for chosen in combinations(names, size) if prod(distinct[name] for name in chosen) >= total)
    return sorted(sets, key=lambda chosen: prod(distinct[name] for name in chosen))


def _is_unique(connection: duckdb.DuckDBPyConnection, names: Sequence[str], total: int) -> bool:
    listed = ", ".join(identifier(name) for name in names)
    [(distinct,)] = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM key_sample)").fetchall()
    return distinct == total
