"""The Translator alone, without a home or a ledger: files in, Parquet and a report out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quarterhour.lake.arrivals import DatasetNames, FileUnreadable, fingerprint
from quarterhour.settings import Settings
from quarterhour.stages.translator.content import ContentUnreadable
from quarterhour.stages.translator.service import connect
from quarterhour.stages.translator.translate import Order, Types, translate


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


def translate_paths(
    paths: Iterable[Path], out_dir: Path, types: Types = "auto", settings: Settings | None = None
) -> Iterator[TranslateReport]:
    """Each file by itself: its columns are its own. Writes `<file name>.parquet` and, if need be, `.quarantine.jsonl`."""
    settings = settings or Settings()
    names = DatasetNames(settings)
    out_dir.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    with TemporaryDirectory(prefix=".quarterhour-", dir=out_dir) as scratch, connect(scratch) as engine:
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
                    scratch=Path(scratch),
                    keys=settings.keys_of(dataset),
                    types=types,
                    widen_share=settings.inputs.widen_share,
                )
                with engine.cursor() as connection:
                    made = translate(order, connection, dict[str, str])
            except (FileUnreadable, ContentUnreadable) as error:
                yield TranslateReport(str(path), dataset, "failed", error=error.message)
                continue
            dialect: dict[str, Any] = {
                "delimiter": made.dialect.delimiter,
                "quote": made.dialect.quote,
                "escape": made.dialect.quote,
            }
            yield TranslateReport(
                str(path),
                dataset,
                "translated",
                made.encoding,
                dialect,
                made.dialect.header,
                tuple({"name": name, "type": type_name} for name, type_name in made.columns.items()),
                made.records,
                made.rows,
                0,
                made.quarantined,
                str(output),
            )
