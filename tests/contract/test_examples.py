"""Each operation of the API shows what it is sent and what it answers, by examples that are true."""

from collections.abc import Iterator
from typing import Any

import pytest

from openapi_examples import Body, bodies, problems
from quarterhour.web.app import make_app

DOCUMENT = make_app(None).openapi()
_HOW = "record it: a call in tests/contract/record_examples.py, then PYTHONPATH=tests python tests/contract/record_examples.py"
_METHODS = {"get", "put", "post", "delete", "patch"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in DOCUMENT["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation["operationId"], operation


@pytest.mark.parametrize("body", list(bodies(DOCUMENT)), ids=lambda body: f"{body.operation}-{body.place}")
def test_each_body_has_an_example_that_is_as_its_schema_says(body: Body) -> None:
    assert body.has_example, f"{body.operation} has no example of {body.place}: {_HOW}"
    assert problems(DOCUMENT, body) == [], f"{body.operation}'s example of {body.place} is no such: {_HOW}"


def test_an_example_that_lies_is_found() -> None:
    """The test above can fail: a field too many, one too few, one of another type."""
    run = next(body for body in bodies(DOCUMENT) if (body.operation, body.place) == ("getRun", "200"))
    for change in ({"nonsense": 1}, {"run_id": None}):
        lie = Body(run.operation, run.place, run.media, run.schema, {**run.example, **change})
        assert len(problems(DOCUMENT, lie)) == 1
    lacking = {name: value for name, value in run.example.items() if name != "run_id"}
    assert problems(DOCUMENT, Body(run.operation, run.place, run.media, run.schema, lacking)) != []


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_each_operation_is_named_told_of_and_names_its_errors(name: str, operation: dict[str, Any]) -> None:
    assert name.isidentifier()
    assert operation["summary"]
    assert operation.get("description"), f"{name} has no docstring"
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            [(media, content)] = answer["content"].items()
            if media == "application/problem+json":
                assert (content["example"]["status"], content["example"]["type"]) == (int(status), "about:blank")
                assert content["example"]["detail"]
            else:
                # No problem of the application's: the server's own word to what is no HTTP, and what a probe reads.
                assert (name == "getReadiness") == (media == "application/json")


def test_names_of_operations_are_their_own() -> None:
    names = [name for name, _ in operations()]
    assert len(names) == len(set(names)) > 40
