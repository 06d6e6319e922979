"""States on disk: one DuckDB file a dataset, which holds the state of a table's version, and that of the next one."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from quarterhour.files import replacing
from quarterhour.lake.duck import literal
from quarterhour.stages.analyzer.states.state import TABLES, ColumnState, State

# Grows with any change of what a state holds. Another DuckDB may hash otherwise, so its states are not read either.
_FORMAT = 1
_ATTACHED = "kept_states"
BEFORE_ALL = -1
"""The version of a table that is not there yet."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What states describe."""

    table_id: str
    """Delta's own of the table: one that was made anew has another."""
    version: int
    keys: tuple[str, ...]
    inputs: tuple[str, ...]
    """Fingerprints of what is to be merged next."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was known after a run of the analyzer."""

    basis: Basis
    standing: State
    """Of the table's version."""
    whole: State
    """Of the table once the inputs are merged."""


def save(connection: duckdb.DuckDBPyConnection, path: Path, kept: Kept) -> None:
    """Write the states, whose tables are in `connection`. Whole or not at all."""
    states = {"standing": kept.standing, "whole": kept.whole}
    facts = {
        "format": _FORMAT,
        "duckdb": duckdb.__version__,
        "basis": asdict(kept.basis),
        "states": {role: _facts(state) for role, state in states.items()},
    }
    with replacing(path) as temporary:
        for leftover in (temporary, temporary.with_name(f"{temporary.name}.wal")):
            leftover.unlink(missing_ok=True)
        connection.execute(f"ATTACH {literal(str(temporary))} AS {_ATTACHED}")
        try:
            connection.execute(
                f"CREATE TABLE {_ATTACHED}.facts AS SELECT {literal(orjson.dumps(facts).decode())} AS facts"
            )
            for role, state in states.items():
                for kind in TABLES:
                    connection.execute(f"CREATE TABLE {_ATTACHED}.{role}_{kind} AS FROM {state.table(kind)}")
        finally:
            connection.execute(f"DETACH {_ATTACHED}")


def load(connection: duckdb.DuckDBPyConnection, path: Path) -> Kept | None:
    """The states, their tables copied into `connection`; None where there are none, or none that this version can use."""
    if not path.exists():
        return None
    connection.execute(f"ATTACH {literal(str(path))} AS {_ATTACHED} (READ_ONLY)")
    try:
        row = connection.execute(f"SELECT facts FROM {_ATTACHED}.facts").fetchone()
        facts: dict[str, Any] = orjson.loads(row[0]) if row else {}
        if (facts.get("format"), facts.get("duckdb")) != (_FORMAT, duckdb.__version__):
            return None
        states = {role: _load_state(connection, role, found) for role, found in facts["states"].items()}
    finally:
        connection.execute(f"DETACH {_ATTACHED}")
    basis = facts["basis"]
    return Kept(
        Basis(basis["table_id"], basis["version"], tuple(basis["keys"]), tuple(basis["inputs"])),
        states["standing"],
        states["whole"],
    )


def _facts(state: State) -> dict[str, object]:
    columns = {name: asdict(column) for name, column in state.columns.items()}
    return {"rows": state.rows, "columns": columns}


def _load_state(connection: duckdb.DuckDBPyConnection, role: str, facts: dict[str, Any]) -> State:
    prefix = f"kept_{role}"
    for kind in TABLES:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {prefix}_{kind} AS FROM {_ATTACHED}.{role}_{kind}")
    columns = {name: ColumnState(**column) for name, column in facts["columns"].items()}
    return State(prefix, facts["rows"], columns)
