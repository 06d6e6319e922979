"""What a table is to hold where other inputs stand than before: its changed rows, from the translated files. SQL only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from quarterhour.lake.column_types import FILE, RECORD, data_columns
from quarterhour.lake.duck import identifier, literal, string_list
from quarterhour.lake.pruning import reach
from quarterhour.lake.schema_plan import Source, order_values, select_list, source_query
from quarterhour.lake.tables import DataFile, Table
from quarterhour.stages.merger.batch import differs, same_values
from quarterhour.stages.merger.rules import MergeRules


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How many rows of a table change."""

    removed: int = 0
    """Rows that are gone, with no other in their place."""
    restored: int = 0
    """Rows that have other values than before: in a keyed table those of the inputs that stand now."""
    added: int = 0
    """Rows that were not there."""
    reassigned: int = 0
    """Rows that keep their values, since another input that stands has the same ones."""

    def as_data(self) -> dict[str, int]:
        return {
            "removed": self.removed,
            "restored": self.restored,
            "added": self.added,
            "reassigned": self.reassigned,
        }


@dataclass(frozen=True, slots=True)
class Recomputed:
    changes: RowChanges
    query: str | None
    """SQL of the rows to write; None where there are none."""
    replaced: list[DataFile]
    """Data files whose rows are all in `query`, or are to stand no more."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Which inputs stand from now on; each group in merge order."""

    standing: Sequence[Source]
    """All of them. Where rows are only appended, those that did not stand before are enough."""
    touched: Sequence[Source]
    """Those that stand now and did not, or the other way round."""
    leaving: Collection[str]
    """Fingerprints of those that stand no more."""


class KeysClash(Exception):
    """By `conflict = "fail"`: an input that would stand says something else of a key than one before it."""

    def __init__(self, fingerprint: str, rows: int, record: int) -> None:
        super().__init__(fingerprint, rows, record)
        self.fingerprint = fingerprint
        self.rows = rows
        self.record = record


def recompute(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, str],
    rules: MergeRules,
    shift: Shift,
) -> Recomputed:
    """The table with `columns` as it is after the shift. Raises KeysClash."""
    work = _Work(connection, table, columns, rules, shift)
    if rules.keys:
        return work.by_key()
    return work.distinct() if rules.duplicates == "drop" else work.appended()


