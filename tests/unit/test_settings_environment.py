"""The environment is as good a place for a setting as quarterhour.toml: the same text means the same, and a wrong one is told."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from commands import command
from quarterhour.errors import SettingsError
from quarterhour.settings import RejectLimit, Settings, load_settings
from quarterhour.settings.types import FreeSpace, MemoryLimit

# What a type alone does not say, as TOML: other than the default, and right.
RIGHT = {
    "schedule.cron": '"0 6 * * *"',
    "schedule.timezone": '"Europe/Paris"',
    "inputs.misfit_share": "0.5",
    "retention.max_size": '"5GB"',
    "watchdog.ping_url": '"https://ping.example/1"',
    "server.root_path": '"/quarterhour"',
    "server.trusted_proxies": '["10.0.0.0/8"]',
    "datasets.name": '"bars_2"',
    "datasets.columns": '[{ name = "price", type = "decimal(18,2)" }]',
    "datasets.checks": '[{ check = "not_null", column = "id" }]',
    "analyses.buckets": '{ dataset = "bars", every = "1h" }',
    "analyses.rolling": '{ dataset = "bars", rows = 3, sum = ["price"] }',
    "analyses.top": '{ dataset = "bars", by = "price" }',
    "analyses.change": '{ dataset = "bars", sum = ["price"] }',
    "analyses.window": '{ every = "1h", into = "hour" }',
    "alerts.on": '["disk"]',
    "exports.file": '"{date}/{dataset}.csv"',
    "stages.command": '["true"]',
}
# What a table needs beside the key, and what a key needs beside itself.
BESIDE = {
    "server.keyfile": {"certfile": '"cert.pem"'},
    "alerts": {"name": '"team"', "url": '"json://example.org"'},
    "datasets": {"name": '"bars"', "files": '"bars/*"'},
    "analyses": {"name": '"days"', "sql": '"SELECT 1"'},
    "analyses.buckets": {"name": '"days"'},
    "analyses.rolling": {"name": '"days"'},
    "analyses.top": {"name": '"days"'},
    "analyses.change": {"name": '"days"'},
    "analyses.over": {"name": '"days"', "sql": '"SELECT 1"', "mode": '"append"'},
    "analyses.window": {"name": '"days"', "sql": '"SELECT 1"', "mode": '"window"'},
    "datasets.conflict": {"name": '"bars"', "files": '"bars/*"', "keys": '["id"]'},
    "exports": {"name": '"nightly"', "dataset": '"bars"'},
    "exports.safe": {"name": '"nightly"', "dataset": '"bars"', "format": '"csv"'},
    "stages": {"name": '"burst"', "command": '["burst"]'},
    "stages.python": {"name": '"burst"'},
    "stages.isolation": {"name": '"burst"', "python": '"burst:Burst"'},
}


def fields() -> Iterator[tuple[str, Any]]:
    """The keys of all sections and tables of quarterhour.toml, and their types without None."""
    for section, field in Settings.model_fields.items():
        model = get_args(field.annotation)[0] if get_origin(field.annotation) is tuple else field.annotation
        for name, inner in model.model_fields.items():
            is_optional = get_origin(inner.annotation) in (Union, UnionType)
            kind = get_args(inner.annotation)[0] if is_optional else inner.annotation
            yield f"{section}.{name}", get_args(kind)[0] if get_origin(kind) is Annotated else kind


FIELDS = dict(fields())
TABLES = {name for name, field in Settings.model_fields.items() if get_origin(field.annotation) is tuple}


def right(key: str) -> str:
    """A value that is not the default, as TOML."""
    kind = FIELDS[key]
    section, _, name = key.partition(".")
    if key in RIGHT:
        return RIGHT[key]
    if get_origin(kind) is Literal:
        default = None if section in TABLES else getattr(getattr(Settings(), section), name)
        return f'"{next(option for option in reversed(get_args(kind)) if option != default)}"'
    if get_origin(kind) is tuple:
        return '["a", "b"]'
    if kind is bool:
        return "false" if key == "maintenance.enabled" else "true"
    return {float: "12.5", int: "9000", MemoryLimit: '"70%"', FreeSpace: '"100%"', RejectLimit: '"0.5%"'}.get(
        kind, '"a"'
    )


def plain(toml: str) -> str:
    """TOML's value as a variable holds it: a text without its quotes."""
    value = tomllib.loads(f"x = {toml}")["x"]
    return value if isinstance(value, str) else toml


def written(key: str, toml: str) -> tuple[str, str, str]:
    """The text of quarterhour.toml, and the variable with its value, that set a key to a value."""
    section, _, name = key.partition(".")
    pairs = {**BESIDE.get(key, BESIDE.get(section, {}) if section in TABLES else {}), name: toml}
    table = ", ".join(f"{name} = {value}" for name, value in pairs.items())
    if section in TABLES:
        return f"{section} = [{{ {table} }}]", f"QUARTERHOUR_{section.upper()}", f"[{{ {table} }}]"
    if key in BESIDE:
        return f"{section} = {{ {table} }}", f"QUARTERHOUR_{section.upper()}", f"{{ {table} }}"
    return f"[{section}]\n{name} = {toml}", f"QUARTERHOUR_{section}__{name}".upper(), plain(toml)


