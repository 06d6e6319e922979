"""Foreign key: a new row fails where its values stand in no row of the other dataset. A row with a null among them passes.

The other dataset is taken as it will stand after this run's merge: what is merged, and what waits and is not held back by its own
checks. So that these are known, datasets that others refer to are analysed first (`order.py`).
"""

from quarterhour.lake.column_types import FILE, RECORD
from quarterhour.lake.duck import identifier
from quarterhour.lake.holds import HoldLedger
from quarterhour.settings import Settings
from quarterhour.settings.checks import ForeignKeyCheck
from quarterhour.stages.analyzer.checks.subject_rows import Failing, column_of
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.analyzer.states.state import is_moment, is_number
from quarterhour.stages.analyzer.subject import Subject, open_subject
from quarterhour.workspace import Workspace


def failing_rows(workspace: Workspace, settings: Settings, subject: Subject, check: ForeignKeyCheck) -> Failing:
    """Raises Unjudgeable."""
    other = subject if check.references == subject.dataset else _other(workspace, settings, subject, check.references)
    pairs = [
        (column_of(list(subject.columns), name), column_of(list(other.columns), referenced))
        for name, referenced in zip(check.columns, check.referenced or check.columns, strict=True)
    ]
    for mine, theirs in pairs:
        _check_types(mine, subject.columns[mine], theirs, other.columns[theirs])
    has_values = " AND ".join(f"n.{identifier(mine)} IS NOT NULL" for mine, _ in pairs)
    same = " AND ".join(f"n.{identifier(mine)} = o.{identifier(theirs)}" for mine, theirs in pairs)
    theirs = ", ".join(identifier(theirs) for _, theirs in pairs)
    return Failing(
        query=f"SELECT n.{FILE}, n.{RECORD} FROM (SELECT * FROM {subject.new} n WHERE {has_values}) n "
        f"ANTI JOIN (SELECT {theirs} FROM {other.whole}) o ON {same}"
    )


def _other(workspace: Workspace, settings: Settings, subject: Subject, dataset: str) -> Subject:
    with HoldLedger(workspace.ledger_file) as ledger:
        held = ledger.holds()
        pending = [one for one in ledger.pending(dataset) if one.fingerprint not in held]
    found = open_subject(subject.connection, workspace, settings, dataset, pending, prefix=f"other {dataset} ")
    if found is None:
        raise Unjudgeable(f"the dataset {dataset!r} that it refers to has no rows yet")
    return found


def _check_types(mine: str, one: str, theirs: str, other: str) -> None:
    if one != other and not (is_number(one) and is_number(other)) and not (is_moment(one) and is_moment(other)):
        raise Unjudgeable(f"column {mine!r} is {one} and {theirs!r}, to which it refers, is {other}")
