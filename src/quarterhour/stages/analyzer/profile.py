"""The profile of a dataset: of its new rows, and of the whole as it will stand, told from them and from what was known before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quarterhour.stages.analyzer.facts import facts_of
from quarterhour.stages.analyzer.states.collect import collect, make_tables
from quarterhour.stages.analyzer.states.combine import Change, combine
from quarterhour.stages.analyzer.states.state import NotMergeable, State
from quarterhour.stages.analyzer.states.store import BEFORE_ALL, Basis, Kept, load, save
from quarterhour.stages.analyzer.states.validity import Outdated, standing_state
from quarterhour.stages.analyzer.subject import Subject

# Cells up to which pending rows are copied into memory, which saves reading small files once a column.
_MOST_COPIED_CELLS = 10_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    new: dict[str, Any] | None
    """None where the run brings no rows."""
    whole: dict[str, Any]
    recomputed: str | None
    """Why the whole was read; None where what was known of it was enough."""


def profile_subject(subject: Subject, states_file: Path, report: Callable[[], None]) -> Profile:
    """`report` is called between two queries. The states are kept in `states_file` for the next run."""
    return _Profiling(subject, states_file, report).run()


class _Profiling:
    def __init__(self, subject: Subject, states_file: Path, report: Callable[[], None]) -> None:
        self._subject = subject
        self._connection = subject.connection
        self._states_file = states_file
        self._report = report
        self._to_sample: frozenset[str] = frozenset()
        self._recomputed: str | None = None

    def run(self) -> Profile:
        self._copy_small_rows()
        standing, new, whole = self._states()
        self._keep(standing, whole)
        facts_of_new = {"rows": new.rows, "columns": facts_of(self._connection, new)} if new else None
        if new is whole and facts_of_new:
            return Profile(facts_of_new, facts_of_new, self._recomputed)
        return Profile(
            facts_of_new, {"rows": whole.rows, "columns": facts_of(self._connection, whole)}, self._recomputed
        )

    def _copy_small_rows(self) -> None:
        """Pending rows in memory; so are rows that are replaced, whose join is made once."""
        subject = self._subject
        cells = sum(entry.rows for entry in subject.inputs) * len(subject.columns)
        if subject.inputs and cells <= _MOST_COPIED_CELLS:
            subject.materialise(subject.new)
        if subject.inputs and subject.table and (subject.keys or subject.replaced):
            subject.materialise(subject.outgoing)

    def _states(self) -> tuple[State, State | None, State]:
        """Of the table as it stands, of the new rows, and of the whole."""
        standing = self._known()
        is_fresh = standing is None
        while True:
            standing = standing or self._collect(self._subject.standing, "standing")
            try:
                new, whole = self._unite(standing)
            except NotMergeable as error:
                self._recomputed = error.reason
                if is_fresh and error.to_sample <= self._to_sample:
                    whole = self._collect(self._subject.whole, "whole")
                    return standing, self._collect(self._subject.new, "new"), whole
                self._to_sample |= error.to_sample
                standing, is_fresh = None, True
            else:
                return standing, new, whole

    def _known(self) -> State | None:
        """The state of the table as it was kept, where it is still true."""
        subject = self._subject
        if subject.table is None:
            make_tables(self._connection, "standing")
            return State("standing", 0, {})
        try:
            known = standing_state(load(self._connection, self._states_file), subject.table, subject.keys)
        except Outdated as error:
            self._recomputed = str(error)
            return None
        if any(subject.columns.get(name) != column.type for name, column in known.columns.items()):
            self._recomputed = "its columns were changed"
            return None
        return known

    def _unite(self, standing: State) -> tuple[State | None, State]:
        subject = self._subject
        if not subject.inputs:
            return None, standing
        new = self._collect(subject.new, "new", like=standing)
        added = self._collect(subject.newest, "added", like=standing) if subject.has_fewer_newest() else new
        if not standing.rows:
            return new, added
        removed = None
        if subject.keys or subject.replaced:
            columns = {name: storage for name, storage in subject.columns.items() if name in standing.columns}
            removed = self._collect(subject.outgoing, "removed", like=standing, columns=columns)
        return new, combine(self._connection, Change(standing, added, removed), subject.whole, "whole")

    def _collect(
        self, relation: str, prefix: str, like: State | None = None, columns: Mapping[str, str] | None = None
    ) -> State:
        return collect(
            self._connection,
            relation,
            self._subject.columns if columns is None else columns,
            prefix,
            keys=self._subject.keys,
            report=self._report,
            like=like,
            to_sample=self._to_sample,
        )

    def _keep(self, standing: State, whole: State) -> None:
        subject = self._subject
        if subject.uncertainty:
            # Made anew from the table once it is merged.
            self._states_file.unlink(missing_ok=True)
            return
        basis = Basis(
            subject.table.id if subject.table else "",
            subject.table.version if subject.table else BEFORE_ALL,
            subject.keys,
            tuple(entry.fingerprint for entry in subject.inputs),
        )
        save(self._connection, self._states_file, Kept(basis, standing, whole))
