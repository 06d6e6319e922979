"""`make fuzz N=100000`: that many mutations of real files through the Translator, over all cores."""
# ruff: noqa: T201  it speaks to people

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from .mutations import mutant
from .pool import Failure, Pool
from .promises import broken_promises
from .shrinking import shrunk

_TELL_EVERY_S = 10.0


def main() -> int:
    arguments = _arguments()
    failures: Path = arguments.failures
    if arguments.only is not None:
        return _replay(arguments.only, failures, shrink=arguments.shrink)
    numbers = range(arguments.first, arguments.first + arguments.count)
    print(f"inputs {numbers.start} to {numbers.stop - 1} in {arguments.processes} processes", flush=True)
    begun_s = told_s = time.monotonic()
    done: set[int] = set()
    next_number, failed = numbers.start, 0
    try:
        for result in Pool(arguments.processes).results(numbers):
            done.add(result.number)
            while next_number in done:
                done.remove(next_number)
                next_number += 1
            if result.fault:
                failed += 1
                _save(result, failures)
            if time.monotonic() - told_s > _TELL_EVERY_S:
                told_s = time.monotonic()
                _tell(next_number - numbers.start + len(done), failed, told_s - begun_s)
    except KeyboardInterrupt:
        print(f"go on with --first {next_number} --count {numbers.stop - next_number}")
    _tell(next_number - numbers.start + len(done), failed, time.monotonic() - begun_s)
    return 1 if failed or next_number < numbers.stop else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many inputs")
    parser.add_argument("--first", type=int, default=random.randrange(10**12), help="the first input's number")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="try this input alone and tell what is wrong")
    parser.add_argument("--shrink", action="store_true", help="with --only: save the smallest input that fails too")
    parser.add_argument(
        "--failures",
        type=Path,
        default=Path(tempfile.gettempdir()) / "quarterhour-fuzz-failures",
        help="where failing inputs are saved",
    )
    return parser.parse_args()


def _tell(done: int, failed: int, passed_s: float) -> None:
    print(f"{done} inputs, {failed} failed, {done / max(passed_s, 1e-3):.1f}/s", flush=True)


def _save(failure: Failure, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = mutant(failure.number)
    path = folder / found.name
    path.write_bytes(found.content)
    hint = f"Replay: PYTHONPATH=tests python -m fuzz --only {failure.number} --shrink"
    path.with_name(f"{found.name}.why").write_text(
        f"{failure.fault}\n\n--types {found.types}, parts of {found.part_bytes} bytes\n{hint}\n"
    )
    print(f"FAILED {path}: {failure.fault.strip().splitlines()[-1]}\n  {hint}", flush=True)


def _replay(number: int, folder: Path, *, shrink: bool) -> int:
    found = mutant(number)
    with tempfile.TemporaryDirectory(prefix="quarterhour-fuzz-") as scratch:
        faults = [fault for _, fault in broken_promises([found], Path(scratch))]
    for fault in faults:
        print(f"{found.name}, {len(found.content)} bytes, --types {found.types}: {fault}")
    if faults and shrink:
        smaller = shrunk(found)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"smallest-{found.name}"
        path.write_bytes(smaller.content)
        print(f"{path}, {len(smaller.content)} bytes: {smaller.content[:500]!r}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
