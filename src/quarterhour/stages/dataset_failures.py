"""How a stage fails that works dataset by dataset: one dataset's failure does not stop the others, and none is lost."""

from quarterhour.errors import StageError, is_transient
from quarterhour.lake.tables import TableChanged, TableError


def combined(failures: list[tuple[str, Exception]]) -> Exception:
    """The one error that says which datasets failed and why."""
    # With one failure its own class says most, such as that the disk is full.
    if len(failures) == 1 and not isinstance(failures[0][1], TableError):
        return failures[0][1]
    return StageError(
        "; ".join(f"{dataset}: {error}" for dataset, error in failures),
        is_transient=all(isinstance(error, TableChanged) or is_transient(error) for _, error in failures),
        datasets=[dataset for dataset, _ in failures],
    )
