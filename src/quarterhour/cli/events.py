"""`quarterhour events`, `retain` and `reindex`: the event log, searched, followed and looked after."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
import typer

from quarterhour.cli.support import HERE, MOMENTS, AsJson, Home, Source, aware, print_json, reading
from quarterhour.clock import wire_time
from quarterhour.errors import QuarterhourError
from quarterhour.files import replacing

if TYPE_CHECKING:
    from quarterhour.client import Client

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
    grep: Annotated[str | None, typer.Option(help="Whose message, or a text in whose data, contains this.")] = None,
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
    from quarterhour.client import Client, calls

    if out is not None and follow:
        raise typer.BadParameter("a file is written whole: leave out --follow, or --out", param_hint="--out")
    kinds: dict[str, Any] = {"run_id": run_id, "stage": stage, "event": event, "level": level, "q": grep}
    kinds |= {"start": aware(start), "end": aware(end)}
    with reading(home) as source:
        if follow and not isinstance(source, Client):
            raise QuarterhourError("no server runs in this home, so nothing new comes: leave out --follow")
        if last is not None and not follow:
            page = source.plain(calls.list_events(since=since, order="desc", limit=last, **kinds))
            found = reversed(page["items"])
        else:
            _tell_removed(source, since, kinds["start"])
            found = (
                _followed(source, since, kinds)
                if isinstance(source, Client) and follow
                else _past(source, since, kinds)
            )
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


def _tell_removed(source: Source, since: int, start: datetime | None) -> None:
    """Say where the log begins, if what is asked for begins before."""
    from quarterhour.client import calls

    first = next(iter(source.plain(calls.list_events(since=since, limit=1))["items"]), None)
    if first is None or first["seq"] == since + 1 or (start is not None and first["timestamp"] <= wire_time(start)):
        return
    told = f"the events up to {first['seq'] - 1} were removed: the log begins with {first['seq']}, {first['timestamp']}"
    typer.echo(told, err=True)


def _past(source: Source, since: int, kinds: dict[str, Any], before: int | None = None) -> Iterator[dict[str, Any]]:
    from quarterhour.client import calls

    seq: int | None = since
    while seq is not None:
        page = source.plain(calls.list_events(since=seq, before=before, limit=1000, **kinds))
        yield from page["items"]
        seq = page["next"]


def _followed(server: "Client", since: int, kinds: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Past events after `since`, which the index finds, and then those that come."""
    import httpx

    from quarterhour.client import calls

    last = server.plain(calls.list_events(order="desc", limit=1))["items"]
    seq = max(since, last[0]["seq"] if last else 0)
    yield from _past(server, since, kinds, before=seq + 1)
    start, end = (wire_time(kinds[key]) if kinds[key] else None for key in ("start", "end"))
    streamed = {key: value for key, value in kinds.items() if key not in ("start", "end")}
    try:
        for event in server.stream_events(since=seq, **streamed):
            seq = event.seq
            if (start is None or event.timestamp >= start) and (end is None or event.timestamp <= end):
                yield event.model_dump()
    except httpx.TransportError as error:
        raise QuarterhourError(f"the server is out of reach ({error}): go on with --since {seq}") from error
    raise QuarterhourError(f"the server has ended: go on with --since {seq}")


@app.command()
def retain(
    home: Home = HERE,
    compress_after: Annotated[
        float | None,
        typer.Option(
            min=0, help="Compress files this many days old; 0: all but the newest run's.", show_default="settings"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove and compress old events now, as [retention] in the settings asks for it; after each run it is done by itself."""
    from quarterhour.client import calls

    with reading(home) as source:
        done = source.plain(calls.retain_events(compress_after))
    if as_json:
        print_json(done)
        return
    typer.echo(f"the events of {done['removed_runs']} runs removed ({done['removed_bytes']} bytes)")
    sizes = f"{done['compressed_from_bytes']} bytes are {done['compressed_to_bytes']}"
    typer.echo(f"{done['compressed_files']} files compressed" + (f": {sizes}" if done["compressed_files"] else ""))


@app.command()
def reindex(home: Home = HERE, as_json: AsJson = False) -> None:
    """Make the index of the event log anew from its files."""
    from quarterhour.client import calls

    with reading(home) as source:
        answer = source.plain(calls.reindex())
    print_json(answer) if as_json else typer.echo(f"{answer['events']} events are indexed")
