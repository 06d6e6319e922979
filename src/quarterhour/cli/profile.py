"""`quarterhour profile`: what the analyzer found in a dataset, or finds in one file."""

from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, AsJson, Home, known_input, on_one_line, print_json, reading

app = typer.Typer()

_FACTS = ("type", "count", "nulls", "distinct", "min", "max", "mean")
_WIDEST = 30


@app.command()
def profile(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", show_default=False)] = None,
    file: Annotated[
        str | None,
        typer.Option(help="Of one file alone: its name below data/raw, or a fingerprint.", show_default=False),
    ] = None,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Each column of a dataset as it stands, or of one file: counts, extremes, mean; how fresh it is, and its duplicates."""
    from quarterhour.client import calls

    if (dataset is None) == (file is None):
        raise typer.BadParameter("give a DATASET, or --file")
    with reading(home) as source:
        if dataset is not None:
            found = source.plain(calls.get_dataset_profile(dataset))
            part = found["whole"]
        else:
            found = part = source.plain(calls.get_input_profile(known_input(home, str(file))))
    if as_json:
        print_json(found)
        return
    typer.echo("\t".join(("column", *_FACTS)))
    for name, facts in part["columns"].items():
        typer.echo("\t".join((name, *(_shown(facts.get(fact)) for fact in _FACTS))))
    typer.echo(_summary(part), err=True)


def _shown(value: Any) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    printable = on_one_line(text)
    return printable if len(printable) <= _WIDEST else f"{printable[: _WIDEST - 1]}…"


def _summary(part: dict[str, Any]) -> str:
    fresh, twice = part["freshness"], part["duplicates"]
    told = [f"{part['rows']} rows"]
    if fresh["newest"] is not None:
        told.append(f"newest {fresh['column']} {fresh['newest']}")
    if fresh["late_s"]:
        told.append(f"late by {fresh['late_s']:.0f} s")
    if twice["rows"] is not None:
        by = f"by {', '.join(twice['by'])}" if twice["by"] else "of whole rows"
        told.append(f"{twice['rows']} duplicates {by}")
    return "; ".join(told)
