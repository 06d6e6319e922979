"""A fault, done again and again to homes that are judged afterwards."""

import random
import shutil
from pathlib import Path

from faults.damage import Fault
from faults.survival import Prepared, assert_survived

AT_ONCE = 5
"""So often is one home harmed before it is judged: a fault meets what the last one left."""


def survive(fault: Fault, folder: Path, times: int, seed: int, prepared: Prepared) -> int:
    """Do `fault` so many times in `folder`, judging the home every few; how many faults it survived. Raises AssertionError."""
    chance = random.Random(seed)
    waiting, expected = prepared
    for first in range(0, times, AT_ONCE):
        home = folder / "home"
        shutil.copytree(waiting, home)
        for _ in range(min(AT_ONCE, times - first)):
            fault.do(home, chance)
        assert_survived(home, expected)
        shutil.rmtree(home)
    return times * fault.count
