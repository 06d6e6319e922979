"""`quarterhour verify`: are the merged tables what the raw files make?"""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, told_plainly

if TYPE_CHECKING:
    from quarterhour.verification.compare import Difference
    from quarterhour.verification.verify import Progress, Report

app = typer.Typer()

_WIDTH = 100


@app.command()
def verify(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help="One dataset.", show_default="all")] = None,
    home: Home = HERE,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many differing rows to tell of a dataset.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Make the merged tables anew from the raw files, in a scratch folder, and compare every row; status 1 if they differ."""
    from quarterhour.verification import verify as verified

    with told_plainly():
        settings, workspace = load(home)
        is_good = True
        for report in verified(workspace, settings, dataset, limit=limit, on_progress=_show, on_wait=_tell_wait):
            is_good = is_good and report.is_good
            _clear()
            if as_json:
                print_json(asdict(report))
            else:
                _print(report)
        if not is_good:
            raise typer.Exit(1)


def _print(report: "Report") -> None:
    version = f"version {report.version}" if report.version is not None else "no table"
    if report.is_good:
        typer.echo(
            f"{report.dataset}: {_counted(report.rows, 'row')}, all as the raw files make them "
            f"({_counted(report.files, 'file')}, {version})"
        )
    else:
        what = [f"{_counted(report.differing_rows, 'row')} not as it should be"] if report.differing_rows else []
        what += [f"{_counted(len(report.missing), 'raw file')} missing"] if report.missing else []
        typer.secho(
            f"{report.dataset}: {', '.join(what)}: {_counted(report.rows, 'row')} where {report.rebuilt_rows} should stand "
            f"({version})",
            fg="red",
        )
    for name in report.missing:
        typer.echo(f"  missing: {name}: neither in data/raw nor in data/archive, so its rows are not verified")
    for difference in report.differences:
        typer.echo(f"  {_difference_line(difference)}")
    for note in report.notes:
        typer.echo(f"  note: {note}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _difference_line(difference: "Difference") -> str:
    row = ", ".join(f"{name} = {value}" for name, value in difference.row.items())
    match difference.kind:
        case "extra":
            return f"{row}: stands, but should not: {difference.stands}"
        case "missing":
            return f"{row}: should stand, but does not: {difference.should}"
        case _:
            return f"{row}: {difference.column}: {difference.stands} stands, should be {difference.should}"


def _show(progress: "Progress") -> None:
    if sys.stderr.isatty():
        share = 100 * progress.done // max(1, progress.total)
        text = f"{progress.dataset}: {share:3} %  {progress.what}"
        sys.stderr.write(f"\r{text[:_WIDTH]:<{_WIDTH}}")
        sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{'':<{_WIDTH}}\r")
        sys.stderr.flush()


def _tell_wait() -> None:
    typer.echo("a run is in progress: waiting for its end", err=True)
