"""Unique: a new row fails where the dataset, or an earlier new row, has its values already. A row with a null in them passes."""

from collections.abc import Sequence

from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import identifier
from quarterhour.lake.schema_plan import order_values
from quarterhour.settings.checks import UniqueCheck
from quarterhour.stages.analyzer.checks.subject_rows import Failing, column_of
from quarterhour.stages.analyzer.subject import Subject

_TABLE = "repeated_values"


def is_within_file(subject: Subject, check: UniqueCheck) -> bool:
    """By its keys a dataset is unique whatever comes: there, what is asked is whether a file has a key twice."""
    if check.within is not None:
        return check.within == "file"
    named = {name.casefold() for name in check.columns}
    return bool(subject.keys) and {key.casefold() for key in subject.keys} <= named


def failing_rows(subject: Subject, check: UniqueCheck, place: int) -> Failing:
    """`place` tells the checks of a dataset apart. Raises Unjudgeable."""
    columns = [column_of(list(subject.columns), name) for name in check.columns]
    table = identifier(f"{_TABLE}_{place}")
    return (_in_files if is_within_file(subject, check) else _in_dataset)(subject, columns, table)


def _in_files(subject: Subject, columns: Sequence[str], table: str) -> Failing:
    names = ", ".join([FILE, *map(identifier, columns)])
    subject.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {names} FROM {subject.new} WHERE {_no_null(columns)} "
        f"GROUP BY {names} HAVING count(*) > 1"
    )
    return Failing(
        query=f"SELECT {FILE}, {RECORD} FROM {subject.new} SEMI JOIN {table} USING ({names}) "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY {RECORD}) > 1"
    )


def _in_dataset(subject: Subject, columns: Sequence[str], table: str) -> Failing:
    """What stands comes first, then the files in their order."""
    names = ", ".join(map(identifier, columns))
    # Only values that are new can be a new row's fault: the hash table is that of the new rows.
    subject.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {names} FROM {subject.whole} "
        f"SEMI JOIN (SELECT {names} FROM {subject.new}) USING ({names}) WHERE {_no_null(columns)} "
        f"GROUP BY {names} HAVING count(*) > 1"
    )
    return Failing(
        query=f"SELECT w.{FILE}, w.{RECORD} FROM (SELECT * FROM {subject.whole} SEMI JOIN {table} USING ({names})) w "
        f"LEFT JOIN (VALUES {order_values(subject.plan.sources)}) AS b ({FILE}, _place) USING ({FILE}) "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY b._place NULLS FIRST, w.{RECORD}) > 1 "
        "AND b._place IS NOT NULL"
    )


def _no_null(columns: Sequence[str]) -> str:
    return " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)
