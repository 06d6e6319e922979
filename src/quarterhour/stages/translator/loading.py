"""Text to Parquet through DuckDB: straight from the file, or from a copy in which each record is written anew."""

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from quarterhour.errors import StageCancelled
from quarterhour.lake.duck import identifier, literal
from quarterhour.settings.datasets import ColumnSettings
from quarterhour.stages.translator.readings.columns import FileColumns, Misfits
from quarterhour.stages.translator.readings.printed import PrintedTable
from quarterhour.stages.translator.readings.reading import TEXT, Reading
from quarterhour.stages.translator.structure.counting import Part
from quarterhour.stages.translator.structure.layout import Layout
from quarterhour.stages.translator.structure.records import MAX_RECORD_BYTES

_FETCHED_ROWS = 1000
_MAX_LINE_BYTES = 2 * MAX_RECORD_BYTES
# DuckDB's own default is 16 times the longest line: a quarter of a gigabyte for each reader.
_BUFFER_BYTES = 2 * _MAX_LINE_BYTES
WIDE = 300
"""Columns beyond which a table is wide."""
MOST_TYPED_COLUMNS = 2000
"""Beyond it a column's reading is planned only where Python has seen that all texts fit it: the engine takes minutes else."""
_WIDE_MEMORY = "3GB"
_LEARNT_ROWS = 50_000
_LEARNT_TEXTS = 1000


class EngineRefused(Exception):
    """DuckDB could not read the text as it stands."""


class RecordLeftOut(EngineRefused):
    """A record that none may be left out of is no row."""


_LEFT_OUT = "quarterhour: a record is left out"


def _all_or_none(condition: str) -> str:
    """A filter that ends the query at the first row which it would leave out."""
    return f"CASE WHEN {condition} THEN true ELSE error({literal(_LEFT_OUT)}) END"


@dataclass(frozen=True, slots=True)
class Source:
    """A relation of the columns' texts as `c0`, `c1`, …, with `_record`, `_line`, `_offset`, `_mended`."""

    sql: str
    after_record: int = 0

    @classmethod
    def union(cls, queries: Sequence[str], after_record: int) -> "Source":
        return cls(f"({' UNION ALL '.join(queries)})", after_record)

    def where(self, condition: str) -> "Source":
        return replace(self, sql=f"(FROM {self.sql} WHERE {condition})")

    @property
    def relation(self) -> str:
        return f"(FROM {self.sql} WHERE _record > {self.after_record})" if self.after_record else self.sql


def is_plain(layout: Layout) -> bool:
    """Whether DuckDB's reader knows all of the layout's dialect. In a table of one column an empty line may be a record."""
    d = layout.dialect
    odd = (
        layout.needs_a_look or d.padded or d.repeated or d.bare_cr or d.comment or d.is_backslashed or len(d.quote) > 1
    )
    return bool(layout.names) and not odd and 1 <= len(d.delimiter.encode()) <= 4


def straight(
    part: Part, first_number: int, layout: Layout, printed: PrintedTable | None = None, *, is_strict: bool = False
) -> str:
    """Query of the text itself. A record that is not as wide as the table, or empty, is left out, and so missed.

    `is_strict`: an empty one ends the query, RecordLeftOut. With `printed` the reader makes values where it can, and a text for
    no value that is not theirs is refused.
    """
    names = _column_names(layout.width)
    dialect = layout.dialect
    last = f" AND coalesce({names[-1]}, '') = ''" if layout.drops_last else ""
    reader = _reader(part.path, names, dialect.delimiter, dialect.quote, part.skip_lines, printed=printed)
    columns = printed.columns if printed else (None,) * len(names)
    tests = (
        f"{name} IS NOT NULL" if column is None or column.is_native else f"{name} <> {literal('')}"
        for name, column in zip(names, columns, strict=True)
    )
    filled = f"({' OR '.join(tests)})"
    # Numbering is the work of one thread for each part.
    number = f"{first_number - 1} + row_number() OVER () AS _record"
    numbered = f"SELECT {number}, 0 AS _line, 0 AS _offset, 0 AS _mended, * FROM {reader}"
    kept = f"{filled}{last}"
    return f"SELECT * FROM ({numbered}) WHERE {_all_or_none(kept) if is_strict else kept}"


