"""Which inputs fit a merged table, and with which columns: new columns and lossless widenings pass, the rest is held back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from quarterhour.lake.column_types import LINEAGE, RECORD, data_columns, describe, widened
from quarterhour.lake.duck import identifier, literal, string_list
from quarterhour.lake.ledger import Input
from quarterhour.lake.parquet_files import DamagedFile, parquet_columns
from quarterhour.lake.tables import Table, storage_columns


@dataclass(frozen=True, slots=True)
class Source:
    """An input that is to be merged: its Parquet file and the file's columns, with DuckDB's types."""

    entry: Input
    path: Path
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class HeldBack:
    entry: Input
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one commit takes in."""

    columns: dict[str, str]
    """The table's columns after it: storage types by name."""
    sources: list[Source]
    held_back: list[HeldBack]
    needs_rewrite: bool
    """A column of the table changes its type, so every data file is written again."""
    added: dict[str, str]
    """Columns that the table does not have yet."""


class _Refused(Exception):
    """An input does not fit; the message says why."""


def plan_merge(
    connection: duckdb.DuckDBPyConnection,
    table: Table | None,
    candidates: Sequence[tuple[Input, Path]],
    keys: tuple[str, ...],
) -> Plan:
    """Take the inputs in their order; each fits the table as the ones before it left it, or is held back whole."""
    before = table.columns if table else {}
    columns = dict(before)
    sources: list[Source] = []
    held_back: list[HeldBack] = []
    for entry, path in candidates:
        try:
            source = Source(entry, path, parquet_columns(connection, path))
        except DamagedFile as error:
            held_back.append(HeldBack(entry, damaged_message(entry, path, error.message)))
            continue
        if missing := [name for name in LINEAGE if name not in source.columns]:
            why = f"it has no column {', '.join(missing)}: another program wrote it"
            held_back.append(HeldBack(entry, damaged_message(entry, path, why)))
            continue
        try:
            if missing := [key for key in keys if key not in source.columns]:
                raise _Refused(f"it lacks the key column {', '.join(missing)}")
            columns = _with_source(connection, table, columns, sources, source)
        except _Refused as error:
            held_back.append(HeldBack(entry, _explain(entry, columns, source, str(error))))
        else:
            sources.append(source)
    # Lineage stands last in a new table.
    ordered = {name: columns[name] for name in (*data_columns(columns), *LINEAGE) if name in columns}
    return Plan(
        columns=columns if before else ordered,
        sources=sources,
        held_back=held_back,
        needs_rewrite=any(columns[name] != storage for name, storage in before.items()),
        added={name: storage for name, storage in columns.items() if name not in before},
    )


def damaged_message(entry: Input, path: Path, why: str) -> str:
    return (
        f"{entry.name}: its {entry.rows} rows are held back: its translated file {path} is damaged: {why}. "
        f"Make it anew from its raw file: quarterhour retranslate {entry.dataset}"
    )


def _explain(entry: Input, columns: Mapping[str, str], source: Source, reason: str) -> str:
    return (
        f"{entry.name}: its {entry.rows} rows are held back: {reason}. "
        f"The table has: {describe(columns)}. The file has: {describe(storage_columns(source.columns))}. "
        "Correct the file and drop it again, or name another dataset for it"
    )


def _with_source(
    connection: duckdb.DuckDBPyConnection,
    table: Table | None,
    columns: Mapping[str, str],
    earlier: Sequence[Source],
    source: Source,
) -> dict[str, str]:
    """The columns that hold what is there and this source too. Raises _Refused."""
    after = dict(columns)
    spelled = {name.casefold(): name for name in columns}
    for name, storage in storage_columns(source.columns).items():
        known = spelled.get(name.casefold())
        if known is None:
            after[name] = storage
            spelled[name.casefold()] = name
        elif known != name:
            raise _Refused(f"column {name!r} differs from the table's {known!r} in its case only")
        else:
            after[name] = _common_type(connection, table, earlier, source, name, columns[name], storage)
        _check_exact(connection, _relation([source.path]), name, source.columns[name], after[name])
    return after


