"""The floor of the event log: the seal up to which its oldest events were removed, as the event says that was durable before.

These events have a file of their own, so that the last one is found at once.
"""

from pathlib import Path

from pydantic import ValidationError

from quarterhour.errors import EventLogError
from quarterhour.event_log.base import ToldSeal
from quarterhour.event_log.segment import lines_backwards
from quarterhour.events import EventRecord

FLOOR = "floor"
"""In `data` of an event that events were removed: the seal that was the last of them."""
REMOVALS_FILE = "removals.jsonl"


def is_removal(record: EventRecord) -> bool:
    return record.run_id is None and record.stage == "pipeline" and FLOOR in record.data


def floor_of(folder: Path) -> ToldSeal | None:
    """Where the log of these files begins: after this seal. None where nothing was removed. Raises EventLogError."""
    path = folder / REMOVALS_FILE
    try:
        for line in lines_backwards(path):
            return ToldSeal.model_validate(EventRecord.parse(line).data[FLOOR])
    except FileNotFoundError:
        return None
    except (ValueError, ValidationError, KeyError) as error:
        raise EventLogError(
            f"{path}: its last line does not say which events were removed ({error}). Put it back from a backup."
        ) from error
    return None
