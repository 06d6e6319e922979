"""Suggestions: checks that the data as they stand pass, as a `[[datasets.checks]]` block that is ready to paste.

Candidates come from the dataset's profile (`candidates.py`, `shapes.py`, `relations.py`); each is then made on all rows, and only
what passes is proposed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from quarterhour.errors import UnknownDataset
from quarterhour.lake import duck
from quarterhour.lake.arrivals import DatasetNames
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import Input
from quarterhour.settings import Settings
from quarterhour.settings.checks import Check, CheckSettings
from quarterhour.stages.analyzer.checks.answers import all_rows
from quarterhour.stages.analyzer.checks.candidates import of_columns, of_whole
from quarterhour.stages.analyzer.checks.evaluate import Surroundings, evaluate
from quarterhour.stages.analyzer.checks.relations import references
from quarterhour.stages.analyzer.checks.shapes import allowed_values, pattern_of
from quarterhour.stages.analyzer.checks.toml_text import toml_text
from quarterhour.stages.analyzer.history import read_history
from quarterhour.stages.analyzer.subject import Subject
from quarterhour.workspace import Workspace

_CHECKS: TypeAdapter[Check] = TypeAdapter(CheckSettings)


@dataclass(frozen=True, slots=True)
class Suggestion:
    checks: list[dict[str, Any]]
    """As the settings have them."""
    toml: str


def known_datasets(workspace: Workspace) -> list[str]:
    """Those that were analysed."""
    return sorted(path.parent.name for path in workspace.analyzed.glob("*/profile.json"))


def suggest_checks(workspace: Workspace, settings: Settings, name: str) -> Suggestion:
    """Raises UnknownDataset where it was not analysed yet."""
    profile = _profile(workspace, name)
    with HoldLedger(workspace.ledger_file) as ledger:
        inputs = ledger.of_dataset(name)
    with duck.connect(workspace) as connection:
        subject = all_rows(connection, workspace, settings, name)
        runs = len(read_history(workspace.profile_history_file(name)))
        proposed = [
            *of_columns(profile["whole"], subject.keys),
            *_of_texts(subject, profile["whole"]),
            *references(connection, workspace, settings, subject, profile["whole"]),
            *of_whole(profile, [entry.rows for entry in inputs], runs, datetime.now(UTC)),
        ]
        checks = _passing(subject, proposed, workspace, settings)
    return Suggestion(checks, "\n".join(_block(settings, name, inputs, checks)) + "\n")


def _profile(workspace: Workspace, name: str) -> dict[str, Any]:
    try:
        return orjson.loads(workspace.profile_file(name).read_bytes())
    except FileNotFoundError as error:
        raise UnknownDataset(f"{name!r} was not analysed yet: run the pipeline once", dataset=name) from error


def _of_texts(subject: Subject, whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, facts in whole["columns"].items():
        if facts["type"] != "VARCHAR" or not facts["count"]:
            continue
        if values := allowed_values(subject, name, facts):
            yield {"check": "allowed", "column": name, "values": values, "severity": "warn"}
        elif pattern := pattern_of(subject, name, facts):
            yield {"check": "pattern", "column": name, "pattern": pattern, "severity": "warn"}


def _passing(
    subject: Subject, proposed: Sequence[dict[str, Any]], workspace: Workspace, settings: Settings
) -> list[dict[str, Any]]:
    """What passes; a drift is judged by the runs to come."""
    checks = [_CHECKS.validate_python(one) for one in proposed]
    around = Surroundings(workspace, settings, datetime.now(UTC), lambda: None, None, [])
    reporting = [check.model_copy(update={"on_failure": "report"}) for check in checks]
    results = evaluate(subject, reporting, around)
    return [
        one
        for one, result in zip(proposed, results, strict=True)
        if result.outcome == "passed" or one["check"] == "drift"
    ]


def _block(
    settings: Settings, name: str, inputs: Sequence[Input], checks: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    if (configured := settings.dataset(name)) is not None:
        yield f"# Paste below the [[datasets]] table of {name} (before the next [[datasets]])."
        declared = {check.label for check in configured.checks}
        checks = [check for check in checks if _CHECKS.validate_python(check).label not in declared]
        if not checks:
            yield "# All that its data suggest is declared."
    else:
        yield "[[datasets]]"
        yield f"name = {toml_text(name)}"
        yield f"files = {toml_text(_glob(name, inputs))}"
    for check in checks:
        yield ""
        yield "[[datasets.checks]]"
        for key, value in check.items():
            yield f"{key} = {toml_text(value)}"


def _glob(name: str, inputs: Sequence[Input]) -> str:
    """One that takes in the files that the dataset was made of."""
    folders = {entry.name.partition("/")[0] for entry in inputs if "/" in entry.name}
    if len(folders) == 1 and all("/" in entry.name for entry in inputs):
        return f"{folders.pop()}/*"
    names = DatasetNames(Settings.model_construct(datasets=()))
    stems = {stem for entry in inputs for stem in [_stem(entry.name, name, names)] if stem}
    return f"{min(stems, key=len)}*" if stems else f"{name}*"


def _stem(file: str, dataset: str, names: DatasetNames) -> str:
    """The shortest beginning of a file's name that still names the dataset."""
    return next((file[:end] for end in range(1, len(file) + 1) if names.of(file[:end]) == dataset), "")
