"""`quarterhour retranslate`: damaged translated files made anew from the raw files."""

from typing import Annotated

import typer

from quarterhour.cli.support import HERE, AsJson, Home, print_json, reading

app = typer.Typer()


@app.command()
def retranslate(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help="One dataset.", show_default="all")] = None,
    home: Home = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which files are damaged.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make translated files that are damaged or gone anew from data/raw or data/archive; status 1 if one is left damaged."""
    from quarterhour.client import calls

    with reading(home) as source:
        answer = source.plain(calls.retranslate(dataset=dataset, dry_run=dry_run))
    if as_json:
        print_json(answer)
    else:
        for one in answer["files"]:
            typer.echo(f"{one['name']} ({one['dataset']}): {one['message'] or one['damage']}")
        typer.echo(answer["message"])
    if any(one["outcome"] != "made" for one in answer["files"]):
        raise typer.Exit(1)
