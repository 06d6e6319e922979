"""What a dataset's contract and its earlier files say of the next file's columns."""

import os
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from stage_context import RecordingContext

from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.ledger import InputState
from quarterhour.lake.quarantine import read_quarantine
from quarterhour.lake.translated import read_schema
from quarterhour.stages.translator.service import TranslatorService


def home(tmp_path: Path, **dataset: Any) -> RecordingContext:
    settings = {"datasets": [{"name": "bars", "files": "bars/*", **dataset}]} if dataset else {}
    return RecordingContext(tmp_path, settings)


def drop(context: RecordingContext, name: str, content: bytes) -> Path:
    path = context.workspace.raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - 60
    os.utime(path, (moment, moment))
    return path


def made(context: RecordingContext, path: Path) -> list[tuple[Any, ...]]:
    output = context.workspace.translated_file("bars", fingerprint(path))
    return duckdb.sql(f"SELECT * EXCLUDE (_file, _record) FROM '{output}' ORDER BY _record").fetchall()


def reasons(context: RecordingContext, path: Path) -> list[tuple[int, str | None, str]]:
    records = read_quarantine(context.workspace.quarantine_file("bars", fingerprint(path)))
    return [(record.record, record.column, record.reason) for record in records if record.mended is None]


def test_a_pinned_type_puts_what_does_not_fit_aside_and_never_widens(tmp_path: Path) -> None:
    context = home(tmp_path, columns=[{"name": "n", "type": "integer"}, {"name": "d", "type": "decimal(18,2)"}])
    path = drop(context, "bars/1.csv", b"n,d\n1,2.5\nx,3\n2,1.234\n3,-0.10\n")
    result = TranslatorService().run(context).data
    assert (result["records"], result["rows"], result["quarantined"]) == (4, 2, 2)
    assert [[str(value) for value in row] for row in made(context, path)] == [["1", "2.50"], ["3", "-0.10"]]
    assert reasons(context, path) == [(2, "n", "not BIGINT"), (3, "d", "not DECIMAL(18,2)")]


def test_ranges_allowed_values_and_required_columns_are_checked(tmp_path: Path) -> None:
    columns = [
        {"name": "price", "type": "double", "min": 0, "max": 1000, "required": True},
        {"name": "side", "allowed": ["buy", "sell"]},
    ]
    context = home(tmp_path, columns=columns)
    path = drop(context, "bars/1.csv", b"price,side\n1.5,buy\n-1,sell\n2000,buy\n,sell\n3,hold\n4,\n")
    TranslatorService().run(context)
    assert made(context, path) == [(1.5, "buy"), (4.0, None)]
    found = reasons(context, path)
    assert [(record, column) for record, column, _ in found] == [(2, "price"), (3, "price"), (4, "price"), (5, "side")]
    assert "min 0" in found[0][2]
    assert "max 1000" in found[1][2]
    assert "requires" in found[2][2]
    assert "buy, sell" in found[3][2]


def test_a_file_without_a_required_column_is_put_aside_whole(tmp_path: Path) -> None:
    context = home(tmp_path, columns=[{"name": "price", "required": True}])
    path = drop(context, "bars/1.csv", b"a,b\n1,2\n")
    assert TranslatorService().run(context).data["failed_files"] == 1
    assert "'price', which the contract requires, is not in the file, which has a, b" in context.errors()[0]
    with context.lake.ledger() as ledger:
        entry = ledger.find(fingerprint(path))
        assert entry is not None
        assert entry.state is InputState.QUARANTINED


def test_times_of_a_named_zone_are_instants_and_those_that_are_none_or_two_are_put_aside(tmp_path: Path) -> None:
    context = home(tmp_path, columns=[{"name": "t", "type": "timestamp", "time_zone": "Europe/Paris"}])
    path = drop(
        context,
        "bars/1.csv",
        b"t,n\n2024-01-01 12:00:00,1\n2024-07-01 12:00:00,2\n2024-03-31 02:30:00,3\n2024-10-27 02:30:00,4\n",
    )
    TranslatorService().run(context)
    output = context.workspace.translated_file("bars", fingerprint(path))
    found = duckdb.sql(f"SELECT epoch(t)::BIGINT, n FROM '{output}' ORDER BY _record").fetchall()
    assert found == [(1704106800, 1), (1719828000, 2)]
    assert [record for record, _, _ in reasons(context, path)] == [3, 4]


