"""What the Translator promises of any file, checked on what it left: a report, every record in one place, nothing else."""

import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from quarterhour.lake.quarantine import read_quarantine
from quarterhour.stages.translator import table
from quarterhour.stages.translator.batch import TranslateReport, translate_paths

from .mutations import Mutant

_NEVER = 1 << 60

Broken = tuple[Mutant, str]
"""A file, and the promise that was not kept."""


def broken_promises(
    mutants: Iterable[Mutant], folder: Path, begin: Callable[[Mutant], None] = lambda _: None
) -> Iterator[Broken]:
    """Translates the files in as few calls as can be, in the order given; `begin` is told of each before it is read."""
    left = list(mutants)
    with duckdb.connect() as reader:
        while left:
            alike = [mutant for mutant in left if mutant.types == left[0].types]
            batch = _Batch(alike, folder, begin, reader)
            yield from batch.broken()
            # After an exception the call is over, and the files behind it are for another one.
            begun = {mutant.number for mutant in batch.begun}
            left = [mutant for mutant in left if mutant.number not in begun]


class _Batch:
    """One call of `translate_paths`."""

    def __init__(
        self, mutants: list[Mutant], folder: Path, begin: Callable[[Mutant], None], reader: duckdb.DuckDBPyConnection
    ) -> None:
        self._mutants = mutants
        self._raw = folder / "raw"
        self._out = folder / "out"
        self._begin = begin
        self._reader = reader
        self._expected: set[str] = set()
        self.begun: list[Mutant] = []

    def broken(self) -> Iterator[Broken]:
        for part in (self._raw, self._out):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        with _parts_restored():
            try:
                for report in translate_paths(self._paths(), self._out, self._mutants[0].types):
                    fault = self._fault(report)
                    if fault:
                        yield self.begun[-1], fault
            except Exception:  # noqa: BLE001  a crash is what is looked for, and told with its trace
                yield self.begun[-1], f"it crashed\n{traceback.format_exc()}"
                return
        # The last thing that happens in a call is the removal of its scratch folder.
        if left := [path.name for path in self._out.iterdir() if path.name not in self._expected]:
            yield self.begun[-1], f"left in the folder after the call: {', '.join(left)}"

    def _paths(self) -> Iterator[Path]:
        for mutant in self._mutants:
            path = self._raw / mutant.name
            path.write_bytes(mutant.content)
            table.LEAST_PART_BYTES = mutant.part_bytes
            # In every second file the engine makes what values it can itself, as it does in long ones.
            table.LEAST_PRINTED_BYTES = 0 if mutant.number % 2 else _NEVER
            self.begun.append(mutant)
            self._begin(mutant)
            yield path
            path.unlink()

    def _fault(self, report: TranslateReport) -> str:
        name = self.begun[-1].name
        made: set[str] = set()
        fault = self._fault_of_tables(report, name, made) if report.status != "failed" else ""
        if report.status == "failed":
            fault = "it failed without an error" if not report.error else ""
            if report.error and "nothing of it was taken" in report.error:
                fault = f"its balance is open: {report.error}"
        fault = fault or self._strays(made)
        self._expected |= made
        return fault

    def _fault_of_tables(self, report: TranslateReport, name: str, made: set[str]) -> str:
        """What is wrong with the tables made of a file; the names of what may be there are added to `made`."""
        aside = self._out / f"{name}.quarantine.jsonl"
        made |= {f"{name}.parquet"} | ({aside.name} if report.quarantined or report.repaired else set())
        fault = self._unbalanced(report.records, report.rows, report.quarantined, str(report.output), aside)
        for side in report.tables:
            output = Path(side["output"])
            aside = output.with_suffix(".jsonl")
            # Of a side table the report does not say whether records of it were mended.
            made |= {output.name} | ({aside.name} if aside.exists() else set())
            fault = fault or self._unbalanced(side["records"], side["rows"], side["quarantined"], str(output), aside)
        return fault

    def _strays(self, made: set[str]) -> str:
        """What stands in the folder and is none of `made`, or is missing there."""
        found = {path.name for path in self._out.iterdir() if not path.name.startswith(".quarterhour-")}
        new = found - self._expected
        scratch = [path.name for each in self._out.glob(".quarterhour-*") for path in each.iterdir()]
        if new == made and not scratch:
            return ""
        return f"made {sorted(made)}, but there is {sorted(new)}, and in the scratch folder {scratch}"

    def _unbalanced(self, records: int, rows: int, quarantined: int, output: str, aside: Path) -> str:
        if records != rows + quarantined:
            return f"{records} records, but {rows} rows and {quarantined} quarantined"
        kept = [row[0] for row in self._reader.execute("SELECT _record FROM read_parquet(?)", [output]).fetchall()]
        put_aside = list(read_quarantine(aside)) if aside.exists() else []
        if len(kept) != rows:
            return f"{rows} rows, but {len(kept)} in the Parquet file"
        numbers = Counter([*kept, *(record.record for record in put_aside if record.mended is None)])
        if numbers != Counter(range(1, records + 1)):
            often = sorted(number for number, count in numbers.items() if count > 1)
            missing = sorted(set(range(1, records + 1)) - set(numbers))
            return f"of {records} records, {missing[:9]} are nowhere, {often[:9]} twice"
        if strange := {record.record for record in put_aside if record.mended is not None} - set(kept):
            return f"mended records that are no rows: {sorted(strange)[:9]}"
        return ""


@contextmanager
def _parts_restored() -> Iterator[None]:
    before = table.LEAST_PART_BYTES, table.LEAST_PRINTED_BYTES
    try:
        yield
    finally:
        table.LEAST_PART_BYTES, table.LEAST_PRINTED_BYTES = before
