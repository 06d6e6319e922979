"""A user's SQL text: one SELECT, the tables that it reads, and its errors by line and column of the text."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import duckdb
import orjson

from quarterhour.errors import StageError


class QueryError(StageError):
    """The SQL of an analysis cannot be run; the message names the analysis, and the line and column where it can be told."""


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT."""

    analysis: str
    text: str
    """As it stands in the settings, without what follows its end."""
    tables: frozenset[str]
    """The names that it reads, in lower case."""


@lru_cache(maxsize=256)
def parse_query(analysis: str, sql: str) -> Query:
    """Raises QueryError where it is not one SELECT."""
    with duckdb.connect() as connection:
        connection.execute("SET errors_as_json = true")
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryError(_not_one_select(analysis, sql, statements), analysis=analysis)
            tree = _tree(connection, sql)
        except duckdb.Error as error:
            raise explained(error, analysis, sql) from error
    tables: set[str] = set()
    try:
        _collect(tree, frozenset(), tables)
    except _Refused as error:
        raise QueryError(f"analysis {analysis!r}: {error}", analysis=analysis) from error
    return Query(analysis, _up_to_its_end(sql), frozenset(tables))


def _not_one_select(analysis: str, sql: str, statements: list[duckdb.Statement]) -> str:
    if not statements:
        return f"analysis {analysis!r}: its sql holds no statement"
    is_second = statements[0].type == duckdb.StatementType.SELECT
    place = len(statements[0].query) if is_second else 0
    # The statement itself begins after what parts it from the one before.
    place += len(sql[place:]) - len(sql[place:].lstrip())
    line, column = _place(sql, len(sql[:place].encode()))
    what = "a second statement" if is_second else f"a statement of kind {statements[0].type.name}"
    advice = "; a PIVOT needs its values named with IN" if statements[0].type == duckdb.StatementType.MULTI else ""
    return f"analysis {analysis!r}: line {line}, column {column}: {what}: give one SELECT{advice}"


class _Refused(Exception):
    """The statement does what an analysis may not."""


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    serialized = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    assert serialized is not None
    return orjson.loads(serialized[0])["statements"]


def _collect(node: Any, hidden: frozenset[str], tables: set[str]) -> None:
    """Add the names of the tables that are read below `node`; `hidden` are names that a WITH gives. Raises _Refused."""
    if isinstance(node, list):
        for each in cast(list[Any], node):
            _collect(each, hidden, tables)
    if not isinstance(node, dict):
        return
    parts = cast(dict[str, Any], node)
    kind = str(parts.get("type", ""))
    if kind.endswith("_QUERY_NODE") and kind.startswith(("INSERT", "UPDATE", "DELETE", "MERGE")):
        raise _Refused(f"it holds a statement of kind {kind.removesuffix('_QUERY_NODE')}: give one SELECT")
    if kind == "BASE_TABLE" and not parts.get("schema_name"):
        name = str(parts["table_name"]).lower()
        if name not in hidden:
            tables.add(name)
    if kind == "TABLE_FUNCTION" and (name := parts["function"]["function_name"]) in ("query", "query_table"):
        raise _Refused(f"{name}() hides what is read: name the tables in the statement")
    if kind == "RECURSIVE_CTE_NODE":
        hidden |= {str(parts["cte_name"]).lower()}
    for entry in parts.get("cte_map", {}).get("map", ()):
        # A name is known to what stands after it; by itself it means what it meant before.
        _collect(entry["value"], hidden, tables)
        hidden |= {str(entry["key"]).lower()}
    for name, part in parts.items():
        if name != "cte_map":
            _collect(part, hidden, tables)


def _up_to_its_end(sql: str) -> str:
    """Without the semicolon at its end, and what follows it."""
    for place, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.operator and sql.encode()[place : place + 1] == b";":
            return sql.encode()[:place].decode()
    return sql


def explained(error: duckdb.Error, analysis: str, sql: str, *, offset: int = 0) -> QueryError:
    """`error`, of a connection that tells errors as JSON, with its place in `sql`, which began at byte `offset` of what ran."""
    text = str(error)
    try:
        told = orjson.loads(text[text.index("{") :])
        message, position = str(told["exception_message"]), told.get("position")
    except (ValueError, KeyError):
        message, position = text, None
    message = " ".join(message.split())
    if isinstance(error, duckdb.OutOfMemoryException):
        message += ": the query needs more memory than it may take, also while it spills to the disk"
    place = int(position) - offset if position is not None else -1
    if not 0 <= place <= len(sql.encode()):
        return QueryError(f"analysis {analysis!r}: {message}", analysis=analysis)
    line, column = _place(sql, place)
    shown = sql.splitlines()[line - 1].strip() if sql.strip() else ""
    return QueryError(
        f"analysis {analysis!r}: line {line}, column {column}: {message}: {shown!r}",
        analysis=analysis,
        line=line,
        column=column,
    )


def _place(sql: str, byte: int) -> tuple[int, int]:
    """Line and column, both from 1, of a byte of the text."""
    before = sql.encode()[:byte].decode(errors="replace")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
