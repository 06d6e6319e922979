"""`quarterhour` as somebody types it, in this process."""

from pathlib import Path

from typer.testing import CliRunner, Result

from quarterhour.cli import app


def command(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)])
