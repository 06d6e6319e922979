"""The document says of each number what it counts or measures, and of each time in which zone it is written."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from quarterhour.web.app import make_app

DOCUMENT: dict[str, Any] = make_app(None).openapi()

UNIT = re.compile(
    r"\b(days|seconds|milliseconds|bytes|rows|records|files|events|runs|marks|items|windows|attempts|recoveries|values|"
    r"series|inputs|number|numbers|share|percent|seq|version|cursor|offset|next|pixels|points|line|status|unit|units)\b",
    re.IGNORECASE,
)
TIME = re.compile(r"\bISO 8601\b")
# Named as times are, and holding something else.
NO_TIMES = {"RetractRequest.to", "get /api/datasets/{name}/series time"}
NAMED_AS_TIME = re.compile(r"_at$|^(at|time|timestamp|mark|since|until|from|to|start|end|judged_until)$")


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in DOCUMENT["components"]["schemas"].items():
        for field, schema in model.get("properties", {}).items():
            yield f"{name}.{field}", schema
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path} {parameter['name']}", {**parameter["schema"], **parameter}


def kinds(schema: dict[str, Any]) -> set[str]:
    """The types that a value may have, those of lists and of objects' values too; `date-time` for a time."""
    inner = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    own = {schema.get("format") if schema.get("format") == "date-time" else schema.get("type")}
    return own.union(*(kinds(each) for each in inner if isinstance(each, dict)))


FIELDS = dict(fields())
NUMBERS = [key for key, schema in FIELDS.items() if kinds(schema) & {"integer", "number"}]
TIMES = [key for key, schema in FIELDS.items() if "date-time" in kinds(schema)]


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_says_its_unit(key: str) -> None:
    description = FIELDS[key].get("description", "")
    assert UNIT.search(description), f"{key}: {description!r} names no unit"


@pytest.mark.parametrize("key", TIMES)
def test_a_time_says_how_it_is_written(key: str) -> None:
    description = FIELDS[key].get("description", "")
    assert TIME.search(description), f"{key}: {description!r} does not say how the time is written"


def test_what_is_named_as_a_time_is_one() -> None:
    named = {key for key in FIELDS if NAMED_AS_TIME.search(re.split(r"[. ]", key)[-1]) and key not in NO_TIMES}
    texts = {key for key in named if "string" in kinds(FIELDS[key])}
    assert texts - set(TIMES) == set()
    assert len(TIMES) > 40
