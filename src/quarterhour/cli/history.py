"""`quarterhour retract`, `history`, `rows`, `restore`: the past of the merged tables, and how it is changed."""

from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, AsJson, Home, known_input, on_one_line, print_json, raw_name, reading

app = typer.Typer()

Dataset = Annotated[str, typer.Argument(metavar="DATASET")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]


@app.command()
def retract(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A raw file's name below data/raw, or a fingerprint.")],
    home: Home = HERE,
    to: Annotated[
        str | None,
        typer.Option(help="retracted or merged: do it only where it is not so yet.", show_default="the other"),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a file's rows out of the merged table again, with what it had updated as it was; a second call puts them back."""
    from quarterhour.client import calls

    if to not in (None, "retracted", "merged"):
        raise typer.BadParameter("give retracted or merged", param_hint="--to")
    fingerprint = known_input(home, file)
    # By its name a file is all that it holds; a fingerprint names what one version brought.
    is_whole = not fingerprint.startswith(raw_name(file))
    with reading(home) as source:
        answer = source.plain(calls.retract_input(fingerprint, to=to, whole_file=is_whole, dry_run=dry_run))
    print_json(answer) if as_json else typer.echo(answer["message"])


@app.command()
def history(
    dataset: Dataset,
    home: Home = HERE,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    cursor: Annotated[int | None, typer.Option(help="Go on after a page.")] = None,
    as_json: AsJson = False,
) -> None:
    """The versions of a merged table, newest first: when, what, by which run, of which files, and rows."""
    from quarterhour.client import calls

    with reading(home) as source:
        page = source.plain(calls.list_dataset_versions(dataset, limit=limit, cursor=cursor))
    if as_json:
        print_json(page)
        return
    for item in page["items"]:
        typer.echo(_version_line(item))
    more = f"; go on with --cursor {page['next']}" if page["next"] is not None else ""
    typer.echo(f"{len(page['items'])} of {page['total']} versions{more}", err=True)


def _version_line(item: dict[str, Any]) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in item["counts"].items() if count)
    rest = item["inputs"] - len(item["files"])
    files = ", ".join(item["files"]) + (f" and {rest} more" if rest else "")
    rows = "?" if item["rows"] is None else item["rows"]
    line = f"{item['version']:>5}  {item['timestamp']}  {item['operation']:<11} {rows:>10} rows"
    line += "".join(f"  {part}" for part in (counts, item["run_id"], files) if part)
    return line if item["is_kept"] else f"{line}  (no longer kept)"


@app.command()
def rows(
    dataset: Dataset,
    home: Home = HERE,
    version: Annotated[int | None, typer.Option(min=0, help="An earlier version.", show_default="the newest")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="How many to leave out first.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Rows of a merged table, as tab-separated text."""
    from quarterhour.client import calls

    with reading(home) as source:
        page = source.plain(calls.list_dataset_rows(dataset, version=version, limit=limit, offset=offset))
    if as_json:
        print_json(page)
        return
    typer.echo("\t".join(column["name"] for column in page["columns"]))
    for row in page["items"]:
        typer.echo("\t".join("" if value is None else on_one_line(str(value)) for value in row))
    typer.echo(f"{len(page['items'])} of {page['total']} rows of version {page['version']}", err=True)


@app.command()
def restore(
    dataset: Dataset,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="As `history` shows it.")],
    home: Home = HERE,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a new version that equals an earlier one; files merged since count as retracted, and can be put back."""
    from quarterhour.client import calls

    with reading(home) as source:
        answer = source.plain(calls.restore_dataset(dataset, version, dry_run=dry_run))
    print_json(answer) if as_json else typer.echo(answer["message"])
