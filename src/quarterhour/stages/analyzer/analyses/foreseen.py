"""What the merger will make of a dataset, by its own judgement: the data files that stay, and the rows that it will write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from quarterhour.lake import duck
from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import literal, string_list
from quarterhour.lake.ledger import Input
from quarterhour.lake.schema_plan import Plan, plan_merge, select_list
from quarterhour.lake.tables import Table, open_table
from quarterhour.settings import Settings
from quarterhour.stages.merger.renewal import judge_unkeyed
from quarterhour.stages.merger.rules import MergeRules
from quarterhour.stages.merger.upsert import Upsert
from quarterhour.stages.merger.verdict import Verdict
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A dataset as the merger will leave it."""

    dataset: str
    keys: tuple[str, ...]
    table: Table | None
    """What is merged so far."""
    columns: dict[str, str]
    """Storage types, lineage columns too."""
    inputs: tuple[str, ...] = ()
    """What the merger will take in."""
    replaced: tuple[str, ...] = ()
    """Data files of the table whose rows are in `written`, or stand no more."""
    written: Path | None = None
    """Parquet of the rows that it will write."""

    def whole(self) -> str:
        """Query of all rows, with lineage."""
        kept = [file.name for file in self.table.files if file.name not in self.replaced] if self.table else []
        parts = [self._standing(kept)] if kept else []
        if self.written is not None:
            parts.append(self.written_rows())
        return " UNION ALL ".join(parts) or f"SELECT {select_list(self.columns, {})} WHERE false"

    def written_rows(self) -> str:
        assert self.written is not None
        return f"SELECT {select_list(self.columns, self.columns)} FROM read_parquet({literal(str(self.written))})"

    def new_rows(self) -> str | None:
        """Query of the rows of `inputs` that are added or changed; None where there are none."""
        if self.written is None:
            return None
        files = f"list_contains({string_list(self.inputs)}, {FILE})"
        return f"SELECT * FROM ({self.written_rows()}) WHERE {files}"

    def removed_rows(self) -> str | None:
        """Query of the rows that go, or change; None where there are none."""
        if not self.replaced:
            return None
        standing = f"SELECT s.* FROM ({self._standing(self.replaced)}) s"
        if self.written is None:
            return standing
        return f"{standing} ANTI JOIN ({self.written_rows()}) w USING ({FILE}, {RECORD})"

    def _standing(self, files: Sequence[str]) -> str:
        assert self.table is not None
        return f"SELECT {select_list(self.columns, self.table.columns)} FROM {self.table.scan(only=files)}"


@dataclass(slots=True)
class Foresight:
    """Judges each dataset once, for all the analyses of a run. What would be written lies in `folder`."""

    folder: Path
    _known: dict[tuple[object, ...], Foreseen] = field(default_factory=dict[tuple[object, ...], Foreseen])

    def of(self, workspace: Workspace, settings: Settings, dataset: str, pending: Sequence[Input]) -> Foreseen | None:
        """None where there is neither a table nor an input that fits."""
        table = open_table(workspace.table(dataset))
        # A crash may have come between a commit and the ledger: such rows stand in the table already.
        waiting = [one for one in pending if table is None or table.merged_at_version(one.fingerprint) is None]
        rules = MergeRules.of(settings, dataset)
        if not waiting:
            return Foreseen(dataset, rules.keys, table, table.columns) if table else None
        marks = tuple(one.fingerprint for one in waiting)
        key = (dataset, table.version if table else None, rules, marks)
        if key not in self._known:
            with duck.connect(workspace) as connection:
                foreseen = self._judge(connection, workspace, settings, dataset, table, waiting, rules)
            if foreseen is None:
                return None
            self._known[key] = foreseen
        return self._known[key]

    def _judge(
        self,
        connection: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        settings: Settings,
        dataset: str,
        table: Table | None,
        waiting: Sequence[Input],
        rules: MergeRules,
    ) -> Foreseen | None:
        while True:
            candidates = [(one, workspace.translated_file(dataset, one.fingerprint)) for one in waiting]
            plan = plan_merge(connection, table, candidates, rules.keys)
            if not plan.sources:
                return Foreseen(dataset, rules.keys, table, table.columns) if table else None
            verdict = _verdict(connection, workspace, settings, dataset, table, plan, rules)
            if isinstance(verdict, Verdict):
                break
            waiting = [one for one in waiting if one.fingerprint not in verdict]
        return Foreseen(
            dataset,
            rules.keys,
            table,
            plan.columns,
            tuple(sorted(source.entry.fingerprint for source in plan.sources)),
            tuple(file.name for file in verdict.replaced),
            self._write(connection, dataset, verdict),
        )

    def _write(self, connection: duckdb.DuckDBPyConnection, dataset: str, verdict: Verdict) -> Path | None:
        if not verdict.writes:
            return None
        query = " UNION ALL ".join(write.query for write in verdict.writes)
        path = self.folder / f"{dataset}-{len(self._known)}.parquet"
        connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")
        return path


def _verdict(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    settings: Settings,
    dataset: str,
    table: Table | None,
    plan: Plan,
    rules: MergeRules,
) -> Verdict | set[str]:
    """What the merger will make of the plan, or the inputs that it will hold back first."""
    if not rules.keys:
        return judge_unkeyed(connection, workspace, settings, dataset, table, plan, rules)
    upsert = Upsert(connection, table, plan, rules)
    upsert.prepare()
    clashes = upsert.clashes() if rules.conflict == "fail" else []
    return {clash.fingerprint for clash in clashes} or upsert.judge()
