"""Real files, broken at random: the report is true, every record is in one place, nothing else is left; more by `make fuzz`."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fuzz.mutations import mutant
from fuzz.pool import Pool
from fuzz.promises import broken_promises

_FILES = 50
_EXAMPLES = 3
_NUMBERS = 10**12


# In parts of which each process of the tests takes some; `make fuzz` breaks as many files more as it is told.
# Not shrunk: each try costs seconds; `python -m fuzz --only NUMBER --shrink` makes the one file smaller that failed.
@settings(max_examples=_EXAMPLES, phases=[Phase.reuse, Phase.generate])
@given(first=st.integers(0, _NUMBERS))
@pytest.mark.parametrize("part", range(4))
def test_every_record_of_a_broken_file_is_a_row_or_put_aside(
    tmp_path_factory: pytest.TempPathFactory, part: int, first: int
) -> None:
    numbers = range(part * _NUMBERS + first, part * _NUMBERS + first + _FILES)
    broken = list(broken_promises(map(mutant, numbers), tmp_path_factory.getbasetemp() / "mutations"))
    hints = [f"PYTHONPATH=tests python -m fuzz --only {found.number} --shrink: {fault}" for found, fault in broken]
    assert not hints, "\n".join(hints)


def test_a_number_is_always_the_same_file() -> None:
    assert [mutant(number) for number in range(20)] == [mutant(number) for number in range(20)]
    assert len({mutant(number).content for number in range(200)}) == 200


def test_a_broken_promise_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: with a record less in quarantine, and with a file left behind, it speaks up."""
    from fuzz import promises

    numbers = range(20)
    assert list(broken_promises(map(mutant, numbers), tmp_path / "whole")) == []
    monkeypatch.setattr(promises, "read_quarantine", lambda _: iter(()))
    faults = [fault for _, fault in broken_promises(map(mutant, numbers), tmp_path / "less")]
    assert faults
    assert all("are nowhere" in fault for fault in faults)


def hang_die_fail(numbers: list[int], folder: Path, begin: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    for number in numbers:
        begin(number)
        if number == 7:
            time.sleep(600)
        if number == 60:
            os._exit(3)
        if number == 61:
            yield number, "a fault"


def test_a_file_that_hangs_or_ends_the_process_costs_no_other_one() -> None:
    results = list(Pool(2, hang_die_fail, hung_after_s=0.5).results(range(130)))
    assert sorted(result.number for result in results) == list(range(130))
    faults = {result.number: result.fault for result in results if result.fault}
    assert faults == {7: "it took more than 0.5 s", 60: "it ended the process, exit status 3", 61: "a fault"}
