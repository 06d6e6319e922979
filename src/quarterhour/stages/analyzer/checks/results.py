"""What a check found, as it is kept, told and shown. Plain data; pure."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from quarterhour.settings.checks import Action, Severity

Outcome = Literal["passed", "warned", "failed", "skipped"]
"""`skipped`: nothing to judge yet, such as too few runs to tell a drift."""

_SHOWN_CHARACTERS = 200
_FILES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class FileFailures:
    """How many rows of one new file fail."""

    file: str
    """The raw file's name below data/raw."""
    fingerprint: str
    rows: int
    failures: int
    is_over: bool = True
    """More fail than the check allows."""


@dataclass(frozen=True, slots=True)
class FailingRow:
    """An example of a row that fails."""

    file: str
    record: int
    """Its number in the file, from 1."""
    key: dict[str, Any]
    """Of a dataset with keys: theirs."""
    values: dict[str, Any]
    """What the check looked at."""

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {shown(value)}" for name, value in {**self.key, **self.values}.items())
        return f"record {self.record} ({values})" if values else f"record {self.record}"


def shown(value: Any) -> str:
    """A value in a sentence: null, or its text cut to a length."""
    text = "null" if value is None else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one dataset in one run."""

    name: str
    check: str
    """Its kind."""
    columns: tuple[str, ...]
    severity: Severity
    action: Action
    outcome: Outcome
    message: str = ""
    rows: int | None = None
    """Rows that were looked at; of a check of rows."""
    failures: int = 0
    files: tuple[FileFailures, ...] = ()
    """The files that have failing rows; of a check of the dataset that failed, all its new files."""
    examples: tuple[FailingRow, ...] = ()
    observed: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a check of the dataset measured, by name."""

    @property
    def is_bad(self) -> bool:
        return self.outcome in ("warned", "failed")

    def as_data(self) -> dict[str, Any]:
        """Of many files, the first."""
        return asdict(replace(self, files=self.files[:_FILES_KEPT])) | {"file_count": len(self.files)}

    def in_brief(self) -> dict[str, Any]:
        """What the history keeps of it."""
        brief: dict[str, Any] = {"name": self.name, "outcome": self.outcome}
        if self.failures:
            brief["failures"] = self.failures
        if self.observed:
            brief["observed"] = self.observed
        return brief
