"""The examples of an OpenAPI document, and whether each is one of what it stands for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import jsonschema_rs

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Body:
    operation: str
    place: str
    """`request`, or an answer's status."""
    media: str
    schema: Any
    example: Any

    @property
    def has_example(self) -> bool:
        return self.example is not _MISSING


def bodies(document: dict[str, Any]) -> Iterator[Body]:
    """Each body of JSON or text that is sent or answered."""
    for path in document["paths"].values():
        for operation in path.values():
            places = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for place, described in places.items():
                for media, content in described.get("content", {}).items():
                    if "json" in media or media.startswith("text/"):
                        example = content.get("example", _MISSING)
                        yield Body(operation["operationId"], place, media, content.get("schema", {}), example)


def fits(document: dict[str, Any], body: Body) -> bool:
    """Whether there is an example, and it has what its schema says and nothing beside it."""
    return body.has_example and not problems(document, body)


def problems(document: dict[str, Any], body: Body) -> list[str]:
    schema = {**_closed(body.schema), "components": _closed(document["components"])}
    validator = jsonschema_rs.Draft202012Validator(schema)
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(body.example)
    ]


def _closed(schema: Any) -> Any:
    """With no other fields than those that are described."""
    if isinstance(schema, list):
        return [_closed(each) for each in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(each) for name, each in cast(dict[str, Any], schema).items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
