"""A DuckDB connection that a user's SQL cannot leave: no files but those of its datasets, no network, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import duckdb

from quarterhour.errors import StageError
from quarterhour.lake.duck import confine, identifier
from quarterhour.lake.tables import storage_columns
from quarterhour.stages.analyzer.states.state import is_moment

COPY = "COPY ("
"""What `write_files` puts before a query."""
TABLE = "CREATE TEMP TABLE result AS "


def lock_down(connection: duckdb.DuckDBPyConnection, readable: Sequence[Path], writable: Path) -> None:
    """From here on only files of `readable` (folders, or files) and `writable` can be opened, and nothing can be set.

    That a statement only reads is judged before, by its parsed form.
    """
    connection.execute("SET errors_as_json = true")
    folders = [path for path in readable if path.is_dir()]
    files = [path for path in readable if not path.is_dir()]
    # DuckDB tells a folder from what is in it.
    confine(connection, [*folders, writable], [*files, writable])


def _head(before: str) -> str:
    return f"{before:<{Statement.OFFSET - len(_NAMED)}}{_NAMED}"


# A name of its own does not hide a table from the text: it is known only after it.
_NAMED = "WITH shown AS (\n"


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT whose result is known by its columns, in the types that a table keeps."""

    OFFSET: ClassVar[int] = 64
    """Bytes that stand before the text in whatever is run, so that an error's place in the text is known."""

    analysis: str
    text: str
    columns: dict[str, str]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, analysis: str, text: str) -> "Statement":
        """Raises duckdb.Error where it cannot be bound, StageError where its columns cannot be a table's."""
        described = connection.execute(f"{_head('DESCRIBE ')}{text}\n) SELECT * FROM shown").fetchall()
        if ours := [str(name) for name, *_ in described if str(name).startswith("_")]:
            raise StageError(
                f"analysis {analysis!r}: column {ours[0]!r}: names that begin with _ are quarterhour's: give it another one"
            )
        return cls(analysis, text, storage_columns({str(name): str(kind) for name, kind, *_ in described}))

    def limited(self, rows: int, *, before: str = COPY) -> str:
        """SQL of its first rows, in the tables' types, to be run right after the text `before`."""
        listed = ", ".join(
            f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in self.columns.items()
        )
        return f"{_head(before)[len(before) :]}{self.text}\n) SELECT {listed} FROM shown LIMIT {rows}"

    def time_column(self, name: str) -> str:
        """The result's column of this name, as the result spells it. Raises StageError where it is no time."""
        found = next((column for column in self.columns if column.casefold() == name.casefold()), None)
        if found is None:
            raise StageError(
                f"analysis {self.analysis!r}: into: the result has no column {name!r}; it has {', '.join(self.columns)}"
            )
        if not is_moment(self.columns[found]):
            raise StageError(f"analysis {self.analysis!r}: into: {found} is {self.columns[found]}, not a time")
        return found
