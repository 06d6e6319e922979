"""Pages of a merged table's rows, sorted and filtered. A filter runs where an export's does: it reaches the table alone."""

from typing import Any

from quarterhour.errors import InvalidQuery
from quarterhour.lake.column_types import LINEAGE, data_columns
from quarterhour.lake.duck import identifier
from quarterhour.lake.exports.plan import Plan, planned
from quarterhour.lake.exports.request import ExportRequest, PageWanted
from quarterhour.lake.queries import json_value
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


def dataset_rows(
    workspace: Workspace, settings: Settings, request: ExportRequest, wanted: PageWanted
) -> dict[str, Any]:
    """A page of rows, without lineage. The order holds within a version; `next` is the offset of the page after this one.

    Raises UnknownDataset, and InvalidQuery for a version, a column or a filter that cannot be.
    """
    del settings
    with planned(workspace, request) as plan:
        names = ", ".join(map(identifier, plan.columns))
        order = _order(plan, wanted)
        rows = plan.rows_of(f"SELECT {names} {plan.source}{order} LIMIT {wanted.limit} OFFSET {wanted.offset}")
        total = plan.count() if plan.filter.text else plan.table.rows
    after = wanted.offset + len(rows)
    return {
        "columns": [{"name": name, "type": kind} for name, kind in plan.columns.items()],
        "items": [[json_value(value) for value in row] for row in rows],
        "next": after if rows and after < total else None,
        "total": total,
        "version": plan.table.version,
    }


def _order(plan: Plan, wanted: PageWanted) -> str:
    if wanted.sort is None:
        return ""
    there = data_columns(plan.table.columns)
    if wanted.sort not in there:
        raise InvalidQuery(f"sort: there is no column {wanted.sort!r}; there are {', '.join(there)}")
    # Equal values come in one order on all pages: by where a row comes from, or, of computed rows, by all that they hold.
    lineage = [name for name in LINEAGE if name in plan.table.columns]
    others = [name for name in lineage or there if name != wanted.sort]
    direction = "DESC" if wanted.descending else "ASC"
    keys = [f"{identifier(wanted.sort)} {direction} NULLS LAST", *map(identifier, others)]
    return f" ORDER BY {', '.join(keys)}"
