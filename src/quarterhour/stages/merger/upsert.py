"""A keyed batch against its table: which rows are new, changed or unchanged, and which data files are written anew. SQL only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import identifier
from quarterhour.lake.pruning import Reach, reach
from quarterhour.lake.schema_plan import Plan
from quarterhour.lake.tables import DataFile, Table
from quarterhour.stages.merger.accounts import Counts
from quarterhour.stages.merger.batch import (
    BATCH,
    differs,
    fill_missing,
    make_batch,
    rows_by_input,
    same_values,
    table_query,
    value_columns,
)
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.verdict import EXAMPLES, Finding, Verdict, Write, rows_text

_PLACE = f"_place, {RECORD}"
# More would hold too much in memory: all their columns wait there for their places.
_MOST_IN_PLACE = 500_000


@dataclass(frozen=True, slots=True)
class Clash:
    """The rows of an input whose key stands with other values."""

    fingerprint: str
    rows: int
    examples: list[str]


class Upsert:
    """One batch and one table. `prepare` first; then `clashes` and `judge`, which read what it made in the connection."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: Table | None, plan: Plan, rules: MergeRules
    ) -> None:
        self._connection = connection
        self._table = table
        self._plan = plan
        self._rules = rules
        self._keys = rules.keys
        self._names = ", ".join(identifier(key) for key in rules.keys)
        self._reach = Reach([], 0, frozenset())
        self._has_chains = False

    def prepare(self) -> None:
        """Make `chains`, the rows whose key the batch has more than once, and `matched`, the batch's rows that the table has."""
        make_batch(self._connection, self._plan)
        self._reach = reach(self._connection, self._table, BATCH, self._keys)
        self._has_chains = self._find_repeated()
        fill_missing(
            self._connection,
            self._plan,
            self._rules,
            self._table_rows(),
            nulls=self._reach.nulls,
            has_chains=self._has_chains,
        )
        if self._has_chains:
            self._make_chains()
        self._match()

    def _table_rows(self) -> str:
        """The rows that can have a key of the batch."""
        return table_query(
            self._table, self._plan.columns, only=[file.name for file in self._reach.files], with_path=True
        )

    def _find_repeated(self) -> bool:
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated AS "
            f"SELECT {self._names} FROM {BATCH} GROUP BY {self._names} HAVING count(*) > 1"
        )
        return bool(self._connection.execute("SELECT 1 FROM repeated LIMIT 1").fetchall())

    def _make_chains(self) -> None:
        # The row that a later one is held against: the one before it where the newest stands, else the first.
        function = "lag" if self._rules.conflict == "newest" else "first_value"
        values = value_columns(self._plan.columns, self._keys)
        same = " AND ".join(f"{value} IS NOT DISTINCT FROM {function}({value}) OVER w" for value in values) or "true"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE chains AS SELECT b.*, row_number() OVER w = 1 AS _is_first, "
            f"row_number() OVER w = count(*) OVER (PARTITION BY {self._names}) AS _is_last, {same} AS _is_same, "
            f"count(*) OVER (PARTITION BY {self._names}, {FILE}) AS _in_file "
            f"FROM {BATCH} b SEMI JOIN repeated r ON {same_values('b', 'r', self._keys)} "
            f"WINDOW w AS (PARTITION BY {self._names} ORDER BY {_PLACE})"
        )

    def _match(self) -> None:
        singles = f"SELECT *, true AS _is_first, true AS _is_last FROM {BATCH} b"
        rows = singles
        if self._has_chains:
            rows = (
                f"{singles} ANTI JOIN repeated r ON {same_values('b', 'r', self._keys)} "
                "UNION ALL SELECT * EXCLUDE (_is_same, _in_file) FROM chains"
            )
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE matched AS SELECT b._place, b.{RECORD}, b.{FILE}, _is_first, _is_last, _path, _row, "
            f"{differs('b', 't', self._plan.columns, self._keys)} AS _is_changed FROM ({rows}) b "
            f"JOIN ({self._table_rows()}) t ON {same_values('b', 't', self._keys, self._reach.nulls)}"
        )

    def clashes(self) -> list[Clash]:
        """The inputs with rows whose key stands with other values: in the table, or in an input before, or earlier in its own.

        All those that clash with the table; if there are none, the first that clashes with one before it.
        """
        against_table = self._clashes("SELECT * FROM matched WHERE _is_changed")
        if against_table or not self._has_chains:
            return against_table
        return self._clashes("SELECT * FROM chains WHERE NOT _is_first AND NOT _is_same")[:1]

    def _clashes(self, rows: str) -> list[Clash]:
        counted = self._connection.execute(
            f"SELECT {FILE}, min(_place), count(*) FROM ({rows}) GROUP BY {FILE} ORDER BY 2"
        ).fetchall()
        return [
            Clash(str(file), int(count), self._examples(f"SELECT {_PLACE} FROM ({rows}) WHERE _place = {place}"))
            for file, place, count in counted
        ]

    def _examples(self, rows: str) -> list[str]:
        """Some of the rows, each with its record, its key, and what stands under that key beside what it says."""
        chains = "UNION ALL SELECT *, 1 AS _rank FROM chains" if self._has_chains else ""
        standing = f"SELECT * EXCLUDE (_path, _row), -1 AS _place, 0 AS _rank FROM ({self._table_rows()})"
        columns = ", ".join(identifier(name) for name in self._plan.columns)
        candidates = f"SELECT {columns}, _place, _rank FROM ({standing})"
        if chains:
            candidates += f" UNION ALL SELECT {columns}, _place, 1 FROM chains WHERE _is_first"
        found = self._connection.execute(
            f"SELECT b.{RECORD}, {_struct('b', self._keys)}, {_struct('b', self._values())}, {_struct('s', self._values())} "
            f"FROM {BATCH} b SEMI JOIN ({rows}) r USING ({_PLACE}) "
            f"JOIN ({candidates}) s ON {same_values('b', 's', self._keys)} "
            f"QUALIFY row_number() OVER (PARTITION BY b._place, b.{RECORD} ORDER BY s._rank) = 1 "
            f"ORDER BY b._place, b.{RECORD} LIMIT {EXAMPLES}"
        ).fetchall()
        return [_example(*row) for row in found]

    def _values(self) -> list[str]:
        return [name for name in self._plan.columns if name not in self._keys and name not in (FILE, RECORD)]

    def judge(self) -> Verdict:
        """What the batch makes of the table by the rules."""
        rows = rows_by_input(self._connection)
        takes_newest = self._rules.conflict == "newest"
        # Rows that stand for their key at the batch's end, and those of them that stand in the place of one of the table's.
        wins = "_is_last" if takes_newest else "_is_first"
        is_written = f"{wins} AND _is_changed" if takes_newest else "false"
        replaced = self._replaced_files(is_written)
        findings = self._findings()
        by_input = self._counts(rows, takes_newest=takes_newest)
        writes: list[Write] = []
        if replaced:
            writes.append(Write(self._replacing(replaced, wins, is_written), replaced[0].name))
        if sum(count.inserted for count in by_input.values()):
            names = ", ".join(identifier(name) for name in self._plan.columns)
            writes.append(Write(f"SELECT {names} FROM ({self._winners(wins)}) b ANTI JOIN matched m USING ({_PLACE})"))
        return Verdict(by_input, writes, replaced, findings)

    def _replacing(self, replaced: Sequence[DataFile], wins: str, is_written: str) -> str:
        """SQL of the rows of data files, with the new rows of their keys in the place of the old ones.

        So the bounds of a data file stay narrow however often it is written anew. Where very many rows change they come last.
        """
        kept = table_query(self._table, self._plan.columns, only=[file.name for file in replaced], with_path=True)
        names = [identifier(name) for name in self._plan.columns]
        changed = f"FROM matched WHERE {is_written}"
        updates = f"({self._winners(wins)}) b JOIN ({changed}) m USING ({_PLACE})"
        [(count,)] = self._connection.execute(f"SELECT count(*) FROM ({changed})").fetchall()
        if count > _MOST_IN_PLACE:
            old = f"SELECT {', '.join(names)} FROM ({kept}) k ANTI JOIN ({changed}) m USING (_path, _row)"
            return f"{old} UNION ALL SELECT {', '.join(f'b.{name}' for name in names)} FROM {updates}"
        rows = f"SELECT b.*, m._path, m._row FROM {updates}"
        chosen = ", ".join(f"CASE WHEN u._row IS NULL THEN k.{name} ELSE u.{name} END AS {name}" for name in names)
        return f"SELECT {chosen} FROM ({kept}) k LEFT JOIN ({rows}) u ON k._path = u._path AND k._row = u._row"

    def _winners(self, wins: str) -> str:
        if not self._has_chains:
            return f"FROM {BATCH}"
        singles = f"SELECT b.* FROM {BATCH} b ANTI JOIN repeated r ON {same_values('b', 'r', self._keys)}"
        return (
            f"{singles} UNION ALL SELECT * EXCLUDE (_is_first, _is_last, _is_same, _in_file) FROM chains WHERE {wins}"
        )

    def _counts(self, rows: Mapping[str, int], *, takes_newest: bool) -> dict[str, Counts]:
        """Inserted are the first rows of their key that the table has not; the rest was updated or changed nothing."""
        inserted, updated = dict(rows), dict.fromkeys(rows, 0)
        for file, first, changed in self._connection.execute(
            f"SELECT {FILE}, count(*), count(*) FILTER (_is_changed) FROM matched WHERE _is_first GROUP BY {FILE}"
        ).fetchall():
            inserted[file] -= first
            updated[file] += changed
        if self._has_chains:
            for file, later, changed in self._connection.execute(
                f"SELECT {FILE}, count(*), count(*) FILTER (NOT _is_same) FROM chains WHERE NOT _is_first GROUP BY {FILE}"
            ).fetchall():
                inserted[file] -= later
                updated[file] += changed
        if not takes_newest:
            updated = dict.fromkeys(rows, 0)
        return {
            file: Counts(inserted[file], updated[file], count - inserted[file] - updated[file])
            for file, count in rows.items()
        }

    def _replaced_files(self, is_written: str) -> list[DataFile]:
        if self._table is None:
            return []
        if self._plan.needs_rewrite:
            return self._table.files
        paths = self._connection.execute(f"SELECT DISTINCT _path FROM matched WHERE {is_written}").fetchall()
        names = {self._table.file_name(path) for (path,) in paths}
        return [file for file in self._table.files if file.name in names]

    def _findings(self) -> list[Finding]:
        findings: list[Finding] = []
        if self._rules.conflict == "first":
            for clash in self._kept_against():
                what = f"{rows_text(clash.rows)} with a key that stands with other values: what stands is kept"
                findings.append(
                    Finding(clash.fingerprint, _with_examples(what, clash.examples), {"conflicts": clash.rows})
                )
        return findings + self._repeated_keys() + self._null_keys()

    def _kept_against(self) -> list[Clash]:
        """Of each input the rows that `first` passed over though they say something else than what stands."""
        rows = f"SELECT {FILE}, {_PLACE} FROM matched WHERE _is_changed"
        if self._has_chains:
            unmatched = f"SELECT * FROM chains c ANTI JOIN matched m USING ({_PLACE})"
            rows += f" UNION ALL SELECT {FILE}, {_PLACE} FROM ({unmatched}) WHERE NOT _is_first AND NOT _is_same"
        return self._clashes(rows)

    def _repeated_keys(self) -> list[Finding]:
        """One key twice in one file: told, since it often means that the keys do not name a row."""
        if not self._has_chains:
            return []
        stands = "last" if self._rules.conflict == "newest" else "first"
        found = self._connection.execute(
            f"SELECT {FILE}, count(*), any_value({_struct('chains', self._keys)}), min(_place) "
            f"FROM chains WHERE _in_file > 1 GROUP BY {FILE} ORDER BY 4"
        ).fetchall()
        return [
            Finding(
                str(file),
                f"{rows_text(count)} share their key with another row of the file, such as {_pairs(key)}: "
                f"the {stands} of each stands",
                {"repeated_keys": int(count)},
            )
            for file, count, key, _ in found
        ]

    def _null_keys(self) -> list[Finding]:
        if not self._reach.nulls:
            return []
        is_null = " OR ".join(f"{identifier(key)} IS NULL" for key in self._keys)
        found = self._connection.execute(
            f"SELECT {FILE}, count(*), min({RECORD}), min(_place) FROM {BATCH} WHERE {is_null} GROUP BY {FILE} ORDER BY 4"
        ).fetchall()
        keys = ", ".join(self._keys)
        return [
            Finding(
                str(file),
                f"{rows_text(count)} without a value in {keys}, the first in record {record}: "
                "rows that lack the same key count as one",
                {"null_keys": int(count)},
            )
            for file, count, record, _ in found
        ]


