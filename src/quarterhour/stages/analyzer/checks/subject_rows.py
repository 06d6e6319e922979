"""The new rows that checks look at: their columns by the names that settings use, and counts and examples of failing ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import identifier
from quarterhour.lake.ledger import Input
from quarterhour.lake.queries import json_value
from quarterhour.lake.schema_plan import order_values
from quarterhour.settings.checks import Check
from quarterhour.settings.types import RejectLimit
from quarterhour.stages.analyzer.checks.results import FailingRow, FileFailures
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.analyzer.subject import Subject

_KEPT_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Failing:
    """SQL of the new rows that fail: a condition on them, or a query of their `_file` and `_record`."""

    condition: str | None = None
    query: str | None = None

    def rows_of(self, relation: str) -> str:
        if self.condition is not None:
            return f"SELECT * FROM {relation} WHERE {self.condition}"
        return f"SELECT * FROM {relation} SEMI JOIN ({self.query}) USING ({FILE}, {RECORD})"


def column_of(columns: Sequence[str], name: str) -> str:
    """The column that settings call `name`, letter case aside where no other is meant. Raises Unjudgeable."""
    if name in columns:
        return name
    alike = [column for column in columns if column.casefold() == name.casefold()]
    if len(alike) != 1:
        raise Unjudgeable(f"there is no column {name!r}; there are {', '.join(columns)}")
    return alike[0]


def count_failing(subject: Subject, failing: Sequence[Failing]) -> list[int]:
    """For each, how many new rows fail. All conditions share one scan."""
    conditions = [one.condition for one in failing if one.condition is not None]
    counted: list[int] = []
    if conditions:
        expressions = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
        counted = [int(count) for count in _row(subject, f"SELECT {expressions} FROM {subject.new}")]
    found = iter(counted)
    return [
        next(found) if one.condition is not None else int(_row(subject, f"SELECT count(*) FROM ({one.query})")[0])
        for one in failing
    ]


def _row(subject: Subject, query: str) -> tuple[Any, ...]:
    row = subject.connection.execute(query).fetchone()
    assert row is not None
    return row


def by_file(subject: Subject, failing: Failing) -> dict[str, int]:
    """Failing rows by the file's fingerprint; only those that have any."""
    rows = subject.connection.execute(
        f"SELECT {FILE}, count(*) FROM ({failing.rows_of(subject.new)}) GROUP BY {FILE}"
    ).fetchall()
    return {str(file): int(count) for file, count in rows}


def file_failures(subject: Subject, counted: dict[str, int], check: Check) -> tuple[FileFailures, ...]:
    """In the order of the inputs; rows that no input is known of stand for a file of their own."""
    known = {one.fingerprint: one for one in subject.inputs}
    unknown = [file for file in counted if file not in known]
    found = [_of_input(check, one, counted[file]) for file, one in known.items() if file in counted]
    return (*found, *(FileFailures(file, file, counted[file], counted[file]) for file in unknown))


def _of_input(check: Check, entry: Input, failures: int) -> FileFailures:
    limit: RejectLimit | None = getattr(check, "max_failures", None)
    is_over = limit is None or limit.is_exceeded(failures, entry.rows)
    return FileFailures(entry.name, entry.fingerprint, entry.rows, failures, is_over)


def examples(subject: Subject, failing: Failing, columns: Sequence[str], limit: int) -> tuple[FailingRow, ...]:
    """The first failing rows, in the order of the files and of their records."""
    if not limit:
        return ()
    names = [*subject.keys, *(name for name in columns if name not in subject.keys)]
    values = "".join(f", n.{identifier(name)}" for name in names)
    rows = subject.connection.execute(
        f"SELECT n.{FILE}, n.{RECORD}{values} FROM ({failing.rows_of(subject.new)}) n "
        f"LEFT JOIN (VALUES {order_values(subject.plan.sources)}) AS b ({FILE}, _place) USING ({FILE}) "
        f"ORDER BY b._place NULLS LAST, n.{RECORD} LIMIT {limit}"
    ).fetchall()
    files: dict[str, Input] = {one.fingerprint: one for one in subject.inputs}
    found: list[FailingRow] = []
    for file, record, *texts in rows:
        named = dict(zip(names, map(_kept, texts), strict=True))
        found.append(
            FailingRow(
                files[file].name if file in files else str(file),
                int(record),
                {name: named[name] for name in subject.keys},
                {name: named[name] for name in columns if name not in subject.keys},
            )
        )
    return tuple(found)


def _kept(value: Any) -> Any:
    """As JSON has it; a long text is cut."""
    told = json_value(value)
    return f"{told[:_KEPT_CHARACTERS]}…" if isinstance(told, str) and len(told) > _KEPT_CHARACTERS else told