def anew(copy: Path, first_number: int, width: int) -> str:
    """Query of what `body.read_body` wrote."""
    names = ("_record", "_line", "_offset", "_mended", *_column_names(width))
    numbers = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in names[1:4])
    number = f"CAST(_record AS BIGINT) + {first_number - 1} AS _record"
    return f"SELECT * REPLACE ({number}, {numbers}) FROM {_reader(copy, names, ',', chr(34), 0, ends_with_lf=True)}"


def _column_names(width: int) -> tuple[str, ...]:
    return tuple(f"c{place}" for place in range(width))


def _reader(
    path: Path,
    names: tuple[str, ...],
    delimiter: str,
    quote: str,
    skip_lines: int,
    *,
    ends_with_lf: bool = False,
    printed: PrintedTable | None = None,
) -> str:
    types = [column.reading.type if column.is_native else TEXT for column in printed.columns] if printed else []
    columns = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in zip(names, types or [TEXT] * len(names), strict=True))
    nulls = f", nullstr={literal(printed.null)}" if printed else ""
    # The options are given, not detected: on files with broken records DuckDB's detection can be badly wrong.
    # Path characters that a glob would take for its own stand for themselves in brackets.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in path.as_posix())
    # Said where it is known: a carriage return in a quoted field is taken for a line end otherwise.
    new_line = r"new_line='\n', " if ends_with_lf else ""
    return (
        f"read_csv({literal(name)}, {new_line}auto_detect=false, delim={literal(delimiter)}, quote={literal(quote)}, "
        f"escape={literal(quote)}, header=false, skip={skip_lines}, columns={{{columns}}}, store_rejects=true, "
        f"rejects_limit=1, max_line_size={_MAX_LINE_BYTES}, buffer_size={_BUFFER_BYTES}, compression='none'{nulls})"
    )


@dataclass(frozen=True, slots=True)
class _Check:
    """A condition on a column's value that a row must meet to be taken."""

    column: int
    sql: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which values make up a row, and what they must meet."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    checks: tuple[_Check, ...]
    is_strict: bool = False

    @classmethod
    def of(
        cls,
        columns: FileColumns,
        keys: Sequence[str],
        *,
        as_text: bool,
        is_verified: bool,
        is_first_try: bool,
        is_strict: bool = False,
        printed: PrintedTable | None = None,
    ) -> "Selection":
        """`is_verified`: Python has seen that every text of the file fits its column's reading. `is_first_try`: the
        texts are taken to be written as most are; then the query is planned in a part of the time. `is_strict`: a row that
        does not pass ends the query, RecordLeftOut. `printed`: of a source that was read so.
        """
        types = columns.types(as_text=as_text)
        values: list[str] = []
        checks: list[_Check] = []
        for place, name in enumerate(columns.names):
            reading = columns.usual(name) if is_first_try else columns.readings[name]
            pinned, raw, value = columns.pinned(name), f"r{place}", f"v{place}"
            if printed:
                column = printed.columns[place]
                # In every column the reader gives NULL for what stands for no value in those that it makes.
                text = f"c{place}" if column.null == printed.null else f"coalesce(c{place}, {literal(printed.null)})"
                values.append(column.value(text))
                checks += [] if column.is_native else _fits(place, column.reading, pinned, raw, value)
            elif as_text:
                values.append(f"coalesce(c{place}, '')")
            elif is_verified and pinned is None and columns.is_plainly_written(name):
                values.append(_plain_value(reading, f"c{place}"))
            else:
                values.append(_value(reading, pinned, f"c{place}", is_first_try=is_first_try))
                checks += _fits(place, reading, pinned, raw, value)
            checks += [] if pinned is None or as_text else _contract(place, pinned, value, types[place])
            if name in keys:
                checks.append(_Check(place, f"nullif({value}::VARCHAR, '') IS NOT NULL", "the key is empty"))
        return cls(columns.names, tuple(values), tuple(checks), is_strict)

    @property
    def passes(self) -> str:
        if not self.checks:
            return "true"
        passes = f"({' AND '.join(check.sql for check in self.checks)} OR luck < 0)"
        return _all_or_none(passes) if self.is_strict else passes

    def inner(self, source: Source, *more: str) -> str:
        """The relation of raw texts `r0`, … and values `v0`, … that the checks speak of."""
        columns = [f"c{place} AS r{place}" for place in range(len(self.names))]
        columns += [f"{sql} AS v{place}" for place, sql in enumerate(self.values)]
        # A value that nobody knows before keeps the checks above the values: below them, each would be made twice.
        return f"(SELECT {', '.join([*columns, 'random() AS luck', '_record', *more])} FROM {source.relation})"


