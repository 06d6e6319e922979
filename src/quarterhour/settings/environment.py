"""QUARTERHOUR_*: what the environment sets of the settings. A variable holds what stands behind the key's `=` in
quarterhour.toml, a text without its quotes."""

import json
import os
import tomllib
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

PREFIX = "QUARTERHOUR_"
DELIMITER = "__"


class EnvironmentSource(EnvSettingsSource):
    """Lists and tables are read as TOML or JSON, all else as text, which the settings' own types then judge."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        text = str(value).strip()
        if not text.startswith(("[", "{")):
            return value
        try:
            return json.loads(text)
        except ValueError:
            pass
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            # The settings say of the text that it is no list.
            return value

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for variable in self.env_vars:
            section, delimiter, _ = variable.removeprefix(self.env_prefix.lower()).partition(DELIMITER)
            if delimiter and variable.startswith(self.env_prefix.lower()):
                # The settings say of an unknown one that it is.
                values.setdefault(section, {})
        return values


def variable_name(location: tuple[int | str, ...]) -> str:
    return PREFIX + DELIMITER.join(map(str, location)).upper()


def variables_of(location: tuple[int | str, ...]) -> tuple[str | None, list[str]]:
    """The variable that sets the key at `location`, or a table or list around it; and those that set keys below it."""
    spelled = {name.upper(): name for name, value in sorted(os.environ.items()) if value}
    around = [variable_name(location[:depth]) for depth in range(len(location), 0, -1)]
    below = variable_name(location) + DELIMITER if location else PREFIX
    inner = [spelled[name] for name in spelled if name.startswith(below) and DELIMITER in name]
    return next((spelled[name] for name in around if name in spelled), None), inner
