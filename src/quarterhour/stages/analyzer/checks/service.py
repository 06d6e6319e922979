"""The checks of a dataset as a step of its analysis, and what they mean for the run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quarterhour.errors import StageError
from quarterhour.lake.holds import HoldLedger
from quarterhour.settings.checks import Check
from quarterhour.stages.analyzer.checks.evaluate import Surroundings, evaluate, held_files
from quarterhour.stages.analyzer.checks.keeping import keep_results
from quarterhour.stages.analyzer.checks.results import CheckResult
from quarterhour.stages.analyzer.checks.wording import told_of_held_file
from quarterhour.stages.analyzer.history import read_history
from quarterhour.stages.analyzer.subject import Subject
from quarterhour.stages.base import StageContext

_EXAMPLES_IN_EVENT = 10
_FILES_IN_EVENT = 50


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks of one dataset found. It crosses from process to process: plain data only."""

    checks: int = 0
    """How many were made."""
    warned: tuple[str, ...] = ()
    """Names of those that warn."""
    failed: tuple[str, ...] = ()
    held_back: frozenset[str] = frozenset()
    """Fingerprints of the inputs that are not to be merged in this run."""
    held_run: tuple[str, ...] = ()
    """What the checks say that hold back the whole run."""


def check_dataset(context: StageContext, subject: Subject, profile: Mapping[str, Any]) -> CheckReport:
    """Make the declared checks: keep and tell their results, and mark the files that are held back.

    `profile` is that of the new rows below `new`. Safe to do again: what waits is judged anew, and marks are replaced.
    """
    configured = context.settings.dataset(subject.dataset)
    checks = configured.checks if configured else ()
    with HoldLedger(context.workspace.ledger_file) as ledger:
        released, marked = ledger.released(), ledger.holds()
    results = judge(context, subject, checks, profile.get("new"), released) if checks else []
    held = held_files(results, released)
    reasons = {
        one.fingerprint: told_of_held_file(one.name, one.rows, held[one.fingerprint], one.fingerprint)
        for one in subject.inputs
        if one.fingerprint in held
    }
    if results:
        at = datetime.now(UTC)
        keep_results(context.workspace.checks_file(subject.dataset), subject.dataset, context.run_id, at, results)
    waiting = [one.fingerprint for one in subject.inputs]
    if reasons or marked.keys() & set(waiting):
        with HoldLedger(context.workspace.ledger_file) as ledger:
            ledger.hold(waiting, reasons, context.run_id)
    _tell(context, subject, results, reasons, released)
    return CheckReport(
        checks=len(results),
        warned=tuple(one.name for one in results if one.outcome == "warned"),
        failed=tuple(one.name for one in results if one.outcome == "failed"),
        held_back=frozenset(reasons),
        held_run=tuple(_held_run(results, released)),
    )


def judge(
    context: StageContext,
    subject: Subject,
    checks: Sequence[Check],
    new: Mapping[str, Any] | None,
    released: set[str],
    now: datetime | None = None,
) -> list[CheckResult]:
    """Evaluates only: nothing is kept, told or marked."""
    around = Surroundings(
        context.workspace,
        context.settings,
        now or datetime.now(UTC),
        context.check_cancelled,
        new,
        _past(context, subject) if new is not None else [],
        released,
    )
    return evaluate(subject, checks, around)


def _past(context: StageContext, subject: Subject) -> list[Mapping[str, Any]]:
    """What was new in the runs before. What waits now was not merged then, so that a run that had it is this one's forerunner."""
    waiting = {one.fingerprint for one in subject.inputs}
    return [
        line["new"]
        for line in read_history(context.workspace.profile_history_file(subject.dataset))
        if line["new"] is not None and line["run_id"] != context.run_id and waiting.isdisjoint(line.get("inputs", ()))
    ]


def _tell(
    context: StageContext,
    subject: Subject,
    results: Iterable[CheckResult],
    reasons: Mapping[str, str],
    released: set[str],
) -> None:
    for result in results:
        if not result.is_bad:
            continue
        bad = [one for one in result.files if one.is_over]
        let = [one.file for one in bad if one.fingerprint in released]
        suffix = f"; released by hand: {', '.join(let[:_FILES_IN_EVENT])}" if let and result.action != "report" else ""
        if result.action == "hold_file" and any(one.fingerprint in reasons for one in bad):
            suffix += "; held back: " + ", ".join(
                one.file for one in bad[:_FILES_IN_EVENT] if one.fingerprint in reasons
            )
        context.emit(
            result.message + suffix,
            level="warning" if result.outcome == "warned" else "error",
            dataset=subject.dataset,
            check=result.name,
            failures=result.failures,
            files=[one.file for one in bad[:_FILES_IN_EVENT]],
            examples=[str(row) for row in result.examples[:_EXAMPLES_IN_EVENT]],
            held_back=[one.file for one in bad[:_FILES_IN_EVENT] if one.fingerprint in reasons],
        )


def _held_run(results: Iterable[CheckResult], released: set[str]) -> list[str]:
    """What holds the run back: not where all that is to blame was released by hand."""
    return [
        result.message
        for result in results
        if result.outcome == "failed"
        and result.action == "hold_run"
        and not (result.files and all(one.fingerprint in released for one in result.files if one.is_over))
    ]


def told_of_checks(reports: Iterable[CheckReport]) -> str:
    """What the run's message says of them; empty where none were made."""
    made = list(reports)
    checks = sum(one.checks for one in made)
    if not checks:
        return ""
    parts = [f"{checks} {'check' if checks == 1 else 'checks'}"]
    counts = (
        (sum(len(one.failed) for one in made), "failed"),
        (sum(len(one.warned) for one in made), "warned"),
        (files := sum(len(one.held_back) for one in made), f"{'file' if files == 1 else 'files'} held back"),
    )
    return "; " + ", ".join([*parts, *(f"{count} {what}" for count, what in counts if count)])


def conclude_checks(context: StageContext, reports: Mapping[str, CheckReport]) -> dict[str, Any]:
    """Called once per run, after all datasets: what `success` says of the checks. Raises StageError to hold back the run."""
    del context
    if held := [message for report in reports.values() for message in report.held_run]:
        raise StageError(
            f"the run is held back: {'; '.join(held)}. Nothing is merged; the same files wait and are checked again by the next "
            "run. Change the checks, or let a file pass: quarterhour checks release FILE",
            datasets=[dataset for dataset, report in reports.items() if report.held_run],
        )
    failed = {dataset: list(report.failed) for dataset, report in reports.items() if report.failed}
    warned = {dataset: list(report.warned) for dataset, report in reports.items() if report.warned}
    data: dict[str, Any] = {"checks": sum(report.checks for report in reports.values())}
    if failed:
        data["checks_failed"] = failed
    if warned:
        data["checks_warned"] = warned
    if files := sum(len(report.held_back) for report in reports.values()):
        data["files_held"] = files
    return data
