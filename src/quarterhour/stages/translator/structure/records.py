"""Where records begin and end, and where their fields do: a splitter that accounts for every byte of a text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

# A longer record is put aside: no table has one, and memory is bounded by it.
MAX_RECORD_BYTES = 8 << 20
# How many lines a quoted value may run on before its quote counts as never closed.
_MAX_LINES_OF_A_RECORD = 1000
TEXT_AFTER_QUOTE = "text follows a closing quote"
_PIECE_OF_LINES_BYTES = 64 * 1024
_KEPT_BYTES_OF_A_LONG_RECORD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Dialect:
    """How fields and records are parted."""

    delimiter: str = ","
    """One character or more; empty where there is one column."""
    quote: str = '"'
    """The character around quoted fields, or an opening and a closing one; empty where there is none."""
    escape: str = '"'
    """The quote where it is doubled inside of quotes; a backslash where that precedes it."""
    padded: bool = False
    """Spaces around delimiters are not the fields'."""
    keeps_spaces: bool = False
    """They stay where no quotes are."""
    repeated: bool = False
    """A run of delimiters is one."""
    edges: tuple[int, int] = (0, 0)
    """How many fields before and after the columns are empty, as in `|a|b|`: they are none."""
    bare_cr: bool = False
    """A CR without LF ends a record too."""
    comment: str = ""
    """What a line begins with that is no record."""

    @property
    def is_backslashed(self) -> bool:
        return self.escape == "\\"


class Record(NamedTuple):
    """One record as it stands. `fields` is None where they cannot be told apart; `reason` then says why."""

    line: int
    """The physical line on which it begins, from 1."""
    offset: int
    """Its first byte's place in the text, from 0."""
    raw: bytes
    """Without its line end."""
    fields: list[bytes] | None
    reason: str = ""
    end: int = 0
    """The place of the first byte after it and its line end."""


class _Line(NamedTuple):
    number: int
    offset: int
    text: bytes
    line_end: bytes
    is_whole: bool
    """Not cut at MAX_RECORD_BYTES."""
    end: int


def split_records(
    file: BinaryIO, dialect: Dialect, *, offset: int = 0, line: int = 1, end: int | None = None
) -> Iterator[Record]:
    """Every record in turn from `offset` (on physical `line`) to `end`; an empty line is one whose `raw` is empty.

    A record whose quote is never closed ends with its line, so that the next ones are not lost.
    """
    lines = _Lines(file, dialect.bare_cr, offset, line, end)
    split = Splitter(dialect)
    opening = split.opening
    while (first := lines.next()) is not None:
        if not first.is_whole:
            reason = f"the record is longer than {MAX_RECORD_BYTES} bytes"
            yield Record(first.number, first.offset, first.text, None, reason, first.end)
        elif not opening or opening not in first.text:
            fields = split.without_edges(split.plain(first.text))
            yield Record(first.number, first.offset, first.text, fields, "", first.end)
        else:
            yield _quoted_record(lines, first, split)


def _quoted_record(lines: "_Lines", first: _Line, split: "Splitter") -> Record:
    """The record with as many further lines as its quotes call for; with none of them where that leads nowhere."""
    taken: list[_Line] = []
    text, last = first.text, first
    found = split.quoted(text)
    while isinstance(found, OpenQuote):
        following = None
        # Only a further quote can close it: gather lines up to one.
        while len(taken) < _MAX_LINES_OF_A_RECORD and len(text) < MAX_RECORD_BYTES:
            following = lines.next()
            if following is None:
                break
            taken.append(following)
            if not following.is_whole:
                break
            text += last.line_end + following.text
            last = following
            if split.closing in following.text:
                break
        if following is None or not following.is_whole or split.closing not in following.text:
            break
        found = split.quoted(text, found)
    if isinstance(found, list):
        return Record(first.number, first.offset, text, split.without_edges(found), "", last.end)
    lines.give_back(taken)
    reason = "a quote is never closed" if isinstance(found, OpenQuote) else found
    return Record(first.number, first.offset, first.text, None, reason, first.end)


class OpenQuote(NamedTuple):
    """How far a record was read whose last quote is open."""

    fields: list[bytes]
    content: int
    """Where the open field's text begins."""
    searched: int


