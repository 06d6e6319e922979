"""`quarterhour backfill`: run windows of the schedule that are over, through the server where one runs."""

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, MOMENTS, AsJson, Home, Source, aware, load, print_json, reading, told_plainly

app = typer.Typer()

_POLL_S = 0.2
Answer = dict[str, Any]


@app.command()
def backfill(
    start: Annotated[
        datetime, typer.Option("--from", formats=MOMENTS, help="Windows that end after it; local time without a zone.")
    ],
    end: Annotated[
        datetime | None, typer.Option("--to", formats=MOMENTS, help="And up to it.", show_default="now")
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Also windows that have a successful run.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="A failed run does not end it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the windows.")] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Run each window of the schedule in a span that has no successful run, oldest first. Ctrl-C stops it."""
    asked: dict[str, Any] = {
        "start": aware(start),
        "end": aware(end),
        "all": is_all,
        "keep_going": keep_going,
        "dry_run": dry_run,
    }
    if dry_run:
        from quarterhour.client import schedule_calls

        with reading(home) as source:
            _print_plan(source.plain(schedule_calls.start_backfill(**asked)), as_json=as_json)
        return
    teller = _Teller(as_json=as_json)
    with told_plainly():
        try:
            _run(home, asked, teller)
        except KeyboardInterrupt:
            teller.close("it was stopped")
            raise typer.Exit(1) from None
    teller.close()
    if teller.last["state"] != "done":
        raise typer.Exit(1)


class _Teller:
    """Prints each run once it has ended, and what is left at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.told = 0
        """Runs that were printed."""
        self.last: Answer = {"state": None, "windows": 0, "left": 0, "next": None, "message": "", "succeeded": 0}

    def take(self, answer: Answer) -> None:
        """`answer` has the runs from number `told` on."""
        self.last = answer
        self.told += len(answer["runs"])
        for run in answer["runs"]:
            line = (
                f"{run['window']['start']} → {run['window']['end']}  {run['run_id']}  {run['state']}  {run['message']}"
            )
            print_json(run) if self._as_json else typer.echo(line.rstrip())

    def close(self, message: str = "") -> None:
        last = self.last
        line = f"{self.told} of {last['windows']} windows run, {last['succeeded']} had a successful run already"
        if message or last["state"] != "done":
            line += f": {message or last['message']}"
        if last["next"]:
            line += f"; {last['left']} are left, from the one to {last['next']['end']} on"
        typer.echo(line, err=True)


def _print_plan(answer: Answer, *, as_json: bool) -> None:
    for window in answer["planned"]:
        print_json(window) if as_json else typer.echo(f"{window['start']} → {window['end']}")
    typer.echo(f"{answer['windows']} windows; {answer['succeeded']} have a successful run", err=True)


def _run(home: Any, asked: Answer, teller: _Teller) -> None:
    from quarterhour.client import running_server, schedule_calls
    from quarterhour.single_run import backfill_once

    settings, workspace = load(home)
    server = running_server(workspace)
    if server is None:
        asyncio.run(backfill_once(settings, workspace, asked, lambda: teller.told, teller.take))
        return
    with server:
        teller.take(server.plain(schedule_calls.start_backfill(**asked)))
        try:
            _follow(server, teller)
        except KeyboardInterrupt:
            server.plain(schedule_calls.stop_backfill())
            _follow(server, teller)


def _follow(server: Source, teller: _Teller) -> None:
    from quarterhour.client import schedule_calls

    while teller.last["state"] == "running":
        time.sleep(_POLL_S)
        teller.take(server.plain(schedule_calls.get_backfill(since=teller.told)))
