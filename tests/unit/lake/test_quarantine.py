"""The quarantine as people see it: items in pages, of real files that the Translator put records aside of."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_context import RecordingContext

from quarterhour.errors import InvalidQuery
from quarterhour.lake import put_aside
from quarterhour.lake.put_aside import PutAside, list_put_aside, show_put_aside
from quarterhour.lake.quarantine import NotAtRecord, QuarantinedRecord, read_quarantine_from
from quarterhour.lake.retries import RetryLedger, UnknownQuarantineId, item_id
from quarterhour.stages.translator.service import TranslatorService
from real_tables import flights_by_month

FLIGHTS = flights_by_month()["flights_2013-01.csv"].splitlines(keepends=True)[:300]
HEADER = FLIGHTS[0].decode().strip()


def drop(context: RecordingContext, name: str, content: bytes) -> Path:
    path = context.workspace.raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - 60
    os.utime(path, (moment, moment))
    return path


def broken(*places: int, start: int = 1) -> bytes:
    """Real flights of which some are cut short, by their record number."""
    lines = [FLIGHTS[0], *FLIGHTS[start:]]
    for place in places:
        lines[place] = b",".join(lines[place].split(b",")[:5]) + b"\n"
    return b"".join(lines)


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, each in a run of its own: records put aside, a whole file put aside, one record mended."""
    context = RecordingContext(tmp_path_factory.mktemp("translated"))
    for name, content in {
        "flights/a.csv": broken(3, 7, 200),
        "planes/junk.csv": bytes(range(256)) * 8,
        "flights/b.csv": broken(11, start=150),
        "notes.csv": b'a,b\n1,ok\n2,"open\n3,ok\n',
    }.items():
        drop(context, name, content)
        TranslatorService().run(context)
    return context.workspace.home


@pytest.fixture
def context(translated: Path, tmp_path: Path) -> RecordingContext:
    shutil.copytree(translated, tmp_path, dirs_exist_ok=True)
    return RecordingContext(tmp_path)


def pages(context: RecordingContext, limit: int, **filters: str) -> list[list[PutAside]]:
    found: list[list[PutAside]] = []
    cursor: str | None = None
    while True:
        page = list_put_aside(context.workspace, limit, cursor, **filters)
        found.append(page.items)
        if (cursor := page.next) is None:
            return found


def test_items_come_newest_input_first_with_their_place_cause_and_outcome(context: RecordingContext) -> None:
    page = list_put_aside(context.workspace, 100)
    assert [(item.file, item.record, item.outcome) for item in page.items] == [
        ("notes.csv", 2, "mended"),
        ("flights/b.csv", 11, "quarantined"),
        ("planes/junk.csv", None, "quarantined"),
        ("flights/a.csv", 3, "quarantined"),
        ("flights/a.csv", 7, "quarantined"),
        ("flights/a.csv", 200, "quarantined"),
    ]
    assert (page.total, page.next) == (6, None)
    mended, short, junk, *_ = page.items
    assert mended.mended == ["2", "open"]
    assert (short.dataset, short.line, short.reason) == ("flights", 12, "5 fields where the table has 19")
    assert short.raw == ",".join(FLIGHTS[160].decode().split(",")[:5])
    assert "binary" in junk.reason
    assert re.fullmatch(r"[0-9a-f]{12}:11", short.id)
    assert re.fullmatch(r"[0-9a-f]{12}", junk.id)


@pytest.mark.parametrize("limit", range(1, 7))
def test_pages_of_any_size_hold_each_item_once(context: RecordingContext, limit: int) -> None:
    found = pages(context, limit)
    assert [item.id for page in found for item in page] == [i.id for i in list_put_aside(context.workspace, 100).items]
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


def test_a_dataset_or_a_file_is_listed_alone(context: RecordingContext) -> None:
    for filters, records in (
        ({"dataset": "flights"}, [11, 3, 7, 200]),
        ({"file": "flights/a.csv"}, [3, 7, 200]),
        ({"file": "a.csv"}, [3, 7, 200]),
        ({"file": "a_csv"}, []),
        ({"dataset": "planes", "file": "a.csv"}, []),
    ):
        page = list_put_aside(context.workspace, 2, **filters)
        assert page.total == len(records), filters
        assert [item.record for part in pages(context, 2, **filters) for item in part] == records


