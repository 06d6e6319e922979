"""Values as TOML writes them. Pure."""

import json
from datetime import date, datetime, time
from typing import Any, cast


def toml_text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            # A basic string is as JSON's, but for the one control that JSON leaves as it is.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(toml_text(one) for one in cast(list[Any], value))}]"
        case _:
            return repr(value)
