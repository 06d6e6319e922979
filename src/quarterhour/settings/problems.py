"""What is wrong with the configuration, told by its line in quarterhour.toml or by its variable of the environment."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from quarterhour.settings.environment import variable_name, variables_of
from quarterhour.settings.types import SECRET

_HIDDEN = "… (not shown: it may be a secret)"


def syntax_error(error: tomllib.TOMLDecodeError, settings: type[BaseModel], text: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    line = int(place.group(1)) if place else len(text.splitlines())
    lines = text.splitlines()
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    keys = (key.group(1) for each in reversed(lines[:line]) if (key := re.match(r"\s*([\w-]+)\s*=", each)))
    # It may be the last line of a list that began above.
    is_secret = next(keys, None) in _secret_keys(settings)
    told = _HIDDEN if is_secret else _without_addresses(repr(shown))
    return f"line {line}: not TOML: {str(error).split(' (at')[0]}: {told}"


def explain(error: ValidationError, settings: type[BaseModel], path: Path, text: str) -> str:
    """A line for each problem: where, what, and what may stand there."""
    problems: list[str] = []
    details = error.errors()
    inner = {other["loc"][:depth] for other in details for depth in range(len(other["loc"]))}
    for detail in details:
        has_lost_wrong_ones = detail["type"] == "too_short" and detail["loc"] in inner
        if has_lost_wrong_ones or detail["type"] == "default_factory_not_called":
            continue  # it follows from another problem
        location, known, is_secret = _resolved(detail["loc"], settings)
        problems.append(f"{_place(location, path, text)}: {_what(detail, known, is_secret=is_secret)}")
    return "\n".join(problems)


def _place(location: tuple[int | str, ...], path: Path, text: str) -> str:
    key = ".".join(str(part) for part in location) or "(whole file)"
    variable, inner = variables_of(location)
    if variable is not None:
        return variable if variable.upper() == variable_name(location) else f"{variable}: {key}"
    line = _line_of(location, text)
    if inner and line is None and location:
        return ", ".join(inner)
    here = f"{path}: {key}" if line is None else f"{path}: line {line}: {key}"
    # What is wrong with several keys together may be in either.
    return f"{here} (with {', '.join(inner)})" if inner else here


def _what(detail: ErrorDetails, known: list[str], *, is_secret: bool) -> str:
    facts = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"no setting has this name; there are {', '.join(known)}"
        case "union_tag_not_found":
            return f"it lacks {facts['discriminator']}, which says of which kind it is"
        case "union_tag_invalid":
            return f"{facts['tag']!r} is none of {facts['expected_tags']}"
        case "value_error" | "missing":
            return detail["msg"].removeprefix("Value error, ")
        case "tuple_type":
            what = 'it is a list: give the whole of it, such as ["a", "b"] or [{ name = "a" }]'
        case "model_type":
            what = "it is a table: give it as { key = value }"
        case _:
            what = detail["msg"]
    return f"{what}, not {_HIDDEN if is_secret else _without_addresses(repr(detail['input']))}"


def _without_addresses(text: str) -> str:
    """Addresses hold passwords and tokens: of each only its scheme stays."""
    return re.sub(r"://[^\s'\",]*", "://…", text)


def _resolved(
    location: tuple[int | str, ...], settings: type[BaseModel]
) -> tuple[tuple[int | str, ...], list[str], bool]:
    """A location as it stands in the file, the names that its table may have, and whether what stands there is a secret.

    Where a table is of one of several kinds, pydantic names the kind in between, which is no key.
    """
    model: Any = settings
    kinds: dict[str, Any] = {}
    plain: list[int | str] = []
    known: list[str] = []
    is_secret = False
    for part in location:
        if isinstance(part, str) and part in kinds:
            model, kinds = kinds[part], {}
            known = sorted(model.model_fields)
            continue
        plain.append(part)
        if isinstance(part, str):
            known = sorted(model.model_fields) if hasattr(model, "model_fields") else []
            field = model.model_fields.get(part) if known else None
            model, kinds = _section_of(field.annotation) if field else (None, {})
            is_secret = field is not None and (SECRET in field.metadata or bool(_secret_keys(model)))
    return tuple(plain), known, is_secret


def _secret_keys(model: Any) -> set[str]:
    """The names of the secrets of a section, and of the sections in it."""
    found: set[str] = set()
    for name, field in getattr(model, "model_fields", {}).items():
        if SECRET in field.metadata:
            found.add(name)
        found |= _secret_keys(_section_of(field.annotation)[0])
    return found


def _section_of(annotation: Any) -> tuple[Any, dict[str, Any]]:
    """The model of a section or of a tuple of them; or, where they are of several kinds, the model of each."""
    inner = next(iter(get_args(annotation)), annotation)
    if get_origin(inner) is Annotated:
        inner = get_args(inner)[0]
    kinds = {name: kind for kind in get_args(inner) for name in _tags(kind)}
    return (None, kinds) if kinds else (inner, {})


def _tags(model: Any) -> tuple[str, ...]:
    field = getattr(model, "model_fields", {}).get("check")
    return get_args(field.annotation) if field else ()


def _line_of(location: tuple[int | str, ...], text: str) -> int | None:
    """The line (from 1) of a key in TOML text, or of the nearest table around it; None where it does not stand there."""
    if not location:
        return None
    table: list[str | int] = []
    places: dict[tuple[str | int, ...], int] = {}
    # The first line of the innermost table around it.
    best: int | None = None
    depth = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if header := re.match(r"\[\[\s*([\w.-]+)\s*\]\]", line):
            *outer, last = header.group(1).split(".")
            array = (*_current(outer, places), last)
            places[array] = places.get(array, -1) + 1
            table = [*array, places[array]]
        elif header := re.match(r"\[\s*([\w.-]+)\s*\]", line):
            table = _current(header.group(1).split("."), places)
        elif key := re.match(r"([\w.-]+)\s*=", line):
            here = (*table, *key.group(1).split("."))
            if here == location[: len(here)]:
                return number
        if len(table) > depth and tuple(table) == location[: len(table)]:
            best, depth = number, len(table)
    return best


def _current(names: list[str], places: dict[tuple[str | int, ...], int]) -> list[str | int]:
    """The path of a table: each array of tables on its way stands at its last one."""
    path: list[str | int] = []
    for name in names:
        path.append(name)
        if (place := places.get(tuple(path))) is not None:
            path.append(place)
    return path
