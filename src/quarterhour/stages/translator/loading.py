"""Text to Parquet through DuckDB: straight from the file, or from a copy in which each record is written anew."""

import errno
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from quarterhour.errors import StageCancelled
from quarterhour.lake.quarantine import QuarantinedRecord
from quarterhour.stages.translator.records import MAX_RECORD_BYTES, Dialect, Part, Record, split_records
from quarterhour.stages.translator.types import (
    COUNTS_A_COLUMN,
    TEXT,
    ColumnCounts,
    counts_sql,
    fits,
    is_null,
    literal,
    read_counts,
    value,
)
from quarterhour.stages.translator.types import quoted as q

_ROWS_OF_A_SAMPLE = 20_000
_FETCHED_ROWS = 1000
_MAX_LINE_BYTES = 2 * MAX_RECORD_BYTES
# DuckDB's own default is 16 times the longest line: a quarter of a gigabyte for each reader.
_BUFFER_BYTES = 2 * _MAX_LINE_BYTES


class EngineRefused(Exception):
    """DuckDB could not read the text as it stands."""


@dataclass(frozen=True, slots=True)
class Source:
    """A relation of the file's columns as text, with `_record`; `_line` and `_offset` too where it was written anew."""

    sql: str
    names: tuple[str, ...]

    def sample(self) -> "Source":
        return Source(f"(FROM {self.sql} LIMIT {_ROWS_OF_A_SAMPLE})", self.names)


def straight(parts: list[Part], dialect: Dialect) -> Source:
    """The file itself. A record that is not as wide as the header is left out, and so missed in the balance."""
    # Numbering is the work of one thread for each part.
    numbered = (
        f"SELECT {part.before} + row_number() OVER () AS _record, * FROM "
        + _reader(part.path, dialect.names, dialect.delimiter, dialect.quote, header=dialect.header and not number)
        for number, part in enumerate(parts)
    )
    return Source(f"({' UNION ALL '.join(numbered)})", dialect.names)


def anew(
    text: Path,
    dialect: Dialect,
    target: Path,
    file: str,
    put_aside: Callable[[QuarantinedRecord], None],
    check: Callable[[], None],
) -> tuple[Source, int]:
    """Write each record that has the header's width to `target` in the plainest form, put the others aside, and count all."""
    number = 0
    with text.open("rb") as source, target.open("wb") as out:
        records = split_records(
            source, dialect.delimiter.encode(), dialect.quote.encode(), skip_blank=dialect.width > 1
        )
        if dialect.header:
            next(records, None)
        for number, record in enumerate(records, 1):
            reason = _misshapen(record, dialect.width)
            if reason:
                put_aside(_aside(file, number, record, reason))
            else:
                fields = b'","'.join(field.replace(b'"', b'""') for field in record.fields or ())
                out.write(b'"%d","%d","%d","%b"\n' % (number, record.line, record.offset, fields))
            if number % 10_000 == 0:
                check()
    names = ("_record", "_line", "_offset", *dialect.names)
    reader = _reader(target, names, ",", '"', header=False)
    numbers = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in names[:3])
    return Source(f"(SELECT * REPLACE ({numbers}) FROM {reader})", dialect.names), number


def _misshapen(record: Record, width: int) -> str:
    if record.fields is None:
        return record.reason
    if len(record.fields) != width:
        return f"{len(record.fields)} fields where the header has {width}"
    if not record.raw.isascii():
        try:
            record.raw.decode("utf-8")
        except UnicodeDecodeError as error:
            return f"not UTF-8 at byte {error.start} of the record"
    return ""


def _aside(file: str, number: int, record: Record, reason: str) -> QuarantinedRecord:
    raw = record.raw.decode("utf-8", "replace")
    return QuarantinedRecord(file, number, record.line, record.offset, None, None, reason, raw)


def _reader(path: Path, names: tuple[str, ...], delimiter: str, quote: str, *, header: bool) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    # The options are given, not detected: on files with broken records DuckDB's detection can be badly wrong.
    # Path characters that a glob would take for its own stand for themselves in brackets.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in path.as_posix())
    return (
        f"read_csv({literal(name)}, auto_detect=false, delim={literal(delimiter)}, quote={literal(quote)}, "
        f"escape={literal(quote)}, header={str(header).lower()}, columns={{{columns}}}, store_rejects=true, "
        f"rejects_limit=1, max_line_size={_MAX_LINE_BYTES}, buffer_size={_BUFFER_BYTES}, compression='none')"
    )