def repeated_key(connection: duckdb.DuckDBPyConnection, table: Table, keys: tuple[str, ...]) -> str | None:
    """A key that the table holds more than once, as text; None where each row has its own."""
    names = ", ".join(identifier(key) for key in keys)
    found = connection.execute(
        f"SELECT {names}, count(*) FROM {table.scan()} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    return ", ".join(f"{key} = {value}" for key, value in zip(keys, found[0], strict=False)) if found else None


def _struct(relation: str, columns: "list[str] | tuple[str, ...]") -> str:
    """SQL of a map from the columns' names to their values as texts."""
    if not columns:
        return "NULL"
    pairs = ", ".join(f"{identifier(name)} := {relation}.{identifier(name)}::VARCHAR" for name in columns)
    return f"struct_pack({pairs})"


def _pairs(values: "Mapping[str, Any]") -> str:
    return ", ".join(f"{name} = {'null' if value is None else value}" for name, value in values.items())


def _example(record: int, key: dict[str, Any], says: dict[str, Any] | None, stands: dict[str, Any] | None) -> str:
    changed = {name: value for name, value in (says or {}).items() if value != (stands or {}).get(name)}
    before = {name: (stands or {}).get(name) for name in changed}
    return f"record {record} ({_pairs(key)}) has {_pairs(changed)} where {_pairs(before)} stands"


def _with_examples(what: str, examples: list[str]) -> str:
    return f"{what}: {'; '.join(examples)}" if examples else what
