"""What all commands share: the home, how errors are told, and who answers."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from quarterhour.errors import QuarterhourError, SettingsError
from quarterhour.settings import Settings, load_settings
from quarterhour.workspace import Workspace

Home = Annotated[
    Path,
    typer.Option("--home", envvar="QUARTERHOUR_HOME", help="The home folder.", file_okay=False, show_default="here"),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON, one object a line.")]
HERE = Path()


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
def reading(home: Path) -> Generator[Any]:
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