def test_a_page_opens_no_more_files_than_it_shows(context: RecordingContext, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def reading(path: Path, offset: int) -> object:
        opened.append(path)
        return read_quarantine_from(path, offset)

    monkeypatch.setattr(put_aside, "read_quarantine_from", reading)
    first = list_put_aside(context.workspace, 2)
    assert len(opened) == 2
    opened.clear()
    list_put_aside(context.workspace, 2, first.next)
    assert len(opened) == 1


@pytest.mark.parametrize("cursor", ["x", "1", "-1.0", "1.2.3", "4." + "9" * 30])
def test_a_cursor_that_is_none_is_refused(context: RecordingContext, cursor: str) -> None:
    with pytest.raises(InvalidQuery, match="no cursor"):
        list_put_aside(context.workspace, 2, cursor)


def test_a_cursor_into_the_middle_of_a_record_is_refused(context: RecordingContext) -> None:
    position = (list_put_aside(context.workspace, 4).next or "").partition(".")[0]
    with pytest.raises(InvalidQuery, match="names no place"):
        list_put_aside(context.workspace, 2, f"{position}.5")


def test_an_item_is_shown_whole_and_named_by_any_unique_prefix(context: RecordingContext) -> None:
    item = list_put_aside(context.workspace, 100, file="a.csv").items[1]
    mark, _, number = item.id.partition(":")
    assert number == "7"
    assert show_put_aside(context.workspace, f"{mark[:8]}:7").item == item
    whole = show_put_aside(context.workspace, mark)
    assert [record.record for record in whole.records] == [3, 7, 200]
    assert whole.item.reason == "3 of its 299 records put aside, 0 mended"
    for unknown in (f"{mark}:8", "0" * 12, mark[:7], f"{mark}:0", "../../etc", mark + "/x"):
        with pytest.raises(UnknownQuarantineId):
            show_put_aside(context.workspace, unknown)


def test_a_long_text_is_cut_in_the_list_and_whole_alone(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    drop(context, "x.csv", b"a,b\n" + b"1,2\n" * 30 + b"1,2,3," + b"y" * 5000 + b"\n")
    TranslatorService().run(context)
    (item,) = list_put_aside(context.workspace, 10).items
    assert (len(item.raw), item.is_raw_cut) == (put_aside.RAW_CHARACTERS_IN_LIST, True)
    shown = show_put_aside(context.workspace, item.id).item
    assert (len(shown.raw), shown.is_raw_cut) == (5006, False)


def test_records_whose_texts_were_cleared_away_are_still_listed(context: RecordingContext) -> None:
    for path in (context.workspace.quarantine / "flights").iterdir():
        path.unlink()
    items = list_put_aside(context.workspace, 100, dataset="flights").items
    assert [(item.file, item.reason.partition(";")[0]) for item in items] == [
        ("flights/b.csv", "1 records were put aside or mended"),
        ("flights/a.csv", "3 records were put aside or mended"),
    ]


def test_a_home_without_any_run_has_an_empty_quarantine(tmp_path: Path) -> None:
    page = list_put_aside(RecordingContext(tmp_path).workspace, 10)
    assert (page.items, page.next, page.total) == ([], None, 0)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_any_reading_can_go_on_after_each_record(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("q") / "x.jsonl"
    made = [QuarantinedRecord("x.csv", n, n + 1, 0, None, None, "why", text) for n, text in enumerate(texts, 1)]
    path.write_bytes(b"".join(record.line_of_json() for record in made))
    whole = list(read_quarantine_from(path, 0))
    assert [record for _, record in whole] == made
    for place, (end, _) in enumerate(whole, 1):
        assert [record for _, record in read_quarantine_from(path, end)] == made[place:]
        with pytest.raises(NotAtRecord):
            next(read_quarantine_from(path, end - 1))


def test_what_was_sent_is_marked_once_and_not_where_the_file_could_not_be_placed(context: RecordingContext) -> None:
    item = list_put_aside(context.workspace, 1, file="a.csv").items[0]
    with RetryLedger(context.workspace.ledger_file) as ledger:
        mark = ledger.choose(item.id).entry.fingerprint
        with pytest.raises(OSError, match="full"), ledger.sending(mark, [3], "flights/x.csv"):
            raise OSError("full")
        assert ledger.retries_of(mark) == {}
        with ledger.sending(mark, [3], "flights/x.csv"):
            pass
        assert ledger.retries_of(mark)[3].name == "flights/x.csv"
    assert [i.outcome for i in list_put_aside(context.workspace, 9, file="a.csv").items] == [
        "retried",
        "quarantined",
        "quarantined",
    ]
    assert item_id(mark, 3) == item.id
