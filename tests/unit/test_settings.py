"""A wrong setting is named with its file, line and key."""

import pickle
from datetime import date
from pathlib import Path

import pytest

from quarterhour.errors import SettingsError
from quarterhour.settings import RejectLimit, Settings, load_settings
from quarterhour.settings.sample import sample_settings

CONTRACT = """[[datasets]]
name = 'one'
files = '*'
[[datasets]]
name = 'two'
files = '*'
[[datasets.columns]]
name = 'b'
"""


CHECK = """[[datasets]]
name = 'one'
files = '*'
[[datasets.checks]]
check = 'not_null'
column = 'a'
[[datasets.checks]]
"""


def test_all_has_defaults_and_the_sample_shows_them(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "missing.toml") == Settings()
    path = tmp_path / "quarterhour.toml"
    path.write_text(sample_settings())
    assert load_settings(path) == Settings()
    path.write_text(sample_settings().replace("# cron = ", "cron = "))
    assert load_settings(path).schedule.cron == "*/15 * * * *"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[[stages]]\nname = 'merger'\nisolation = 'thread'",
            r"line 1: stages\.0: 'merger' cannot run in a thread: that is for stages given by python",
        ),
        ("[schedule]\njitter = 901", r"line 1: schedule: jitter is 901 s, more than the 900 s between two marks"),
        ("[schedule]\ncron = '*/15 * * *'", r"line 2: schedule\.cron: .*has 4 of the five fields"),
        ("[schedule]\n\ntimezone = 'Mars'", r"line 3: schedule\.timezone: 'Mars' is not a time zone"),
        ("[runner]\nattempts = 0", r"line 2: runner\.attempts: .*not 0"),
        ("[runner]\nattemps = 3", r"line 2: runner\.attemps: no setting has this name; there are attempts"),
        ("[[datasets]]\nname = 'a'\nfiles = '*'\n[[datasets]]\nname = 'B-'\nfiles = '*'", r"line 5: datasets\.1\.name"),
        ("[[stages]]\nname = 'burst'", r"line 1: stages\.0: 'burst' is none of .*give it a command"),
        ("[schedule\n", r"line 1: not TOML"),
        ("[inputs]\nmax_rejected = '1.5'", r"line 2: inputs\.max_rejected: '1\.5' is no limit: give a share"),
        ("[inputs]\nmax_rejected = 0.001", r"line 2: inputs\.max_rejected: 0\.001 is no limit"),
        ("[inputs]\nmax_rejected = '101%'", r"line 2: inputs\.max_rejected: '101%' is no limit"),
        ("[inputs]\nmarker = 'a/b'", r"line 2: inputs\.marker: "),
        (
            CONTRACT + "typ = 'date'",
            r"line 9: datasets\.1\.columns\.0\.typ: no setting has this name; there are allowed, ",
        ),
        (
            CONTRACT + "type = 'money'",
            r"line 9: datasets\.1\.columns\.0\.type: 'money' is no type of a column: give text, ",
        ),
        (CONTRACT + "type = 'decimal(39,2)'", r"line 9: .*a decimal has 1 to 38 digits"),
        (CONTRACT + "type = 'integer'\nmin = 'x'", r"line 7: datasets\.1\.columns\.0: column 'b': 'x' is not BIGINT"),
        (CONTRACT + "type = 'date'\nmin = 2025-02-01\nmax = 2025-01-01", r"min 2025-02-01 is above max 2025-01-01"),
        (CONTRACT + "type = 'date'\ntime_zone = 'UTC'", r"a time_zone is for timestamps, not for DATE"),
        (CONTRACT + "time_zone = 'Mars'", r"line 9: datasets\.1\.columns\.0\.time_zone: 'Mars' is not a time zone"),
        (CONTRACT + "[[datasets.columns]]\nname = 'B'", r"line 4: datasets\.1: dataset 'two': columns names 'B' twice"),
        (CHECK + "column = 'a'", r"line 7: datasets\.0\.checks\.1: it lacks 'check', which says of which kind"),
        (CHECK + "check = 'nul'", r"line 7: datasets\.0\.checks\.1: 'nul' is none of 'not_null', 'unique', "),
        (CHECK + "check = 'not_null'", r"line 7: datasets\.0\.checks\.1\.columns.*: Field required"),
        (CHECK + "check = 'not_null'\ncolumn = 'a'", r"line 1: datasets\.0: .*two checks are called 'not_null\(a\)'"),
        (
            CHECK + "check = 'range'\ncolumn = 'a'\nmini = 3\nmin = 1",
            r"line 10: datasets\.0\.checks\.1\.mini: no setting has this name; there are check, columns, examples, max, ",
        ),
        (CHECK + "check = 'range'\ncolumn = 'a'", r"line 7: .*a range has a min, a max, or both"),
        (CHECK + "check = 'range'\ncolumn = 'a'\nmin = 2\nmax = 1", r"line 7: .*min 2 is above max 1"),
        (
            CHECK + "check = 'range'\ncolumn = 'a'\nmin = 2\nmax = 2024-01-01",
            r"line 7: .*min 2 and max 2024-01-01 are of two kinds",
        ),
        (
            CHECK + "check = 'pattern'\ncolumn = 'a'\npattern = 'a[bé(?=c)'",
            r"line 10: datasets\.0\.checks\.1\.pattern: .*unclosed character class, at character 2",
        ),
        (CHECK + "check = 'pattern'\ncolumn = 'a'\npattern = 'ä(?=b)'", r"line 10: .*look-.*at character 2"),
        (CHECK + "check = 'unique'\ncolumn = 'a'\nmax_failures = '2x'", r"line 10: .*'2x' is no limit"),
        (
            CHECK + "check = 'unique'\ncolumn = 'a'\nseverity = 'warn'\non_failure = 'hold_run'",
            r'line 7: .*for on_failure = "hold_run" give severity = "fail"',
        ),
        (CHECK + "check = 'freshness'\ncolumn = 'a'\nmax_age = '3 moons'", r"line 10: .*'3 moons' is no duration"),
        (CHECK + "check = 'drift'\nof = 'mean'", r"line 7: .*each other one has some"),
        (
            CHECK + "check = 'foreign_key'\ncolumn = 'a'\nreferences = 'b'\nreferenced = ['c', 'd']",
            r"line 7: .*give as many",
        ),
    ],
)
def test_a_wrong_file_is_told_by_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told) as error:
        load_settings(path)
    assert str(path) in error.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[stages]]\nname = 'load'\ncommand = ['load', '--password', 5, 'hunter2']", r"line 3: stages\.0\.command"),
        ("[[stages]]\nname = 'load'\ncommand = 'load --password hunter2'", r"line 3: stages\.0\.command: it is a list"),
        ("[stages]\nname = 'load'\ncommand = ['hunter2']", r"line 1: stages: it is a list"),
        ("[watchdog]\nping_url = 'hunter2'", r"line 2: watchdog\.ping_url: "),
        ("[[alerts]]\nname = 'a'\nurl = ['hunter2']", r"line 3: alerts\.0\.url: "),
        ("[[stages]]\nname = 'load'\ncommand = ['--password', 'hunter2", r"line 3: not TOML: "),
        ("[[stages]]\nname = 'load'\ncommand = [\n'--password',\n'hunter2,\n]", r"line [56]: not TOML: "),
    ],
)
def test_what_is_wrong_with_a_secret_is_told_without_it(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told) as error:
        load_settings(path)
    assert "hunter2" not in error.value.message
    assert "not shown: it may be a secret" in error.value.message


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text("[inputs]\nsettle = 9")
    monkeypatch.setenv("QUARTERHOUR_INPUTS__SETTLE", "5")
    assert load_settings(path).inputs.settle == 5


