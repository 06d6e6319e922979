"""The budget of rejected records: what a run put aside of each dataset, and whether that is too much. Pure."""

from dataclasses import dataclass, field

from quarterhour.settings import RejectLimit

_NAMES_SHOWN = 5


@dataclass(slots=True)
class Tally:
    """What a run translated of one dataset."""

    records: int = 0
    quarantined: int = 0
    files_with_quarantined: int = 0
    rejected_files: list[str] = field(default_factory=list[str])
    """Put aside whole."""

    def add(self, records: int, quarantined: int) -> None:
        self.records += records
        self.quarantined += quarantined
        self.files_with_quarantined += quarantined > 0

    def has_too_many_records(self, limit: RejectLimit) -> bool:
        return limit.is_exceeded(self.quarantined, self.records)

    def verdict(self, dataset: str, limit: RejectLimit) -> str:
        """Why the dataset is over its budget; empty where it is not. A file put aside whole is over any limit."""
        if limit.is_none:
            return ""
        if self.has_too_many_records(limit) or self.rejected_files:
            return f"{self.describe(dataset)}; max_rejected is {limit}"
        return ""

    def describe(self, dataset: str) -> str:
        parts: list[str] = []
        if self.quarantined:
            share = 100 * self.quarantined / self.records
            files = counted(self.files_with_quarantined, "file")
            parts.append(f"{self.quarantined} of {counted(self.records, 'record')} ({share:.3g}%), in {files}")
        if self.rejected_files:
            parts.append(f"{counted(len(self.rejected_files), 'file')} whole: {_some(self.rejected_files)}")
        return f"{dataset}: put aside: {'; '.join(parts)}"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