class Loader:
    """One file's work on one DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql)
        except duckdb.InterruptException as error:
            raise StageCancelled from error
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise EngineRefused(str(error).splitlines()[0]) from error
        except duckdb.IOException as error:
            # DuckDB has no code for a full disk, only the system's words.
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, "no space left where the Translator writes") from error
            raise EngineRefused(str(error).splitlines()[0]) from error

    def rejected(self) -> bool:
        """Whether DuckDB left out a record in any scan so far. Two wrongs could make the counts agree; this says so."""
        exists = self.run("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()[0][0]
        return bool(exists and self.run("SELECT count(*) FROM reject_errors").fetchall()[0][0])

    def counts(self, source: Source) -> tuple[int, dict[str, ColumnCounts]]:
        """The rows, and for each column how many of its values fit each type."""
        if not source.names:
            return 0, {}
        sql = ", ".join(counts_sql(q(name)) for name in source.names)
        row = self.run(f"SELECT count(*), {sql} FROM {source.sql}").fetchall()[0]
        chunks = (row[1 + i * COUNTS_A_COLUMN : 1 + (i + 1) * COUNTS_A_COLUMN] for i in range(len(source.names)))
        return row[0], dict(zip(source.names, map(read_counts, chunks), strict=True))

    def write(
        self,
        source: Source,
        types: Mapping[str, str],
        keys: tuple[str, ...],
        fingerprint: str,
        target: Path,
        as_text: bool,
    ) -> int:
        """The rows that fit, as Parquet; their number is DuckDB's own."""
        shown = (f"coalesce({q(n)}, '')" if as_text else value(q(n), t) for n, t in types.items())
        columns = (
            ", ".join(f"{sql} AS {q(n)}" for sql, n in zip(shown, types, strict=True)) or "NULL::VARCHAR AS column_1"
        )
        row = self.run(
            f"COPY (SELECT {columns}, {literal(fingerprint)} AS _file, _record FROM {source.sql} WHERE {_passes(types, keys)}) "
            f"TO {literal(target.as_posix())} (FORMAT parquet, COMPRESSION snappy)"
        ).fetchall()[0]
        return int(row[0])

    def misfits(
        self, source: Source, types: Mapping[str, str], keys: tuple[str, ...], file: str, text: Path, dialect: Dialect
    ) -> Iterator[QuarantinedRecord]:
        """The records of a source written anew that `write` left out, each with the first column to blame."""
        blame = " ".join(f"WHEN NOT {fits(q(n), t)} THEN {position}" for position, (n, t) in enumerate(types.items()))
        blame += "".join(f" WHEN {is_null(q(key), types[key])} THEN {-1 - i}" for i, key in enumerate(keys))
        names = list(types)
        result = self.run(
            f"SELECT CASE {blame} END, _record, _line, _offset, {', '.join(map(q, names))} FROM {source.sql} "
            f"WHERE NOT ({_passes(types, keys)}) ORDER BY _record"
        )
        with text.open("rb") as written:
            for row in _each(result):
                position, record, line, offset = map(int, row[:4])
                texts: list[str | None] = list(row[4:])
                written.seek(offset)
                again = split_records(written, dialect.delimiter.encode(), dialect.quote.encode(), skip_blank=False)
                raw = next(again).raw.decode("utf-8", "replace")
                name = names[position] if position >= 0 else keys[-1 - position]
                found = texts[names.index(name)]
                reason = f"not {types[name]}" if position >= 0 else "the key is empty"
                yield QuarantinedRecord(file, record, line, offset, name, found, reason, raw)


def _each(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_FETCHED_ROWS):
        yield from rows


def _passes(types: Mapping[str, str], keys: tuple[str, ...]) -> str:
    tests = [fits(q(name), type_name) for name, type_name in types.items() if type_name != TEXT]
    tests += [f"NOT {is_null(q(key), types[key])}" for key in keys]
    return " AND ".join(tests) or "true"
