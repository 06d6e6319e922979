"""One file of the event log: its range of seq, reading from any seq in either direction, mending its end."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Protocol, TypeVar

from quarterhour.errors import EventLogError
from quarterhour.event_log.base import Repair
from quarterhour.event_log.files import Unpacked, opened, opened_to_read_back
from quarterhour.events import EventRecord

_BLOCK_BYTES = 64 * 1024
# As every event is written; another form of the same is parsed.
_SEQ = re.compile(rb'\{"seq":(\d+),')


class HasSeq(Protocol):
    @property
    def seq(self) -> int: ...


Numbered = TypeVar("Numbered", bound=HasSeq)


@dataclass(slots=True)
class Segment:
    """A file with events in rising order of seq; other files may hold the numbers between."""

    path: Path
    run_id: str | None
    first_seq: int
    last_seq: int

    @classmethod
    def load(cls, path: Path, run_id: str | None) -> "Segment | None":
        """None for an empty file. The file must have been mended."""
        with opened(path) as file:
            first = file.readline()
        last = next(lines_backwards(path), None)
        if last is None:
            return None
        return cls(path, run_id, _parse(first, path).seq, _parse(last, path).seq)

    @classmethod
    def load_short(cls, path: Path, run_id: str | None) -> "Segment | None":
        """As `load` after `mend`, by one look, which a home with ten thousand runs needs. None where that does not do: the
        file is empty, longer than a block or has to be mended."""
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            block = os.read(descriptor, _BLOCK_BYTES)
            is_whole = len(block) == os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if not is_whole or not block.endswith(b"\n"):
            return None
        try:
            last = EventRecord.parse(block[block.rfind(b"\n", 0, -1) + 1 : -1])
        except ValueError:
            return None
        return cls(path, run_id, _parse(block[: block.find(b"\n")], path).seq, last.seq)

    def forwards(self, since: int) -> Iterator[EventRecord]:
        """Its events with a seq above `since`."""
        with opened(self.path) as file:
            if since >= self.first_seq and not isinstance(file, Unpacked):
                file.seek(_offset_before(file.fileno(), self.path, since))
            for line in file:
                if not line.endswith(b"\n"):
                    return  # being written now
                # What is compressed is read from its beginning on, page by page of a long run: most lines are passed over.
                if (told := _SEQ.match(line)) is not None and int(told[1]) <= since:
                    continue
                record = _parse(line, self.path)
                if record.seq > since:
                    yield record

    def backwards(self, before: int) -> Iterator[EventRecord]:
        """Its events with a seq below `before`, newest first."""
        for line in lines_backwards(self.path):
            record = _parse(line, self.path)
            if record.seq < before:
                yield record


def _parse(line: bytes, path: Path) -> EventRecord:
    try:
        return EventRecord.parse(line.rstrip(b"\n"))
    except ValueError as error:
        raise EventLogError(
            f"{path}: a line in it is no event ({error}): {line[:120]!r}. Move the file out of the folder to go on without it."
        ) from error


def _offset_before(descriptor: int, path: Path, since: int) -> int:
    """The start of a line at or before the first event above `since`: a binary search over bytes."""
    low, high = 0, os.fstat(descriptor).st_size
    while high - low > _BLOCK_BYTES:
        middle = (low + high) // 2
        start, record = _first_event_after(descriptor, path, middle, high)
        if record is None:
            high = middle
        elif record.seq <= since:
            low = start
        else:
            high = middle
    return low


def _first_event_after(descriptor: int, path: Path, offset: int, end: int) -> tuple[int, EventRecord | None]:
    """The first whole line that starts after `offset`, and where it starts."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    block = b""
    while offset + len(block) < end:
        block += os.read(descriptor, _BLOCK_BYTES)
        start = block.find(b"\n") + 1
        stop = block.find(b"\n", start) if start else -1
        if stop >= 0:
            return offset + start, _parse(block[start:stop], path)
    return end, None


def merged(starts: Iterable[tuple[int, Callable[[], Iterator[Numbered]]]]) -> Iterator[Numbered]:
    """What files hold, by seq. Each is given with its first seq, and is opened only when its turn comes."""
    waiting = deque(sorted(starts, key=lambda start: start[0]))
    heads: list[tuple[int, int, Numbered, Iterator[Numbered]]] = []

    def advance(rest: Iterator[Numbered]) -> None:
        if (one := next(rest, None)) is not None:
            # Two files that claim one seq are not compared any further.
            heappush(heads, (one.seq, id(rest), one, rest))

    while waiting or heads:
        while waiting and (not heads or waiting[0][0] <= heads[0][0]):
            advance(waiting.popleft()[1]())
        if heads:
            *_, one, rest = heappop(heads)
            yield one
            advance(rest)


def lines_backwards(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, last first, without their line feeds; an unfinished last line is left out."""
    with opened_to_read_back(path) as file:
        position = file.seek(0, os.SEEK_END)
        tail = b""
        is_whole = False
        while position > 0:
            size = min(_BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            pieces = (file.read(size) + tail).split(b"\n")
            tail = pieces[0]
            for piece in reversed(pieces[1:]):
                if is_whole:
                    yield piece
                is_whole = True
        if is_whole:
            yield tail


def mend(path: Path) -> Repair | None:
    """Cut off an unfinished last line, and whole lines before it that are no events. Durable."""
    size = path.stat().st_size
    keep = _sound_size(path, size)
    if keep == size:
        return None
    with path.open("r+b") as file:
        file.seek(keep)
        text = file.read(200)
        file.truncate(keep)
        file.flush()
        os.fsync(file.fileno())
    return Repair(path.name, size - keep, text.decode("utf-8", "replace"))


def _sound_size(path: Path, size: int) -> int:
    """The bytes up to and with the last line that is an event."""
    end = size - _unfinished_bytes(path, size)
    for line in lines_backwards(path):
        try:
            EventRecord.parse(line)
        except ValueError:
            end -= len(line) + 1
        else:
            return end
    return 0


def _unfinished_bytes(path: Path, size: int) -> int:
    count = 0
    with path.open("rb") as file:
        while count < size:
            step = min(_BLOCK_BYTES, size - count)
            file.seek(size - count - step)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                return count + step - found - 1
            count += step
    return size
