"""A batch without keys against its table: all rows are appended; those that another file has as well are told, or dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake.column_types import FILE, RECORD, data_columns
from quarterhour.lake.duck import identifier
from quarterhour.lake.pruning import reach
from quarterhour.lake.schema_plan import Plan
from quarterhour.lake.tables import DataFile, Table
from quarterhour.stages.merger.accounts import Counts
from quarterhour.stages.merger.batch import BATCH, make_batch, rows_by_input, same_values, table_query
from quarterhour.stages.merger.key_search import smallest_keys
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.verdict import Finding, Verdict, Write, rows_text

# Where rows are kept, so many rows of the table are looked at for each row of the batch, the newest files first.
_LOOK_BACK = 4
_LEAST_LOOK_BACK = 200_000


@dataclass(frozen=True, slots=True)
class _Overlaps:
    by_input: dict[str, int]
    looked_at: int
    """Rows of the table that were compared."""
    in_reach: int
    """Rows of the table in files that can hold such rows."""
    relation: str
    """SQL of all rows that were compared."""


def judge_append(connection: duckdb.DuckDBPyConnection, table: Table | None, plan: Plan, rules: MergeRules) -> Verdict:
    """Without keys every row is new, but where rows that another file has as well are to be dropped."""
    make_batch(connection, plan)
    rows = rows_by_input(connection)
    overlaps = _find_overlaps(connection, table, plan, is_exact=rules.duplicates == "drop")
    names = ", ".join(identifier(name) for name in plan.columns)
    query = f"SELECT {names} FROM {BATCH}"
    dropped: Mapping[str, int] = {}
    if rules.duplicates == "drop" and overlaps.by_input:
        dropped = overlaps.by_input
        query += f" b ANTI JOIN overlapping o USING (_place, {RECORD})"
    counts = {
        file: Counts(inserted=count - dropped.get(file, 0), unchanged=dropped.get(file, 0))
        for file, count in rows.items()
    }
    findings = _findings(connection, plan, rules, overlaps)
    if plan.needs_rewrite:
        query = f"{table_query(table, plan.columns)} UNION ALL {query}"
    elif sum(dropped.values()) == sum(rows.values()):
        return Verdict(counts, [], [], findings)
    return Verdict(counts, [Write(query)], table.files if table and plan.needs_rewrite else [], findings)


def _find_overlaps(
    connection: duckdb.DuckDBPyConnection, table: Table | None, plan: Plan, *, is_exact: bool
) -> _Overlaps:
    """Make `overlapping`: the rows of the batch that stand in the table already, or in an input before theirs."""
    values = data_columns(plan.columns)
    near = reach(connection, table, BATCH, values)
    files = near.files if is_exact else _newest(near.files, max(_LEAST_LOOK_BACK, _LOOK_BACK * near.rows))
    same = same_values("b", "t", values, near.nulls) or "true"
    everything = f"SELECT * EXCLUDE (_place) FROM {BATCH}"
    relations: list[str] = []
    if files:
        standing = table_query(table, plan.columns, only=[file.name for file in files])
        everything += f" UNION ALL {standing}"
        relations.append(f"SELECT b._place, b.{RECORD}, b.{FILE} FROM {BATCH} b SEMI JOIN ({standing}) t ON {same}")
    if len(plan.sources) > 1:
        earlier = _first_places(values)
        relations.append(
            f"SELECT b._place, b.{RECORD}, b.{FILE} FROM {BATCH} b JOIN {earlier} t ON {same} AND b._place > t._place"
        )
    if not relations:
        return _Overlaps({}, 0, 0, everything)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE overlapping AS {' UNION '.join(relations)}")
    counted = connection.execute(
        f"SELECT {FILE}, count(*) FROM overlapping GROUP BY {FILE} ORDER BY min(_place)"
    ).fetchall()
    return _Overlaps(
        {str(file): int(count) for file, count in counted},
        sum(file.rows for file in files),
        sum(file.rows for file in near.files),
        everything,
    )


def _first_places(values: Sequence[str]) -> str:
    """SQL: each distinct row of the batch with the first input that has it; only those that several inputs have."""
    names = ", ".join(identifier(name) for name in values)
    return f"(SELECT {names}, min(_place) AS _place FROM {BATCH} GROUP BY {names} HAVING min(_place) < max(_place))"


def _newest(files: Sequence[DataFile], rows: int) -> list[DataFile]:
    """The newest data file, and those before it up to so many rows together."""
    chosen: list[DataFile] = []
    for file in reversed(files):
        rows -= file.rows
        if chosen and rows < 0:
            break
        chosen.append(file)
    return chosen


def _findings(
    connection: duckdb.DuckDBPyConnection, plan: Plan, rules: MergeRules, overlaps: _Overlaps
) -> list[Finding]:
    if not overlaps.by_input:
        return []
    if rules.duplicates == "drop":
        return [
            Finding(file, f"{rows_text(count)} that another file has as well: dropped", {"overlapping": count})
            for file, count in overlaps.by_input.items()
        ]
    keys = smallest_keys(
        connection, f"({overlaps.relation})", {name: plan.columns[name] for name in data_columns(plan.columns)}
    )
    data = {"suggested_keys": list(keys)} if keys else {}
    named = ", ".join(f'"{key}"' for key in keys)
    advice = f"keys = [{named}] would tell rows apart" if keys else "no few columns tell rows apart"
    seen = "" if overlaps.looked_at == overlaps.in_reach else f" (among the newest {overlaps.looked_at} rows)"
    return [
        Finding(
            file,
            f'{rows_text(count)} that another file has as well{seen}, and are kept: {advice}; or duplicates = "drop"',
            {"overlapping": count, **data},
        )
        for file, count in overlaps.by_input.items()
    ]
