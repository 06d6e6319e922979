"""Evaluation: all checks of one dataset, in as few scans as they need, each on what the ones before it leave.

First what a row or a file fails by itself; then what depends on the dataset as it will stand without the files held back so far.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from quarterhour.settings import Settings
from quarterhour.settings.checks import (
    Check,
    DriftCheck,
    ForeignKeyCheck,
    FreshnessCheck,
    RowCountCheck,
    UniqueCheck,
)
from quarterhour.stages.analyzer.checks import foreign_keys, row_checks, uniqueness
from quarterhour.stages.analyzer.checks.drift import measure_drift
from quarterhour.stages.analyzer.checks.results import CheckResult, FileFailures, Outcome
from quarterhour.stages.analyzer.checks.subject_rows import (
    Failing,
    by_file,
    column_of,
    count_failing,
    examples,
    file_failures,
)
from quarterhour.stages.analyzer.checks.values import Unjudgeable
from quarterhour.stages.analyzer.checks.whole_checks import Measured, count_fault, count_rows, newest_moment
from quarterhour.stages.analyzer.checks.wording import told_of_counts, told_of_dataset, told_of_files
from quarterhour.stages.analyzer.subject import Subject, open_subject
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks of a dataset know beside its rows."""

    workspace: Workspace
    settings: Settings
    now: datetime
    report: Callable[[], None]
    """Called between two pieces of work; raises where they are to be left off."""
    new: Mapping[str, Any] | None
    """The profile of what is new; None where nothing is."""
    past: Sequence[Mapping[str, Any]]
    """Those of the last runs, oldest first."""
    released: Set[str] = frozenset()
    """Fingerprints of files that no check may hold back."""


def evaluate(subject: Subject, checks: Sequence[Check], around: Surroundings) -> list[CheckResult]:
    """The results in the order of the checks. Raises SettingsError for a pattern that is none."""
    of_rows = [check for check in checks if _concerns_rows(subject, check)]
    found = _evaluate_rows(subject, of_rows, around) if subject.inputs else {}
    left = _left(subject, found, around)
    in_dataset = [check for check in checks if isinstance(check, UniqueCheck) and check not in of_rows]
    if left is not None and left.inputs:
        found |= _evaluate_rows(left, in_dataset, around)
        left = _left(left, found, around)
    for check in checks:
        if isinstance(check, FreshnessCheck | DriftCheck) or (
            isinstance(check, RowCountCheck) and check.of == "dataset"
        ):
            found[check.label] = _evaluate_whole(left, check, around)
            around.report()
    return [found.get(check.label) or _nothing_new(check) for check in checks]


def held_files(results: Sequence[CheckResult], released: Set[str]) -> dict[str, list[CheckResult]]:
    """The fingerprints of the files that are to be held back, with the results that say so."""
    held: dict[str, list[CheckResult]] = {}
    for result in results:
        if result.outcome == "failed" and result.action == "hold_file":
            for one in result.files:
                if one.is_over and one.fingerprint not in released:
                    held.setdefault(one.fingerprint, []).append(result)
    return held


def _concerns_rows(subject: Subject, check: Check) -> bool:
    """Whether a new row, or file, fails it whatever becomes of the other files."""
    match check:
        case UniqueCheck():
            return uniqueness.is_within_file(subject, check)
        case RowCountCheck():
            return check.of == "file"
        case FreshnessCheck() | DriftCheck():
            return False
        case _:
            return True


def _left(subject: Subject, found: Mapping[str, CheckResult], around: Surroundings) -> Subject | None:
    """The subject without the files that are held back; None where nothing is left."""
    held = held_files(list(found.values()), around.released)
    if not held:
        return subject
    return open_subject(
        subject.connection,
        around.workspace,
        around.settings,
        subject.dataset,
        [one for one in subject.inputs if one.fingerprint not in held],
        prefix="left ",
    )


