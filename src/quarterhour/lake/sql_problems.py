"""What is wrong with somebody's SQL: DuckDB's words, with the line and column where it stands in the text as it was given.

The connection must have `errors_as_json` on: only then does DuckDB tell the place apart from the words.
"""

from dataclasses import dataclass

import duckdb
import orjson


@dataclass(frozen=True, slots=True)
class SqlProblem:
    """One error of DuckDB. `offset` counts bytes of UTF-8 from the query's beginning; None where it tells no place."""

    message: str
    offset: int | None = None


def problem_of(error: duckdb.Error) -> SqlProblem:
    told = str(error).partition(": ")[2]
    try:
        parsed = orjson.loads(told)
    except orjson.JSONDecodeError:
        return SqlProblem(str(error))
    offset = parsed.get("position")
    return SqlProblem(parsed["exception_message"], int(offset) if offset is not None else None)


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1 and in characters, of a byte of `text`."""
    before = text.encode()[:offset].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def located(message: str, text: str, offset: int | None) -> str:
    """The message with its place in `text`; without one where the offset lies outside."""
    if offset is None or not 0 <= offset <= len(text.encode()):
        return message
    line, column = place(text, offset)
    return f"line {line}, column {column}: {message}"
