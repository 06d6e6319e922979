"""The event log as JSONL files: one for each run, one a day for what belongs to none."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby, takewhile
from pathlib import Path

import structlog

from quarterhour.errors import EventLogError
from quarterhour.event_log.base import Match, Repair, ToldSeal
from quarterhour.event_log.chain import Digest, ToldLines, is_seal, line_digest
from quarterhour.event_log.files import (
    EVENT_FILE,
    FileStat,
    compressed_path,
    event_files,
    remove,
    remove_doubles,
    remove_plain,
    stat_of,
    stored_bytes,
    unpack,
    write_compressed,
)
from quarterhour.event_log.floor import REMOVALS_FILE, is_removal, kept_in, last_removal
from quarterhour.event_log.memory import check_sequence
from quarterhour.event_log.segment import Segment, mend, merged
from quarterhour.events import EventRecord
from quarterhour.files import fdatasync, fsync_folder
from quarterhour.slots import keeps_marks
from quarterhour.workspace import Workspace

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Range:
    """The events of a file of that size and time."""

    size: int
    mtime_ns: int
    first_seq: int
    last_seq: int

    def is_of(self, file: FileStat) -> bool:
        """Whether the file is still that one: it ends with a whole line then."""
        return (self.size, self.mtime_ns) == (file.size, file.mtime_ns)


Ranges = Mapping[str, Range]
"""By the file's name."""


@dataclass(frozen=True, slots=True)
class Removable:
    """The oldest runs, which can be removed."""

    floor: ToldSeal
    """The last of their events."""
    runs: int
    size: int
    """Bytes on the disk."""