def test_a_limit_is_judged_without_rounding() -> None:
    tenth = RejectLimit.parse("0.1%")
    assert not tenth.is_exceeded(1, 1000)
    assert tenth.is_exceeded(1, 999)
    assert RejectLimit.parse(3).is_exceeded(4, 10**9)
    assert not RejectLimit.parse("3").is_exceeded(3, 3)
    assert not RejectLimit.parse("100%").is_exceeded(5, 5)
    assert RejectLimit.parse("0%").is_exceeded(1, 10**12)
    assert [str(RejectLimit.parse(text)) for text in ("0.10 %", 7)] == ["0.10%", "7"]


def test_a_dataset_has_its_own_limit_or_the_common_one() -> None:
    own = {"name": "own", "files": "own/*", "max_rejected": 0}
    settings = Settings(inputs={"max_rejected": "5%"}, datasets=[own, {"name": "x", "files": "x/*"}])
    assert [str(settings.max_rejected_of(name)) for name in ("own", "x", "unnamed")] == ["0", "5%", "5%"]


def test_a_contract_is_read_with_the_engines_types_and_values_as_text(tmp_path: Path) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text("""
        [[datasets]]
        name = "bars"
        files = "bars/*"
        ragged = "pad"
        [[datasets.columns]]
        name = "Day"
        type = "date"
        format = "%d/%m/%Y"
        min = 2025-01-01
        [[datasets.columns]]
        name = "price"
        type = "numeric(18, 2)"
        required = true
        max = 10.5
        [[datasets.columns]]
        name = "open"
        type = "bool"
        allowed = [true]
        [[datasets.columns]]
        name = "at"
        type = "Timestamp With Time Zone"
        time_zone = "America/New_York"
    """)
    bars = load_settings(path).dataset("bars")
    assert bars is not None
    assert bars.ragged == "pad"
    day, price, opened, at = bars.columns
    assert (day.type, day.format, day.min) == ("DATE", "%d/%m/%Y", "2025-01-01")
    assert (price.type, price.required, price.max) == ("DECIMAL(18,2)", True, "10.5")
    assert (opened.type, opened.allowed) == ("BOOLEAN", ("true",))
    assert (at.type, at.time_zone) == ("TIMESTAMP WITH TIME ZONE", "America/New_York")
    assert bars.column("DAY") is day
    assert bars.column("other") is None


def test_settings_go_to_a_worker_whole() -> None:
    settings = Settings(inputs={"max_rejected": "5%"}, datasets=[{"name": "x", "files": "x/*", "max_rejected": 3}])
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_the_sample_holds_once_its_marks_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "quarterhour.toml"
    lines = sample_settings().splitlines()
    path.write_text(
        "\n".join(line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in lines)
    )
    settings = load_settings(path)
    assert settings.inputs == Settings().inputs
    assert settings.datasets[0].columns[0].type == "DECIMAL(18,2)"


def test_checks_cross_to_a_worker_and_say_what_they_do(tmp_path: Path) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text(
        CHECK
        + "check = 'range'\ncolumn = 'at'\nmin = 2024-01-01\nmax_failures = '0.1%'\n"
        + "[[datasets.checks]]\ncheck = 'freshness'\ncolumn = 'at'\nmax_age = '90 minutes'\nseverity = 'warn'"
    )
    (dataset,) = pickle.loads(pickle.dumps(load_settings(path))).datasets
    assert [check.label for check in dataset.checks] == ["not_null(a)", "range(at)", "freshness(at)"]
    assert [check.action for check in dataset.checks] == ["hold_file", "hold_file", "report"]
    assert dataset.checks[1].min == date(2024, 1, 1)
    assert dataset.checks[2].model_dump(mode="json")["max_age"] == "90 minutes"
