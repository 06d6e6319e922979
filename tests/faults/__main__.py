"""`make torture`, second part: every fault so many times, and a table of how often each was survived."""
# ruff: noqa: T201  it speaks to people

import argparse
import random
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from faults.damage import FAULTS, Fault, small_file_system
from faults.survival import Prepared, prepare
from faults.tally import Tally
from faults.trials import AT_ONCE, survive


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="how often each fault is done")
    parser.add_argument("--jobs", type=int, default=2, help="homes that are harmed at the same time")
    parser.add_argument("--only", default="", help="only faults whose name contains this")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        prepared = prepare(Path(name).resolve())
        _do_all(arguments, prepared, tally)
    print("\n".join(tally.lines()))
    return 0 if tally.tried == tally.survived else 1


def _do_all(arguments: argparse.Namespace, prepared: Prepared, tally: Tally) -> None:
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for fault in (fault for fault in FAULTS if arguments.only in fault.name):
            seeds = range(arguments.seed, arguments.seed + arguments.times, AT_ONCE * fault.count)
            for survived in pool.map(partial(_survived, fault, prepared), seeds):
                tally.add(fault.name, AT_ONCE * fault.count, survived)
                print(tally.lines()[-1], end="\r", flush=True)
            print()


def _survived(fault: Fault, prepared: Prepared, seed: int) -> int:
    """Of a few in one home; those after the first that is not survived count as not survived."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "small"
        with small_file_system(folder) if fault.needs_mounts else nullcontext():
            try:
                return survive(fault, folder, AT_ONCE, seed, prepared)
            except Exception:  # noqa: BLE001  whatever broke it, the others are tried, and this one is told with its seed
                print(f"{fault.name}: --seed {seed} --times 1\n{traceback.format_exc()}", flush=True)
                return 0


if __name__ == "__main__":
    sys.exit(main())
