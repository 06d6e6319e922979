"""Our Translator as a reader of the dirty files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bench.dirty.score import Read
from quarterhour.stages.translator.batch import TranslateReport, translate_paths
from quarterhour.stages.translator.translate import Types

Answer = Read | Exception
Reader = Callable[[Sequence[Path]], Iterator[Answer]]


class NotTranslated(Exception):
    """Our Translator says that it failed."""


def ours(types: Types) -> Reader:
    """Our Translator over all files at once."""

    def read(paths: Sequence[Path]) -> Iterator[Answer]:
        with TemporaryDirectory() as folder, duckdb.connect() as connection:
            reports = translate_paths(paths, Path(folder), types)
            for number in range(len(paths)):
                try:
                    report = next(reports)
                    answer = _table_of(report, connection)
                except Exception as error:  # noqa: BLE001
                    yield error
                    # It should never break off; if it does, the other files get their turn.
                    if not isinstance(error, NotTranslated):
                        reports = translate_paths(paths[number + 1 :], Path(folder), types)
                else:
                    yield answer

    return read


def _table_of(report: TranslateReport, connection: duckdb.DuckDBPyConnection) -> Read:
    if report.output is None:
        raise NotTranslated(report.error)
    assert report.records == report.rows + report.quarantined
    relation = connection.read_parquet(report.output)
    names = [name for name in relation.columns if not name.startswith("_")]
    if not names:
        return Read((), [])
    return Read(tuple(names), fetched(relation.order("_record").project(", ".join(map(_quoted, names)))), report.header)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def fetched(relation: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    """Stamps with a time zone come by way of text: the engine would need pytz."""
    columns = [
        f"{_quoted(name)}::VARCHAR AS {_quoted(name)}" if "TIME ZONE" in str(kind) else _quoted(name)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    return relation.project(", ".join(columns)).fetchall()
