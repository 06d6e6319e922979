"""What all commands share: the home, how errors are told, and who answers."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import orjson
import typer

from quarterhour.errors import QuarterhourError, SettingsError
from quarterhour.settings import Settings, load_settings
from quarterhour.workspace import Workspace

if TYPE_CHECKING:
    from quarterhour.client.call import Call

Home = Annotated[
    Path,
    typer.Option("--home", envvar="QUARTERHOUR_HOME", help="The home folder.", file_okay=False, show_default="here"),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON, one object a line.")]
HERE = Path()
# How a moment may be typed, for `formats` of an option.
MOMENTS = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M%z",
]


class Source(Protocol):
    """What answers the calls of `quarterhour.client.calls`."""

    def plain(self, call: "Call[Any]") -> Any:
        """The answer's own JSON, which commands print. Raises QuarterhourError for a problem."""
        ...


def aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is the local one of whoever typed it."""
    return moment.astimezone() if moment is not None else None


@contextmanager
def told_plainly() -> Generator[None]:
    """What quarterhour expected to go wrong is told in a line, and ends with status 1, or 2 for the configuration."""
    try:
        yield
    except* QuarterhourError as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        typer.secho(str(first), err=True, fg="red")
        raise typer.Exit(2 if isinstance(first, SettingsError) else 1) from None


def load(home: Path) -> tuple[Settings, Workspace]:
    workspace = Workspace(home)
    return load_settings(workspace.settings_file), workspace


def print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


@contextmanager
def reading(home: Path) -> Generator[Source]:
    """What answers questions: the running server, or this process as long as it holds the home."""
    from quarterhour.client import running_server
    from quarterhour.offline import OfflineReader

    with told_plainly():
        settings, workspace = load(home)
        if (server := running_server(workspace)) is not None:
            with server:
                yield server
        else:
            yield OfflineReader(settings, workspace)


def raw_name(file: str) -> str:
    """A raw file as people write it, also with its folder, as the ledger names it."""
    return file.replace("\\", "/").removeprefix("./").removeprefix("data/raw/")


def known_input(home: Path, file: str) -> str:
    """The fingerprint of the input that a raw file's name, or the first digits of a fingerprint, stands for."""
    from quarterhour.lake.ledger import InputLedger

    with told_plainly():
        _, workspace = load(home)
        workspace.create()
        with InputLedger(workspace.ledger_file) as ledger:
            return ledger.named(raw_name(file)).fingerprint


def on_one_line(text: str) -> str:
    """Without what would break the line, or steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
