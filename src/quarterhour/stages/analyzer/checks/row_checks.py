"""Checks that each new row passes or fails by itself: SQL of the condition on which it fails. A null fails only `not_null`."""

import re
from collections.abc import Mapping

import duckdb

from quarterhour.errors import SettingsError
from quarterhour.lake.duck import identifier, literal
from quarterhour.settings.checks import AllowedCheck, NotNullCheck, PatternCheck, RangeCheck
from quarterhour.stages.analyzer.checks.subject_rows import Failing, column_of
from quarterhour.stages.analyzer.checks.values import allowed_sql, bound_sql
from quarterhour.stages.analyzer.subject import Subject

RowCheck = NotNullCheck | RangeCheck | AllowedCheck | PatternCheck


def failing_rows(subject: Subject, check: RowCheck) -> Failing:
    """Raises Unjudgeable; SettingsError where the pattern is none for RE2."""
    if isinstance(check, PatternCheck):
        _try_pattern(subject, check)
    named = [column_of(list(subject.columns), name) for name in check.columns]
    conditions = [_condition(check, column, subject.columns) for column in named]
    return Failing(condition=" OR ".join(f"({condition})" for condition in conditions))


def _condition(check: RowCheck, name: str, columns: Mapping[str, str]) -> str:
    column, storage = identifier(name), columns[name]
    match check:
        case NotNullCheck():
            return f"{column} IS NULL"
        case RangeCheck():
            return _outside(check, name, storage)
        case AllowedCheck():
            values = [allowed_sql(name, storage, value) for value in check.values]
            held = ", ".join(value for value in values if value is not None)
            return f"{column} NOT IN ({held})" if held else f"{column} IS NOT NULL"
        case PatternCheck():
            return f"NOT regexp_full_match({column}::VARCHAR, {literal(check.pattern)})"


def _outside(check: RangeCheck, name: str, storage: str) -> str:
    column = identifier(name)
    parts: list[str] = []
    if check.min is not None:
        parts.append(f"{column} < {bound_sql(name, storage, check.min, 'least')}")
    if check.max is not None:
        parts.append(f"{column} > {bound_sql(name, storage, check.max, 'greatest')}")
    if storage == "DOUBLE":
        # It lies in no range, and DuckDB orders it above all others.
        parts.append(f"isnan({column})")
    return " OR ".join(parts)


def _try_pattern(subject: Subject, check: PatternCheck) -> None:
    try:
        subject.connection.execute("SELECT regexp_full_match('', ?)", [check.pattern])
    except duckdb.Error as error:
        fault = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
        quoted = re.search(r": (\S+)$", fault)
        place = check.pattern.find(quoted.group(1)) + 1 if quoted else 0
        where = f", at character {place}" if place else ""
        raise SettingsError(
            f"quarterhour.toml: dataset {subject.dataset!r}, check {check.label!r}: {check.pattern!r} is no regular "
            f"expression of RE2: {fault}{where}"
        ) from error
