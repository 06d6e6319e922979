"""Verifying the audit chain: reads the event files as they lie, and names the first line that is not as it was sealed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from quarterhour.errors import EventLogError
from quarterhour.event_log.chain import (
    SEALED,
    Seal,
    Since,
    ToldLines,
    ToldSeal,
    after,
    first_difference,
    is_seal,
    line_digest,
)
from quarterhour.event_log.files import event_files, opened
from quarterhour.event_log.floor import REMOVALS_FILE, Removal, last_removal
from quarterhour.event_log.segment import lines_backwards, merged
from quarterhour.events import EventRecord


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the log is not as it was sealed: at one of the lines `line` to `last_line` (from 1) of `file`, at about `seq`."""

    file: str
    line: int
    last_line: int
    seq: int
    what: str


@dataclass(slots=True)
class Audit:
    """What a verification found."""

    events: int = 0
    """Events that a seal vouches for."""
    seals: int = 0
    unsealed: int = 0
    """Events after the last seal: nothing vouches for them yet."""
    head: str | None = None
    """The SHA-256 of the last seal's line: kept elsewhere, it shows later that nothing before it was made anew."""
    has_known: bool | None = None
    """Whether the head that was asked for is in the chain; None where none was."""
    finding: Finding | None = None
    removed_up_to: int = 0
    """The seq of the last event that was removed, as the log itself says; 0 where none was."""

    @property
    def is_whole(self) -> bool:
        return self.finding is None and self.has_known is not False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an event file. `number` counts from 1."""

    file: str
    number: int
    record: EventRecord

    @property
    def seq(self) -> int:
        return self.record.seq

    def wrong(self, what: str) -> Finding:
        return Finding(self.file, self.number, self.number, self.seq, what)


def verify_chain(folder: Path, known: str | None = None) -> Audit:
    """Walk the event files of `folder`; `known` is a head of before. Changes nothing; a server may write meanwhile."""
    audit = Audit(has_known=None if known is None else False)
    window = _Window()
    if (removal := last_removal(folder)) is not None:
        window.since.previous = floor = removal.floor
        window.floor_seq = audit.removed_up_to = floor.seq
        if floor.sha256 == known:
            audit.has_known = True
        if (finding := _changed_below(folder, removal)) is not None:
            audit.finding = finding
            return audit
    last: Line | None = None
    last_seq = max((seq for path in _files(folder) if (seq := _last_seq(path)) is not None), default=0)
    lines = _lines(folder, last_seq, window.tell)
    for line in lines:
        if line.seq <= audit.removed_up_to:
            continue
        window.check_order(last, line)
        last = line
        if not is_seal(line.record):
            window.add(line)
            continue
        if (finding := window.first_finding(line, lines)) is not None:
            audit.finding = finding
            return audit
        audit.seals += 1
        audit.events += len(window.lines) + 1
        audit.head = line_digest(line.record.line)
        if audit.head == known:
            audit.has_known = True
        window.begin_after(line)
    window.check_end(last, last_seq)
    audit.finding = window.first()
    audit.unsealed = len(window.lines)
    return audit


def _changed_below(folder: Path, removal: Removal) -> Finding | None:
    """What is wrong with the lines that are kept for good below the floor, which no seal vouches for."""
    if removal.kept is None:
        return None
    every = _lines_of(folder / REMOVALS_FILE, lambda _: None)
    lines = [line for line in every if line.seq <= removal.floor.seq]
    if (place := first_difference(removal.kept, (line.record.line for line in lines))) is None:
        return None
    first, last = place
    seq = lines[min(first, len(lines)) - 1].seq if lines else removal.floor.seq
    return Finding(REMOVALS_FILE, first, last, seq, "changed, put in or missing, since a removal told of it")


@dataclass(slots=True)
class _Window:
    """What stands between two seals, and what is wrong with it as it stands."""

    since: Since = field(default_factory=Since)
    lines: list[Line] = field(default_factory=list[Line])
    findings: list[Finding] = field(default_factory=list[Finding])
    seal: Line | None = None
    """The one that it begins after."""
    floor_seq: int = 0
    """Up to here events were removed."""

    def tell(self, finding: Finding) -> None:
        self.findings.append(finding)

    def add(self, line: Line) -> None:
        self.since.add(line.record)
        self.lines.append(line)

    def begin_after(self, seal: Line) -> None:
        self.since, self.lines, self.findings, self.seal = after(seal.record), [], [], seal

    def check_order(self, last: Line | None, line: Line) -> None:
        expected = last.seq + 1 if last else self.floor_seq + 1
        if line.seq > expected:
            place = f"after line {last.number} of {last.file}" if last else "at the beginning"
            count = line.seq - expected
            what = (
                f"event {expected} is missing" if count == 1 else f"the {count} events from {expected} on are missing"
            )
            self.tell(Finding(line.file, line.number, line.number, expected, f"{what}, {place}"))
        elif line.seq < expected:
            self.tell(line.wrong(f"event {line.seq} stands twice"))

    def check_end(self, last: Line | None, last_seq: int) -> None:
        if last is not None and last.seq < last_seq:
            what = f"the events from {last.seq + 1} on are missing, after line {last.number} of {last.file}"
            self.tell(Finding(last.file, last.number, last.number, last.seq + 1, what))

    def first_finding(self, seal: Line, rest: Iterator[Line]) -> Finding | None:
        """What is wrong first with the lines that `seal` vouches for, or with itself. `rest` is what follows it."""
        if (finding := self._against(seal)) is not None:
            following = next((line for line in rest if is_seal(line.record)), None)
            told = _seal_of(following) if following else None
            known = told.previous if told else None
            if known is not None and known.seq == seal.seq and known.sha256 != line_digest(seal.record.line):
                finding = seal.wrong("this seal was changed: the next one knows another")
            self.tell(finding)
        return self.first()

    def first(self) -> Finding | None:
        return min(self.findings, key=lambda finding: finding.seq, default=None)

    def _against(self, seal: Line) -> Finding | None:
        """What is not as `seal` tells."""
        assert seal.record.run_id is not None
        if (told := _seal_of(seal)) is None:
            return seal.wrong("this seal was changed: it cannot be read")
        ours = self.since.seal(seal.record.run_id)
        if told.previous != ours.previous:
            return self._other_seal(seal, told.previous)
        if told.since != ours.since:
            return self._changed(seal, told.since)
        if told.run != ours.run:
            return seal.wrong("this seal was changed: the hash of its run is another")
        return None

    def _other_seal(self, seal: Line, told: ToldSeal | None) -> Finding:
        """The seal before `seal` is not the one that it tells of."""
        ours = self.since.previous
        if told is not None and (line := next((line for line in self.lines if line.seq == told.seq), None)):
            return line.wrong("this was a seal, and was changed")
        if told is not None and ours is not None and told.seq == ours.seq and self.seal is not None:
            return self.seal.wrong("this seal was changed: the next one knows another")
        return seal.wrong("this seal was changed, or the seal before it is missing")

    def _changed(self, seal: Line, told: ToldLines) -> Finding:
        place = first_difference(told, (line.record.line for line in self.lines))
        if place is None or place[0] > len(self.lines):
            return seal.wrong("this seal was changed, or lines before it are missing")
        begin, end = self.lines[place[0] - 1], self.lines[min(place[1], len(self.lines)) - 1]
        last = end.number if end.file == begin.file else begin.number
        return Finding(begin.file, begin.number, last, begin.seq, "changed, or put in, since it was sealed")


def _seal_of(line: Line) -> Seal | None:
    """None where it cannot be read as one."""
    try:
        return Seal.model_validate(line.record.data[SEALED])
    except ValidationError:
        return None


def _lines(folder: Path, last_seq: int, tell: Callable[[Finding], None]) -> Iterator[Line]:
    """The events of all files in the order of seq, up to the last that was there at the beginning. What is no event is told."""
    starts: list[tuple[int, Callable[[], Iterator[Line]]]] = []
    # Listed anew: an event up to that one may stand in a file that was not there before.
    for path in _files(folder):
        first = next(_lines_of(path, lambda _: None), None)
        if first is None:
            list(_lines_of(path, tell))
        else:
            starts.append((first.seq, partial(_lines_of, path, tell)))
    yield from (line for line in merged(starts) if line.seq <= last_seq)


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in event_files(folder)]


def _last_seq(path: Path) -> int | None:
    try:
        for line in lines_backwards(path):
            try:
                return EventRecord.parse(line).seq
            except ValueError:
                continue
    except EventLogError:
        return None  # damaged: it is told of when its lines are read
    return None


def _lines_of(path: Path, tell: Callable[[Finding], None]) -> Iterator[Line]:
    seq = number = 0
    try:
        with opened(path) as file:
            for number, text in enumerate(file, 1):
                if not text.endswith(b"\n"):
                    return  # being written now, or torn by a crash
                try:
                    line = Line(path.name, number, EventRecord.parse(text[:-1]))
                except ValueError as error:
                    tell(Finding(path.name, number, number, seq + 1, str(error)))
                    continue
                if line.seq <= seq:
                    tell(line.wrong(f"event {line.seq} stands after event {seq}"))
                    continue
                seq = line.seq
                yield line
    except EventLogError as error:
        tell(Finding(path.name, number + 1, number + 1, seq + 1, error.message))