class _Work:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        columns: Mapping[str, str],
        rules: MergeRules,
        shift: Shift,
    ) -> None:
        self._connection = connection
        self._table = table
        self._columns = columns
        self._rules = rules
        self._shift = shift
        self._selected = ", ".join(identifier(name) for name in columns)
        # A column that changes its type has every data file written again.
        self._is_rewrite = any(columns[name] != storage for name, storage in table.columns.items())

    def appended(self) -> Recomputed:
        """Each input has all its rows in the table."""
        leaving = self._shift.leaving
        # Spelled so that DuckDB skips the parts of files whose bounds do not have them.
        is_leaving = f"{FILE} IN ({', '.join(map(literal, leaving))})" if leaving else "false"
        found = self._connection.execute(
            f"SELECT _path, count(*) FROM {self._table.scan(with_path=True)} WHERE {is_leaving} GROUP BY _path"
        ).fetchall()
        going = {self._table.file_name(path): int(count) for path, count in found}
        replaced = self._replaced(going)
        kept = [file.name for file in replaced if going.get(file.name, 0) < file.rows]
        parts = [f"{self._standing_rows(only=kept)} WHERE NOT {is_leaving}"] if kept else []
        entering = [source for source in self._shift.touched if source.entry.fingerprint not in leaving]
        if entering:
            parts.append(source_query(entering, self._columns))
        changes = RowChanges(removed=sum(going.values()), added=sum(source.entry.rows for source in entering))
        return Recomputed(changes, " UNION ALL ".join(parts) or None, replaced)

    def distinct(self) -> Recomputed:
        """Of the inputs that have a row the first has it in the table, as often as it has it itself."""
        values = data_columns(self._columns)
        names = ", ".join(identifier(name) for name in values)
        self._find_touched(values)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE should AS SELECT {self._selected} FROM ({self._rows()}) s "
            f"SEMI JOIN touched ON {same_values('s', 'touched', values)} "
            f"QUALIFY _place = min(_place) OVER (PARTITION BY {names})"
        )
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE stands AS SELECT {names}, {FILE}, {RECORD}, _path, _row "
            f"FROM ({self._rows_in_reach(values)}) t SEMI JOIN touched ON {same_values('t', 'touched', values)}"
        )
        place = f"({FILE}, {RECORD})"
        going = f"(FROM stands ANTI JOIN should USING {place})"
        coming = f"(FROM should ANTI JOIN stands USING {place})"
        changes = self._pair_off(names, going, coming)
        paths = self._connection.execute(f"SELECT DISTINCT _path FROM {going}").fetchall()
        replaced = self._replaced({self._table.file_name(path) for (path,) in paths})
        parts = self._kept_of(replaced, going)
        if changes.added or changes.reassigned:
            parts.append(f"SELECT {self._selected} FROM {coming}")
        return Recomputed(changes, " UNION ALL ".join(parts) or None, replaced)

    def _pair_off(self, names: str, going: str, coming: str) -> RowChanges:
        """A row that goes and comes from another input stays."""
        [(removed, added, reassigned)] = self._connection.execute(
            "SELECT coalesce(sum(greatest(g - c, 0)), 0), coalesce(sum(greatest(c - g, 0)), 0), "
            "coalesce(sum(least(g, c)), 0) FROM ("
            f"SELECT count(*) FILTER (_goes) AS g, count(*) FILTER (NOT _goes) AS c FROM ("
            f"SELECT {names}, true AS _goes FROM {going} UNION ALL SELECT {names}, false FROM {coming}) GROUP BY {names})"
        ).fetchall()
        return RowChanges(removed=int(removed), added=int(added), reassigned=int(reassigned))

    def by_key(self) -> Recomputed:
        """Of each key one row stands, by the rules."""
        keys = self._rules.keys
        self._find_touched(keys)
        self._find_winners()
        if self._rules.conflict == "fail":
            self._check_clashes()
        merged = ", ".join(
            f"coalesce(w.{identifier(name)}, t.{identifier(name)}) AS {identifier(name)}"
            if name in keys
            else f"w.{identifier(name)}"
            for name in self._columns
        )
        stands = f"FROM ({self._rows_in_reach(keys)}) t SEMI JOIN touched ON {same_values('t', 'touched', keys)}"
        is_other = differs("w", "t", self._columns, keys)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE changes AS SELECT {merged}, t._path, t._row, "
            f"CASE WHEN w.{FILE} IS NULL THEN 'removed' WHEN t._path IS NULL THEN 'added' "
            f"WHEN {is_other} THEN 'restored' ELSE 'reassigned' END AS _kind "
            f"FROM winners w FULL JOIN ({stands}) t ON {same_values('w', 't', keys)} "
            f"WHERE w.{FILE} IS NULL OR t._path IS NULL OR {is_other} "
            f"OR t.{FILE} NOT IN (SELECT {FILE} FROM places)"
        )
        counted = self._connection.execute("SELECT _kind, count(*) FROM changes GROUP BY _kind").fetchall()
        changes = RowChanges(**{str(kind): int(count) for kind, count in counted})
        paths = self._connection.execute("SELECT DISTINCT _path FROM changes WHERE _path IS NOT NULL").fetchall()
        replaced = self._replaced({self._table.file_name(path) for (path,) in paths})
        parts = self._kept_of(replaced, "(FROM changes WHERE _path IS NOT NULL)")
        if changes.restored or changes.added or changes.reassigned:
            parts.append(f"SELECT {self._selected} FROM changes WHERE _kind <> 'removed'")
        return Recomputed(changes, " UNION ALL ".join(parts) or None, replaced)

    def _find_touched(self, names: Sequence[str]) -> None:
        """Make `touched`: the values of these columns in the inputs that moved. No other rows can change."""
        listed = ", ".join(identifier(name) for name in names)
        rows = source_query(self._shift.touched, self._columns)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT {listed} FROM ({rows})")

    def _rows(self) -> str:
        """SQL of all rows of the inputs that stand, each with its input's place; makes `places`."""
        standing = self._shift.standing
        if not standing:
            nothing = f"SELECT NULL::VARCHAR AS {FILE}, 0 AS _place WHERE false"
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE places AS {nothing}")
            return f"SELECT {select_list(self._columns, {})}, 0 AS _place WHERE false"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE places AS FROM (VALUES {order_values(standing)}) p ({FILE}, _place)"
        )
        return f"SELECT s.*, p._place FROM ({source_query(standing, self._columns)}) s JOIN places p USING ({FILE})"

    def _find_winners(self) -> None:
        """Make `candidates` (all rows of the touched keys) and `winners` (one row a key)."""
        keys = ", ".join(identifier(key) for key in self._rules.keys)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE candidates AS FROM ({self._rows()}) s "
            f"SEMI JOIN touched ON {same_values('s', 'touched', self._rules.keys)}"
        )
        takes_newest = self._rules.conflict == "newest"
        order = "DESC" if takes_newest else "ASC"
        selected = self._selected
        if takes_newest:
            selected = ", ".join(f"{self._newest(name)} AS {identifier(name)}" for name in self._columns)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE winners AS SELECT {selected} FROM candidates "
            f"WINDOW w AS (PARTITION BY {keys} ORDER BY _place, {RECORD} "
            "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) "
            f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY _place {order}, {RECORD} {order}) = 1"
        )

    def _newest(self, name: str) -> str:
        """SQL of a column's value in the newest row: of the last input that has the column."""
        column = identifier(name)
        has = self._has(name, "candidates")
        if has == "true":
            return column
        return (
            f"struct_extract(last_value(CASE WHEN {has} THEN struct_pack(v := {column}) END IGNORE NULLS) OVER w, 'v')"
        )

    def _has(self, name: str, rows: str) -> str:
        """SQL: whether a row's file has the column at all."""
        having = [source.entry.fingerprint for source in self._shift.standing if name in source.columns]
        if len(having) == len(self._shift.standing):
            return "true"
        return f"list_contains({string_list(having)}, {rows}.{FILE})" if having else "false"

    def _check_clashes(self) -> None:
        """Raises KeysClash where a row says something else than the first of its key."""
        values = [name for name in data_columns(self._columns) if name not in self._rules.keys]
        says_other = " OR ".join(
            f"({self._has(name, 'c')} AND c.{identifier(name)} IS DISTINCT FROM w.{identifier(name)})"
            for name in values
        )
        found = self._connection.execute(
            f"SELECT c.{FILE}, count(*), min(c.{RECORD}) FROM candidates c "
            f"JOIN winners w ON {same_values('c', 'w', self._rules.keys)} WHERE {says_other or 'false'} "
            f"GROUP BY c.{FILE}, c._place ORDER BY c._place LIMIT 1"
        ).fetchall()
        if found:
            raise KeysClash(str(found[0][0]), int(found[0][1]), int(found[0][2]))

    def _standing_rows(self, *, with_path: bool = False, only: Sequence[str] | None = None) -> str:
        """SQL of the table's rows with the columns and types that it is to have."""
        place = ", _path, _row" if with_path else ""
        scan = self._table.scan(with_path=with_path, only=only)
        return f"SELECT {select_list(self._columns, self._table.columns)}{place} FROM {scan}"

    def _rows_in_reach(self, names: Sequence[str]) -> str:
        """SQL of the table's rows in those data files that can hold a touched row."""
        near = reach(self._connection, self._table, "touched", names)
        return self._standing_rows(with_path=True, only=[file.name for file in near.files])

    def _replaced(self, names: Collection[str]) -> list[DataFile]:
        return [file for file in self._table.files if self._is_rewrite or file.name in names]

    def _kept_of(self, replaced: Sequence[DataFile], going: str) -> list[str]:
        """SQL of the rows of replaced data files that stay."""
        if not replaced:
            return []
        rows = self._standing_rows(with_path=True, only=[file.name for file in replaced])
        return [f"SELECT {self._selected} FROM ({rows}) k ANTI JOIN {going} g USING (_path, _row)"]
