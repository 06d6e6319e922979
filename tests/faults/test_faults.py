"""Each fault at instants drawn by chance, and afterwards all is as if nothing had happened. `make torture` does many more."""

import os
import random
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from faults.damage import FAULTS, Fault, small_file_system
from faults.survival import Prepared, prepare
from faults.tally import Tally
from faults.trials import survive
from faults.wall_clock import compiler

# With two times seven of the worker, 25 kills; each of the others once.
_TIMES = {"SIGKILL of the server": 5, "SIGKILL of the worker": 2, "SIGKILL of both": 4, "SIGKILL of the forkserver": 2}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_after_any_fault_the_tables_are_those_of_an_uninterrupted_run(
    fault: Fault, tmp_path: Path, tally: Tally, prepared: Prepared
) -> None:
    if fault.needs_mounts and not (sys.platform == "linux" and os.geteuid() == 0):
        pytest.skip("mounts need root, on Linux")
    if fault.needs_compiler and (sys.platform != "linux" or compiler() is None):
        pytest.skip("a clock of its own needs a C compiler, on Linux")
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  a failing instant can be looked for again
    times = _TIMES.get(fault.name, 1)
    with small_file_system(tmp_path / "small") if fault.needs_mounts else nullcontext():
        survived = survive(fault, tmp_path / "small", times, seed, prepared)
    tally.add(fault.name, survived)
