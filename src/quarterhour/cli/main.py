"""Commands for people. Exit status 0 done, 1 failed, 2 usage."""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from quarterhour.cli.analyses import app as analyses_app
from quarterhour.cli.audit import app as audit_app
from quarterhour.cli.backfill import app as backfill_app
from quarterhour.cli.checks import app as checks_app
from quarterhour.cli.events import app as events_app
from quarterhour.cli.exports import export
from quarterhour.cli.history import app as history_app
from quarterhour.cli.maintain import app as maintain_app
from quarterhour.cli.profile import app as profile_app
from quarterhour.cli.quarantine import app as quarantine_app
from quarterhour.cli.retranslate import app as retranslate_app
from quarterhour.cli.schedule import app as schedule_app
from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, reading, told_plainly
from quarterhour.cli.tokens import app as tokens_app
from quarterhour.cli.verify import app as verify_app
from quarterhour.errors import HomeInUse
from quarterhour.settings.server import below_proxy
from quarterhour.workspace import Workspace

if TYPE_CHECKING:
    from quarterhour.stages.translator.batch import TranslateReport

app = typer.Typer(
    name="quarterhour",
    help="CSV files land in a folder; every quarter of an hour they become typed, analysed, merged tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(quarantine_app, name="quarantine")
app.add_typer(analyses_app, name="analyses")
app.add_typer(history_app)
app.add_typer(profile_app)
app.command()(export)
app.add_typer(checks_app, name="checks")
app.add_typer(verify_app)
app.add_typer(retranslate_app)
app.add_typer(maintain_app)
app.add_typer(schedule_app)
app.add_typer(backfill_app)
app.add_typer(events_app)
app.add_typer(audit_app, name="audit")
app.add_typer(tokens_app, name="token")


def _root_path(value: str | None) -> str | None:
    try:
        return None if value is None else below_proxy(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def up(
    home: Home = HERE,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    api_port: Annotated[int | None, typer.Option(help="Port of the API; 0 takes a free one.")] = None,
    dashboard_port: Annotated[int | None, typer.Option(help="Port of the dashboard; 0 takes a free one.")] = None,
    certfile: Annotated[
        Path | None, typer.Option(help="Certificate chain (PEM): both ports speak TLS.", exists=True, dir_okay=False)
    ] = None,
    keyfile: Annotated[
        Path | None, typer.Option(help="Its private key, if it is not in there.", exists=True, dir_okay=False)
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            help="Path below which a reverse proxy serves this server, such as /quarterhour.", callback=_root_path
        ),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Ask nobody for a token, whoever can reach the address.")
    ] = False,
    no_schedule: Annotated[
        bool, typer.Option("--no-schedule", help="Start no run by the clock, nor for files that arrive.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Drop real demo files into data/raw, a batch at a time.")
    ] = False,
) -> None:
    """Serve the pipeline: scheduler, API and dashboard in one process."""
    from quarterhour.web.up import serve_pipeline

    with told_plainly():
        settings, workspace = load(home)
        changes = {"host": host, "api_port": api_port, "dashboard_port": dashboard_port}
        changes |= {"certfile": certfile, "keyfile": keyfile, "auth": "never" if insecure else None}
        changes |= {"root_path": root_path}
        server = settings.server.model_copy(update={k: v for k, v in changes.items() if v is not None})
        settings = settings.model_copy(update={"server": server})
        serve_pipeline(settings, workspace, is_scheduled=not no_schedule, is_demo=demo)


@app.command()
def run(
    home: Home = HERE,
    stage: Annotated[list[str] | None, typer.Option(help="Only this stage; may be given again.")] = None,
    resume: Annotated[str | None, typer.Option(help="Id of a failed run: its unfinished stages.")] = None,
    as_json: AsJson = False,
) -> None:
    """One run, now; through the server where one runs."""
    from quarterhour.client import running_server
    from quarterhour.single_run import run_once

    with told_plainly():
        settings, workspace = load(home)
        try:
            ended = asyncio.run(run_once(settings, workspace, stages=stage, resume=resume))
        except* HomeInUse:
            server = running_server(workspace)
            if server is None:
                raise
            with server:
                started = server.start_run(stages=stage, resume=resume)
                ended = server.wait_for_run(started.run_id).model_dump(mode="json")
        if as_json:
            print_json(ended)
        else:
            typer.echo(_run_line(ended))
            for done in ended["stages"]:
                typer.echo(f"  {done['name']}: {done['state']}  {done['message']}")
        if ended["state"] != "success":
            raise typer.Exit(1)


def _run_line(ended: dict[str, Any]) -> str:
    counts = ended["counts"]
    line = f"{ended['run_id']}  {ended['state']}  rows {counts['rows']}, quarantined {counts['quarantined']}, "
    line += f"inserted {counts['inserted']}, updated {counts['updated']}, unchanged {counts['unchanged']}"
    return line + (f"  ({ended['reason']}: {ended['message']})" if ended["reason"] else "")


@app.command()
def translate(
    paths: Annotated[list[Path], typer.Argument(help="CSV files.", exists=True, dir_okay=False)],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the Parquet files; not needed to explain.", file_okay=False)
    ] = None,
    types: Annotated[str, typer.Option(help="auto, or text to leave every column as text.")] = "auto",
    is_explained: Annotated[
        bool,
        typer.Option("--explain", help="Print what was detected and why, and a [[datasets]] block ready to paste."),
    ] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """The Translator alone: CSV files to typed Parquet."""
    from quarterhour.stages.translator.batch import translate_paths
    from quarterhour.stages.translator.explain import explain

    if types not in ("auto", "text"):
        raise typer.BadParameter("give auto or text", param_hint="--types")
    if out is None and not is_explained:
        raise typer.BadParameter("give a folder, or --explain", param_hint="--out")
    with told_plainly(), ExitStack() as stack:
        settings, _ = load(home)
        folder = out or Path(stack.enter_context(TemporaryDirectory(prefix="quarterhour-")))
        is_good = True
        for report in translate_paths(paths, folder, types, settings):
            is_good = is_good and report.error is None
            explanation = explain(report, settings) if is_explained and report.error is None else None
            # What is in a temporary folder is gone at the end.
            shown = report if out else replace(report, output=None)
            if as_json:
                print_json(asdict(shown) | ({"explanation": asdict(explanation)} if explanation else {}))
            elif explanation:
                typer.echo(f"# {report.file}\n{explanation}")
            else:
                typer.echo(f"{report.file}: {_outcome(report)}")
        if not is_good:
            raise typer.Exit(1)


def _outcome(report: "TranslateReport") -> str:
    return report.error or f"{report.rows} rows, {report.quarantined} quarantined → {report.output}"


@app.command()
def status(home: Home = HERE, as_json: AsJson = False) -> None:
    """State, stages and the next run."""
    from quarterhour.client import calls

    with reading(home) as source:
        found = source.plain(calls.get_status())
        if as_json:
            print_json(found)
            return
        typer.echo(f"{found['state']}  next run: {_next_run(found)}")
        if found["run"]:
            typer.echo(_run_line(found["run"]))


def _next_run(found: dict[str, Any]) -> str:
    schedule = found["schedule"]
    if schedule["paused"]:
        return "none, the schedule is paused"
    # The settings' trigger is kept only where files alone start runs.
    without_marks = "when files arrive" if "trigger" in schedule["configured"] else "none by the clock"
    return schedule["next_run_at"] or without_marks


@app.command()
def runs(home: Home = HERE, limit: Annotated[int, typer.Option(min=1, max=200)] = 20, as_json: AsJson = False) -> None:
    """Past runs, newest first."""
    from quarterhour.client import calls

    with reading(home) as source:
        for found in source.plain(calls.list_runs(limit=limit))["items"]:
            print_json(found) if as_json else typer.echo(_run_line(found))


@app.command()
def balance(run_id: str, home: Home = HERE, as_json: AsJson = False) -> None:
    """Whether a run's rows add up."""
    from quarterhour.client import calls

    with reading(home) as source:
        found = source.plain(calls.get_run_balance(run_id))
        if as_json:
            print_json(found)
        else:
            for name, value in found.items():
                typer.echo(f"{name:>22}  {value}")
        if found["translated_difference"] or found["merged_difference"] or found["lost_between"]:
            raise typer.Exit(1)


@app.command()
def demo(
    home: Home = HERE,
    batches: Annotated[int, typer.Option(min=1, help="How many batches to drop.")] = 1,
    every: Annotated[float, typer.Option(min=0, help="Seconds between two batches.")] = 20.0,
) -> None:
    """Drop real files into data/raw as an exporter would: flights, weather and stocks, with some broken rows."""
    from quarterhour.demo import feed

    with told_plainly():
        _, workspace = load(home)
        workspace.create()
        for names in feed(workspace, batches=batches, every_s=every):
            typer.echo(f"dropped {', '.join(names)}")


@app.command()
def init(home: Home = HERE) -> None:
    """Make the home folder, with a quarterhour.toml that shows the defaults."""
    from quarterhour.files import write_whole
    from quarterhour.settings.sample import sample_settings

    with told_plainly():
        workspace = Workspace(home)
        workspace.create()
        if workspace.settings_file.exists():
            typer.echo(f"{workspace.settings_file} is there already: left as it is")
            return
        write_whole(workspace.settings_file, sample_settings().encode())
        typer.echo(f"made {workspace.settings_file}; drop CSV files into {workspace.raw}")


@app.command(hidden=True)
def openapi() -> None:
    """The OpenAPI document, from which the dashboard's types are generated."""
    from quarterhour.web.app import make_app

    typer.echo(orjson.dumps(make_app(None).openapi(), option=orjson.OPT_INDENT_2))
