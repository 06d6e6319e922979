"""Records out of quarantine as a CSV file: as they stand in their raw file, or with their mended values. Pure."""

import io
from collections.abc import Iterable, Mapping, Sequence

from quarterhour.errors import InvalidQuery
from quarterhour.stages.translator.structure.layout import Layout, find_layout, is_blank, note_kind
from quarterhour.stages.translator.structure.records import split_records

_SHOWN_NAMES = 20


def fields_of(raw: str, layout: Layout) -> list[str]:
    """The fields of one record's text. Raises InvalidQuery where it is none, or its fields cannot be told apart."""
    found = [record for record in split_records(io.BytesIO(raw.encode()), layout.dialect) if record.raw]
    if len(found) != 1:
        raise InvalidQuery(f"the text holds {len(found)} records, not one")
    if found[0].fields is None:
        raise InvalidQuery(f"the text's fields cannot be told apart: {found[0].reason}")
    fields = [field.decode() for field in found[0].fields]
    return fields[:-1] if layout.drops_last and len(fields) == layout.width and not fields[-1] else fields


def check_width(fields: Sequence[str], layout: Layout) -> None:
    """Raises InvalidQuery where there is not one field for each column."""
    if len(fields) != len(layout.names):
        raise InvalidQuery(f"{len(fields)} fields, where the {len(layout.names)} columns are {_listed(layout.names)}")


def with_values(fields: Sequence[str] | None, values: Mapping[str, str], layout: Layout) -> list[str]:
    """The record with some of its values changed; all of them have to be given where its own cannot be laid on the columns."""
    spelled = {name.lower(): place for place, name in enumerate(layout.names)}
    if unknown := [name for name in values if name.lower() not in spelled]:
        raise InvalidQuery(f"no column {', '.join(map(repr, unknown))}: there are {_listed(layout.names)}")
    given = {spelled[name.lower()]: text for name, text in values.items()}
    if fields is None or len(fields) != len(layout.names):
        if missing := [name for place, name in enumerate(layout.names) if place not in given]:
            raise InvalidQuery(f"the record has no field for each column: give all values, also of {_listed(missing)}")
        return [given[place] for place in range(len(layout.names))]
    return [given.get(place, field) for place, field in enumerate(fields)]


def as_it_stands(raws: Iterable[str], layout: Layout) -> bytes:
    """A header and the records' own texts, in the raw file's dialect."""
    quote, delimiter = layout.dialect.quote or '"', layout.dialect.delimiter
    header = delimiter.join(_quoted(name, quote) if delimiter and delimiter in name else name for name in layout.names)
    return "".join(f"{line}\n" for line in (header, *raws)).encode()


def written_anew(rows: Iterable[Sequence[str]], layout: Layout) -> bytes:
    """A header and the rows, each value in quotes, so that it can be read in one way only."""
    return "".join(
        f"{','.join(_quoted(text, chr(34) * 2) for text in row)}\n" for row in (layout.names, *rows)
    ).encode()


def count_records(content: bytes, layout: Layout, known: tuple[str, ...]) -> int:
    """How many records the Translator will see in a CSV file.

    Raises InvalidQuery where it will see other columns than the raw file's, or lines that it takes for no records.
    """
    found = find_layout(content, True, known)
    if [name.lower() for name in found.names] != [name.lower() for name in layout.names] or not found.has_header:
        raise InvalidQuery(f"it would be read with the columns {_listed(found.names)}, not {_listed(layout.names)}")
    if found.notes:
        note = found.notes[0]
        raise InvalidQuery(f"line {note.line} would be read as {note.kind}, not as a record: {note.text}")
    if found.next_table is not None:
        raise InvalidQuery(f"line {found.next_table} would be read as another table's beginning")
    header = [cell.encode() for cell in found.header_cells]
    count = 0
    for record in split_records(io.BytesIO(content), found.dialect, offset=found.start, line=found.line):
        if is_blank(record):
            continue
        if kind := "the header once more" if record.fields == header else note_kind(record, found.dialect):
            text = record.raw.decode("utf-8", "replace")
            raise InvalidQuery(f"line {record.line} would be read as {kind}, not as a record: {text}")
        count += 1
    return count


def _quoted(text: str, quotes: str) -> str:
    opening, closing = quotes[0], quotes[-1]
    return f"{opening}{text.replace(closing, closing * 2)}{closing}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
