"""Each fault at instants drawn by chance, and afterwards all is as if nothing had happened. `make torture` does many more."""

import os
import random
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from faults.damage import FAULTS, Fault, small_file_system
from faults.survival import assert_survived, uninterrupted
from faults.tally import Tally

# With two times seven of the worker, 25 kills; each of the others once.
_TIMES = {"SIGKILL of the server": 5, "SIGKILL of the worker": 2, "SIGKILL of both": 4, "SIGKILL of the forkserver": 2}
# So often is one home harmed before it is judged: a fault meets what the last one left.
_AT_ONCE = 5


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_after_any_fault_the_tables_are_those_of_an_uninterrupted_run(
    fault: Fault, tmp_path: Path, tally: Tally
) -> None:
    if fault.needs_mounts and not (sys.platform == "linux" and os.geteuid() == 0):
        pytest.skip("mounts need root, on Linux")
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  a failing instant can be looked for again
    times = _TIMES.get(fault.name, 1)
    with small_file_system(tmp_path / "small") if fault.needs_mounts else nullcontext():
        survived = survive(fault, tmp_path / "small", times, seed)
    tally.add(fault.name, survived)


def survive(fault: Fault, folder: Path, times: int, seed: int) -> int:
    """Do `fault` so many times, judging the home every few; how many faults it survived. Raises AssertionError."""
    chance = random.Random(seed)
    with uninterrupted(folder) as (waiting, expected):
        for first in range(0, times, _AT_ONCE):
            home = folder / "home"
            shutil.copytree(waiting, home)
            for _ in range(min(_AT_ONCE, times - first)):
                fault.do(home, chance)
            assert_survived(home, expected)
            shutil.rmtree(home)
    return times * fault.count
