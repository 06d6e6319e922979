"""A filter that somebody else wrote: one expression over a table's columns, checked before it comes near the data.

It is checked by what DuckDB's own parser makes of it, against a list of what may stand in it: no subqueries, no functions but
scalar ones that compute from their arguments. The connection that runs it can reach nothing but the table (see `plan`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import duckdb
import orjson

from quarterhour.errors import InvalidQuery
from quarterhour.lake.duck import identifier
from quarterhour.lake.sql_problems import located, problem_of

_PARTS = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION"}
    | {"LAMBDA", "LAMBDA_REF", "OPERATOR", "TYPE"}
)
"""The classes of DuckDB's expressions that compute from a row alone."""
_MACROS = frozenset({"date_add", "days_in_month", "fdiv", "if", "nullif", "split_part"})
"""Functions that DuckDB keeps as SQL; others of that kind ask for tables or for the session."""
_SESSION = frozenset({"current_database", "current_schema", "current_schemas", "current_setting", "getvariable"})
_CLOCK = frozenset(
    {"age", "current_date", "current_localtime", "current_localtimestamp", "current_time", "current_timestamp"}
    | {"get_current_time", "get_current_timestamp", "localtime", "localtimestamp", "now", "today"}
    | {"transaction_timestamp"}
)
"""Functions, some called without parentheses, that look at the clock."""
_ADVICE = "give one expression that is true or false for each row, such as dep_delay > 60 AND origin = 'JFK'"


@dataclass(frozen=True, slots=True)
class Filter:
    """A checked filter."""

    text: str
    is_steady: bool = True
    """The same rows whenever it is asked: it looks at no clock."""

    @property
    def sql(self) -> str:
        """On lines of its own, so that a comment in it ends before what follows."""
        return f" WHERE (\n{self.text}\n)" if self.text else ""

    def error(self, error: duckdb.Error, query: str) -> InvalidQuery | None:
        """The error of a query that has this filter, where it is the filter's."""
        problem = problem_of(error)
        start = len(query[: query.rindex(self.sql)].encode()) + len(" WHERE (\n") if self.text else 0
        inside = problem.offset is not None and start <= problem.offset <= start + len(self.text.encode())
        if not self.text or not inside or problem.offset is None:
            return None
        return _refused(problem.message, self.text, problem.offset - start)


def checked(connection: duckdb.DuckDBPyConnection, dataset: str, columns: Mapping[str, str], where: str) -> Filter:
    """Raises InvalidQuery, with line and column, where `where` is no filter over `columns`."""
    if not where.strip():
        return Filter("")
    given = Filter(where)
    query = f"SELECT 1 FROM {identifier(dataset)}{given.sql}"
    start = len(query.encode()) - len(where.encode()) - len("\n)")
    tree = _parsed(connection, query, where, start)
    functions = _check_parts(tree, where, start)
    _check_functions(connection, where, functions)
    # An empty table has all that is needed to tell whether names and types fit.
    described = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE TEMP TABLE {identifier(dataset)} ({described})")
    try:
        connection.execute(f"DESCRIBE {query}")
        kind = _kind(connection, dataset, where)
    except duckdb.Error as error:
        raise given.error(error, f"DESCRIBE {query}") or InvalidQuery(f"where: {problem_of(error).message}") from error
    finally:
        connection.execute(f"DROP TABLE {identifier(dataset)}")
    if kind not in ("BOOLEAN", '"NULL"'):
        raise InvalidQuery(f"where: it gives {kind}, not true or false: {_ADVICE}")
    called = functions.keys() | (_bare_names(tree) - {name.lower() for name in columns})
    return Filter(where, is_steady=not called & _CLOCK)


def _kind(connection: duckdb.DuckDBPyConnection, dataset: str, where: str) -> str:
    [(_, kind, *_)] = connection.execute(f"DESCRIBE SELECT (\n{where}\n) FROM {identifier(dataset)}").fetchall()
    return str(kind)


def _parsed(connection: duckdb.DuckDBPyConnection, query: str, where: str, start: int) -> Any:
    """The expression's tree. `where` begins at byte `start` of the query."""
    [(text,)] = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # orjson goes no deeper than it must, DuckDB does.
        raise _refused("it is nested too deeply", where, None) from error
    if answer["error"]:
        size = len(where.encode())
        offset = int(answer["position"]) - start if "position" in answer else None
        # Where it stumbled over what stands around the text, the text was not over yet.
        words = "it ends too early" if offset is not None and offset > size else answer["error_message"]
        raise _refused(words, where, None if offset is None else min(offset, size))
    nodes = [statement["node"] for statement in answer["statements"]]
    if len(nodes) != 1 or not _is_plain(nodes[0]):
        raise InvalidQuery(f"where: more than one expression: {_ADVICE}")
    return nodes[0]["where_clause"]


def _is_plain(node: Mapping[str, Any]) -> bool:
    """Whether a query has nothing but its WHERE: the text did not close the parenthesis that stands around it."""
    return (
        node["type"] == "SELECT_NODE"
        and node["from_table"]["type"] == "BASE_TABLE"
        and not any(
            node.get(name)
            for name in ("modifiers", "group_expressions", "group_sets", "having", "qualify", "sample", "where_extra")
        )
        and not node["cte_map"]["map"]
        and len(node["select_list"]) == 1
    )


def _check_parts(tree: Any, where: str, start: int) -> dict[str, int]:
    """The functions that are called, each with the place of its first call."""
    names: dict[str, int] = {}
    for part in _parts(tree):
        offset = int(part.get("query_location", start)) - start
        if part["class"] not in _PARTS:
            words = {"SUBQUERY": "a subquery", "WINDOW": "a window function"}.get(part["class"], part["class"].lower())
            raise _refused(f"{words} may not stand in a filter", where, offset)
        if part["class"] == "FUNCTION":
            names.setdefault(str(part["function_name"]).lower(), offset)
    return names


def _bare_names(tree: Any) -> set[str]:
    """What stands alone is a column, or a function that needs no parentheses."""
    references = (part["column_names"] for part in _parts(tree) if part["class"] == "COLUMN_REF")
    return {str(names[0]).lower() for names in references if len(names) == 1}


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Each expression below `tree`, itself too."""
    if isinstance(tree, dict):
        branch = cast(dict[str, Any], tree)
        if "class" in branch:
            yield branch
        for value in branch.values():
            yield from _parts(value)
    elif isinstance(tree, list):
        for value in cast(list[Any], tree):
            yield from _parts(value)


def _check_functions(connection: duckdb.DuckDBPyConnection, where: str, names: Mapping[str, int]) -> None:
    """What is no function of a row is left to the binder, which has a better word for it."""
    refused = connection.execute(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE lower(function_name) IN (SELECT unnest(?)) "
        "AND ((function_type = 'scalar' AND (stability = 'VOLATILE' OR has_side_effects)) "
        "OR (function_type = 'macro' AND function_name NOT IN (SELECT unnest(?))) "
        "OR function_name IN (SELECT unnest(?)))",
        [list(names), sorted(_MACROS), sorted(_SESSION)],
    ).fetchall()
    for (name,) in refused:
        raise _refused(f"the function {name} may not stand in a filter", where, names[name])


def _refused(words: str, where: str, offset: int | None) -> InvalidQuery:
    return InvalidQuery(f"where: {located(words, where, offset)}")
