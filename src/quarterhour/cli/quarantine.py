"""`quarterhour quarantine`: what was put aside, and how it is sent back."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, reading, told_plainly

app = typer.Typer(help="Records, and whole files, that were put aside: list, show, send back.", no_args_is_help=True)

_RAW_SHOWN = 60
_VALUES = "--values"

Id = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]


@app.command("list")
def list_(
    home: Home = HERE,
    dataset: Annotated[str | None, typer.Option(help="Of one dataset.")] = None,
    file: Annotated[str | None, typer.Option(help="Of one raw file: its name, with its folder or without.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Go on after a page.")] = None,
    as_json: AsJson = False,
) -> None:
    """What was put aside or mended, of the newest input first."""
    from quarterhour.client import calls

    with reading(home) as source:
        page = source.plain(calls.list_quarantine(dataset=dataset, file=file, cursor=cursor, limit=limit))
    if as_json:
        print_json(page)
        return
    for item in page["items"]:
        typer.echo(_line(item))
    more = f"; go on with --cursor {page['next']}" if page["next"] else ""
    typer.echo(f"{len(page['items'])} of {page['total']}{more}", err=True)


def _line(item: dict[str, Any]) -> str:
    place = f"{item['file']}" + (f" line {item['line']}" if item["line"] else "")
    blame = f" {item['column']}={item['value']!r}" if item["column"] else ""
    raw = f"  | {_shortened(item['raw'])}" if item["raw"] else ""
    return f"{item['id']:<19} {item['outcome']:<11} {item['dataset']}  {place}:{blame} {item['reason']}{raw}"


def _shortened(raw: str) -> str:
    """On one line, without what could steer a terminal."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in raw[: _RAW_SHOWN + 1])
    return text if len(raw) <= _RAW_SHOWN else f"{text[:_RAW_SHOWN]}…"


@app.command()
def show(
    item: Id,
    home: Home = HERE,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Header and records as they stand in the file, to be mended in an editor.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All that is known of a record or of a whole file."""
    if as_csv:
        from quarterhour.stages.translator.mending.sending_back import editable_csv

        with told_plainly():
            settings, workspace = load(home)
            sys.stdout.buffer.write(editable_csv(workspace, settings, item))
            sys.stdout.flush()
        return
    from quarterhour.client import calls

    with reading(home) as source:
        found = source.plain(calls.get_quarantined(item))
    if as_json:
        print_json(found)
        return
    for name, value in found["item"].items():
        if value not in (None, "", False):
            typer.echo(f"{name:>11}  {value}")
    for record in found["records"]:
        typer.echo(_line(record))


@app.command()
def retry(
    item: Annotated[str, typer.Argument(metavar="ID|FILE", help="What to send back; with --of, the mended CSV file.")],
    home: Home = HERE,
    of: Annotated[str | None, typer.Option("--of", metavar="ID", help="What the CSV file was mended of.")] = None,
    raw: Annotated[str | None, typer.Option(help="The record's new text, in the dialect of its file.")] = None,
    values: Annotated[
        str | None, typer.Option(_VALUES, help='New values of some columns: \'{"column": "text"}\'.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a record or a whole file back: the next run reads it, mended or as it stands."""
    if sum(given is not None for given in (of, raw, values)) > 1:
        raise typer.BadParameter("give one of --of, --raw and --values")
    if of is not None:
        answer = _send_file(home, of, Path(item))
    else:
        from quarterhour.client import calls

        changed = None if values is None else _texts(values)
        with reading(home) as source:
            answer = source.plain(calls.retry_quarantined(item, raw=raw, values=changed))
    print_json(answer) if as_json else typer.echo(answer["message"])


def _send_file(home: Path, item: str, file: Path) -> dict[str, Any]:
    """In this process also where a server runs: it only drops a file, which may be large."""
    from quarterhour.stages.translator.mending.sending_back import send_back_file

    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    with told_plainly():
        settings, workspace = load(home)
        return send_back_file(workspace, settings, item, file)


def _texts(values: str) -> dict[str, str]:
    try:
        return TypeAdapter(dict[str, str]).validate_json(values, strict=True)
    except ValidationError as error:
        raise typer.BadParameter("give a JSON object of texts by column", param_hint=_VALUES) from error
