"""What is said of a check that does not pass: which rows, of which files, and what follows. Pure."""

from collections.abc import Sequence

from quarterhour.settings.checks import (
    AllowedCheck,
    Check,
    ForeignKeyCheck,
    NotNullCheck,
    PatternCheck,
    RangeCheck,
    UniqueCheck,
)
from quarterhour.stages.analyzer.checks.results import CheckResult, FailingRow, FileFailures, shown

_FILES_NAMED = 5
_VALUES_NAMED = 10


def told_of_files(dataset: str, check: Check, files: Sequence[FileFailures], rows: Sequence[FailingRow]) -> str:
    """Of a check of rows."""
    failures = sum(one.failures for one in files)
    named = ", ".join(f"{one.failures} of {one.rows} rows of {one.file}" for one in files[:_FILES_NAMED])
    more = f" and others, {failures} in all" if len(files) > _FILES_NAMED else ""
    first = f"; first: {rows[0]}" + (f" of {rows[0].file}" if len(files) > 1 else "") if rows else ""
    return f"{dataset}: check {check.label} ({requirement(check)}): {named}{more} do not pass{first}"


def told_of_dataset(dataset: str, check: Check, fault: str) -> str:
    """Of a check of the whole, or of one that cannot be made."""
    return f"{dataset}: check {check.label}: {fault}"


def told_of_counts(dataset: str, check: Check, faults: Sequence[tuple[str, str]]) -> str:
    """Of a check of files; `faults` are the files that have too few or too many rows."""
    named = ", ".join(f"{file} has {fault}" for file, fault in faults[:_FILES_NAMED])
    more = f", and {len(faults) - _FILES_NAMED} more files" if len(faults) > _FILES_NAMED else ""
    return told_of_dataset(dataset, check, named + more)


def told_of_held_file(name: str, rows: int, results: Sequence[CheckResult], fingerprint: str) -> str:
    """Why a file is held back, and the ways out; shown beside it until it is released or replaced."""
    reasons = "; ".join(_reason(result, fingerprint) for result in results)
    return (
        f"{name}: its {rows} rows are held back: {reasons}. Correct the file and drop it again, or have it merged as it is: "
        f"quarterhour checks release {name}"
    )


def _reason(result: CheckResult, fingerprint: str) -> str:
    own = next((one for one in result.files if one.fingerprint == fingerprint), None)
    if own is None or not own.failures:
        return result.message
    example = next((row for row in result.examples if row.file == own.file), None)
    first = f", first: {example}" if example else ""
    return f"{own.failures} rows do not pass check {result.name}{first}"


def requirement(check: Check) -> str:
    """What the check asks for."""
    match check:
        case NotNullCheck():
            return "a value in each row"
        case UniqueCheck():
            return "no values twice"
        case RangeCheck(min=low, max=high):
            bounds = (
                f"at least {shown(low)}" if low is not None else "",
                f"at most {shown(high)}" if high is not None else "",
            )
            return " and ".join(bound for bound in bounds if bound)
        case AllowedCheck(values=values):
            more = ", …" if len(values) > _VALUES_NAMED else ""
            return f"one of {', '.join(shown(value) for value in values[:_VALUES_NAMED])}{more}"
        case PatternCheck(pattern=pattern):
            return f"matches {shown(pattern)}"
        case ForeignKeyCheck(references=other, referenced=named, columns=columns):
            return f"stands in {other}({', '.join(named or columns)})"
        case _:
            return check.kind
