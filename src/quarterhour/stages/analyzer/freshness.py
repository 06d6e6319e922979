"""Freshness: how old the newest moment of a dataset is, and how long ago its last file came. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def freshness_of(
    time_column: str | None, facts: Mapping[str, Any] | None, last_arrival: str | None, now: datetime
) -> dict[str, Any]:
    """`facts` are those of the time column. Moments without a zone are UTC's.

    `late_s` is by how much the next moment is overdue, going by the usual spacing; null where there is none yet.
    """
    newest = (facts or {}).get("max")
    spacing_s = (facts or {}).get("usual_spacing_s")
    age_s = _age_s(newest, now)
    return {
        "column": time_column,
        "newest": newest,
        "age_s": age_s,
        "usual_spacing_s": spacing_s,
        "late_s": None if age_s is None or spacing_s is None else max(0.0, age_s - spacing_s),
        "last_arrival": last_arrival,
        "arrival_age_s": _age_s(last_arrival, now),
    }


def _age_s(moment: object, now: datetime) -> float | None:
    """Negative for a moment that is to come; None for one that calendars do not have, such as infinity."""
    if not isinstance(moment, str):
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (now - (found if found.tzinfo else found.replace(tzinfo=UTC))).total_seconds()
