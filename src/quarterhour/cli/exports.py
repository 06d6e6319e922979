"""`quarterhour export`: a merged table as one file, or to the standard output."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, get_args

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, told_plainly
from quarterhour.settings.exports import ExportFormat

_FORMATS: dict[str, ExportFormat] = {name: name for name in get_args(ExportFormat)}
_STANDARD_OUTPUT = Path("-")


def export(
    dataset: str,
    out: Annotated[Path, typer.Option("--out", help="The file to write; - is the standard output.", dir_okay=False)],
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help=f"{', '.join(_FORMATS)}; without it, as the file's name ends, or csv.")
    ] = None,
    version: Annotated[int | None, typer.Option(min=0, help="The table's version; without it, the newest.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns in this order, with commas between; may be given again. Without, all that are data."
        ),
    ] = None,
    where: Annotated[
        str, typer.Option(help="SQL that is true for the rows: \"dep_delay > 60 AND origin = 'JFK'\".")
    ] = "",
    safe: Annotated[
        bool, typer.Option("--safe", help="Neutralise formulas in text, for spreadsheets (csv, xlsx).")
    ] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """A merged table as one file: csv, parquet, xlsx or arrow; at any version, with a filter and chosen columns."""
    from quarterhour.lake.exports.making import export_to_file
    from quarterhour.lake.exports.request import ExportRequest

    chosen = _format(format, out)
    with told_plainly():
        _, workspace = load(home)
        request = ExportRequest(dataset, chosen, version, tuple(columns or ()), where, safe)
        if out == _STANDARD_OUTPUT:
            with TemporaryDirectory(prefix="quarterhour-") as folder:
                file = Path(folder) / f"export.{chosen}"
                export_to_file(workspace, request, file)
                with file.open("rb") as made:
                    shutil.copyfileobj(made, sys.stdout.buffer)
                sys.stdout.flush()
            return
        taken, rows = export_to_file(workspace, request, out)
        told = {"dataset": dataset, "version": taken, "format": chosen, "rows": rows, "file": str(out)}
        if as_json:
            print_json(told | {"size": out.stat().st_size})
        else:
            typer.echo(f"{dataset} version {taken}: {rows} rows → {out}")


def _format(given: str | None, out: Path) -> ExportFormat:
    if given is None:
        return _FORMATS.get(out.suffix.removeprefix(".").lower(), "csv")
    if given not in _FORMATS:
        raise typer.BadParameter(f"give one of {', '.join(_FORMATS)}", param_hint="--format")
    return _FORMATS[given]
