"""One case: a dirty file, and the clean table that it is to be read as."""

from dataclasses import dataclass

from bench.dirty.tables import Row, Table
from bench.dirty.transforms import Change, Draft, changed, draft_of


@dataclass(frozen=True, slots=True)
class Case:
    """A file and its answer."""

    name: str
    group: str
    """`encoding`, `dialect`, `shape`, `types` or `pairs`."""
    file_name: str
    content: bytes
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    """Typed values."""
    written: tuple[tuple[str, ...], ...]
    """Each cell's text as it stands in the file."""
    header: bool
    encoding: str
    delimiter: str
    may_quarantine: frozenset[int]
    """Indexes, from 0, of records that may be put aside; if they are not, they have to be right."""

    @property
    def records(self) -> int:
        return len(self.rows)


def made(group: str, name: str, table: Table, *changes: Change) -> Case:
    """A case of a table and what is done to it, in this order."""
    return case_of(group, name, changed(draft_of(table), *changes))


def case_of(group: str, name: str, draft: Draft, content: bytes | None = None) -> Case:
    return Case(
        name=name,
        group=group,
        file_name=name.replace(" ", "_").replace("/", "-") + draft.suffix,
        content=draft.content() if content is None else content,
        names=draft.names,
        rows=draft.rows,
        written=draft.cells,
        header=draft.header,
        encoding=draft.encoding,
        delimiter=draft.delimiter,
        may_quarantine=draft.may_quarantine,
    )
