"""Retranslation: translated files that are damaged or gone are made anew from the raw files, as these were read at first."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from quarterhour.lake import duck
from quarterhour.lake.damage import damaged_inputs
from quarterhour.lake.duck import own_scratch
from quarterhour.lake.holds import HoldLedger
from quarterhour.lake.ledger import Input, InputState
from quarterhour.lake.translated import placing
from quarterhour.settings import Settings
from quarterhour.verification.raw_content import RawContents
from quarterhour.verification.rebuild import Rebuild
from quarterhour.verification.snapshot import Subject, look
from quarterhour.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Retranslated:
    """What became of one input's translated file that was damaged or gone."""

    id: str
    name: str
    dataset: str
    rows: int
    state: str
    """Of the input afterwards; one that was held back is `translated` again, and judged anew by the next run."""
    outcome: Literal["damaged", "made", "not_made"]
    """`damaged` in a dry run."""
    damage: str
    message: str


def retranslate(
    workspace: Workspace, settings: Settings, dataset: str | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Look at all translated files of a dataset, or of all, and make the damaged ones anew.

    To be called where no run goes on, but for a dry run. Raises UnknownDataset.
    """
    subjects = look(workspace, dataset)
    raw = RawContents(workspace)
    checked = 0
    found: list[Retranslated] = []
    for subject in subjects:
        wanted = [one for one in subject.inputs if one.rows and one.state is not InputState.QUARANTINED]
        checked += len(wanted)
        with duck.connect(workspace) as connection:
            damage = damaged_inputs(connection, workspace, wanted)
        damaged = [one for one in wanted if one.fingerprint in damage]
        if dry_run:
            found += [_told(one, "damaged", damage[one.fingerprint], "") for one in damaged]
        elif damaged:
            found += _made_anew(workspace, settings, raw, subject, damaged, damage)
    return {
        "checked": checked,
        "files": [asdict(one) for one in found],
        "is_dry_run": dry_run,
        "message": _message(checked, found),
    }


def _made_anew(
    workspace: Workspace,
    settings: Settings,
    raw: RawContents,
    subject: Subject,
    damaged: Sequence[Input],
    damage: dict[str, str],
) -> Iterator[Retranslated]:
    with own_scratch(workspace.scratch, "retranslate") as folder, HoldLedger(workspace.ledger_file) as ledger:
        for entry, made in Rebuild(workspace, settings, raw, subject, folder).translate_again(damaged):
            why = damage[entry.fingerprint]
            if isinstance(made, str):
                yield _told(entry, "not_made", why, made)
                continue
            _put_in_place(made, workspace.translated_file(entry.dataset, entry.fingerprint))
            ledger.take_up(entry.fingerprint)
            yield _told(ledger.find(entry.fingerprint) or entry, "made", why, "made anew from its raw file")


def _put_in_place(made: Path, target: Path) -> None:
    with placing(target) as unfinished:
        shutil.copyfile(made, unfinished)
    made.unlink()


def _told(entry: Input, outcome: Literal["damaged", "made", "not_made"], damage: str, message: str) -> Retranslated:
    return Retranslated(
        entry.fingerprint, entry.name, entry.dataset, entry.rows, entry.state.value, outcome, damage, message
    )


def _message(checked: int, found: Sequence[Retranslated]) -> str:
    files = f"{checked} translated {'file' if checked == 1 else 'files'}"
    if not found:
        return f"{files}: all can be read"
    counts = {outcome: sum(one.outcome == outcome for one in found) for outcome in ("damaged", "made", "not_made")}
    words = {"damaged": "damaged", "made": "made anew", "not_made": "damaged that cannot be made anew"}
    return f"{files}: " + ", ".join(f"{count} {words[outcome]}" for outcome, count in counts.items() if count)
