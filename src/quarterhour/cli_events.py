"""`quarterhour events` and `reindex`: the event log, searched and followed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from quarterhour.cli_support import HERE, MOMENTS, AsJson, Home, print_json, reading, wire_moment
from quarterhour.errors import QuarterhourError
from quarterhour.files import replacing

app = typer.Typer()


@app.command()
def events(
    home: Home = HERE,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes (needs the server).")] = False,
    since: Annotated[int, typer.Option(help="Only after this seq.")] = 0,
    run_id: Annotated[str | None, typer.Option("--run", help="Of one run.")] = None,
    stage: Annotated[str | None, typer.Option(help="Of one stage.")] = None,
    event: Annotated[str | None, typer.Option(help="Of one kind, such as failed.")] = None,
    level: Annotated[Literal["info", "warning", "error"] | None, typer.Option(help="Of one level.")] = None,
    grep: Annotated[str | None, typer.Option(help="Whose message contains this text.")] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=MOMENTS, help="Not before this time; local without a zone.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=MOMENTS, help="Not after this time.")] = None,
    last: Annotated[int | None, typer.Option(min=1, max=1000, help="Only the newest so many.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Write them to this file, one a line; .gz and .zst are compressed; - is the output."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The event log."""
    if out is not None and follow:
        raise typer.BadParameter("a file is written whole: leave out --follow, or --out", param_hint="--out")
    query: dict[str, Any] = {"run_id": run_id, "stage": stage, "event": event, "level": level, "q": grep}
    query |= {"from": wire_moment(start), "to": wire_moment(end)}
    with reading(home) as source:
        if follow:
            found = source.events(since, **query)
        elif last is not None:
            page = source.get("/api/events", since=since, order="desc", limit=last, **query)
            found = reversed(page["items"])
        else:
            found = _past_events(source, since, query)
        if out is not None and out != Path("-"):
            _write(found, out, as_json=as_json)
            return
        for one in found:
            if as_json or out is not None:
                print_json(one)
            else:
                place = f"{one['stage']}.{one['event']}"
                typer.echo(f"{one['seq']:>7}  {one['timestamp']}  {place:<20} {one['msg']}")


def _write(found: Iterable[dict[str, Any]], out: Path, *, as_json: bool) -> None:
    from quarterhour.event_log.files import opened_to_write

    count = 0
    try:
        with replacing(out) as temporary, opened_to_write(temporary, out.name) as file:
            for one in found:
                file.write(orjson.dumps(one) + b"\n")
                count += 1
    except OSError as error:
        raise QuarterhourError(f"{out}: cannot be written: {error.strerror}") from error
    told = {"file": str(out), "events": count}
    print_json(told) if as_json else typer.echo(f"{count} events → {out}")


def _past_events(source: Any, since: int, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor: int | None = since
    while cursor is not None:
        page = source.get("/api/events", since=cursor, limit=1000, **query)
        yield from page["items"]
        cursor = page["next"]


@app.command()
def reindex(home: Home = HERE, as_json: AsJson = False) -> None:
    """Make the index of the event log anew from its files."""
    with reading(home) as source:
        answer = source.post("/api/reindex", timeout_s=None)
    print_json(answer) if as_json else typer.echo(f"{answer['events']} events are indexed")
