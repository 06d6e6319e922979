"""What is in quarantine is mended and sent back: through the whole pipeline, once, and into the dataset that it came from."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lake.test_quarantine import FLIGHTS, broken, drop
from stage_context import RecordingContext

from commands import command
from quarterhour.errors import InvalidQuery
from quarterhour.lake.put_aside import list_put_aside
from quarterhour.lake.retries import NotRetriable, UnknownQuarantineId
from quarterhour.stages.translator.mending.sending_back import editable_csv, send_back, send_back_file
from quarterhour.stages.translator.service import TranslatorService
from serving import serving

pytestmark = pytest.mark.slow

SEMICOLONS = "Datum;Betrag;Kunde\n" + "".join(f"{day}.12.2024;{day},5{day % 10};K{day}\n" for day in range(10, 30))


def translate(context: RecordingContext) -> dict[str, Any]:
    return TranslatorService().run(context).data


def rows(context: RecordingContext, dataset: str, columns: str = "* EXCLUDE (_file, _record)") -> list[tuple[Any, ...]]:
    files = f"{context.workspace.translated / dataset}/*.parquet"
    return duckdb.execute(f"SELECT {columns} FROM read_parquet(?, union_by_name=true) ORDER BY ALL", [files]).fetchall()


def ids(context: RecordingContext, **filters: str) -> list[str]:
    return [item.id for item in list_put_aside(context.workspace, 1000, **filters).items]


def outcomes(context: RecordingContext) -> list[tuple[str, int | None, str]]:
    return [(item.file, item.record, item.outcome) for item in list_put_aside(context.workspace, 1000).items]


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


def send(context: RecordingContext, item: str, **change: Any) -> dict[str, Any]:
    return send_back(context.workspace, context.settings, item, **change)


def test_mended_flights_make_the_table_of_the_whole_file(tmp_path: Path) -> None:
    whole, mended = RecordingContext(tmp_path / "whole"), RecordingContext(tmp_path / "mended")
    drop(whole, "flights/a.csv", broken())
    drop(mended, "flights/a.csv", broken(3, 7, 200))
    translate(whole)
    assert translate(mended)["quarantined"] == 3
    first, second, third = ids(mended)
    assert send(mended, first, raw=FLIGHTS[3].decode().rstrip())["records"] == 1
    values = dict(zip(FLIGHTS[0].decode().strip().split(","), FLIGHTS[7].decode().strip().split(","), strict=True))
    send(mended, second, values=values)
    file = tmp_path / "mended.csv"
    file.write_bytes(FLIGHTS[0] + FLIGHTS[200])
    answer = send_back_file(mended.workspace, mended.settings, third, file)
    assert answer["file"] == f"flights/a.retry-{third.replace(':', '-')}.csv"
    result = translate(mended)
    assert (result["files_processed"], result["rows"], result["quarantined"]) == (3, 3, 0)
    assert rows(mended, "flights") == rows(whole, "flights")
    assert {outcome for _, _, outcome in outcomes(mended)} == {"retried"}
    for item in (first, second, third):
        with pytest.raises(NotRetriable, match=r"sent back already at 2.* as flights/a\.retry-"):
            send(mended, item)
    assert translate(mended)["files_processed"] == 0


def test_all_records_of_a_file_are_mended_in_an_editor(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path, {"datasets": [{"name": "sales", "files": "sales*", "ragged": "quarantine"}]})
    broken_text = SEMICOLONS.replace("15.12.2024;15,55;K15", "15.12.2024").replace(";16,56;K16", ";16,56;K16;x;y;z")
    drop(context, "sales.csv", broken_text.encode("cp1252"))
    assert translate(context)["quarantined"] == 2
    whole = ids(context)[0].partition(":")[0]
    text = editable_csv(context.workspace, context.settings, whole).decode()
    assert text == "Datum;Betrag;Kunde\n15.12.2024\n16.12.2024;16,56;K16;x;y;z\n"
    file = tmp_path / "edited.csv"
    file.write_text(text.replace("15.12.2024\n", "15.12.2024;15,55;K15\n").replace(";x;y;z", ""))
    assert send_back_file(context.workspace, context.settings, whole, file)["records"] == 2
    assert translate(context)["quarantined"] == 0
    expected = [(f"2024-12-{day}", f"{day}.5{day % 10}", f"K{day}") for day in range(10, 30)]
    assert rows(context, "sales", "Datum::VARCHAR, Betrag::VARCHAR, Kunde") == expected


def test_a_record_is_sent_as_it_stands_once_the_contract_allows_it(tmp_path: Path) -> None:
    column = {"name": "Betrag", "type": "decimal(9,2)", "format": "1234,56", "max": 20}
    contract = {"datasets": [{"name": "sales", "files": "sales/*", "columns": [column]}]}
    strict = RecordingContext(tmp_path, contract)
    drop(strict, "sales/x.csv", SEMICOLONS.encode())
    assert translate(strict)["quarantined"] == 10
    item = ids(strict)[3]
    answer = send(strict, item)
    # The contract has not changed: it is put aside again, and from there read again as often as is asked.
    assert translate(strict)["quarantined"] == 1
    (again,) = ids(strict, file=answer["file"])
    lenient = RecordingContext(tmp_path, {"datasets": [{"name": "sales", "files": "sales/*"}]})
    assert send(lenient, again)["records"] is None
    assert (translate(lenient)["rows"], translate(lenient)["files_processed"]) == (1, 0)
    whole = item.partition(":")[0]
    assert send(lenient, whole)["records"] == 9
    assert translate(lenient)["rows"] == 9
    assert rows(lenient, "sales", "count(*), count(DISTINCT Kunde), sum(Betrag)::VARCHAR") == [(20, 20, "400.90")]
    with pytest.raises(NotRetriable, match="nothing is left"):
        send(lenient, whole)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"raw": "1,2"}, "2 fields, where the 19 columns are year, month"),
        ({"raw": ""}, "holds 0 records"),
        ({"raw": "1,2\n3,4"}, "holds 2 records"),
        ({"raw": '1,"2'}, "cannot be told apart"),
        ({"values": {"yeer": "2013"}}, "no column 'yeer'"),
        ({"values": {"year": "2013"}}, "give all values, also of month, day"),
        ({"raw": "1", "values": {}}, "not both"),
    ],
)
def test_a_change_that_does_not_fit_is_told_at_once(
    context: RecordingContext, change: dict[str, Any], told: str
) -> None:
    drop(context, "flights/a.csv", broken(3))
    translate(context)
    (item,) = ids(context)
    with pytest.raises(InvalidQuery, match=told):
        send(context, item, **change)
    assert outcomes(context) == [("flights/a.csv", 3, "quarantined")]
    assert [path.name for path in (context.workspace.raw / "flights").iterdir()] == ["a.csv"]


def test_a_file_that_holds_more_than_was_put_aside_is_refused(context: RecordingContext) -> None:
    """Its other rows would be in the table twice."""
    drop(context, "flights/a.csv", broken(3))
    translate(context)
    (item,) = ids(context)
    mended = drop(context, "../mended.csv", broken())
    with pytest.raises(InvalidQuery, match="holds 299 records, where 1 were put aside"):
        send_back_file(context.workspace, context.settings, item.partition(":")[0], mended)
    mended.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidQuery, match="would be read with the columns a, b"):
        send_back_file(context.workspace, context.settings, item, mended)


def test_records_that_a_mended_file_leaves_out_are_said_to_be_given_up(context: RecordingContext) -> None:
    drop(context, "flights/a.csv", broken(3, 7, 200))
    translate(context)
    whole = ids(context)[0].partition(":")[0]
    mended = drop(context, "../mended.csv", FLIGHTS[0])
    with pytest.raises(InvalidQuery, match="holds no records"):
        send_back_file(context.workspace, context.settings, whole, mended)
    mended.write_bytes(FLIGHTS[0] + FLIGHTS[3])
    answer = send_back_file(context.workspace, context.settings, whole, mended)
    assert (answer["records"], answer["message"].rpartition("; ")[2]) == (
        1,
        "2 that it does not hold count as given up",
    )
    assert (translate(context)["rows"], {outcome for _, _, outcome in outcomes(context)}) == (1, {"retried"})


def test_a_mended_record_is_a_row_already(context: RecordingContext) -> None:
    drop(context, "notes.csv", b'a,b\n1,ok\n2,"open\n3,ok\n')
    translate(context)
    (item,) = ids(context)
    with pytest.raises(NotRetriable, match="it is a row already"):
        send(context, item, values={"b": "x"})


def test_bytes_that_were_not_kept_exactly_are_not_sent_as_they_stand(context: RecordingContext) -> None:
    lines = b"".join(f"{n},ключ{n}\n".encode() for n in range(40))
    drop(context, "x.csv", b"id,name\n" + lines + b"40,\xd0\xff\xfe\n" + lines)
    translate(context)
    for item in list_put_aside(context.workspace, 10).items:
        with pytest.raises(NotRetriable, match="not kept exactly: send it mended"):
            send(context, item.id)


@pytest.mark.parametrize("after", ["keep", "archive"])
def test_a_file_whose_records_were_all_put_aside_is_read_again_also_from_the_archive(
    tmp_path: Path, after: str
) -> None:
    limits = {"name": "x", "files": "x/*", "columns": [{"name": "a", "type": "integer", "max": 1}]}
    strict = RecordingContext(tmp_path, {"datasets": [limits], "inputs": {"after": after}})
    raw = drop(strict, "x/one.csv", b"a,b\n5,u\n6,v\n")
    assert translate(strict)["quarantined"] == 2
    assert raw.exists() is (after == "keep")
    whole = ids(strict)[0].partition(":")[0]
    context = RecordingContext(tmp_path, {"inputs": {"after": after}}, run_id="20251205T123000Z-7f3a9c")
    assert send(context, whole) == {
        "id": whole,
        "file": "x/one.csv",
        "records": None,
        "message": "the next run reads x/one.csv again",
    }
    assert outcomes(context) == []
    assert translate(context)["rows"] == 2
    with pytest.raises(UnknownQuarantineId):
        send(context, whole)


def test_a_file_put_aside_whole_is_read_again_or_mended_but_its_records_are_not_sent_alone(tmp_path: Path) -> None:
    budget = RecordingContext(tmp_path, {"inputs": {"max_rejected": "1"}})
    drop(budget, "flights/a.csv", broken(3, 7))
    with pytest.raises(Exception, match="put aside"):
        translate(budget)
    ((file, record, outcome),) = outcomes(budget)
    assert (file, record, outcome) == ("flights/a.csv", None, "quarantined")
    (whole,) = ids(budget)
    with pytest.raises(NotRetriable, match=f"put aside whole: its id is {whole}"):
        send(budget, f"{whole}:3")
    with pytest.raises(NotRetriable, match="mend a copy"):
        editable_csv(budget.workspace, budget.settings, whole)
    mended = drop(budget, "../mended.csv", broken(3))
    assert send_back_file(budget.workspace, budget.settings, whole, mended)["records"] is None
    with pytest.raises(NotRetriable, match="sent back already"):
        send(budget, whole)
    assert (translate(budget)["rows"], translate(budget)["files_processed"]) == (298, 0)


def test_a_version_that_grew_and_was_put_aside_adds_its_new_records_only(tmp_path: Path) -> None:
    budget = RecordingContext(tmp_path, {"inputs": {"max_rejected": "0"}})
    drop(budget, "flights/a.csv", broken())
    translate(budget)
    drop(budget, "flights/a.csv", broken() + b"2013,1\n" + FLIGHTS[5])
    with pytest.raises(Exception, match="put aside"):
        translate(budget)
    (whole,) = ids(budget)
    context = RecordingContext(tmp_path, run_id="20251205T123000Z-7f3a9c")
    send(context, whole)
    result = translate(context)
    assert (result["records"], result["rows"], result["quarantined"]) == (2, 1, 1)
    # The header of a version that has grown since is still known.
    (item,) = ids(context)
    drop(context, "flights/a.csv", broken() + b"2013,1\n" + FLIGHTS[5] + FLIGHTS[6])
    translate(context)
    assert send(context, item, raw=FLIGHTS[9].decode().strip())["records"] == 1
    assert translate(context)["rows"] == 1


@pytest.mark.parametrize(("files", "folder"), [("*flights*", "trips"), ("in/*", "in")])
def test_what_is_sent_back_belongs_to_its_dataset_and_has_its_marker(tmp_path: Path, files: str, folder: str) -> None:
    datasets = [{"name": "trips", "files": files}, {"name": "rest", "files": "*"}]
    context = RecordingContext(tmp_path, {"inputs": {"marker": ".done"}, "datasets": datasets})
    drop(context, "in/flights 2013-01.csv", broken(3))
    drop(context, "in/flights 2013-01.csv.done", b"")
    translate(context)
    (item,) = ids(context)
    answer = send(context, item, raw=FLIGHTS[3].decode().strip())
    assert answer["file"] == f"{folder}/flights 2013-01.retry-{item.replace(':', '-')}.csv"
    assert (translate(context)["rows"], len(rows(context, "trips"))) == (1, 299)


def test_what_would_be_of_another_dataset_by_now_is_not_sent(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    drop(context, "flights/a.csv", broken(3))
    translate(context)
    (item,) = ids(context)
    changed = RecordingContext(tmp_path, {"datasets": [{"name": "all", "files": "*"}]})
    with pytest.raises(NotRetriable, match="gives it to another one"):
        send(changed, item, raw=FLIGHTS[3].decode().strip())


def test_of_many_who_send_the_same_record_one_does(context: RecordingContext) -> None:
    drop(context, "flights/a.csv", broken(3))
    translate(context)
    (item,) = ids(context)

    def attempt(number: int) -> str:
        try:
            return send(context, item, raw=FLIGHTS[3 + number].decode().strip())["file"]
        except NotRetriable as refusal:
            return refusal.message

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attempt, range(8)))
    assert sum(one.startswith("flights/") for one in told) == 1
    assert sum("sent back already" in one for one in told) == 7
    assert translate(context)["rows"] == 1


def test_a_kill_between_the_file_and_its_mark_sends_no_record_twice(context: RecordingContext) -> None:
    drop(context, "flights/a.csv", broken(3))
    translate(context)
    (item,) = ids(context)

    def send_and_be_killed(record: int) -> None:
        send(context, item, raw=FLIGHTS[record].decode().strip())
        with closing(sqlite3.connect(context.workspace.ledger_file, isolation_level=None)) as ledger:
            ledger.execute("DELETE FROM retries")

    send_and_be_killed(3)
    send_and_be_killed(9)
    assert translate(context)["rows"] == 1
    with pytest.raises(NotRetriable, match="which has been read"):
        send_and_be_killed(3)
    assert translate(context)["files_processed"] == 0


def test_no_record_is_sent_where_its_raw_file_is_gone(context: RecordingContext) -> None:
    raw = drop(context, "flights/a.csv", broken(3))
    translate(context)
    raw.unlink()
    with pytest.raises(NotRetriable, match="neither in data/raw nor in data/archive"):
        send(context, ids(context)[0], raw=FLIGHTS[3].decode().strip())


def test_commands_and_api_say_the_same_with_a_server_and_without(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path / "home")
    home = context.workspace.home
    drop(context, "flights/a.csv", broken(3, 7, 200))
    translate(context)
    first, second, third = ids(context)
    shown = json.loads(command(home, "quarantine", "list", "--limit", "2", "--json").stdout)
    with serving(home, "--no-schedule") as server:
        assert server.get("/api/quarantine", limit=2) == shown
        assert (shown["total"], [item["id"] for item in shown["items"]]) == (3, [first, second])
        assert server.get("/api/quarantine", limit=2, cursor=shown["next"])["items"][0]["id"] == third
        assert server.get(f"/api/quarantine/{first}")["item"]["raw"] == shown["items"][0]["raw"]
        url, body = f"/api/quarantine/{first}/retry", {"raw": FLIGHTS[3].decode().strip()}
        assert server.http.post(url, json=body, headers={"origin": "http://evil.example"}).status_code == 403
        for path, sent, status in (
            (url, {"raw": "1,2"}, 422),
            ("/api/quarantine/000000000000:1/retry", None, 404),
            (url, body, 202),
            (url, body, 409),
        ):
            answer = server.http.post(path, json=sent)
            assert answer.status_code == status, answer.text
            kind = "application/json" if status == 202 else "application/problem+json"
            assert answer.headers["content-type"] == kind
        told = command(home, "quarantine", "retry", second, "--raw", FLIGHTS[7].decode().strip())
        assert told.stdout.startswith("the next run reads 1 record as flights/a.retry-")
        run = server.ended_run(server.start_run())
        assert (run["state"], run["counts"]["inserted"]) == ("success", 298)
    lines = command(home, "quarantine", "list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[first, "retried"], [second, "retried"], [third, "quarantined"]]
    refused = command(home, "quarantine", "retry", first)
    assert (refused.exit_code, "sent back already" in refused.stderr) == (1, True)
    file = tmp_path / "mended.csv"
    file.write_text(command(home, "quarantine", "show", third, "--csv").stdout.splitlines()[0] + "\n")
    with file.open("ab") as edited:
        edited.write(FLIGHTS[200])
    assert command(home, "quarantine", "retry", str(file), "--of", third).exit_code == 0
    assert "inserted 1" in command(home, "run").stdout
    assert command(home, "quarantine", "retry", third, "--values", "[1]").exit_code == 2
