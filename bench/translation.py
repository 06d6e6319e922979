"""The Translator beside DuckDB, Polars and pyarrow: one large file, many small ones, and one larger than the memory allowed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.flights import cut_flights, grown_flights

_MB = 2**20
_RUNS = 2
_REFERENCES = ("DuckDB", "Polars", "pyarrow")
_LEAST_LIMIT_BYTES = 1000 * _MB
_GROUPS = Path("/sys/fs/cgroup")

Show = Callable[[str, str, str], None]
"""Prints what was measured, the figure, and the aim."""


@dataclass(frozen=True, slots=True)
class Sizes:
    large_bytes: int = 1000 * _MB
    files: int = 1000
    file_bytes: int = _MB
    memory_bytes: int = 2500 * _MB


QUICK = Sizes(large_bytes=150 * _MB, files=60, memory_bytes=600 * _MB)


@dataclass(frozen=True, slots=True)
class _Measured:
    seconds: float
    rows: int
    peak_mb: float


def measure_speed(folder: Path, show: Show, sizes: Sizes) -> None:
    """What stands in `folder` meanwhile is removed again: it is several times the size of the input."""
    large = folder / "flights_large.csv"
    rows = grown_flights(large, sizes.large_bytes)
    what = f"one file of {sizes.large_bytes // _MB} MB"
    _compare("Translator", large, rows, what, "1.0", show)
    large.unlink()
    small = folder / "small"
    rows = cut_flights(small, sizes.files, sizes.file_bytes)
    what = f"{sizes.files} files of {sizes.file_bytes / _MB:g} MB"
    _compare("TranslatorService", small, rows, what, "1.5", show)
    shutil.rmtree(small)


def measure_memory(folder: Path, show: Show, sizes: Sizes) -> None:
    """A file twice as large as the memory that the process may have, page cache included, where the system lets it be limited."""
    large = folder / "flights_large.csv"
    rows = grown_flights(large, sizes.memory_bytes)
    limit_bytes = max(sizes.memory_bytes // 2, _LEAST_LIMIT_BYTES)
    with _memory_group(limit_bytes) as group:
        measured = _run("Translator", large, rows, *(("--join", str(group)) if group else ()))
    allowed = f"{limit_bytes // _MB} MB allowed" if group else "no limit"
    what = f"Translator: one file of {sizes.memory_bytes // _MB} MB, {allowed}"
    show(f"{what}, peak memory", f"{measured.peak_mb:.0f} MB", "1000 MB")
    show(f"{what}, time", f"{measured.seconds:.1f} s", "")
    large.unlink()


@contextmanager
def _memory_group(limit_bytes: int) -> Iterator[Path | None]:
    """A control group with that much memory: the file by which a process joins it; None where none can be made (Linux, root)."""
    for root, limit in ((_GROUPS / "memory", "memory.limit_in_bytes"), (_GROUPS, "memory.max")):
        group = root / f"quarterhour-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(limit_bytes))
            yield group / "cgroup.procs"
        finally:
            group.rmdir()
        return
    yield None


def _compare(ours: str, source: Path, rows: int, what: str, aim: str, show: Show) -> None:
    names = (ours, *_REFERENCES)
    # In turns, so that whatever else the machine does meets all of them.
    runs = [{name: _run(name, source, rows) for name in names} for _ in range(_RUNS)]
    best = {name: min((run[name] for run in runs), key=lambda measured: measured.seconds) for name in names}
    for name in names:
        peak_mb = max(run[name].peak_mb for run in runs)
        show(f"{name}: {what}", f"{best[name].seconds:.2f} s", "")
        show(f"{name}: {what}, peak memory", f"{peak_mb:.0f} MB", "1000 MB" if name == ours else "")
    fastest = min(_REFERENCES, key=lambda name: best[name].seconds)
    ratio = best[fastest].seconds / best[ours].seconds
    show(f"{ours}'s speed as a ratio to {fastest}'s, {what}", f"{ratio:.2f}", aim)


def _run(name: str, source: Path, rows: int, *options: str) -> _Measured:
    """One contestant in a process of its own. What it wrote is removed."""
    out = source.parent / "out"
    out.mkdir()
    command = [sys.executable, "-m", "bench.contestants", name, str(out), str(source), *options]
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root)}
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root, env=environment)
    finally:
        shutil.rmtree(out)
    measured = _Measured(**json.loads(done.stdout))
    if measured.rows != rows:
        raise RuntimeError(f"{name} made {measured.rows} rows of {rows}")
    return measured
