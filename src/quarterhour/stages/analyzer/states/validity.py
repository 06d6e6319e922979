"""Whether the states that were kept still describe the table: asked of its log, since others may have written to it."""

from collections.abc import Collection

import orjson

from quarterhour.lake.tables import LogEntry, Table, read_log_entry
from quarterhour.stages.analyzer.states.state import State
from quarterhour.stages.analyzer.states.store import BEFORE_ALL, Kept
from quarterhour.workspace import Workspace

# Commits that change columns, but no row.
_HARMLESS = frozenset({"CREATE TABLE", "ADD COLUMN"})


class Outdated(Exception):
    """The states do not describe the table; the message says why."""


def standing_state(kept: Kept | None, table: Table, keys: tuple[str, ...]) -> State:
    """The state of the table as it stands. Raises Outdated."""
    if kept is None:
        raise Outdated("nothing was kept from before")
    basis = kept.basis
    if basis.keys != keys:
        raise Outdated("its keys were changed")
    if basis.version > table.version or (basis.version != BEFORE_ALL and basis.table_id != table.id):
        raise Outdated("the table was made anew")
    merged = _merged_since(table, basis.version)
    if merged is None:
        raise Outdated("the table was changed otherwise than by merges")
    if merged and sorted(merged) != sorted(basis.inputs):
        raise Outdated("other files were merged than had been analysed")
    state = kept.whole if merged else kept.standing
    if state.rows != table.rows:
        raise Outdated(f"the table has {table.rows} rows, where {state.rows} were expected")
    return state


def is_outdated(workspace: Workspace, dataset: str) -> bool:
    """Whether rows went or came back otherwise than by a merge since the dataset was analysed, or it never was.

    Cheap, since it is asked of all datasets in each run: only what was committed later is looked at.
    """
    states, log = workspace.states_file(dataset), workspace.table(dataset) / "_delta_log"
    if not states.exists():
        return True
    analysed_ns = states.stat().st_mtime_ns
    for commit in sorted(log.glob(f"{'[0-9]' * 20}.json"), reverse=True):
        if commit.stat().st_mtime_ns < analysed_ns:
            return False
        entry = read_log_entry(workspace.table(dataset), int(commit.stem))
        if entry is not None and not _only_adds(entry):
            return True
    return False


def outdated_datasets(workspace: Workspace, analyses: Collection[str]) -> list[str]:
    """Those that have a table and are to be analysed though nothing waits for them; results of analyses are not."""
    names = sorted(log.parent.name for log in workspace.merged.glob("*/_delta_log"))
    # An analysis that was taken out of the settings leaves its table; no file was ever translated for it.
    of_files = (name for name in names if name not in analyses and workspace.schema_file(name).parent.exists())
    return [name for name in of_files if is_outdated(workspace, name)]


def _only_adds(entry: LogEntry) -> bool:
    """Whether a commit merges files, or leaves the rows as they are. What takes rows out, or puts them back, names its kind."""
    is_merge = "inputs" in entry.info and "kind" not in entry.info
    return is_merge or not entry.has_changed or entry.info.get("operation") in _HARMLESS


def _merged_since(table: Table, version: int) -> list[str] | None:
    """The inputs that were merged after `version`; None where anything else was done to the rows."""
    merged: list[str] = []
    for number in range(version + 1, table.version + 1):
        entry = table.log_entry(number)
        if entry is None or not _only_adds(entry):
            return None
        merged += orjson.loads(str(entry.info.get("inputs", "[]")))
    return merged
