"""`quarterhour audit verify`: whether the event log is as it was written."""

from dataclasses import asdict
from typing import Annotated

import typer

from quarterhour.cli.support import HERE, AsJson, Home, print_json
from quarterhour.event_log.audit import Audit, verify_chain
from quarterhour.workspace import Workspace

app = typer.Typer(help="Whether the event log is as it was written.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """A command of one word more: others may follow."""


@app.command()
def verify(
    home: Home = HERE,
    known: Annotated[
        str | None,
        typer.Option("--known", metavar="HASH", help="A head that was told before: is it still in the chain?"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain of seals; name the first line that was changed or is missing. Exit status 1 where there is one."""
    found = verify_chain(Workspace(home).events, known)
    print_json(asdict(found)) if as_json else typer.echo(_told(found, known))
    if not found.is_whole:
        raise typer.Exit(1)


def _told(found: Audit, known: str | None) -> str:
    if (finding := found.finding) is not None:
        lines = (
            f"line {finding.line}"
            if finding.last_line == finding.line
            else f"lines {finding.line} to {finding.last_line}"
        )
        return f"{finding.file}, {lines} (event {finding.seq}): {finding.what}"
    if found.head is None:
        return f"no run is sealed yet: nothing vouches for the {found.unsealed} events"
    told = f"{found.events} events are as they were sealed by {found.seals} runs"
    if found.removed_up_to:
        told += f", from event {found.removed_up_to + 1} on: the log says that those before were removed"
    if found.unsealed:
        told += f"; {found.unsealed} came after the last seal"
    told += f"\nhead {found.head}"
    if found.has_known is False:
        told += f"\nthe head {known} is not in the chain: what it vouched for was made anew, or is gone"
    return told
