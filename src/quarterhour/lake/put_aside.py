"""The quarantine as people see it: items, newest input first, in pages that read no more files than they show.

Imports no data engine: the web server asks it too.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from quarterhour.errors import InvalidQuery
from quarterhour.lake.ledger import Input
from quarterhour.lake.quarantine import (
    NotAtRecord,
    QuarantinedRecord,
    find_quarantined,
    read_quarantine,
    read_quarantine_from,
)
from quarterhour.lake.retries import WHOLE, Chosen, Retry, RetryLedger, UnknownQuarantineId, item_id
from quarterhour.workspace import Workspace

Outcome = Literal["quarantined", "mended", "retried"]

RAW_CHARACTERS_IN_LIST = 1000
RECORDS_IN_DETAIL = 100
_CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})")


@dataclass(frozen=True, slots=True)
class PutAside:
    """A record, or a whole file, that is not in the tables, or only after it was mended."""

    id: str
    dataset: str
    file: str
    outcome: Outcome
    reason: str
    record: int | None = None
    """None for a whole file."""
    line: int | None = None
    column: str | None = None
    value: str | None = None
    raw: str = ""
    is_raw_cut: bool = False
    """Whether the record's text goes on."""
    mended: list[str | None] | None = None
    """The texts that it was taken with."""
    run_id: str = ""
    retried_as: str | None = None
    """The file below data/raw as which it was sent back."""
    retried_at: str | None = None


@dataclass(frozen=True, slots=True)
class PutAsidePage:
    items: list[PutAside]
    next: str | None
    total: int


def list_put_aside(
    workspace: Workspace, limit: int, cursor: str | None = None, *, dataset: str | None = None, file: str | None = None
) -> PutAsidePage:
    """A page of items; `file` is a raw file's name, with its folder or without. Raises InvalidQuery for the cursor."""
    position, offset = _parsed(cursor)
    with RetryLedger(workspace.ledger_file) as ledger:
        total = ledger.count_put_aside(dataset=dataset, file=file)
        inputs = ledger.put_aside(limit + 1, position, dataset=dataset, file=file)
        items: list[PutAside] = []
        following: str | None = None
        for place, entry in inputs:
            start = offset if place == position else 0
            retries = ledger.retries_of(entry.fingerprint)
            if len(items) == limit:
                following = f"{place}.{start}"
                break
            for end, item in islice(_items(workspace, entry, retries, start), limit - len(items)):
                items.append(item)
                start = end
            if len(items) == limit and _has_more(workspace, entry, start):
                following = f"{place}.{start}"
                break
    return PutAsidePage(items, following, total)


def _parsed(cursor: str | None) -> tuple[int | None, int]:
    if cursor is None:
        return None, 0
    if (parts := _CURSOR.fullmatch(cursor)) is None:
        raise InvalidQuery(f"{cursor!r} is no cursor: give the `next` of the page before")
    return int(parts[1]), int(parts[2])


def _items(
    workspace: Workspace, entry: Input, retries: dict[int, Retry], offset: int
) -> Generator[tuple[int, PutAside]]:
    """An input's items, each with the place of what follows it."""
    if entry.is_rejected:
        yield 1, whole_file(entry, retries)
        return
    try:
        for end, record in read_quarantine_from(_path(workspace, entry), offset):
            yield end, one_record(entry, record, retries, RAW_CHARACTERS_IN_LIST)
    except FileNotFoundError:
        yield 1, whole_file(entry, retries, _cleared(entry))
    except NotAtRecord as error:
        raise InvalidQuery(f"the cursor names no place in the quarantine of {entry.name}") from error


def _has_more(workspace: Workspace, entry: Input, offset: int) -> bool:
    try:
        return not entry.is_rejected and offset < _path(workspace, entry).stat().st_size
    except FileNotFoundError:
        return False


def _path(workspace: Workspace, entry: Input) -> Path:
    return workspace.quarantine_file(entry.dataset, entry.fingerprint)


def _cleared(entry: Input) -> str:
    return f"{entry.quarantined + entry.repaired} records were put aside or mended; their texts were cleared away"


def whole_file(entry: Input, retries: dict[int, Retry], reason: str = "") -> PutAside:
    """The item of a file that was put aside whole, or of all its records together."""
    retry = retries.get(WHOLE)
    return PutAside(
        id=item_id(entry.fingerprint),
        dataset=entry.dataset,
        file=entry.name,
        outcome="retried" if retry else "quarantined",
        reason=reason or entry.message,
        run_id=entry.run_id,
        retried_as=retry.name if retry else None,
        retried_at=retry.retried_at if retry else None,
    )


def one_record(
    entry: Input, record: QuarantinedRecord, retries: dict[int, Retry], characters: int | None = None
) -> PutAside:
    """A record's item, its text cut to so many characters."""
    retry = retries.get(record.record)
    raw = record.raw[:characters]
    return PutAside(
        id=item_id(entry.fingerprint, record.record),
        dataset=entry.dataset,
        file=entry.name,
        outcome="retried" if retry else "quarantined" if record.mended is None else "mended",
        reason=record.reason,
        record=record.record,
        line=record.line,
        column=record.column,
        value=record.value,
        raw=raw,
        is_raw_cut=record.is_raw_cut or len(raw) < len(record.raw),
        mended=record.mended,
        run_id=entry.run_id,
        retried_as=retry.name if retry else None,
        retried_at=retry.retried_at if retry else None,
    )


@dataclass(frozen=True, slots=True)
class PutAsideDetail:
    """All that is known of an item."""

    item: PutAside
    records: list[PutAside]
    """Of a whole file: its first records in quarantine."""


def show_put_aside(workspace: Workspace, item: str) -> PutAsideDetail:
    """Raises UnknownQuarantineId."""
    with RetryLedger(workspace.ledger_file) as ledger:
        chosen = ledger.choose(item)
        entry, retries = chosen.entry, ledger.retries_of(chosen.entry.fingerprint)
    if chosen.record is not None:
        return PutAsideDetail(one_record(entry, chosen_record(workspace, chosen), retries), [])
    try:
        found = islice(read_quarantine(_path(workspace, entry)), RECORDS_IN_DETAIL)
        records = [one_record(entry, record, retries, RAW_CHARACTERS_IN_LIST) for record in found]
    except FileNotFoundError:
        records = []
    if not (records or entry.is_rejected or entry.quarantined or entry.repaired):
        raise UnknownQuarantineId(f"nothing of {entry.name} is in quarantine")
    reason = entry.message or f"{entry.quarantined} of its {entry.records} records put aside, {entry.repaired} mended"
    return PutAsideDetail(whole_file(entry, retries, reason), records)


def chosen_record(workspace: Workspace, chosen: Chosen) -> QuarantinedRecord:
    """The record that an id names. Raises UnknownQuarantineId."""
    entry, number = chosen
    assert number is not None
    try:
        found = find_quarantined(_path(workspace, entry), number)
    except FileNotFoundError:
        found = None
    if found is None:
        raise UnknownQuarantineId(f"record {number} of {entry.name} is not in quarantine")
    return found
