"""The floor of the event log: the seal up to which its oldest events were removed, as the event says that was durable before.

These events have a file of their own, so that the last one is found at once; and with them those that keep what removed events
said of marks, which are read for ever.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from quarterhour.errors import EventLogError
from quarterhour.event_log.base import ToldSeal
from quarterhour.event_log.chain import ToldLines
from quarterhour.event_log.files import opened
from quarterhour.event_log.segment import lines_backwards
from quarterhour.events import EventRecord
from quarterhour.slots import keeps_marks

FLOOR = "floor"
"""In `data` of an event that events were removed: the seal that was the last of them."""
KEPT = "kept"
"""Beside it: the lines of the removals' own file up to there, as `ToldLines`."""
REMOVALS_FILE = "removals.jsonl"


class Removal(BaseModel, frozen=True, strict=True):
    """What the event of a removal tells."""

    floor: ToldSeal
    kept: ToldLines | None = None
    """The lines of this file up to the floor, which no seal vouches for any more. None of an earlier version."""


def is_removal(record: EventRecord) -> bool:
    """Whether it tells of a removal: where the log begins, or what is kept of the removed events."""
    return keeps_marks(record) or (record.run_id is None and record.stage == "pipeline" and FLOOR in record.data)


def last_removal(folder: Path) -> Removal | None:
    """The one after which the log of these files begins. None where nothing was removed. Raises EventLogError."""
    path = folder / REMOVALS_FILE
    try:
        for line in lines_backwards(path):
            record = EventRecord.parse(line)
            # A kill before the removal itself was told leaves these behind; the next removal tells all of them again.
            if not keeps_marks(record):
                return Removal.model_validate(record.data)
    except FileNotFoundError:
        return None
    except (ValueError, ValidationError) as error:
        raise EventLogError(
            f"{path}: its last line does not say which events were removed ({error}). Put it back from a backup."
        ) from error
    return None


def kept_in(folder: Path, floor_seq: int) -> Iterator[EventRecord]:
    """The events of the removals' own file up to the floor, in order. Raises EventLogError."""
    path = folder / REMOVALS_FILE
    try:
        with opened(path) as file:
            for line in file:
                record = EventRecord.parse(line.rstrip(b"\n"))
                if record.seq > floor_seq:
                    return
                yield record
    except FileNotFoundError:
        return
    except ValueError as error:
        raise EventLogError(f"{path}: a line in it is no event ({error}). Put it back from a backup.") from error
