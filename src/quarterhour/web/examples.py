"""The examples of the OpenAPI document: what each operation was sent, and what it answered, in one real run."""

from pathlib import Path
from typing import Any, cast

import orjson

RECORDED = Path(__file__).with_name("examples.json")
"""By operation id: `request`, and `answers` by status. Made by tests/contract/record_examples.py."""


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document, with what was recorded beside each schema of a body. An operation without any is left as it is."""
    recorded = cast(dict[str, Any], orjson.loads(RECORDED.read_bytes()))
    for path in document["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                if "application/problem+json" in answer.get("content", {}):
                    # FastAPI adds it of itself; a problem is of its own type alone.
                    answer["content"].pop("application/json", None)
            known = recorded.get(operation["operationId"], {})
            if "request" in known:
                operation["requestBody"]["content"]["application/json"]["example"] = known["request"]
            for status, answer in known.get("answers", {}).items():
                # Of several kinds of content the first is text; the others are files that no JSON document holds.
                media = next(iter(operation["responses"][status]["content"].values()))
                media["example"] = answer
    return document
