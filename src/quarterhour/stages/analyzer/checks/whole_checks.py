"""Checks of a dataset as it will stand after the merge: its number of rows, and how old its newest moment is."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from quarterhour.clock import wire_time
from quarterhour.lake.duck import identifier
from quarterhour.settings.checks import FreshnessCheck, RowCountCheck, show_duration
from quarterhour.stages.analyzer.checks.subject_rows import column_of
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.analyzer.states.state import is_moment
from quarterhour.stages.analyzer.subject import Subject

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  moments come as microseconds of their own clock
_LAST_US = 253_402_300_799_000_000 - 86_400_000_000
_FIRST_US = -62_135_596_800_000_000 + 86_400_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check of a dataset measured; `fault` says what is wrong, and is empty where nothing is."""

    fault: str = ""
    observed: dict[str, Any] = field(default_factory=dict[str, Any])
    is_skipped: bool = False
    """`fault` then says why nothing can be judged yet."""


def count_rows(subject: Subject, check: RowCountCheck) -> Measured:
    found = subject.connection.execute(f"SELECT count(*) FROM {subject.whole}").fetchone()
    rows = int(found[0]) if found else 0
    return Measured(count_fault(rows, check), {"rows": rows})


def count_fault(rows: int, check: RowCountCheck) -> str:
    counted = f"{rows} {'row' if rows == 1 else 'rows'}"
    if check.min is not None and rows < check.min:
        return f"{counted}, fewer than {check.min}"
    if check.max is not None and rows > check.max:
        return f"{counted}, more than {check.max}"
    return ""


def newest_moment(subject: Subject, check: FreshnessCheck, now: datetime) -> Measured:
    """A day without a time is as old as its end, and as far ahead as its beginning. Raises Unjudgeable."""
    name = column_of(list(subject.columns), check.column)
    storage = subject.columns[name]
    if not is_moment(storage):
        raise Unjudgeable(f"column {name!r} is {storage}: it has no moments")
    column = identifier(name)
    found = subject.connection.execute(
        f"SELECT epoch_us(max({column}) FILTER (WHERE isfinite({column}))) FROM {subject.whole}"
    ).fetchone()
    if found is None or found[0] is None:
        return Measured(f"{name} has no moment in any row")
    newest = _moment(int(found[0]), storage, check.time_zone)
    end = newest + timedelta(days=1) if storage == "DATE" else newest
    observed = {"newest": wire_time(newest), "age_s": round((now - end).total_seconds(), 3)}
    told = f"the newest {name} is {wire_time(newest)}"
    if check.max_age is not None and now - end > check.max_age:
        return Measured(f"{told}, more than {show_duration(check.max_age)} ago", observed)
    if check.max_ahead is not None and newest - now > check.max_ahead:
        return Measured(f"{told}, more than {show_duration(check.max_ahead)} in the future", observed)
    return Measured(observed=observed)


def _moment(microseconds: int, storage: str, zone: str) -> datetime:
    """In UTC. What lies beyond the years that Python knows is taken for their first or last day."""
    moment = _EPOCH + timedelta(microseconds=max(_FIRST_US, min(_LAST_US, microseconds)))
    known = UTC if storage == "TIMESTAMP WITH TIME ZONE" else ZoneInfo(zone)
    return moment.replace(tzinfo=known).astimezone(UTC)
