"""`[[exports]]`: which of them are due, and what is remembered of those that were written."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from quarterhour.files import write_whole
from quarterhour.lake.exports.destinations import destination_of
from quarterhour.lake.exports.plan import planned
from quarterhour.lake.exports.request import ExportRequest
from quarterhour.lake.exports.writing import write_export
from quarterhour.lake.queries import open_dataset
from quarterhour.lake.tables import Table
from quarterhour.settings.exports import ExportSettings
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Written:
    """An export that stands at its place."""

    place: str
    version: int
    rows: int
    size: int


class Watcher:
    """What a write tells on its way. Either may raise to leave off."""

    def connected(self, connection: Any) -> None:
        """A DuckDB connection that can be interrupted."""

    def came(self, **amount: int) -> None:
        """How many rows, or bytes, so far."""


def write_if_due(workspace: Workspace, export: ExportSettings, run_id: str, watcher: Watcher) -> Written | None:
    """Write the dataset as it stands now, unless it stands there already; then None.

    It is remembered once it is in place: what fails, or is killed, is due again.
    """
    table = open_dataset(workspace, export.dataset)
    settled = sha256(export.model_dump_json().encode()).hexdigest()
    if not _is_due(_remembered(workspace, export), table, settled):
        return None
    request = ExportRequest(export.dataset, export.format, table.version, export.columns, export.where, export.safe)
    name = _file_name(export, table.version, run_id)
    destination = destination_of(export, workspace)
    with destination.receiving(name, lambda sent: watcher.came(bytes=sent)) as path:
        with planned(workspace, request, [path]) as plan:
            watcher.connected(plan.connection)
            rows = write_export(plan, path, lambda done: watcher.came(rows=done))
        size = path.stat().st_size
    written = Written(destination.place(name), table.version, rows, size)
    told = {"table": table.id, "settings": settled, "run_id": run_id, **asdict(written)}
    write_whole(workspace.export_state(export.name), orjson.dumps(told))
    return written


def _is_due(last: dict[str, Any] | None, table: Table, settled: str) -> bool:
    if last is None or last["table"] != table.id or last["settings"] != settled:
        return True
    return table.has_changed_since(last["version"])


def _remembered(workspace: Workspace, export: ExportSettings) -> dict[str, Any] | None:
    try:
        return orjson.loads(workspace.export_state(export.name).read_bytes())
    except FileNotFoundError:
        return None


def _file_name(export: ExportSettings, version: int, run_id: str) -> str:
    date = datetime.now(UTC).date().isoformat()
    return export.file.format(dataset=export.dataset, version=version, run_id=run_id, date=date, format=export.format)
