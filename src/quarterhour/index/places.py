"""Where events stand: how far a file is indexed, and an event's place in it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterhour.events import EventRecord


@dataclass(frozen=True, slots=True)
class KnownFile:
    """An event file as far as it is indexed."""

    name: str
    run_id: str | None
    size: int
    """Bytes."""
    mtime_ns: int
    first_seq: int
    last_seq: int


Batch = tuple[KnownFile, Sequence[tuple[int, EventRecord]]]
"""Events of a file, each with its offset, and the file as far as it is indexed with them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where an event stands."""

    seq: int
    file: str
    offset: int


def in_order(found: Iterable[Found]) -> dict[str, list[Found]]:
    """By file, each file's in the order in which they stand."""
    by_file: dict[str, list[Found]] = {}
    for each in found:
        by_file.setdefault(each.file, []).append(each)
    return {name: sorted(places, key=lambda place: place.offset) for name, places in by_file.items()}