def _value(reading: Reading, pinned: ColumnSettings | None, column: str, *, is_first_try: bool) -> str:
    """SQL of the value."""
    sql = reading.usual(column) if is_first_try else reading.strict(column)
    if pinned is None or pinned.time_zone is None or reading.type != "TIMESTAMP":
        return sql
    zone = literal(pinned.time_zone)
    moment = f"timezone({zone}, {sql})"
    # A clock that is put forward skips an hour, and one that is put back has it twice: such a time is no instant, or two.
    once = (
        f"timezone({zone}, {moment}) = {sql} AND timezone({zone}, {moment} - INTERVAL 1 HOUR) <> {sql} "
        f"AND timezone({zone}, {moment} + INTERVAL 1 HOUR) <> {sql}"
    )
    return f"CASE WHEN {once} THEN {moment} END"


def _plain_value(reading: Reading, column: str) -> str:
    """SQL of a value that is known to be written plainly: DuckDB's own cast does."""
    return reading.strict(column) if reading.type == TEXT else f"TRY_CAST({column} AS {reading.type})"


def _fits(place: int, reading: Reading, pinned: ColumnSettings | None, raw: str, value: str) -> Iterator[_Check]:
    if reading.type != TEXT:
        form = f" written {reading.format}" if reading.format else ""
        zone = f" of {pinned.time_zone}, exactly once" if pinned and pinned.time_zone else ""
        yield _Check(place, reading.fits(raw, value), f"not {reading.type}{form}{zone}")


def _contract(place: int, pinned: ColumnSettings, value: str, type_name: str) -> Iterator[_Check]:
    if pinned.required:
        yield _Check(place, f"{value} IS NOT NULL", "no value, where the contract requires one")
    for bound, sign, words in ((pinned.min, ">=", "below the contract's min"), (pinned.max, "<=", "above its max")):
        if bound is not None:
            limit = f"CAST({literal(bound)} AS {type_name})"
            yield _Check(place, f"({value} IS NULL OR {value} {sign} {limit})", f"{words} {bound}")
    if pinned.allowed:
        values = ", ".join(f"CAST({literal(text)} AS {type_name})" for text in pinned.allowed)
        yield _Check(place, f"({value} IS NULL OR {value} IN ({values}))", f"none of {', '.join(pinned.allowed)}")


@dataclass(frozen=True, slots=True)
class Refused:
    """A record whose values do not meet a check."""

    record: int
    line: int
    offset: int
    column: str
    value: str | None
    reason: str


class Mended(NamedTuple):
    """A record that was mended, and the texts that it was taken with."""

    record: int
    line: int
    offset: int
    texts: list[str | None]


