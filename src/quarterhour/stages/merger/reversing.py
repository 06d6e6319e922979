"""What retraction and restoring share: a commit that moves inputs, its intent before it, and the ledger after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import duckdb
import orjson

from quarterhour.lake.ledger import Input
from quarterhour.lake.parquet_files import parquet_columns_by_file
from quarterhour.lake.reversals import Intent, Moves, ReversalLedger, TranslatedFileGone, read_moves
from quarterhour.lake.schema_plan import Source
from quarterhour.lake.tables import Table, open_table
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Settled:
    """A commit whose inputs the ledger had not moved yet: a kill came between."""

    dataset: str
    kind: str
    version: int
    moves: Moves

    @property
    def message(self) -> str:
        return (
            f"{self.dataset}: version {self.version} ({self.kind}) was made by a command that was cut off after it; "
            f"its {len(self.moves)} inputs are recorded now"
        )


def reversal_facts(
    kind: str, token: str, rules: MergeRules, moves: Moves, counts: dict[str, int], rows: int
) -> dict[str, str]:
    """What such a commit says of itself, as texts."""
    return {
        "kind": kind,
        "reversal": token,
        **rules.as_facts(),
        "moved": orjson.dumps(moves).decode(),
        "rows": str(rows),
        **{name: str(count) for name, count in counts.items()},
    }


def commit_moves(
    ledger: ReversalLedger, dataset: str, table: Table, moves: Moves, commit: Callable[[str], Table]
) -> Table:
    """Make the next version by `commit`, which is given a token for its facts, and move the inputs after it."""
    token = uuid4().hex
    ledger.intend(Intent(dataset, table.version + 1, token))
    after = commit(token)
    ledger.settle(dataset, moves)
    return after


def settle_reversals(workspace: Workspace, ledger: ReversalLedger) -> list[Settled]:
    """`settle_reversal` for all that is intended."""
    found = (settle_reversal(workspace, ledger, intent) for intent in ledger.intents())
    return [settled for settled in found if settled is not None]


def settle_reversal(workspace: Workspace, ledger: ReversalLedger, intent: Intent) -> Settled | None:
    """Record what a command committed before it was killed; None where it did not. To be called where no run goes on."""
    table = open_table(workspace.table(intent.dataset))
    info = (table.commit_info(intent.version) if table else None) or {}
    is_made = info.get("reversal") == intent.token
    moves = read_moves(info) if is_made else {}
    ledger.settle(intent.dataset, moves)
    return Settled(intent.dataset, info["kind"], intent.version, moves) if is_made else None


def rules_of_table(table: Table, configured: MergeRules) -> MergeRules:
    """The rules by which the table was made last; those that are configured where it does not say."""
    for version in range(table.version, -1, -1):
        info = table.commit_info(version)
        if info is None:
            break
        if (rules := MergeRules.read(info)) is not None:
            return rules
    return configured


def sources_of(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, inputs: Sequence[Input]
) -> dict[str, Source]:
    """The inputs' translated files, by fingerprint. Raises TranslatedFileGone."""
    by_path = {workspace.translated_file(one.dataset, one.fingerprint): one for one in inputs}
    for path, entry in by_path.items():
        if not path.exists():
            raise TranslatedFileGone(
                f"{entry.name}: its translated file is gone, so what stands instead is not known: {path}. "
                f"Make it anew from its raw file: quarterhour retranslate {entry.dataset}"
            )
    columns = parquet_columns_by_file(connection, list(by_path))
    return {entry.fingerprint: Source(entry, path, columns[path]) for path, entry in by_path.items()}