def _common_type(
    connection: duckdb.DuckDBPyConnection,
    table: Table | None,
    earlier: Sequence[Source],
    source: Source,
    name: str,
    before: str,
    storage: str,
) -> str:
    """The type for a column that the table has as `before` and the source as `storage`. Raises _Refused."""
    if storage == before or _is_empty(connection, [_relation([source.path])], name):
        return before
    standing = [table.scan()] if table and name in table.columns else []
    standing += [_relation([one.path]) for one in earlier if name in one.columns]
    if _is_empty(connection, standing, name):
        return storage
    common = widened(before, storage)
    if common is None:
        raise _Refused(
            f"column {name!r} is {before} in the table and {storage} in the file{_first_misfit(connection, source, name, before)}"
        )
    if common != before:
        for relation in standing:
            _check_exact(connection, relation, name, before, common)
    return common


def _first_misfit(connection: duckdb.DuckDBPyConnection, source: Source, name: str, storage: str) -> str:
    """Where the first value stands that the table's type cannot hold; empty where all could be read as it."""
    column = identifier(name)
    found = connection.execute(
        f"SELECT {RECORD}, {column}::VARCHAR FROM {_relation([source.path])} "
        f"WHERE {column} IS NOT NULL AND TRY_CAST({column}::VARCHAR AS {storage}) IS NULL ORDER BY {RECORD} LIMIT 1"
    ).fetchall()
    return f" (first in record {found[0][0]}: {found[0][1]!r})" if found else ""


def _relation(paths: Sequence[Path]) -> str:
    return f"read_parquet({string_list(str(path) for path in paths)})"


def _is_empty(connection: duckdb.DuckDBPyConnection, relations: Sequence[str], name: str) -> bool:
    """Whether the column holds no value in any of them."""
    return not any(
        connection.execute(f"SELECT 1 FROM {relation} WHERE {identifier(name)} IS NOT NULL LIMIT 1").fetchone()
        for relation in relations
    )


# Casts that may change a value, and so are tried on the data: 64-bit integers to floating point, 128-bit ones to 38 digits.
_INEXACT = {("BIGINT", "DOUBLE"), ("HUGEINT", "DECIMAL(38,0)"), ("UHUGEINT", "DECIMAL(38,0)")}


def _check_exact(connection: duckdb.DuckDBPyConnection, relation: str, name: str, kind: str, storage: str) -> None:
    """Raises _Refused where a value of the column would not come back as it went in."""
    if (kind, storage) not in _INEXACT:
        return
    column = identifier(name)
    lost = connection.execute(
        f"SELECT {column}::VARCHAR FROM {relation} "
        f"WHERE TRY_CAST(TRY_CAST({column} AS {storage}) AS {kind}) IS DISTINCT FROM {column} LIMIT 1"
    ).fetchone()
    if lost:
        raise _Refused(f"column {name!r} holds {lost[0]}, which {storage} cannot hold exactly")


def source_query(sources: Sequence[Source], columns: Mapping[str, str]) -> str:
    """SQL of the sources' rows in their order, with exactly `columns`."""
    groups: list[tuple[dict[str, str], list[Path]]] = []
    for source in sources:
        if groups and groups[-1][0] == source.columns:
            groups[-1][1].append(source.path)
        else:
            groups.append((source.columns, [source.path]))
    return " UNION ALL ".join(
        f"SELECT {select_list(columns, present)} FROM {_relation(paths)}" for present, paths in groups
    )


def select_list(columns: Mapping[str, str], present: Mapping[str, str]) -> str:
    """`columns` cast to their types; null where they are not `present`."""
    return ", ".join(
        f"CAST({identifier(name) if name in present else 'NULL'} AS {storage}) AS {identifier(name)}"
        for name, storage in columns.items()
    )


def order_values(sources: Sequence[Source]) -> str:
    """SQL VALUES of (fingerprint, its place in the batch)."""
    return ", ".join(f"({literal(source.entry.fingerprint)}, {place})" for place, source in enumerate(sources))
