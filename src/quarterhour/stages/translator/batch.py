"""The Translator alone, without a home or a ledger: files in, Parquet and a report out."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from quarterhour.lake.arrivals import DatasetNames, FileUnreadable, fingerprint
from quarterhour.lake.scratch import own_scratch
from quarterhour.lake.translated import KnownColumn
from quarterhour.settings import Settings
from quarterhour.stages.translator.content.plain_text import ContentUnreadable
from quarterhour.stages.translator.engine import connect
from quarterhour.stages.translator.translate import Order, Translation, Types, translate


@dataclass(frozen=True, slots=True)
class TranslateReport:
    """One file's outcome, as `quarterhour translate --json` prints it."""

    file: str
    dataset: str
    status: str
    """`translated` or `failed`."""
    encoding: str | None = None
    dialect: dict[str, str] | None = None
    header: bool | None = None
    columns: tuple[dict[str, str], ...] = ()
    records: int = 0
    rows: int = 0
    repaired: int = 0
    quarantined: int = 0
    output: str | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    """What was done otherwise than usual."""
    lines: tuple[dict[str, Any], ...] = ()
    """The file's lines that are no records, each with `line`, `text` and `kind`: titles, comments, footers."""
    tables: tuple[dict[str, Any], ...] = ()
    """The tables that stand after the first one, put aside as tables of their own."""
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    """Why each column is read as it is."""


def translate_paths(
    paths: Iterable[Path], out_dir: Path, types: Types = "auto", settings: Settings | None = None
) -> Iterator[TranslateReport]:
    """Each file by itself: its columns are its own. Writes `<file name>.parquet` and, if need be, `.quarantine.jsonl`."""
    settings = settings or Settings()
    names = DatasetNames(settings)
    out_dir.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    with own_scratch(out_dir, ".quarterhour") as scratch, connect(scratch) as engine:
        for path in paths:
            dataset = names.of(path.name)
            stem, number = path.name, 1
            while stem.lower() in taken:
                number += 1
                stem = f"{path.name}.{number}"
            taken.add(stem.lower())
            output = out_dir / f"{stem}.parquet"
            try:
                order = Order(
                    raw=path,
                    file=str(path),
                    fingerprint=fingerprint(path),
                    output=output,
                    quarantine=out_dir / f"{stem}.quarantine.jsonl",
                    scratch=scratch,
                    keys=settings.keys_of(dataset),
                    types=types,
                    misfit_share=settings.inputs.misfit_share,
                    contract=settings.dataset(dataset),
                )
                with engine.cursor() as connection:
                    made = translate(order, connection, dict[str, KnownColumn])
            except (FileUnreadable, ContentUnreadable) as error:
                yield TranslateReport(str(path), dataset, "failed", error=error.message)
                continue
            except MemoryError as error:
                yield TranslateReport(str(path), dataset, "failed", error=f"{path}: not enough memory: {error}")
                continue
            yield _report(path, dataset, output, made)


def _report(path: Path, dataset: str, output: Path, made: Translation) -> TranslateReport:
    dialect = made.dialect
    return TranslateReport(
        file=str(path),
        dataset=dataset,
        status="translated",
        encoding=made.encoding,
        dialect={
            "delimiter": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
            "comment": dialect.comment,
        },
        header=made.has_header,
        columns=tuple(
            {"name": name, "type": column.type, "format": column.format} for name, column in made.columns.items()
        ),
        records=made.records,
        rows=made.rows,
        repaired=made.repaired,
        quarantined=made.quarantined,
        output=str(output),
        notes=tuple(made.notes),
        lines=tuple(asdict(note) for note in made.lines),
        tables=tuple(asdict(table) for table in made.tables),
        reasons=made.reasons,
    )