class JsonlEventLog:
    """Files in `workspace.events`. What it knows of them (the ranges of seq) it reads anew at each `open`."""

    def __init__(self, workspace: Workspace, remembered: Callable[[], Ranges] = dict[str, Range]) -> None:
        """`remembered`: what somebody who read the files knows of them, so that ten thousand need not be opened."""
        self._workspace = workspace
        self._remembered = remembered
        self._segments: dict[Path, Segment] = {}
        self._last_seq = 0
        self._floor: ToldSeal | None = None
        self._open_file: tuple[Path, int] | None = None
        # Held while a file is written to, or gives way to its compressed copy.
        self._writing = threading.Lock()

    def open(self) -> list[Repair]:
        repairs: list[Repair] = []
        remembered = self._remembered()
        folder = self._workspace.events
        if (folder / REMOVALS_FILE).exists() and (repair := mend(folder / REMOVALS_FILE)):
            repairs.append(repair)
        removal = last_removal(folder)
        self._floor = removal.floor if removal else None
        remove_doubles(self._workspace.events)
        for name, is_compressed in event_files(self._workspace.events).items():
            found = EVENT_FILE.fullmatch(name)
            assert found is not None
            path, run_id = self._workspace.events / name, found.group("run_id")
            if (known := remembered.get(name)) is not None and known.is_of(stat_of(path)):
                self._segments[path] = Segment(path, run_id, known.first_seq, known.last_seq)
                continue
            segment = None if is_compressed else Segment.load_short(path, run_id)
            if segment is None:
                if not is_compressed and (repair := mend(path)):
                    repairs.append(repair)
                segment = Segment.load(path, run_id)
            if segment is not None:
                self._segments[path] = segment
        self._last_seq = max((segment.last_seq for segment in self._segments.values()), default=0)
        # What a kill has left of a removal.
        self._remove_below_floor()
        return repairs

    @property
    def floor(self) -> ToldSeal | None:
        return self._floor

    @property
    def _floor_seq(self) -> int:
        return self._floor.seq if self._floor else 0

    @property
    def last_seq(self) -> int:
        return self._last_seq

    def append(self, records: Sequence[EventRecord]) -> None:
        check_sequence(self._last_seq, records)
        # File by file in the order of seq: a crash between two files leaves a beginning, never a gap.
        for _, group in groupby(records, key=_file_key):
            of_one = list(group)
            self._write(event_file(self._workspace, of_one[0]), of_one)

    def _write(self, path: Path, records: list[EventRecord]) -> None:
        with self._writing:
            self._write_alone(path, records)

    def _write_alone(self, path: Path, records: list[EventRecord]) -> None:
        descriptor = self._descriptor(path)
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, b"".join(record.line + b"\n" for record in records))
            fdatasync(descriptor)
        except OSError:
            # Half a batch must not stay: the same events are written again once there is room.
            os.ftruncate(descriptor, size)
            raise
        self._last_seq = records[-1].seq
        if segment := self._segments.get(path):
            segment.last_seq = self._last_seq
        else:
            self._segments[path] = Segment(path, records[0].run_id, records[0].seq, self._last_seq)

    def _descriptor(self, path: Path) -> int:
        if self._open_file is not None:
            if self._open_file[0] == path:
                return self._open_file[1]
            self.close()
        is_new = not path.exists()
        if is_new and compressed_path(path).exists():
            unpack(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
        if is_new:
            fsync_folder(path.parent)
        self._open_file = (path, descriptor)
        return descriptor

    def read(
        self, since: int, limit: int, *, run_id: str | None = None, match: Match | None = None
    ) -> list[EventRecord]:
        durable_seq = self._last_seq
        found: list[EventRecord] = []
        for record in self._forwards(since, run_id):
            if record.seq > durable_seq or len(found) >= limit:
                break
            if match is None or match(record):
                found.append(record)
        return found

    def after(self, since: int) -> Iterator[EventRecord]:
        durable_seq = self._last_seq
        return takewhile(lambda record: record.seq <= durable_seq, self._forwards(since, None))

    def of_run(self, run_id: str) -> Iterator[EventRecord]:
        durable_seq = self._last_seq
        return takewhile(lambda record: record.seq <= durable_seq, self._forwards(0, run_id))

    def kept(self) -> Iterator[EventRecord]:
        return filter(keeps_marks, kept_in(self._workspace.events, self._floor_seq))

    def kept_lines(self, floor_seq: int) -> ToldLines:
        """What a removal up to `floor_seq` has to tell of the lines that tell of those before, so that they can be proven."""
        digest = Digest()
        for record in kept_in(self._workspace.events, floor_seq):
            digest.add(record.line)
        return digest.told()

    def _forwards(self, since: int, run_id: str | None) -> Iterator[EventRecord]:
        """The files' events merged by seq; a file is opened only when its turn comes."""
        since = max(since, self._floor_seq)
        chosen = (s for s in list(self._segments.values()) if s.last_seq > since and run_id in (None, s.run_id))
        return merged((s.first_seq, partial(_while_there, s, s.forwards(since))) for s in chosen)

    def read_back(self, before: int, limit: int, *, run_id: str | None = None) -> list[EventRecord]:
        durable_seq = self._last_seq
        floor_seq = self._floor_seq
        chosen = (
            s
            for s in list(self._segments.values())
            if s.first_seq < before and s.last_seq > floor_seq and run_id in (None, s.run_id)
        )
        found: list[EventRecord] = []
        for segment in sorted(chosen, key=lambda segment: segment.last_seq, reverse=True):
            # Files overlap: go on until none left can hold one of the newest `limit`.
            if len(found) >= limit and segment.last_seq < found[limit - 1].seq:
                break
            for count, record in enumerate(_while_there(segment, segment.backwards(min(before, durable_seq + 1))), 1):
                if record.seq <= floor_seq:
                    break
                found.append(record)
                if count == limit:
                    break
            found.sort(key=lambda record: record.seq, reverse=True)
        return found[:limit]

    def run_ids(self) -> list[str]:
        return sorted((s.run_id for s in list(self._segments.values()) if s.run_id is not None), reverse=True)

    def old_files(self, until_s: float) -> list[Path]:
        """The plain files, oldest first, that were last written to before `until_s` (Unix time); never the newest run's."""
        runs = [segment for segment in list(self._segments.values()) if segment.run_id is not None]
        newest = max(runs, key=lambda segment: segment.last_seq, default=None)
        plain = [name for name, is_compressed in event_files(self._workspace.events).items() if not is_compressed]
        # What a process that died has left torn is mended at the start: what is known ends with a whole line.
        known = [s for s in map(self._segments.get, map(self._workspace.events.joinpath, plain)) if s is not None]
        old = [s for s in known if s is not newest and s.path.stat().st_mtime < until_s]
        return [segment.path for segment in sorted(old, key=lambda segment: segment.last_seq)]

    def compress(self, path: Path, is_wanted: Callable[[], bool]) -> bool:
        """Have a compressed file take the place of a plain one, beside what is read and written; False where it was written to.

        It is asked now and then whether it `is_wanted` still. Raises LeftOff, OSError, EventLogError.
        """
        before = write_compressed(path, is_wanted)
        with self._writing:
            now = path.stat()
            if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                compressed_path(path).unlink()
                return False
            if self._open_file is not None and self._open_file[0] == path:
                self.close()
            remove_plain(path)
        return True

    def removable(self, wanted: Callable[[Sequence[Segment]], int]) -> Removable | None:
        """The oldest runs, as many as are `wanted` of these (the newest is not among them), or fewer, so that a seal is the last
        event of them; None where none can go."""
        runs = sorted((s for s in list(self._segments.values()) if s.run_id is not None), key=lambda s: s.last_seq)
        for count in range(min(wanted(runs[:-1]), len(runs) - 1), 0, -1):
            last = runs[count - 1]
            if any(segment.first_seq <= last.last_seq for segment in runs[count:]):
                continue
            record = next(last.backwards(last.last_seq + 1), None)
            if record is not None and record.run_id is not None and is_seal(record):
                seal = ToldSeal(run_id=record.run_id, seq=record.seq, sha256=line_digest(record.line))
                return Removable(seal, count, sum(stored_bytes(segment.path) for segment in runs[:count]))
        return None

    def remove(self, floor: ToldSeal) -> None:
        """Remove the files all of whose events are up to `floor`. The event that says so must be durable. Raises OSError."""
        self._floor = floor
        self._remove_below_floor()

    def _remove_below_floor(self) -> None:
        gone = [segment for segment in list(self._segments.values()) if segment.last_seq <= self._floor_seq]
        for segment in sorted(gone, key=lambda segment: segment.last_seq):
            with self._writing:
                if self._open_file is not None and self._open_file[0] == segment.path:
                    self.close()
                remove(segment.path)
            del self._segments[segment.path]
        if gone:
            fsync_folder(self._workspace.events)

    def close(self) -> None:
        if self._open_file is not None:
            os.close(self._open_file[1])
            self._open_file = None


def _file_key(record: EventRecord) -> str:
    """What tells the files of two events apart: a path for each of a hundred thousand events a second costs too much."""
    return record.run_id or (REMOVALS_FILE if is_removal(record) else record.timestamp[:10])


def event_file(workspace: Workspace, record: EventRecord) -> Path:
    """Where an event stands."""
    if record.run_id is not None:
        return workspace.run_events(record.run_id)
    if is_removal(record):
        return workspace.events / REMOVALS_FILE
    return workspace.system_events(date.fromisoformat(_file_key(record)))


def _while_there(segment: Segment, events: Iterator[EventRecord]) -> Iterator[EventRecord]:
    """`events` of the segment; none, and a warning, where its file was deleted under the log: the others are still read."""
    try:
        yield from events
    except FileNotFoundError:
        _log.warning("event_file_gone", file=str(segment.path), first_seq=segment.first_seq, last_seq=segment.last_seq)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        written = os.write(descriptor, view)
        if written == 0:
            raise EventLogError("the event log takes no more bytes")
        view = view[written:]
