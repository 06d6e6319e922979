"""`python -m bench.dirty`: how much of the collection each reader gets back, all without options."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from bench.dirty.case import Case
from bench.dirty.cases import GROUPS, cases
from bench.dirty.readers import OURS, OURS_AS_TEXT, READERS, read
from bench.dirty.score import Score, score

Scores = dict[str, dict[str, Score]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dirty", description=__doc__)
    parser.add_argument("--failures", action="store_true", help="what our Translator did not get back, case by case")
    parser.add_argument("--case", help="only the cases whose name holds this")
    parser.add_argument("--keep", type=Path, help="write the files to this folder and do nothing else")
    arguments = parser.parse_args()
    chosen = [case for case in cases() if not arguments.case or arguments.case in case.name]
    if not chosen:
        sys.exit(f"no case has {arguments.case!r} in its name")
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        for case in chosen:
            (arguments.keep / case.file_name).write_bytes(case.content)
        return
    readers = (OURS, OURS_AS_TEXT) if arguments.failures else tuple(READERS)
    scores = measured(chosen, readers)
    if arguments.failures:
        print_failures(chosen, scores)
    print_table(chosen, scores)


def measured(chosen: Sequence[Case], readers: Iterable[str]) -> Scores:
    """Scores by reader and case."""
    scores: Scores = {}
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / case.file_name for case in chosen]
        for case, path in zip(chosen, paths, strict=True):
            path.write_bytes(case.content)
        for reader in readers:
            answers = zip(chosen, read(reader, paths), strict=True)
            scores[reader] = {case.name: score(case, answer, reader == OURS_AS_TEXT) for case, answer in answers}
    return scores


def print_table(chosen: list[Case], scores: Scores) -> None:
    print(f"{len(chosen)} dirty files made of clean real tables; every reader without options.")
    print(
        "Each share is the mean over the files, each file weighs the same; 'whole' files came back to the last cell and name."
    )
    print(f"\n{'reader':<28}{'cells':>9}{'rows':>9}{'headers':>9}{'whole':>7}")
    for reader, of_reader in scores.items():
        found = list(of_reader.values())
        cells, rows, names = (
            fmean(share) for share in ((s.cells for s in found), (s.rows for s in found), (s.names for s in found))
        )
        print(f"{reader:<28}{cells:>9.2%}{rows:>9.2%}{names:>9.2%}{sum(s.whole for s in found):>7}")
    groups = {group: [case.name for case in chosen if case.group == group] for group in GROUPS}
    print(f"\n{'cells by group':<28}" + "".join(f"{group:>10}" for group in groups) + f"\n{'files':<28}", end="")
    print("".join(f"{len(names):>10}" for names in groups.values()))
    for reader, of_reader in scores.items():
        shares = (f"{fmean(of_reader[name].cells for name in names):.2%}" if names else "" for names in groups.values())
        print(f"{reader:<28}" + "".join(f"{share:>10}" for share in shares))


def print_failures(chosen: list[Case], scores: Scores) -> None:
    for case in chosen:
        for reader, of_reader in scores.items():
            found = of_reader[case.name]
            if not found.whole:
                print(
                    f"{case.group}: {case.name} [{reader}] cells {found.cells:.1%}, names {found.names:.0%}: {found.remark}"
                )
    print()


if __name__ == "__main__":
    main()
