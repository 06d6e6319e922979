"""A walk: the same work in copies of a home, killed at each of its calls that write, one call later in each copy."""
# ruff: noqa: T201  it speaks to people

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from torture.tracing import traced


@dataclass(frozen=True, slots=True)
class Point:
    number: int
    killed_at: str
    """The call; empty where the work came to its end."""
    wrong: str
    """What was wrong afterwards; empty where nothing was."""

    def __str__(self) -> str:
        return f"{self.number:3}  {self.killed_at or 'not killed':12}  {self.wrong or 'whole'}"


def walk(
    template: Path, work: Callable[[Path], None], wrong_in: Callable[[Path], str], most: int = 0
) -> Iterator[Point]:
    """Each call of `work` in a copy of `template`, or about `most` of them, spread over all; last the one that is not killed."""
    whole = _copy(template, "whole")
    total = traced(lambda: work(whole), whole, None)
    if total.status:
        raise RuntimeError(f"the work ended with status {total.status}")
    step = max(1, total.calls // most) if most else 1
    for number in range(0, total.calls, step):
        home = _copy(template, str(number))
        killed_at = traced(lambda home=home: work(home), home, number).killed_at
        yield Point(number, killed_at, wrong_in(home))
        shutil.rmtree(home)
    yield Point(total.calls, "", wrong_in(whole))


def _copy(template: Path, name: str) -> Path:
    return Path(shutil.copytree(template, template.with_name(f"{template.name}-{name}")))


def told(points: Iterator[Point]) -> int:
    """Print each; the exit status."""
    is_wrong = False
    for point in points:
        print(point, flush=True)
        is_wrong |= bool(point.wrong)
    return int(is_wrong)
