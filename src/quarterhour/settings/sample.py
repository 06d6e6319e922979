"""The quarterhour.toml that `quarterhour init` writes: every default, read from the settings themselves."""

from typing import cast

from pydantic import BaseModel

from quarterhour.settings.model import RejectLimit, Settings
from quarterhour.settings.types import FreeSpace, MemoryLimit

_EXAMPLES = """
# A dataset with keys is upserted; without, rows are appended and a dataset is a folder, or the file name less its trailing date.
# [[datasets]]
# name = "bars"
# files = "bars/*.csv"
# keys = ["symbol", "time"]
# conflict = "newest"     # or "first", or "fail": where a key stands with other values
# max_rejected = "0.1%"   # or a number of records: above it the run fails
# ragged = "repair"       # or "quarantine", or "pad"
# [[datasets.columns]]    # a contract: what is not named is as detected
# name = "price"
# type = "decimal(18,2)"
# required = true
# min = 0
# [[datasets.checks]]     # see docs/checks.md; `quarterhour checks suggest` proposes some
# check = "range"
# column = "price"
# min = 0
# on_failure = "hold_file"  # or "hold_run", or "report"; severity = "warn" only tells

# Who is told when a run fails or something else is wrong, and when it is well again: see docs/watchdog.md.
# [[alerts]]
# name = "team"
# url = "mailtos://user:password@example.org?to=ada@example.org"
# on = ["pipeline", "disk"]  # without it, of all

# Stages of your own stand among ours, in this order.
# [[stages]]
# name = "translator"
# [[stages]]
# name = "burst"
# command = ["python", "burst.py"]
"""


def sample_settings() -> str:
    """TOML with each setting's default, as a comment behind its description."""
    lines = ["# quarterhour: all settings with their defaults. Take the # off a line to change it."]
    settings = Settings.model_construct()
    for section_name in Settings.model_fields:
        section = getattr(settings, section_name)
        if not isinstance(section, BaseModel):
            continue
        lines += ["", f"[{section_name}]"]
        for name, field in type(section).model_fields.items():
            value = getattr(section, name)
            # What has no default has no text in TOML either: two marks.
            mark = "# #" if value is None else "#"
            lines.append(f"{mark} {name} = {_toml(value)}" + (f"  # {field.description}" if field.description else ""))
    return "\n".join(lines) + "\n" + _EXAMPLES


def _toml(value: object) -> str:
    match value:
        case str() | RejectLimit() | MemoryLimit() | FreeSpace():
            return f'"{value}"'
        case None:
            return '"…"'
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(map(_toml, cast(tuple[object, ...], value)))}]"
        case _:
            return str(value)
