"""The readers that are compared, each without any option: a file becomes names and rows, or an exception."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import clevercsv
import duckdb
import pandas as pd
import polars as pl

from bench.dirty.ours import Answer, Reader, fetched, ours
from bench.dirty.score import Read


def _duckdb(path: Path) -> Read:
    with duckdb.connect() as connection:
        relation = connection.read_csv(str(path))
        return Read(tuple(relation.columns), fetched(relation))


def _polars(path: Path) -> Read:
    frame = pl.read_csv(path)
    return Read(tuple(frame.columns), frame.rows())


def _pandas(path: Path) -> Read:
    return _of_frame(pd.read_csv(path))


def _clevercsv(path: Path) -> Read:
    return _of_frame(clevercsv.read_dataframe(str(path)))


def _of_frame(frame: pd.DataFrame) -> Read:
    """A first column that pandas took for the index is a column all the same."""
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    columns: list[list[Any]] = []
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        values = column.tolist()
        # In a column of floats NaN may be meant: the score takes it for either.
        columns.append(values if column.dtype.kind == "f" else [None if pd.isna(each) else each for each in values])
    return Read(tuple(map(str, frame.columns)), list(zip(*columns, strict=True)))


def _each(read: Callable[[Path], Read]) -> Reader:
    """Any exception of a library under test is its answer."""

    def read_all(paths: Sequence[Path]) -> Iterator[Answer]:
        for path in paths:
            try:
                yield read(path)
            except Exception as error:  # noqa: BLE001
                yield error
            except BaseException as error:
                # A panic of Polars is no Exception.
                if type(error).__name__ != "PanicException":
                    raise
                yield RuntimeError(str(error))

    return read_all


READERS: dict[str, Reader] = {
    "quarterhour": ours("auto"),
    "quarterhour --types text": ours("text"),
    f"DuckDB {duckdb.__version__}": _each(_duckdb),
    f"Polars {pl.__version__}": _each(_polars),
    f"pandas {pd.__version__}": _each(_pandas),
    f"CleverCSV {clevercsv.__version__}": _each(_clevercsv),
}
OURS, OURS_AS_TEXT = list(READERS)[:2]


def read(reader: str, paths: Sequence[Path]) -> Iterator[Answer]:
    """What the reader makes of each file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from READERS[reader](paths)
