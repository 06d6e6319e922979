"""The profile of one file by itself, made when somebody asks: from its translated file, by the dataset's own means."""

from datetime import UTC, datetime
from typing import Any

from quarterhour.clock import wire_time
from quarterhour.errors import InvalidQuery
from quarterhour.lake import duck
from quarterhour.lake.column_types import data_columns
from quarterhour.lake.ledger import Input, InputLedger
from quarterhour.lake.schema_plan import plan_merge, source_query
from quarterhour.settings import Settings
from quarterhour.stages.analyzer.buckets import main_timestamp
from quarterhour.stages.analyzer.duplicates import repeated_rows
from quarterhour.stages.analyzer.facts import facts_of
from quarterhour.stages.analyzer.freshness import freshness_of
from quarterhour.stages.analyzer.states.collect import collect
from quarterhour.workspace import Workspace


def file_profile(workspace: Workspace, settings: Settings, name: str) -> dict[str, Any]:
    """All rows of the input, as they were translated. `name` is a raw file's, or begins a fingerprint.

    Raises UnknownInput, and InvalidQuery where nothing of it was translated, or what was is damaged.
    """
    with InputLedger(workspace.ledger_file) as ledger:
        entry = ledger.named(name)
    path = workspace.translated_file(entry.dataset, entry.fingerprint)
    if not path.exists():
        raise InvalidQuery(
            f"{entry.name}: it is {entry.state.value}, and has no translated file"
            + ("; `quarterhour retranslate` makes it anew" if entry.rows else ""),
            file=entry.name,
        )
    keys = settings.keys_of(entry.dataset)
    with duck.connect(workspace) as connection:
        plan = plan_merge(connection, None, [(entry, path)], keys)
        if plan.held_back:
            raise InvalidQuery(plan.held_back[0].message, file=entry.name)
        columns = {column: plan.columns[column] for column in data_columns(plan.columns)}
        connection.execute(f"CREATE TEMP VIEW file_rows AS {source_query(plan.sources, plan.columns)}")
        state = collect(connection, "file_rows", columns, "file", keys=keys, report=lambda: None)
        facts = facts_of(connection, state)
        repeated = repeated_rows(connection, "file_rows", keys, columns)
    return _told(entry, keys, {"rows": state.rows, "columns": facts}, main_timestamp(columns, facts, keys), repeated)


def _told(
    entry: Input, keys: tuple[str, ...], part: dict[str, Any], time_column: str | None, repeated: int
) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "file": entry.name,
        "id": entry.fingerprint,
        "dataset": entry.dataset,
        "state": entry.state.value,
        "run_id": entry.run_id,
        "generated_at": wire_time(now),
        "main_timestamp": time_column,
        **part,
        "freshness": freshness_of(time_column, part["columns"].get(time_column), entry.translated_at, now),
        "duplicates": {"by": list(keys), "rows": repeated},
    }
