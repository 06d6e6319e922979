"""What exporters do to a table: each function makes a draft of a file worse; a finished draft is the bytes of a file."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pyarrow as pa

from bench.dirty.tables import Table, Value

Quoting = Literal["minimal", "all", "text", "none"]
_FIXED_ZIP_TIME = (2013, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A table on its way to a file: what is expected, the cells' texts, and how they are laid out."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    cells: tuple[tuple[str, ...], ...]
    header_lines: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    open_quote: str = '"'
    close_quote: str = '"'
    quoting: Quoting = "minimal"
    header_quoting: Quoting | None = None
    backslash: bool = False
    newlines: tuple[str, ...] = ("\n",)
    final_newline: bool = True
    pad: tuple[str, str] = ("", "")
    widths: bool = False
    """Fields are filled with spaces to the width of their column, as a table for people is."""
    trailing: tuple[int, int] = (0, 0)
    """Delimiters at the end of the header and of every record."""
    encoding: str = "utf-8"
    mark: bytes = b""
    spliced: tuple[tuple[bytes, bytes], ...] = ()
    """Bytes of the encoded text, and what stands in their place."""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    inserted: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    """Lines before the record of this index."""
    replaced: Mapping[int, str] = field(default_factory=dict[int, str])
    """Records that are written as they stand here."""
    may_quarantine: frozenset[int] = frozenset()
    """Indexes of records that nobody can be asked to read."""
    compression: str = ""
    suffix: str = ".csv"

    @property
    def header(self) -> bool:
        return bool(self.header_lines)

    def line(
        self,
        cells: tuple[str, ...],
        texts: tuple[bool, ...] | None = None,
        trailing: int = 0,
        quoting: Quoting | None = None,
    ) -> str:
        """One record as a line, without its end."""
        texts = texts or (True,) * len(cells)
        fields = [self._field(cell, text, quoting or self.quoting) for cell, text in zip(cells, texts, strict=True)]
        if self.widths:
            fields = [each.ljust(width) for each, width in zip(fields, self._column_widths(), strict=True)]
        left, right = self.pad
        return f"{right}{self.delimiter}{left}".join(fields) + self.delimiter * trailing

    def _column_widths(self) -> list[int]:
        lines = (*self.header_lines, *self.cells)
        return [max(len(line[place]) for line in lines) + 1 for place in range(len(self.names))]

    def _field(self, cell: str, is_text: bool, quoting: Quoting) -> str:
        if quoting == "none":
            return cell.replace("\\", "\\\\").replace(self.delimiter, "\\" + self.delimiter) if self.backslash else cell
        special = any(
            each in cell for each in (self.delimiter, self.open_quote, self.close_quote, "\n", "\r")
        ) or cell != cell.strip(" ")
        if not (quoting == "all" or special or (quoting == "text" and is_text)):
            return cell
        if self.backslash:
            cell = cell.replace("\\", "\\\\").replace(self.close_quote, "\\" + self.close_quote)
        elif self.open_quote == self.close_quote:
            cell = cell.replace(self.close_quote, self.close_quote * 2)
        return self.open_quote + cell + self.close_quote

    def content(self) -> bytes:
        """The file's bytes."""
        header = [self.line(each, None, self.trailing[0], self.header_quoting) for each in self.header_lines]
        lines = [*self.before, *header]
        for index, (cells, row) in enumerate(zip(self.cells, self.rows, strict=True)):
            lines.extend(self.inserted.get(index, ()))
            texts = tuple(isinstance(value, str) for value in row)
            lines.append(self.replaced.get(index) or self.line(cells, texts, self.trailing[1]))
        lines.extend(self.after)
        ended = [line + self.newlines[number % len(self.newlines)] for number, line in enumerate(lines)]
        if not self.final_newline and ended:
            ended[-1] = lines[-1]
        text = self.mark + "".join(ended).encode(self.encoding)
        for found, instead in self.spliced:
            assert found in text
            text = text.replace(found, instead)
        return _COMPRESS[self.compression](text)


Change = Callable[[Draft], Draft]


def draft_of(table: Table) -> Draft:
    return Draft(names=table.names, rows=table.rows, cells=table.written, header_lines=(table.names,))


def changed(draft: Draft, *changes: Change) -> Draft:
    for change in changes:
        draft = change(draft)
    return draft


def laid_out(**layout: object) -> Change:
    """Another delimiter, quote, record end, ...: fields of the draft as they are."""
    return lambda draft: replace(draft, **layout)  # pyright: ignore[reportArgumentType]


def delimited(delimiter: str) -> Change:
    return laid_out(delimiter=delimiter)


def encoded(encoding: str, mark: bytes = b"") -> Change:
    return laid_out(encoding=encoding, mark=mark)


