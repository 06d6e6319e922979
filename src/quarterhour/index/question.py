"""What is asked of past events, and what an event tells: whether it is asked for, and the run that it is of. Pure."""

from dataclasses import dataclass
from typing import Any

from quarterhour.events import EventKind, EventRecord
from quarterhour.index.texts import says

USUAL_LEVEL = "info"
USUAL_EVENTS = (EventKind.LOG, EventKind.PROGRESS)
SHORTEST_TEXT = 3
"""Fewer letters of a text are not indexed."""


@dataclass(frozen=True, slots=True)
class PageOfEvents:
    """Events that follow each other in an answer."""

    seq: int
    """Of the newest."""
    count: int


@dataclass(frozen=True, slots=True)
class Question:
    """Which events are asked for. Times are RFC 3339 in UTC with milliseconds, as events write them."""

    run_id: str | None = None
    stage: str | None = None
    event: str | None = None
    level: str | None = None
    text: str | None = None
    """Part of the message, or of a text in its data."""
    start: str | None = None
    end: str | None = None

    def fits(self, record: EventRecord) -> bool:
        """Whether an event is asked for."""
        return (
            self.run_id in (None, record.run_id)
            and self.stage in (None, record.stage)
            and self.event in (None, record.event)
            and self.level in (None, level_of(record))
            and (self.text is None or says(record, self.text))
            and (self.start is None or record.timestamp >= self.start)
            and (self.end is None or record.timestamp <= self.end)
        )


def level_of(record: EventRecord) -> str:
    """`error`, `warning` or `info`: as the event says, else by its kind."""
    said = record.data.get("level")
    if isinstance(said, str):
        return said
    return "error" if record.event in (EventKind.FAILED, EventKind.ERROR) else USUAL_LEVEL


def run_in(record: EventRecord) -> dict[str, Any] | None:
    """The run that its own `state` event tells of; None where it tells of none, or was too large to be kept whole."""
    status: dict[str, Any] = (record.data.get("status") or {}) if record.event == EventKind.STATE else {}
    run = status.get("run")
    # A later event of no run tells of the last one too, which may have been removed before it.
    return run if run is not None and run["run_id"] == record.run_id else None
