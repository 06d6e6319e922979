"""`quarterhour slots`, `quarterhour plan`: what became of each mark of the schedule, and what lies ahead."""

from datetime import datetime
from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, MOMENTS, AsJson, Home, aware, print_json, reading

app = typer.Typer()

_PAGE = 40_000


@app.command()
def slots(
    home: Home = HERE,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=MOMENTS, help="First mark; local time without a zone.", show_default="a day ago"
        ),
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=MOMENTS, help="Last mark.", show_default="now")
    ] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only ran, late, skipped, missed or caught_up.", show_default="all")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Why did it not run at 12:15? What became of each mark of the schedule, newest first."""
    from quarterhour.client import schedule_calls

    query: dict[str, Any] = {"start": aware(start), "end": aware(end), "verdict": verdict, "limit": _PAGE}
    with reading(home) as source:
        page = source.plain(schedule_calls.list_slots(**query))
        items = list[dict[str, Any]](page["items"])
        while page["next"] is not None:
            page = source.plain(schedule_calls.list_slots(cursor=page["next"], **query))
            items += page["items"]
    for item in items:
        print_json(item) if as_json else typer.echo(_slot_line(item))
    if not as_json:
        counts: dict[str, int] = {}
        for item in items:
            counts[item["verdict"]] = counts.get(item["verdict"], 0) + 1
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        typer.echo(f"{len(items)} marks{': ' + told if told else ''}", err=True)


def _slot_line(item: dict[str, Any]) -> str:
    parts = (item["mark"], f"{item['verdict']:<9}", item["run_id"] or "", item["why"])
    return "  ".join(part for part in parts if part)


@app.command()
def plan(home: Home = HERE, as_json: AsJson = False) -> None:
    """The next 96 marks, how long a run is expected to take, and how many files wait."""
    from quarterhour.client import schedule_calls

    with reading(home) as source:
        answer = source.plain(schedule_calls.get_schedule_plan())
    if as_json:
        print_json(answer)
        return
    for planned in answer["marks"]:
        typer.echo(planned["mark"] + (f"  until about {planned['ends_at']}" if planned["ends_at"] else ""))
    expected = (
        "no run has succeeded yet" if answer["expected_s"] is None else f"a run takes {answer['expected_s']:.1f} s"
    )
    state = "paused; " if answer["paused"] else ""
    state += f"breaker {answer['breaker']}; " if answer["breaker"] != "closed" else ""
    typer.echo(f"{state}{answer['files_waiting']} files wait; {expected}", err=True)