def _zipped(text: bytes, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({"export.csv": text} | members).items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _zipped_in_two(text: bytes) -> bytes:
    """The same table in two members, each with the header."""
    header, *lines = text.splitlines(keepends=True)
    half = len(lines) // 2
    return _zipped(header + b"".join(lines[:half]), **{"export_2.csv": header + b"".join(lines[half:])})


_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda text: text,
    "gz": lambda text: gzip.compress(text, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda text: pa.compress(text, codec="zstd", asbytes=True),
    "zip": _zipped,
    "zip of two": _zipped_in_two,
}


def compressed(how: str) -> Change:
    return lambda draft: replace(draft, compression=how, suffix=f"{draft.suffix}.{how.split()[0]}")


def unnamed(draft: Draft) -> Draft:
    """No header."""
    return replace(draft, header_lines=(), names=tuple(f"column_{number + 1}" for number in range(len(draft.names))))


def named(*header: str, expected: tuple[str, ...] | None = None) -> Change:
    """Other names in the header; `expected` where these are not to be the columns'."""
    return lambda draft: replace(draft, header_lines=(header,), names=expected or header)


def renamed(**names: str) -> Change:
    def change(draft: Draft) -> Draft:
        header = tuple(names.get(name, name) for name in draft.names)
        return replace(draft, header_lines=(header,), names=header)

    return change


def header_of(*lines: tuple[str, ...]) -> Change:
    """A header of several lines."""
    names = tuple(" ".join(filter(None, parts)) for parts in zip(*lines, strict=True))
    return lambda draft: replace(draft, header_lines=lines, names=names)


def under(*lines: str) -> Change:
    """Lines before the header."""
    return lambda draft: replace(draft, before=(*draft.before, *lines))


def over(*lines: str) -> Change:
    """Lines after the last record."""
    return lambda draft: replace(draft, after=(*draft.after, *lines))


def padded_out(*lines: str) -> Change:
    """Lines before the header, filled up with delimiters as spreadsheets do."""

    def change(draft: Draft) -> Draft:
        filling = draft.delimiter * (len(draft.names) - 1)
        return replace(draft, before=(*draft.before, *(line + filling for line in lines)))

    return change


def total_of(label: str, *columns: str) -> Change:
    """A row of sums after the last record."""

    def change(draft: Draft) -> Draft:
        cells = [label] + [""] * (len(draft.names) - 1)
        for column in columns:
            place = draft.names.index(column)
            numbers = [row[place] for row in draft.rows]
            cells[place] = str(sum(number for number in numbers if number is not None))  # pyright: ignore
        return replace(draft, after=(*draft.after, draft.line(tuple(cells))))

    return change


def between(lines: Mapping[int, tuple[str, ...]]) -> Change:
    """Lines before these records."""
    return lambda draft: replace(draft, inserted={**draft.inserted, **lines})


def put(column: str, values: Mapping[int, tuple[str, Value]]) -> Change:
    """Other cells in a column: by index, the text and what it is to be read as."""

    def change(draft: Draft) -> Draft:
        place = draft.names.index(column)
        cells = [list(line) for line in draft.cells]
        rows = [list(row) for row in draft.rows]
        for index, (text, value) in values.items():
            cells[index][place] = text
            rows[index][place] = value
        return replace(draft, cells=tuple(map(tuple, cells)), rows=tuple(map(tuple, rows)))

    return change


def texts(column: str, values: Mapping[int, str]) -> Change:
    """Other texts in a column, to be read as they are."""
    return put(column, {index: (text, text) for index, text in values.items()})


def cycled(column: str, values: tuple[str, ...]) -> Change:
    """Names, over and over, in the whole of a column."""
    return lambda draft: texts(column, {index: values[index % len(values)] for index in range(len(draft.rows))})(draft)


def formatted(write: Callable[[Value], str], *columns: str, read: Callable[[Value], Value] = lambda v: v) -> Change:
    """Another way to write a column's values; `read` is what they are then to be read as. Nulls stay as they are."""

    def change(draft: Draft) -> Draft:
        for column in columns:
            place = draft.names.index(column)
            new = {
                i: (write(row[place]), read(row[place])) for i, row in enumerate(draft.rows) if row[place] is not None
            }
            draft = put(column, new)(draft)
        return draft

    return change


def nulls(token: str, *columns: str) -> Change:
    """A word for no value."""

    def change(draft: Draft) -> Draft:
        for column in columns:
            place = draft.names.index(column)
            draft = put(column, {i: (token, None) for i, row in enumerate(draft.rows) if row[place] is None})(draft)
        return draft

    return change


def added(name: str, write: Callable[[int], tuple[str, Value]]) -> Change:
    """One more column, made by record index."""

    def change(draft: Draft) -> Draft:
        made = [write(index) for index in range(len(draft.rows))]
        return replace(
            draft,
            names=(*draft.names, name),
            header_lines=tuple((*line, name) for line in draft.header_lines),
            rows=tuple((*row, value) for row, (_, value) in zip(draft.rows, made, strict=True)),
            cells=tuple((*cells, text) for cells, (text, _) in zip(draft.cells, made, strict=True)),
        )

    return change


def added_text(name: str, write: Callable[[int], str]) -> Change:
    """One more column of text."""
    return added(name, lambda index: (write(index), write(index)))


def broken(rewrite: Callable[[str], str], *indexes: int, lost: bool = True) -> Change:
    """Records whose lines are spoiled; `lost`: they may be put aside."""

    def change(draft: Draft) -> Draft:
        lines = {
            index: rewrite(draft.line(draft.cells[index], tuple(isinstance(v, str) for v in draft.rows[index])))
            for index in indexes
        }
        aside = draft.may_quarantine | set(indexes) if lost else draft.may_quarantine
        return replace(draft, replaced={**draft.replaced, **lines}, may_quarantine=frozenset(aside))

    return change