class Splitter:
    """Fields of one record's bytes, by a dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.opening = dialect.quote[:1].encode()
        self.closing = dialect.quote[-1:].encode()
        self._delimiter = dialect.delimiter.encode()
        self._padded = dialect.padded
        self._trims = dialect.padded and not dialect.keeps_spaces
        self._backslashed = dialect.is_backslashed
        self._edges = dialect.edges
        self.plain: Callable[[bytes], list[bytes]] = self._plain_splitter(dialect)

    def without_edges(self, fields: list[bytes]) -> list[bytes]:
        """The fields less the empty ones around the columns; all of them where those hold something."""
        before, after = self._edges
        if not before and not after:
            return fields
        last = len(fields) - after
        if last <= before or any(field.strip() for field in (*fields[:before], *fields[last:])):
            return fields
        return fields[before:last]

    def _plain_splitter(self, dialect: Dialect) -> Callable[[bytes], list[bytes]]:
        delimiter = self._delimiter
        if not delimiter:
            return lambda text: [text.strip(b" ") if self._trims else text]
        if dialect.repeated:
            runs = re.compile(b"(?:" + re.escape(delimiter) + b")+")
            return lambda text: runs.split(text.strip(delimiter))
        if self._backslashed:
            parts = re.compile(rb"(?<!\\)((?:\\\\)*)" + re.escape(delimiter), re.DOTALL)
            return lambda text: self._unescaped_parts(parts, text) if b"\\" in text else self._simple(text)
        return self._simple

    def _simple(self, text: bytes) -> list[bytes]:
        fields = text.split(self._delimiter)
        return [field.strip(b" ") for field in fields] if self._trims else fields

    def _unescaped_parts(self, parts: "re.Pattern[bytes]", text: bytes) -> list[bytes]:
        fields: list[bytes] = []
        start = 0
        for match in parts.finditer(text):
            fields.append(text[start : match.end() - len(self._delimiter)])
            start = match.end()
        fields.append(text[start:])
        escaped = b"\\" + self._delimiter
        fields = [field.replace(escaped, self._delimiter) for field in fields]
        return [field.strip(b" ") for field in fields] if self._trims else fields

    def quoted(self, text: bytes, before: OpenQuote | None = None) -> list[bytes] | str | OpenQuote:
        """The fields; what was read `before` goes on where more text has come. A text says what is wrong."""
        fields: list[bytes] = before.fields if before else []
        start, step = 0, len(self._delimiter)
        while True:
            if before is None:
                begin = self._after_spaces(text, start)
                if not text.startswith(self.opening, begin):
                    end = self._next_delimiter(text, start)
                    fields.append(self._bare(text[start:] if end < 0 else text[start:end]))
                    if end < 0:
                        return fields
                    start = end + step
                    continue
                before = OpenQuote(fields, begin + len(self.opening), begin + len(self.opening))
            end = self._closing_quote(text, before.content, before.searched)
            if end < 0:
                return OpenQuote(fields, before.content, len(text))
            fields.append(self._unquoted(text[before.content : end]))
            before = None
            end = self._after_spaces(text, end + len(self.closing))
            if end == len(text):
                return fields
            if not step or not text.startswith(self._delimiter, end):
                return TEXT_AFTER_QUOTE
            start = end + step

    def lenient(self, text: bytes) -> list[bytes]:
        """The fields where quotes went astray: one closes only before a delimiter or the end, and one never closed is text."""
        return self.without_edges(self._lenient(text))

    def _lenient(self, text: bytes) -> list[bytes]:
        fields: list[bytes] = []
        start, step = 0, len(self._delimiter)
        while True:
            begin = self._after_spaces(text, start)
            if text.startswith(self.opening, begin):
                inner = begin + len(self.opening)
                end = after = inner
                while (end := text.find(self.closing, end)) >= 0:
                    after = self._after_spaces(text, end + len(self.closing))
                    if after == len(text) or (step and text.startswith(self._delimiter, after)):
                        break
                    end += len(self.closing)
                if end >= 0:
                    fields.append(self._unquoted(text[inner:end]))
                    start = after + step
                    if after == len(text):
                        return fields
                    continue
            end = self._next_delimiter(text, start)
            field = text[start:] if end < 0 else text[start:end]
            # Quotes around a part of the field are its own; one that stands alone at its beginning is left over.
            is_left_over = field.startswith(self.opening) and field.count(self.closing) == 1
            fields.append(self._bare(field[len(self.opening) :] if is_left_over else field))
            if end < 0:
                return fields
            start = end + step

    def _after_spaces(self, text: bytes, place: int) -> int:
        """Where the text goes on after spaces that are no field's."""
        while self._padded and text.startswith(b" ", place):
            place += 1
        return place

    def _closing_quote(self, text: bytes, content: int, start: int) -> int:
        """Where the quoted field ends that begins at `content` and has no end before `start`; -1 where it has none."""
        closing, size = self.closing, len(self.closing)
        end = start
        while (end := text.find(closing, end)) >= 0:
            if self._backslashed:
                before = end
                while before > content and text[before - 1 : before] == b"\\":
                    before -= 1
                if (end - before) % 2 == 0:
                    return end
                end += size
            elif text.startswith(closing, end + size):
                end += 2 * size
            else:
                return end
        return -1

    def _unquoted(self, text: bytes) -> bytes:
        if self._backslashed:
            return re.sub(rb"\\([\\" + re.escape(self.closing) + rb"])", rb"\1", text) if b"\\" in text else text
        return text.replace(self.closing * 2, self.closing)

    def _next_delimiter(self, text: bytes, start: int) -> int:
        if not self._delimiter:
            return -1
        end = text.find(self._delimiter, start)
        while self._backslashed and end > start and text[end - 1 : end] == b"\\":
            end = text.find(self._delimiter, end + 1)
        return end

    def _bare(self, text: bytes) -> bytes:
        if self._backslashed and self._delimiter:
            text = text.replace(b"\\" + self._delimiter, self._delimiter)
        return text.strip(b" ") if self._trims else text


