"""`quarterhour analyses`: what is declared, and what it would give now."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, reading, told_plainly
from quarterhour.errors import InvalidQuery

if TYPE_CHECKING:
    from quarterhour.stages.analyzer.analyses.report import Preview

app = typer.Typer(help="Analyses: what is declared, and what each would give now.", no_args_is_help=True)


@app.command("list")
def list_(home: Home = HERE, as_json: AsJson = False) -> None:
    """Each analysis with its mode, what it reads, and the result that stands."""
    from quarterhour.client import calls

    with reading(home) as source:
        for item in source.plain(calls.list_analyses())["items"]:
            print_json(item) if as_json else typer.echo(_line(item))


def _line(item: dict[str, Any]) -> str:
    result = f"{item['rows']} rows, version {item['version']}" if item["version"] is not None else "no result yet"
    fault = f"  {item['error']}" if item["error"] else ""
    return f"{item['name']}  {item['kind']}, {item['mode']}  reads {', '.join(item['reads']) or 'nothing'}  {result}{fault}"


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="As `list` shows it.")],
    home: Home = HERE,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many rows to show.")] = 20,
    is_explained: Annotated[bool, typer.Option("--explain", help="Show the SQL and DuckDB's plan too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The first rows that it would give over all the data now; nothing is kept. Its result is made by a run."""
    from quarterhour.stages.analyzer.analyses.listing import preview
    from quarterhour.stages.analyzer.analyses.report import Preview

    with told_plainly():
        settings, workspace = load(home)
        if name not in {analysis.name for analysis in settings.analyses}:
            known = ", ".join(analysis.name for analysis in settings.analyses) or "none"
            raise InvalidQuery(f"no analysis is named {name!r}; there is {known}")
        workspace.create()
        shown = preview(workspace, settings, name, limit=limit, is_explained=is_explained)
        if not isinstance(shown, Preview):
            raise InvalidQuery(f"analysis {name!r} waits: there are no rows of {', '.join(shown.waits_for)} yet")
        if as_json:
            print_json(asdict(shown))
            return
        _print(shown, is_explained=is_explained)


def _print(shown: "Preview", *, is_explained: bool) -> None:
    if is_explained:
        typer.echo(f"{shown.sql}\n\n{shown.plan}")
    lines = [[*shown.columns], [*shown.columns.values()]]
    lines += [["" if value is None else str(value) for value in row] for row in shown.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
