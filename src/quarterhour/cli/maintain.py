"""`quarterhour maintain`: what the service does for the merged tables after each run, by hand."""

from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, told_plainly

app = typer.Typer()


@app.command()
def maintain(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help="One dataset.", show_default="all")] = None,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Join small data files, forget old versions and remove files that no version has; status 1 if a table cannot be."""
    from quarterhour.lake.maintenance import maintain as maintained
    from quarterhour.lake.queries import open_dataset

    with told_plainly():
        settings, workspace = load(home)
        if dataset is not None:
            open_dataset(workspace, dataset)
        done = maintained(workspace, settings, dataset)
        for one in done:
            print_json(one) if as_json else typer.echo(_line(one))
        if not done and not as_json:
            typer.echo("Nothing is due.")
        if any(one["error"] for one in done):
            raise typer.Exit(1)


def _line(one: dict[str, Any]) -> str:
    return one["error"] or (
        f"{one['dataset']}: {one['joined']} files joined into {one['into']}, {one['forgotten_versions']} old versions "
        f"forgotten, {one['removed_files']} files ({one['removed_bytes']} bytes) removed"
    )