class Loader:
    """One file's work on one DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def prepare_for(self, width: int) -> None:
        """Make ready for a table of many columns: each takes memory, little of which is ever used, and time to optimise."""
        if width > WIDE:
            self.run(f"SET memory_limit = '{_WIDE_MEMORY}'")
            self.run("PRAGMA disable_optimizer")

    def run(self, sql: str, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return (connection or self._connection).execute(sql)
        except duckdb.InterruptException as error:
            raise StageCancelled from error
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(f"the Translator's engine: {str(error).splitlines()[0]}") from error
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            if _LEFT_OUT in str(error):
                raise RecordLeftOut(_LEFT_OUT) from error
            raise EngineRefused(str(error).splitlines()[0]) from error
        except duckdb.IOException as error:
            # DuckDB has no code for a full disk, only the system's words.
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, "no space left where the Translator writes") from error
            raise EngineRefused(str(error).splitlines()[0]) from error

    def rejected(self) -> int:
        """How often DuckDB left out a record so far. Two wrongs could make the counts agree; this says so."""
        exists = self.run("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()[0][0]
        return int(self.run("SELECT count(*) FROM reject_errors").fetchall()[0][0]) if exists else 0

    def count(self, source: Source, selection: Selection | None = None) -> int:
        """The rows; with a selection, those that meet its checks."""
        relation = source.relation if selection is None else f"{selection.inner(source)} WHERE {selection.passes}"
        return int(self.run(f"SELECT count(*) FROM {relation}").fetchall()[0][0])

    def write(self, source: Source, selection: Selection, fingerprint: str, target: Path) -> int:
        """The rows that meet all checks, as Parquet; their number is DuckDB's own."""
        columns = [f"v{place} AS {identifier(name)}" for place, name in enumerate(selection.names)]
        columns = columns or ["NULL::VARCHAR AS column_1"]
        row = self.run(
            f"COPY (SELECT {', '.join(columns)}, {literal(fingerprint)} AS _file, _record "
            f"FROM {selection.inner(source)} WHERE {selection.passes}) "
            f"TO {literal(target.as_posix())} (FORMAT parquet, COMPRESSION snappy)"
        ).fetchall()[0]
        return int(row[0])

    def printed_totals(self, parquet: Path, printed: PrintedTable, *, has_quotes: bool) -> tuple[int, int, int]:
        """Of a table made: the bytes of the texts that its values were read from, their letters, the doubtful values."""
        totals = printed.totals(has_quotes=has_quotes)
        row = self.run(f"SELECT {totals} FROM read_parquet({literal(parquet.as_posix())})").fetchall()[0]
        return int(row[0]), int(row[1]), int(row[2])

    def misfits(self, source: Source, columns: FileColumns) -> dict[str, Misfits]:
        """For each column whose reading does not take all texts: how many, and the first ones."""
        typed = [(place, name) for place, name in enumerate(columns.names) if columns.readings[name].type != TEXT]
        if not typed:
            return {}
        tests = {place: columns.readings[name].fits(f"c{place}") for place, name in typed}
        counts = ", ".join(f"count(*) FILTER (NOT {tests[place]})" for place, _ in typed)
        found = self.run(f"SELECT {counts} FROM {source.relation}").fetchall()[0]
        misfits: dict[str, Misfits] = {}
        for (place, name), count in zip(typed, found, strict=True):
            if count:
                texts = self.run(
                    f"SELECT t, count(*) FROM (SELECT c{place} AS t FROM {source.relation} WHERE NOT {tests[place]} "
                    f"LIMIT {_LEARNT_ROWS}) GROUP BY t ORDER BY count(*) DESC, t LIMIT {_LEARNT_TEXTS}"
                ).fetchall()
                misfits[name] = Misfits(dict(texts), count)
        return misfits

    def _aside(self, sql: str) -> duckdb.DuckDBPyConnection:
        """A result that is fetched bit by bit while others are."""
        return self.run(sql, self._connection.cursor())

    def refused(self, source: Source, selection: Selection) -> Iterator[Refused]:
        """The records of a source written anew that `write` left out, each with the first column to blame."""
        if not selection.checks:
            return
        blame = " ".join(f"WHEN NOT {check.sql} THEN {number}" for number, check in enumerate(selection.checks))
        result = self._aside(
            f"SELECT CASE {blame} END, _record, _line, _offset, "
            f"[{', '.join(f'r{place}' for place in range(len(selection.names)))}] "
            f"FROM {selection.inner(source, '_line', '_offset')} "
            f"WHERE NOT ({selection.passes}) ORDER BY _record"
        )
        for row in _each(result):
            number, record, line, offset = map(int, row[:4])
            texts: list[str | None] = row[4]
            check = selection.checks[number]
            name = selection.names[check.column]
            yield Refused(record, line, offset, name, texts[check.column], check.reason)

    def mended(self, source: Source, selection: Selection) -> Iterator[Mended]:
        """The records that were mended and are rows now."""
        result = self._aside(
            f"SELECT _record, _line, _offset, [{', '.join(f'r{place}' for place in range(len(selection.names)))}] "
            f"FROM {selection.inner(source.where('_mended = 1'), '_line', '_offset')} "
            f"WHERE {selection.passes} ORDER BY _record"
        )
        yield from (Mended(*row) for row in _each(result))

    def rows(self, source: Source, width: int, limit: int) -> list[tuple[str, ...]]:
        """The texts of the first records that needed no mending."""
        names = ", ".join(f"coalesce({name}, '')" for name in _column_names(width))
        return self.run(f"SELECT {names} FROM {source.where('_mended = 0').sql} LIMIT {limit}").fetchall()


def _each(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_FETCHED_ROWS):
        yield from rows