def test_times_that_are_utc_already_are_not_converted_again(tmp_path: Path) -> None:
    """P6: the zone is that of times which name none, and a time that names its own keeps it."""
    context = home(tmp_path, columns=[{"name": "t", "type": "timestamptz", "time_zone": "America/New_York"}])
    local = drop(context, "bars/local.csv", b"t,n\n2024-01-01 07:00:00,1\n2024-07-01 08:00:00,2\n")
    utc = drop(context, "bars/utc.csv", b"t,n\n2024-01-01T12:00:00Z,1\n2024-07-01T12:00:00+00:00,2\n")
    other = drop(context, "bars/other.csv", b"t,n\n2024-01-01T13:00:00+01:00,1\n2024-07-01T14:00:00+02:00,2\n")
    TranslatorService().run(context)
    for path in (local, utc, other):
        output = context.workspace.translated_file("bars", fingerprint(path))
        found = duckdb.sql(f"SELECT epoch(t)::BIGINT, n FROM '{output}' ORDER BY _record").fetchall()
        assert found == [(1704110400, 1), (1719835200, 2)], path.name


def test_a_format_is_pinned_in_strptime_notation(tmp_path: Path) -> None:
    context = home(tmp_path, columns=[{"name": "day", "type": "date", "format": "%d/%m/%Y"}])
    path = drop(context, "bars/1.csv", b"day,n\n03/04/2024,1\n05/06/2024,2\n")
    TranslatorService().run(context)
    assert [str(row[0]) for row in made(context, path)] == ["2024-04-03", "2024-06-05"]


def test_a_later_file_widens_its_dataset_by_a_safe_step(tmp_path: Path) -> None:
    context = home(tmp_path)
    drop(context, "bars/1.csv", b"n,s\n1,a\n2,b\n")
    TranslatorService().run(context)
    later = drop(context, "bars/2.csv", b"n,s,more\n1.5,a,x\n2,b,y\n")
    assert TranslatorService().run(context).data["quarantined"] == 0
    assert made(context, later) == [(1.5, "a", "x"), (2.0, "b", "y")]
    schema = read_schema(context.workspace.schema_file("bars"))
    assert {name: column.type for name, column in schema.items()} == {"n": "DOUBLE", "s": "VARCHAR", "more": "VARCHAR"}


def test_a_change_that_is_not_safe_puts_the_file_aside_whole_with_both_schemas(tmp_path: Path) -> None:
    context = home(tmp_path)
    drop(context, "bars/1.csv", b"n,s\n1,a\n2,b\n")
    TranslatorService().run(context)
    changed = drop(context, "bars/2.csv", b"n,s\none,a\ntwo,b\n")
    assert TranslatorService().run(context).data["failed_files"] == 1
    [message] = context.errors()
    assert "'n' is BIGINT in the dataset, and here it is VARCHAR, such as 'one'" in message
    assert "The dataset has: n BIGINT, s VARCHAR. The file has: n VARCHAR, s VARCHAR" in message
    assert not context.workspace.translated_file("bars", fingerprint(changed)).exists()


def test_a_slip_among_many_values_costs_its_record_only(tmp_path: Path) -> None:
    context = home(tmp_path)
    drop(context, "bars/1.csv", b"n,s\n1,a\n2,b\n")
    TranslatorService().run(context)
    slip = drop(context, "bars/2.csv", b"n,s\n" + b"1,a\n" * 30 + b"oops,b\n" + b"2,c\n" * 30)
    assert TranslatorService().run(context).data["quarantined"] == 1
    assert reasons(context, slip) == [(31, "n", "not BIGINT")]


def test_dates_that_could_be_two_are_read_as_the_datasets_earlier_ones(tmp_path: Path) -> None:
    context = home(tmp_path)
    drop(context, "bars/1.csv", b"day,n\n03/04/2024,1\n25/04/2024,2\n")
    TranslatorService().run(context)
    later = drop(context, "bars/2.csv", b"day,n\n03/05/2024,1\n04/05/2024,2\n")
    TranslatorService().run(context)
    assert [str(row[0]) for row in made(context, later)] == ["2024-05-03", "2024-05-04"]


_WORDS = [bytes([a, b]) * 2 for a in b"abcde" for b in b"klmnopqr"]


@pytest.mark.parametrize(("rule", "rows", "aside"), [("repair", 41, 1), ("quarantine", 40, 2), ("pad", 41, 1)])
def test_ragged_records_go_by_the_datasets_rule(tmp_path: Path, rule: str, rows: int, aside: int) -> None:
    context = home(tmp_path, ragged=rule)
    body = b"".join(b"%d,2024-01-01,%s words\n" % (n, word) for n, word in enumerate(_WORDS))
    # One with a comma in its text, which fits in one way; one cut short, of which a value that is always there is missing.
    extra = b"41,2024-01-02,two, words\n" if rule == "repair" else b"41,2024-01-02\n"
    other = b"2024-01-02\n" if rule != "pad" else b"1,2024-01-01,a,b,c\n"
    drop(context, "bars/1.csv", b"n,day,text\n" + body + extra + other)
    result = TranslatorService().run(context).data
    assert (result["rows"], result["quarantined"]) == (rows, aside)