def _evaluate_rows(subject: Subject, checks: Sequence[Check], around: Surroundings) -> dict[str, CheckResult]:
    found: dict[str, CheckResult] = {}
    failing: list[tuple[Check, Failing]] = []
    for place, check in enumerate(checks):
        try:
            if isinstance(check, RowCountCheck):
                found[check.label] = _count_files(subject, check)
            else:
                failing.append((check, _failing(around, subject, check, place)))
        except Unjudgeable as error:
            found[check.label] = _unjudged(subject, check, str(error))
        around.report()
    counts = count_failing(subject, [rows for _, rows in failing])
    for (check, rows), count in zip(failing, counts, strict=True):
        found[check.label] = _result_of_rows(subject, check, rows, count)
        around.report()
    return found


def _failing(around: Surroundings, subject: Subject, check: Check, place: int) -> Failing:
    match check:
        case UniqueCheck():
            return uniqueness.failing_rows(subject, check, place)
        case ForeignKeyCheck():
            return foreign_keys.failing_rows(around.workspace, around.settings, subject, check)
        case _:
            return row_checks.failing_rows(subject, cast(row_checks.RowCheck, check))


def _result_of_rows(subject: Subject, check: Check, failing: Failing, count: int) -> CheckResult:
    rows = sum(one.rows for one in subject.inputs)
    if not count:
        return _result(check, "passed", rows=rows)
    files = file_failures(subject, by_file(subject, failing), check)
    columns = [column_of(list(subject.columns), name) for name in check.subject]
    shown = examples(subject, failing, columns, check.examples)
    is_bad = any(one.is_over for one in files)
    message = told_of_files(subject.dataset, check, files, shown)
    return _result(
        check, _bad(check) if is_bad else "passed", message, rows=rows, failures=count, files=files, examples=shown
    )


def _count_files(subject: Subject, check: RowCountCheck) -> CheckResult:
    faults = {one.fingerprint: count_fault(one.rows, check) for one in subject.inputs}
    files = tuple(
        FileFailures(one.name, one.fingerprint, one.rows, 0) for one in subject.inputs if faults[one.fingerprint]
    )
    if not files:
        return _result(check, "passed")
    message = told_of_counts(subject.dataset, check, [(one.file, faults[one.fingerprint]) for one in files])
    return _result(check, _bad(check), message, files=files)


def _evaluate_whole(subject: Subject | None, check: Check, around: Surroundings) -> CheckResult:
    if subject is None:
        return _result(check, "skipped", "no rows are left to check")
    try:
        measured = _measured(subject, check, around)
    except Unjudgeable as error:
        return _unjudged(subject, check, str(error))
    if measured.is_skipped:
        return _result(check, "skipped", measured.fault, observed=measured.observed)
    if not measured.fault:
        return _result(check, "passed", observed=measured.observed)
    message = told_of_dataset(subject.dataset, check, measured.fault)
    return _result(check, _bad(check), message, files=_all_files(subject), observed=measured.observed)


def _measured(subject: Subject, check: Check, around: Surroundings) -> Measured:
    match check:
        case RowCountCheck():
            return count_rows(subject, check)
        case FreshnessCheck():
            return newest_moment(subject, check, around.now)
        case DriftCheck() if around.new is None:
            return Measured("nothing is new in this run", is_skipped=True)
        case _:
            return measure_drift(cast(DriftCheck, check), cast(Mapping[str, Any], around.new), around.past)


def _unjudged(subject: Subject, check: Check, why: str) -> CheckResult:
    """What cannot be judged has not passed: all new files are concerned."""
    message = told_of_dataset(subject.dataset, check, f"it cannot be made: {why}")
    return _result(check, _bad(check), message, files=_all_files(subject))


def _all_files(subject: Subject) -> tuple[FileFailures, ...]:
    return tuple(FileFailures(one.name, one.fingerprint, one.rows, 0) for one in subject.inputs)


def _bad(check: Check) -> Outcome:
    return "warned" if check.severity == "warn" else "failed"


def _nothing_new(check: Check) -> CheckResult:
    return _result(check, "skipped", "no new rows are there to check")


def _result(check: Check, outcome: Outcome, message: str = "", **found: Any) -> CheckResult:
    return CheckResult(check.label, check.kind, check.subject, check.severity, check.action, outcome, message, **found)
