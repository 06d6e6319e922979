"""What of an event is found by its words: its message, and the texts in its data that the message does not say."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from quarterhour.events import EventRecord

# The level has a question of its own, and what the status tells stands in the events before.
_UNSEARCHED = frozenset({"level", "status"})
# Of more an index would grow without use: no message names so much.
_MOST_CHARS = 4_000


def values_of(record: EventRecord) -> str:
    """The texts in an event's data, one a line, as far as they are searched."""
    kept = dict.fromkeys(text for text in _texts(record.data) if text not in record.msg)
    return "\n".join(kept)[:_MOST_CHARS]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in cast(dict[str, Any], value).items():
            if key not in _UNSEARCHED:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in cast(Sequence[Any], value):
            yield from _texts(inner)


def says(record: EventRecord, text: str) -> bool:
    """Whether the event has the text; large and small letters are one, each for itself: ß is not ss."""
    wanted = text.lower()
    return wanted in record.msg.lower() or wanted in values_of(record).lower()
