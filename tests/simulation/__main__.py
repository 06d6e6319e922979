"""`make simulate`: years of quarter-hour marks in ten time zones, each year a world of its own with its own seed."""
# ruff: noqa: T201  it speaks to people

import argparse
import logging
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

import structlog

from .promises import PromiseBroken
from .simulator import Rates, Report, simulate

# Both hemispheres, half hours, a quarter of one, a change of half an hour, and a zone without any.
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Kathmandu",
    "Europe/Dublin",
    "UTC",
)
_FIRST_YEAR = 2025


def year_of(number: int, seed: int) -> Report:
    """Year `number` of a simulation (from 0) with the simulation's seed. Raises PromiseBroken."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    start = datetime(_FIRST_YEAR + number % 10, 1, 1, tzinfo=UTC)
    days = 366 if start.year % 4 == 0 else 365
    return simulate(seed + number, start, days, ZONES[number % len(ZONES)], Rates())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9), help="the same seed goes the same way")
    parser.add_argument("--only", type=int, help="replay this year alone (from 0), in this process")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.only is not None:
        _tell([year_of(arguments.only, arguments.seed)])
        return 0
    begun_s = time.monotonic()
    reports: list[Report] = []
    with ProcessPoolExecutor() as pool:
        years = [pool.submit(year_of, number, arguments.seed) for number in range(arguments.years)]
        for number, year in enumerate(years):
            try:
                reports.append(report := year.result())
                print(f"year {number}: {report.marks:,} marks, every promise kept", flush=True)
            except* PromiseBroken as broken:
                print(f"year {number}: {broken.exceptions[0]}", flush=True)
                print(f"Replay: python -m simulation --seed {arguments.seed} --only {number}", flush=True)
    _tell(reports)
    print(f"{len(reports)} of {arguments.years} years kept every promise, in {time.monotonic() - begun_s:.0f} s")
    return 0 if len(reports) == arguments.years else 1


def _tell(reports: list[Report]) -> None:
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report.counts)
    print(f"{'marks with a verdict':<50}{sum(report.marks for report in reports):>9,}")
    for what, count in sorted(total.items()):
        print(f"{what:<50}{count:>9,}")


if __name__ == "__main__":
    sys.exit(main())
