"""`quarterhour checks`: what is declared of the data and what it came to, proposals, and the release of a file held back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, raw_name, reading, told_plainly
from quarterhour.settings import Settings

app = typer.Typer(help="Declared checks of the data: list, run, suggest, release.", no_args_is_help=True)

_MARKS = {"passed": "ok", "warned": "warns", "failed": "FAILS", "skipped": "skipped"}

Datasets = Annotated[
    list[str] | None, typer.Argument(metavar="[DATASET]...", help="Without: all that have checks.", show_default=False)
]


@app.command("list")
def list_(datasets: Datasets = None, home: Home = HERE, as_json: AsJson = False) -> None:
    """The declared checks, and what they came to in the last run that made them."""
    from quarterhour.client import calls

    with told_plainly():
        settings, _ = load(home)
    with reading(home) as source:
        for name in datasets or _checked(settings):
            found = source.plain(calls.get_dataset_checks(name))
            if as_json:
                print_json(found)
                continue
            for check in found["checks"]:
                result = check["result"] or {"outcome": "not made yet", "message": ""}
                _print_line(name, check["name"], check["on_failure"], result["outcome"], result["message"])


def _checked(settings: Settings) -> list[str]:
    return [dataset.name for dataset in settings.datasets if dataset.checks]


def _print_line(dataset: str, check: str, action: str, outcome: str, message: str) -> None:
    told = f"  {message}" if message else ""
    typer.echo(f"{_MARKS.get(outcome, outcome):<12} {dataset}  {check}  [{action}]{told}")


@app.command("run")
def run(datasets: Datasets = None, home: Home = HERE, as_json: AsJson = False) -> None:
    """Make the declared checks on all rows, merged and waiting, and change nothing. Exit status 1 where one fails."""
    from quarterhour.stages.analyzer.checks.answers import audit

    is_good = True
    with told_plainly():
        settings, workspace = load(home)
        workspace.create()
        for name in datasets or _checked(settings):
            for result in audit(workspace, settings, name):
                is_good = is_good and result.outcome != "failed"
                if as_json:
                    print_json({"dataset": name, **result.as_data()})
                else:
                    _print_line(name, result.name, result.severity, result.outcome, result.message)
    if not is_good:
        raise typer.Exit(1)


@app.command()
def suggest(datasets: Datasets = None, home: Home = HERE, as_json: AsJson = False) -> None:
    """Checks that the data as they stand pass, as TOML ready to paste into quarterhour.toml."""
    from quarterhour.stages.analyzer.checks.suggest import known_datasets, suggest_checks

    with told_plainly():
        settings, workspace = load(home)
        workspace.create()
        for name in datasets or known_datasets(workspace):
            found = suggest_checks(workspace, settings, name)
            if as_json:
                print_json({"dataset": name, "checks": found.checks, "toml": found.toml})
            else:
                typer.echo(found.toml)


@app.command()
def release(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A raw file's name below data/raw, or a fingerprint.")],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Have a file that is held back merged by the next run, whatever checks say of it."""
    answer = _release(home, raw_name(file))
    print_json(answer) if as_json else typer.echo(answer["message"])


def _release(home: Path, name: str) -> dict[str, Any]:
    from quarterhour.client import calls
    from quarterhour.lake.holds import HoldLedger

    with told_plainly():
        _, workspace = load(home)
        workspace.create()
        with HoldLedger(workspace.ledger_file) as ledger:
            fingerprint = ledger.named(name).fingerprint
    with reading(home) as source:
        return source.plain(calls.release_input(fingerprint))
