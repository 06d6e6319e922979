"""A wrong setting is named with its file, line and key."""

from pathlib import Path

import pytest

from quarterhour.errors import SettingsError
from quarterhour.sample_settings import sample_settings
from quarterhour.settings import Settings, load_settings


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
        ("[schedule]\ncron = '*/15 * * *'", r"line 2: schedule\.cron: .*give five fields"),
        ("[schedule]\n\ntimezone = 'Mars'", r"line 3: schedule\.timezone: 'Mars' is not a time zone"),
        ("[runner]\nattempts = 0", r"line 2: runner\.attempts: .*not 0"),
        ("[runner]\nattemps = 3", r"line 2: runner\.attemps: no setting has this name; there are attempts"),
        ("[[datasets]]\nname = 'a'\nfiles = '*'\n[[datasets]]\nname = 'B-'\nfiles = '*'", r"line 5: datasets\.1\.name"),
        ("[[stages]]\nname = 'burst'", r"line 1: stages\.0: 'burst' is none of .*give it a command"),
        ("[schedule\n", r"line 1: not TOML"),
    ],
)
def test_a_wrong_file_is_told_by_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told) as error:
        load_settings(path)
    assert str(path) in error.value.message


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quarterhour.toml"
    path.write_text("[inputs]\nsettle = 9")
    monkeypatch.setenv("QUARTERHOUR_INPUTS__SETTLE", "5")
    assert load_settings(path).inputs.settle == 5