@pytest.mark.parametrize("key", FIELDS)
def test_the_same_text_means_the_same(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, variable, value = written(key, right(key))
    path = tmp_path / "quarterhour.toml"
    path.write_text(file)
    by_file = load_settings(path)
    assert by_file != Settings()
    path.unlink()
    monkeypatch.setenv(variable, value)
    assert load_settings(path) == by_file


def wrong(kind: Any) -> str | None:
    """A text that a key of that type cannot have; None where it may have any."""
    if kind in (float, int, bool, MemoryLimit, FreeSpace, RejectLimit):
        return "plenty"
    if get_origin(kind) is Literal or get_origin(kind) is tuple:
        return "other"
    return '{ of = "another kind" }' if isinstance(kind, type) and issubclass(kind, BaseModel) else None


# A pattern or a rule says what these may be: to the rest, any text is right.
WRONG = {
    "schedule.cron": "0 6 * *",
    "schedule.timezone": "Mars/Base",
    "inputs.marker": "a/b",
    "watchdog.ping_url": "ftp:nowhere",
    "server.root_path": "no path",
}
WRONG |= {key: text for key, kind in FIELDS.items() if key.partition(".")[0] not in TABLES and (text := wrong(kind))}


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_told_by_its_variable(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file has a right one for the same key: that is not what is wrong."""
    file, variable, _ = written(key, right(key))
    (tmp_path / "quarterhour.toml").write_text(file)
    monkeypatch.setenv(variable, WRONG[key])
    with pytest.raises(SettingsError) as told:
        load_settings(tmp_path / "quarterhour.toml")
    (line,) = told.value.message.splitlines()
    assert line.startswith(f"{variable}: ")
    assert (repr(WRONG[key]) in line) is (key != "watchdog.ping_url")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("INPUT__SETTLE", "3", "QUARTERHOUR_INPUT__SETTLE: no setting has this name; there are alerts, "),
        ("INPUTS__SETLE", "3", "QUARTERHOUR_INPUTS__SETLE: no setting has this name; there are after, "),
        ("DATASETS", '[{ name = "B-", files = "*" }]', "QUARTERHOUR_DATASETS: datasets.0.name: "),
        ("DATASETS", '[{"name": "b"}]', "QUARTERHOUR_DATASETS: datasets.0.files: Field required"),
        ("DATASETS", '[{ name = "b"', "QUARTERHOUR_DATASETS: it is a list: give the whole of it, such as "),
        ("ALERTS__0__NAME", "b", "QUARTERHOUR_ALERTS__0__NAME: it is a list: give the whole of it, such as "),
        (
            "STAGES",
            '[{ name = "translator", timeout = "x" }]',
            "QUARTERHOUR_STAGES: stages.0.timeout: Input should be ",
        ),
        ("SERVER", "9000", "QUARTERHOUR_SERVER: it is a table: give it as { key = value }, not '9000'"),
        ("WATCHDOG__HUNG_AFTER", "1", "QUARTERHOUR_WATCHDOG__HUNG_AFTER: hung_after is 1 s, less than three times "),
        (
            "RUNNER__RUN_TIMEOUT",
            "1",
            "quarterhour.toml: line 1: runner (with QUARTERHOUR_RUNNER__RUN_TIMEOUT): timeout",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    variable: str, value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quarterhour.toml").write_text("[runner]\ntimeout = 5")
    monkeypatch.setenv(f"QUARTERHOUR_{variable}", value)
    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path / "quarterhour.toml")
    (line,) = error.value.message.replace(f"{tmp_path}/", "").splitlines()
    assert line.startswith(told)


def test_lists_and_tables_may_be_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUARTERHOUR_DATASETS", '[{"name": "bars", "files": "*", "max_rejected": null}]')
    monkeypatch.setenv("QUARTERHOUR_SERVER", '{"host": "::1"}')
    monkeypatch.setenv("QUARTERHOUR_SERVER__API_PORT", "9000")
    settings = load_settings(tmp_path / "quarterhour.toml")
    assert settings.datasets[0].files == "*"
    assert (settings.server.host, settings.server.api_port) == ("::1", 9000)


def test_a_command_ends_with_the_status_of_a_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERHOUR_WATCHDOG__MIN_FREE", "lots")
    ended = command(tmp_path, "up")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("QUARTERHOUR_WATCHDOG__MIN_FREE: 'lots' is no free space: give a share such as '1%'")
    assert "Traceback" not in ended.output