class _Lines:
    """Physical lines, one after the other; some can be given back."""

    def __init__(self, file: BinaryIO, bare_cr: bool, offset: int, number: int, end: int | None) -> None:
        file.seek(offset)
        self._file = file
        self._bare_cr = bare_cr
        self._number = number - 1
        self._offset = offset
        self._end = end
        self._ahead = b""
        self._returned: list[_Line] = []

    def give_back(self, lines: list[_Line]) -> None:
        self._returned.extend(reversed(lines))

    def next(self) -> _Line | None:
        if self._returned:
            return self._returned.pop()
        if self._end is not None and self._offset >= self._end:
            return None
        text = self._read()
        if not text:
            return None
        self._number += 1
        offset = self._offset
        self._offset += len(text)
        if len(text) < MAX_RECORD_BYTES or self._is_ended(text):
            line_end = text[len(text.rstrip(b"\r\n")) :] if self._bare_cr else _line_end(text)
            return _Line(self._number, offset, text[: len(text) - len(line_end)], line_end, True, self._offset)
        kept = text[:_KEPT_BYTES_OF_A_LONG_RECORD]
        while text and not self._is_ended(text):
            text = self._read()
            self._offset += len(text)
        return _Line(self._number, offset, kept, b"", False, self._offset)

    def _is_ended(self, text: bytes) -> bool:
        return text.endswith(b"\n") or (self._bare_cr and text.endswith(b"\r"))

    def _read(self) -> bytes:
        """The text up to the next line end; cut at MAX_RECORD_BYTES."""
        if not self._bare_cr:
            return self._file.readline(MAX_RECORD_BYTES)
        while True:
            place = self._ahead.find(b"\r")
            # What follows a CR at the end of what was read may be its LF.
            if 0 <= place < len(self._ahead) - 1:
                size = place + (2 if self._ahead.startswith(b"\n", place + 1) else 1)
            elif self._ahead.endswith(b"\n") or len(self._ahead) >= MAX_RECORD_BYTES:
                size = len(self._ahead)
            elif piece := self._file.readline(_PIECE_OF_LINES_BYTES):
                self._ahead += piece
                continue
            else:
                size = len(self._ahead)
            text, self._ahead = self._ahead[:size], self._ahead[size:]
            return text


def _line_end(text: bytes) -> bytes:
    if text.endswith(b"\n"):
        return text[-2:] if text.endswith(b"\r\n") else b"\n"
    return b"\r" if text.endswith(b"\r") else b""
